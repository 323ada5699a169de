"""Changes of paid bookings, as far as money goes: what is owed, made now, made once paid, given up.

The caller holds the money's locks (``lock_money``). ``payments.services.changes`` is the way in.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from booking import services as bookings
from booking.models import Booking, BookingChange, BookingStatus, ChangeStatus
from booking.services import OFFICE, NotBookableError, Proposal
from catalog.code_rules import waived_cents
from payments.models import CAPTURED, AuditKind, Method, Payment, PaymentStatus, Purpose
from payments.services.locks import Money, audit, lock_money
from payments.services.refunds import (
    is_refundable,
    open_policy_refund,
    remaining_cents,
    request_refund,
    returned_by_changes_cents,
)
from totetaxi.lib import clock

if TYPE_CHECKING:
    from totetaxi.users.models import User

BOOKED: Final = frozenset({BookingStatus.PAID, BookingStatus.COMPLETED})
REFUND_REASON: Final = "The booking was changed to a lower price"


# -- sums ------------------------------------------------------------------


def credit_cents(booking: Booking) -> int:
    """What was paid towards the price, in cents: without what cheaper changes gave back (R865).

    A refund that people granted for another reason is not taken back by a change.
    """
    return sum(
        payment.amount_cents - returned_by_changes_cents(payment)
        for payment in kept_payments(booking)
    )


def balance_cents(booking: Booking) -> int:
    """What the office left to be paid by a later change of a paid booking; 0 below 50 cents."""
    left_cents = max(0, booking.total_price_cents - credit_cents(booking))
    return left_cents - waived_cents(left_cents)


def due_cents(booking: Booking, proposal: Proposal) -> int:
    """What a customer pays for a change before it is made: never what is paid already (R865).

    A difference that no card can be charged is let go (rule R256).
    """
    covered_cents = max(booking.total_price_cents, credit_cents(booking))
    rise_cents = max(0, proposal.total_cents - covered_cents)
    return rise_cents - waived_cents(rise_cents)


def shares_back(booking: Booking, proposal: Proposal) -> dict[Payment, int]:
    """What each payment gives back for a cheaper change, the newest first, in cents (rule R871).

    All together the difference, but only money that was paid and is still here.
    """
    fall_cents = booking.total_price_cents - proposal.total_cents
    left_cents = min(fall_cents, credit_cents(booking) - proposal.total_cents)
    shares = {}
    for payment in kept_payments(booking):
        share_cents = min(left_cents, remaining_cents(payment))
        if share_cents > 0:
            shares[payment] = share_cents
            left_cents -= share_cents
    return shares


@dataclass(frozen=True)
class ChangePrice:
    """What a proposed change means in money, in cents; ``by_hand_cents`` is back, too."""

    due_cents: int
    refund_cents: int
    by_hand_cents: int = 0


def change_price(booking: Booking, proposal: Proposal) -> ChangePrice:
    """What the customer would pay or get back; nothing while there is no price."""
    if proposal.quote is None:
        return ChangePrice(0, 0)
    shares = shares_back(booking, proposal)
    return ChangePrice(
        due_cents=due_cents(booking, proposal),
        refund_cents=sum(cents for payment, cents in shares.items() if is_refundable(payment)),
        by_hand_cents=by_hand_cents(shares),
    )


def by_hand_cents(shares: dict[Payment, int]) -> int:
    """The part that Stripe cannot give back; of demonstration money nothing is."""
    return sum(
        cents
        for payment, cents in shares.items()
        if payment.method != Method.DEMO and not is_refundable(payment)
    )


def kept_payments(booking: Booking) -> list[Payment]:
    """The captured payments that bought something, the newest first."""
    kept = Payment.objects.captured().filter(booking=booking, unfulfillable_reason="")
    return list(kept.order_by("-created_at", "-pk"))


# -- made now --------------------------------------------------------------


def make_now(
    money: Money,
    proposal: Proposal,
    *,
    actor: "User | None" = None,
    office: bool = False,
    reason: str = "",
) -> BookingChange:
    """Make a change that nobody pays first, and ask back what it is cheaper by (R870, R871).

    A dearer one, which only the ``office`` makes so, leaves its difference to be collected. Raises
    NotBookableError with nothing written.
    """
    booking = money.booking
    shares = shares_back(booking, proposal)
    change = BookingChange.objects.create(
        booking=booking,
        status=ChangeStatus.APPLIED,
        proposal=proposal.frozen(),
        total_before_cents=booking.total_price_cents,
        total_after_cents=proposal.total_cents,
        day=proposal.day,
        actor=actor,
        actor_label=OFFICE if office else "customer",
        ended_at=clock.now(),
    )
    bookings.apply_change(
        booking,
        proposal,
        actor=actor,
        actor_label=change.actor_label,
        change=change,
        reason=reason,
    )
    if office and change.difference_cents > 0:
        change.due_cents = balance_cents(booking)
    change.by_hand_cents = by_hand_cents(shares)
    _give_back(change, shares, actor if office else None)
    change.save(update_fields=["due_cents", "by_hand_cents"])
    return change


def _give_back(change: BookingChange, shares: dict[Payment, int], by: "User | None") -> None:
    """Ask back through Stripe what it can give back."""
    for payment, share_cents in shares.items():
        if not is_refundable(payment):
            continue
        if by is None:
            open_policy_refund(
                payment, amount_cents=share_cents, reason=REFUND_REASON, change=change
            )
        else:
            request_refund(
                payment.pk,
                amount_cents=share_cents,
                reason=REFUND_REASON,
                by=by,
                change=change,
            )


# -- made once paid ----------------------------------------------------------


def wait_for_payment(
    money: Money, proposal: Proposal, due_cents: int, *, actor: "User | None"
) -> Payment:
    """Hold the second place and write down what is to be paid for the change (rule R872).

    Raises NotBookableError with nothing written.
    """
    booking = money.booking
    change = BookingChange.objects.create(
        booking=booking,
        status=ChangeStatus.PENDING,
        proposal=proposal.frozen(),
        total_before_cents=booking.total_price_cents,
        total_after_cents=proposal.total_cents,
        due_cents=due_cents,
        day=proposal.day,
        held_units=bookings.hold_second_place(booking, proposal),
        actor=actor,
    )
    return change_payment(money, change, due_cents)


def change_payment(money: Money, change: BookingChange, amount_cents: int) -> Payment:
    """The open payment of exactly this, or a new one; another open one of a change fails."""
    for payment in money.open_payments:
        if payment.purpose != Purpose.CHANGE:
            continue
        if (payment.change_id, payment.amount_cents) == (change.pk, amount_cents):
            return payment
        payment.move_to(PaymentStatus.FAILED, failure_reason="replaced")
        audit(payment, AuditKind.PAYMENT_FAILED, detail="replaced by another change")
    payment = Payment.objects.create(
        booking=money.booking,
        customer=money.booking.customer,
        purpose=Purpose.CHANGE,
        change=change,
        amount_cents=amount_cents,
    )
    audit(payment, AuditKind.PAYMENT_CREATED)
    return payment


def fulfil_change(money: Money, payment: Payment) -> str:
    """Make the change that ``payment`` pays, once, or say in a word why it cannot (R611, R873).

    The caller has seen that the booking stands.
    """
    change = payment.change
    if change is None:
        return "unknown_purpose"
    kept = change.payments.filter(status__in=CAPTURED, unfulfillable_reason="")
    if kept.exists():
        return "duplicate"
    if change.status == ChangeStatus.APPLIED:
        # Made by the office already: this is the money for it.
        return "" if payment.amount_cents == balance_cents(money.booking) else "superseded"
    fault = _fault(money.booking, change, payment)
    if not fault:
        fault = _apply(money.booking, change)
    if fault and change.is_pending:
        bookings.release_second_place(change)
        change.end(ChangeStatus.ABANDONED)
    return fault


def _fault(booking: Booking, change: BookingChange, payment: Payment) -> str:
    """Why the change cannot be made any more, in a word; "" if it can."""
    if booking.status != BookingStatus.PAID or change.status == ChangeStatus.ABANDONED:
        return "superseded"
    if payment.amount_cents != change.due_cents:
        return "superseded"
    if not change.is_pending and BookingChange.objects.pending().filter(booking=booking).exists():
        # It ran out, and the customer is paying for another one now.
        return "superseded"
    if not bookings.is_unchanged_since(booking, bookings.thawed(change.proposal)):
        return "superseded"
    return "too_late" if change.day < clock.today() else ""


def _apply(booking: Booking, change: BookingChange) -> str:
    """Make it; "full" where its place ran out with it and somebody else has that now (R874)."""
    proposal = bookings.thawed(change.proposal)
    contact = bookings.request_of(booking).contact
    proposal = replace(proposal, request=replace(proposal.request, contact=contact))
    try:
        bookings.apply_change(
            booking,
            proposal,
            actor=change.actor,
            actor_label=change.actor_label,
            change=change,
            reason="paid",
        )
    except NotBookableError:
        return "full"
    change.end(ChangeStatus.APPLIED)
    return ""


# -- given up ----------------------------------------------------------------


def expire_change(payment: Payment) -> None:
    """Free the second place of a change whose page ended unpaid; nothing else changes (R872)."""
    change = payment.change
    if change is not None and change.is_pending:
        bookings.release_second_place(change)
        change.end(ChangeStatus.EXPIRED)


def give_up_pending(money: Money, *, why: str) -> Money:
    """End the pending change of a booking and its payment; no page of it is open (rule R875).

    The answer is the money as it is then.
    """
    change = BookingChange.objects.pending().filter(booking=money.booking).first()
    for payment in money.open_payments:
        if payment.purpose == Purpose.CHANGE:
            payment.move_to(PaymentStatus.FAILED, failure_reason=why)
            audit(payment, AuditKind.PAYMENT_FAILED, detail=why)
    if change is not None:
        bookings.release_second_place(change)
        change.end(ChangeStatus.ABANDONED)
    return lock_money(money.booking.pk)


def days_of(booking: Booking) -> set[date]:
    """The days on which it holds places: its own, and that of a change that waits."""
    waiting = BookingChange.objects.pending().filter(booking=booking)
    return {booking.pickup_date, *waiting.values_list("day", flat=True)}


def owed_change(booking: Booking) -> BookingChange | None:
    """The newest change of the office whose difference nobody has paid."""
    if booking.status not in BOOKED or not balance_cents(booking):
        return None
    owed = BookingChange.objects.applied().filter(booking=booking, due_cents__gt=0)
    paid = Payment.objects.captured().filter(unfulfillable_reason="").exclude(change=None)
    return owed.exclude(pk__in=paid.values("change_id")).order_by("-created_at").first()
