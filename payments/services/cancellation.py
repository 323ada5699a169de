"""Cancelling a booking: the exact refund shown first, then everything in one transaction.

Open pages are ended at Stripe before; whatever is paid after all goes back (rules R624-R627).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from django.db import transaction

from booking.models import Booking, BookingStatus
from booking.services import OFFICE
from booking.services.holds import release_code
from catalog import availability, price_book
from catalog.choices import DiscountType
from catalog.models import DiscountCode
from payments.models import (
    AuditKind,
    Cancellation,
    CancellationKind,
    Payment,
    PaymentLink,
    PaymentStatus,
    Purpose,
)
from payments.services.changes import BookingChangedError, end_change_page
from payments.services.changing import days_of, give_up_pending, kept_payments
from payments.services.checkout import CheckoutUnavailableError
from payments.services.links import end_page
from payments.services.locks import Money, audit, lock_money
from payments.services.policy import RefundTerms, refund_by_policy, terms_of
from payments.services.refunds import (
    RefundRefusedError,
    is_refundable,
    open_policy_refund,
    remaining_cents,
    request_refund,
)
from payments.services.sessions import live_attempt
from totetaxi.lib import clock
from totetaxi.lib.money import usd
from totetaxi.outbox.services import announce

if TYPE_CHECKING:
    from totetaxi.users.models import User

CANCELLABLE: Final = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED, BookingStatus.PAID})
TRIES: Final = 3
# Letters and digits that are not mistaken for each other.
CODE_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True)
class Decision:
    """What comes back: by the policy, all, a part or a credit of ``amount_cents``, or nothing.

    A credit without an amount is worth all that is left of what was paid.
    """

    kind: Literal["policy", "full", "partial", "credit", "none"] = "policy"
    amount_cents: int = 0


@dataclass(frozen=True)
class CancellationPreview:
    """What cancelling now would give back, in cents; ``paid_cents`` is what was paid and kept.

    ``refusal`` says why the customer cannot do it by themselves, "" if they can.
    """

    terms: RefundTerms
    paid_cents: int
    refund_cents: int
    by_hand_cents: int
    deadline: datetime
    refusal: str

    @property
    def total_cents(self) -> int:
        """All that comes back, whichever way."""
        return self.refund_cents + self.by_hand_cents

    @property
    def kept_cents(self) -> int:
        """What does not come back."""
        return self.paid_cents - self.total_cents


class CancellationRefusedError(Exception):
    """The booking cannot be cancelled so; the message says why."""


class RefundAmountChangedError(Exception):
    """What comes back is not what was shown (a boundary passed); cents, nothing was written."""

    def __init__(self, shown_cents: int, refund_cents: int) -> None:
        super().__init__(f"{shown_cents} is now {refund_cents}")
        self.shown_cents = shown_cents
        self.refund_cents = refund_cents


def cancellation_preview(booking: Booking, now: datetime) -> CancellationPreview:
    """What cancelling at ``now`` gives back by the policy, to the cent (rule R624)."""
    terms, shares = refund_by_policy(booking, now)
    through_stripe = {payment: cents for payment, cents in shares.items() if is_refundable(payment)}
    return CancellationPreview(
        terms=terms,
        paid_cents=sum(max(0, remaining_cents(payment)) for payment in kept_payments(booking)),
        refund_cents=sum(through_stripe.values()),
        by_hand_cents=sum(shares.values()) - sum(through_stripe.values()),
        deadline=terms.cutoff,
        refusal=_refusal(booking, terms),
    )


def _refusal(booking: Booking, terms: RefundTerms) -> str:
    phone = price_book.load().policy.phone
    if booking.deleted_at is not None or booking.status not in CANCELLABLE:
        return f"This booking is {booking.get_status_display().lower()}."
    if not terms.by_customer:
        return f"It is too late to cancel online. Call {phone}."
    return ""


def cancel_booking(
    booking_id: UUID,
    *,
    decision: Decision,
    reason: str,
    actor: "User | None" = None,
    actor_label: str = "",
    version: int | None = None,
    shown_cents: int | None = None,
    also: Callable[[Cancellation], None] | None = None,
) -> Cancellation:
    """Cancel, give the place back and open the refunds of ``decision`` (R626, R627, R880-R889).

    Without ``actor`` it is the customer: only by the policy, only until the cut-off. ``version``
    and ``shown_cents`` are what the page showed; when they are not so any more, nothing is done
    and BookingChangedError or RefundAmountChangedError says so. Raises CancellationRefusedError,
    RefundRefusedError for an amount that is not there, and CheckoutUnavailableError while Stripe
    cannot be asked about a page that is open. ``also`` is called in the transaction that does it.
    """
    for _ in range(TRIES):
        # Pages are ended only for what can be done then: whoever pays there is not disturbed.
        _insist(Booking.objects.get(pk=booking_id), decision, actor, version, shown_cents)
        end_page(booking_id, keep_hold=True)
        end_change_page(booking_id)
        done = _cancel(
            booking_id,
            decision,
            reason.strip()[:500],
            actor,
            actor_label or (OFFICE if actor else "customer"),
            version,
            shown_cents,
            also,
        )
        if done is not None:
            return done
    raise CheckoutUnavailableError


@transaction.atomic
def _cancel(
    booking_id: UUID,
    decision: Decision,
    reason: str,
    actor: "User | None",
    actor_label: str,
    version: int | None,
    shown_cents: int | None,
    also: Callable[[Cancellation], None] | None,
) -> Cancellation | None:
    """All of it under the money's locks; None when a page is open after all."""
    money = lock_money(booking_id)
    _insist(money.booking, decision, actor, version, shown_cents)
    if any(live_attempt(money.booking, purpose) for purpose in Purpose):
        return None
    availability.lock_days(days_of(money.booking))
    money = give_up_pending(money, why="cancelled")
    _end_payments(money)
    cancellation = _decide(money, decision, reason, actor)
    _give_place_back(money.booking)
    money.booking.move_to(
        BookingStatus.CANCELLED, actor=actor, actor_label=actor_label, reason=reason
    )
    announce("booking_cancelled", money.booking.pk, booking_id=money.booking.pk)
    if also is not None:
        also(cancellation)
    return cancellation


