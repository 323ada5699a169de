"""Money going back: asked for, decided, sent once, recorded by what Stripe says (R620-R623).

Every change happens under the payment's row lock; Stripe is asked outside of it.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from booking.models import BookingChange
from catalog import price_book
from payments.gateway import get_gateway
from payments.models import (
    STANDING_REFUNDS,
    AuditKind,
    Dispute,
    Method,
    Payment,
    Refund,
    RefundKind,
    RefundStatus,
)
from payments.services.locks import audit
from payments.services.sync import sync_refunds
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError
from totetaxi.lib.money import usd
from totetaxi.outbox.services import announce

if TYPE_CHECKING:
    from totetaxi.users.models import User


class RefundRefusedError(Exception):
    """A refund that must not be; the message says why, for the person who asked."""


def remaining_cents(payment: Payment) -> int:
    """Cents of a captured payment that no refund, finished or under way, has claimed yet."""
    if not payment.is_captured:
        return 0
    return payment.amount_cents - _claimed_cents(payment)


def returned_by_changes_cents(payment: Payment) -> int:
    """Cents that went back, or are on their way, because a change made the booking cheaper."""
    return _claimed_cents(payment, change__isnull=False)


def _claimed_cents(payment: Payment, **only: object) -> int:
    standing = payment.refunds.filter(status__in=STANDING_REFUNDS, **only)
    return standing.aggregate(cents=Sum("amount_cents"))["cents"] or 0


# -- asking ------------------------------------------------------------------


@transaction.atomic
def request_refund(
    payment_id: UUID,
    *,
    amount_cents: int,
    reason: str,
    by: "User",
    change: BookingChange | None = None,
) -> Refund:
    """Ask for a refund of 1 cent up to what is left (R620); people decide about it (R621).

    Whether a second person must approve is frozen now: what has been asked for of this payment,
    this included, is above the policy's amount. Raises RefundRefusedError.
    """
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    reason = reason.strip()
    if not reason:
        raise RefundRefusedError("Say why the money goes back.")
    _insist_on_refundable(payment)
    _insist_on_room(payment, amount_cents)
    asked_cents = amount_cents + _claimed_cents(payment, kind=RefundKind.REQUEST)
    return _open(
        payment,
        kind=RefundKind.REQUEST,
        amount_cents=amount_cents,
        reason=reason,
        requested_by=by,
        two_person=asked_cents > price_book.load().policy.two_person_refund_cents,
        change=change,
    )


def open_policy_refund(
    payment: Payment, *, amount_cents: int, reason: str, change: BookingChange | None = None
) -> Refund:
    """Open the refund of a locked payment that our rules give: a cancellation or a cheaper change.

    With AUTO_APPROVE_POLICY_REFUNDS it is approved at once, else it waits for people. Raises
    RefundRefusedError.
    """
    _insist_on_refundable(payment)
    _insist_on_room(payment, amount_cents)
    refund = _open(
        payment, kind=RefundKind.POLICY, amount_cents=amount_cents, reason=reason, change=change
    )
    if settings.AUTO_APPROVE_POLICY_REFUNDS:
        _approve(refund, by=None)
    return refund


def refund_unfulfillable(payment: Payment, *, automatically: bool) -> Refund | None:
    """Open the refund of everything left of a locked payment that could buy nothing (R611).

    ``automatically`` approves it at once; otherwise people find a request in their queue.
    """
    amount_cents = remaining_cents(payment)
    if amount_cents <= 0:
        return None
    refund = _open(
        payment,
        kind=RefundKind.AUTOMATIC,
        amount_cents=amount_cents,
        reason=f"This payment could not be used: {payment.unfulfillable_reason}",
    )
    if automatically:
        _approve(refund, by=None)
    return refund


def is_refundable(payment: Payment) -> bool:
    """Whether Stripe can give it back: money of a card that no bank disputes."""
    try:
        _insist_on_refundable(payment)
    except RefundRefusedError:
        return False
    return True


def _insist_on_refundable(payment: Payment) -> None:
    if payment.method != Method.STRIPE:
        raise RefundRefusedError("This was not paid through Stripe: give it back as it was paid.")
    if not payment.is_captured:
        raise RefundRefusedError("This payment has not been made.")
    if Dispute.objects.open().filter(payment=payment).exists():
        raise RefundRefusedError("The customer’s bank disputes this payment; Stripe decides it.")


def _insist_on_room(payment: Payment, amount_cents: int) -> None:
    left_cents = max(remaining_cents(payment), 0)
    if amount_cents < 1:
        raise RefundRefusedError("Enter an amount of at least 1 cent.")
    if amount_cents > left_cents:
        raise RefundRefusedError(f"Only {usd(left_cents)} of this payment is left.")


def _open(
    payment: Payment,
    *,
    kind: RefundKind,
    amount_cents: int,
    reason: str,
    requested_by: "User | None" = None,
    two_person: bool = False,
    change: BookingChange | None = None,
) -> Refund:
    refund = Refund.objects.create(
        payment=payment,
        kind=kind,
        amount_cents=amount_cents,
        reason=reason[:500],
        requested_by=requested_by,
        two_person=two_person,
        change=change,
    )
    audit(payment, AuditKind.REFUND_REQUESTED, amount_cents=amount_cents, refund=refund)
    return refund


# -- deciding ------------------------------------------------------------------


@transaction.atomic
def approve_refund(refund_id: UUID, *, by: "User") -> Refund:
    """Approve a requested refund, which is then sent by itself. Raises RefundRefusedError."""
    refund = _locked(refund_id)
    _insist_on_undecided(refund)
    if refund.two_person and refund.requested_by_id == by.pk:
        raise RefundRefusedError("You asked for this refund: another person approves it.")
    if remaining_cents(refund.payment) < 0:
        raise RefundRefusedError(
            "Money of this payment was given back at Stripe meanwhile: less than this is left."
        )
    _approve(refund, by=by)
    return refund


@transaction.atomic
def deny_refund(refund_id: UUID, *, reason: str, by: "User") -> Refund:
    """Deny a requested refund; its amount is free again. Raises RefundRefusedError."""
    refund = _locked(refund_id)
    _insist_on_undecided(refund)
    if not reason.strip():
        raise RefundRefusedError("Say why it is denied.")
    refund.move_to(
        RefundStatus.DENIED,
        denied_by=by,
        denied_at=clock.now(),
        denial_reason=reason.strip()[:500],
    )
    audit(refund.payment, AuditKind.REFUND_DENIED, amount_cents=refund.amount_cents, refund=refund)
    return refund


def _insist_on_undecided(refund: Refund) -> None:
    if refund.status != RefundStatus.REQUESTED:
        raise RefundRefusedError(f"This refund is {refund.get_status_display().lower()} already.")


def _approve(refund: Refund, *, by: "User | None") -> None:
    """Approve, and announce it: the outbox sends it. ``by`` None is the system itself."""
    payment = refund.payment
    refund.move_to(RefundStatus.APPROVED, approved_by=by, approved_at=clock.now())
    audit(payment, AuditKind.REFUND_APPROVED, amount_cents=refund.amount_cents, refund=refund)
    announce("refund_approved", refund.pk, booking_id=payment.booking_id)


# -- sending -------------------------------------------------------------------


def send_refund(refund_id: UUID) -> None:
    """Send an approved refund to Stripe, or learn what became of one that was sent before.

    Stripe's own list is asked first, so a repeat finds the first one whatever was lost (R622).
    Raises TemporaryError while nobody knows whether it worked; the outbox tries again.
    """
    refund = _start(refund_id)
    if refund is None:
        return
    sync_refunds(refund.payment_id)
    refund.refresh_from_db()
    if refund.status != RefundStatus.PROCESSING or refund.stripe_refund_id:
        return
    try:
        get_gateway().create_refund(
            key=str(refund.pk),
            payment_id=str(refund.payment_id),
            intent_id=refund.payment.stripe_payment_intent_id,
            amount_cents=refund.amount_cents,
        )
    except PermanentError as error:
        sync_refunds(refund.payment_id)
        _give_up(refund.pk, str(error))
        return
    sync_refunds(refund.payment_id)


@transaction.atomic
def _start(refund_id: UUID) -> Refund | None:
    """Mark a refund as being sent; None when there is nothing to send or to ask about."""
    refund = _locked(refund_id)
    if refund.status == RefundStatus.APPROVED:
        refund.move_to(RefundStatus.PROCESSING, sent_at=clock.real_now())
    return refund if refund.status == RefundStatus.PROCESSING else None


@transaction.atomic
def _give_up(refund_id: UUID, error: str) -> None:
    """Stripe said no, and has no refund of ours: failed, its amount is free again, staff told."""
    refund = _locked(refund_id)
    if refund.status != RefundStatus.PROCESSING or refund.stripe_refund_id:
        return
    refund.move_to(RefundStatus.FAILED, failure_reason=error[:300])
    payment = refund.payment
    audit(
        payment,
        AuditKind.REFUND_FAILED,
        amount_cents=refund.amount_cents,
        refund=refund,
        detail=error,
    )
    announce("refund_failed", refund.pk, booking_id=payment.booking_id)


def _locked(refund_id: UUID) -> Refund:
    """A refund with its payment, the payment locked first (rule R601)."""
    payment_id = Refund.objects.values_list("payment_id", flat=True).get(pk=refund_id)
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    refund.payment = payment
    return refund