def _insist(
    booking: Booking,
    decision: Decision,
    actor: "User | None",
    version: int | None,
    shown_cents: int | None,
) -> None:
    """All that speaks against it: its state, what was not shown, money that is not there."""
    _insist_on_cancellable(booking, decision, actor)
    if version is not None and booking.version != version:
        raise BookingChangedError
    if decision.kind == "credit":
        _credit_cents(booking, decision.amount_cents)
    elif decision.kind != "policy":
        _shares(booking, decision)
    elif shown_cents is not None:
        preview = cancellation_preview(booking, clock.now())
        if shown_cents != preview.total_cents:
            raise RefundAmountChangedError(shown_cents, preview.total_cents)


def _insist_on_cancellable(booking: Booking, decision: Decision, actor: "User | None") -> None:
    if booking.deleted_at is not None:
        raise CancellationRefusedError("This booking is hidden: restore it first.")
    if booking.status not in CANCELLABLE:
        raise CancellationRefusedError(f"This booking is {booking.get_status_display().lower()}.")
    if actor is not None:
        return
    if decision.kind != "policy":
        raise ValueError("customers cancel by the policy")
    if refusal := _refusal(booking, terms_of(booking, clock.now())):
        raise CancellationRefusedError(refusal)


def _end_payments(money: Money) -> None:
    """Nothing of it can be paid any more."""
    for payment in money.open_payments:
        payment.move_to(PaymentStatus.FAILED, failure_reason="cancelled")
        audit(payment, AuditKind.PAYMENT_FAILED, detail="cancelled")
    links = PaymentLink.objects.standing().filter(booking=money.booking)
    links.update(revoked_at=clock.now())


def _give_place_back(booking: Booking) -> None:
    """The place is free; the code of an unpaid order, too. A paid one has used it (rule R257)."""
    if booking.status != BookingStatus.PAID:
        release_code(booking)
    if booking.holds_place:
        availability.give_back(booking.pickup_date, booking.capacity_units)
        booking.mark_hold(released_at=clock.now(), reason="cancelled")


# -- the money --------------------------------------------------------------------


def _decide(money: Money, decision: Decision, reason: str, actor: "User | None") -> Cancellation:
    """Open what the decision gives and write it down."""
    booking = money.booking
    shares, code = _shares(booking, decision), None
    if decision.kind == "credit":
        code = _credit(booking, decision.amount_cents)
    by_hand_cents = 0
    for payment, cents in shares.items():
        if not is_refundable(payment):
            by_hand_cents += cents
        elif actor is None or decision.kind == "policy":
            open_policy_refund(payment, amount_cents=cents, reason="Cancelled, by the policy")
        else:
            request_refund(payment.pk, amount_cents=cents, reason=reason or "Cancelled", by=actor)
    return Cancellation.objects.create(
        booking=booking,
        kind=CancellationKind(decision.kind),
        refund_cents=sum(shares.values()) - by_hand_cents,
        by_hand_cents=by_hand_cents,
        credit_code=code,
        decided_by=actor,
    )


def _shares(booking: Booking, decision: Decision) -> dict[Payment, int]:
    """Which payment gives back how many cents, none of them 0."""
    match decision.kind:
        case "policy":
            return refund_by_policy(booking, clock.now())[1]
        case "full":
            return _newest_first(booking, _left_cents(booking))
        case "partial":
            if decision.amount_cents < 1:
                raise RefundRefusedError("Enter an amount of at least 1 cent.")
            if decision.amount_cents > _left_cents(booking):
                raise RefundRefusedError(f"Only {usd(_left_cents(booking))} is left to give back.")
            return _newest_first(booking, decision.amount_cents)
        case _:
            return {}


def _left_cents(booking: Booking) -> int:
    return sum(max(0, remaining_cents(payment)) for payment in kept_payments(booking))


def _newest_first(booking: Booking, cents: int) -> dict[Payment, int]:
    shares = {}
    for payment in kept_payments(booking):
        share_cents = min(cents, max(0, remaining_cents(payment)))
        if share_cents:
            shares[payment] = share_cents
            cents -= share_cents
    return shares


def _credit(booking: Booking, amount_cents: int) -> DiscountCode:
    """A fixed code for one booking, worth at most what was paid and kept (rule R627)."""
    amount_cents = _credit_cents(booking, amount_cents)
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(10))
    return DiscountCode.objects.create(
        code=f"CREDIT-{letters}",
        description=f"Credit for {booking.booking_number}, cancelled",
        discount_type=DiscountType.FIXED_AMOUNT,
        amount_cents=amount_cents,
        max_uses=1,
        max_uses_per_customer=1,
    )


def _credit_cents(booking: Booking, amount_cents: int) -> int:
    """What a credit is worth; all that is left when no amount was said."""
    left_cents = _left_cents(booking)
    amount_cents = amount_cents or left_cents
    if not 1 <= amount_cents <= left_cents:
        raise RefundRefusedError(f"A credit is 1 cent up to {usd(left_cents)}.")
    return amount_cents
