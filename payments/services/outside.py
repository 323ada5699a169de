"""Money that never touched Stripe: cash, a check, a transfer, written down by the office (R935)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction

from booking import services as bookings
from booking.models import BookingStatus
from payments.models import (
    AuditKind,
    Method,
    OutsideMethod,
    Payment,
    PaymentLink,
    PaymentStatus,
    Purpose,
)
from payments.services.checkout import CheckoutUnavailableError, nothing_to_pay
from payments.services.links import end_page
from payments.services.locks import Money, audit, lock_money
from payments.services.sessions import live_attempt
from totetaxi.lib import clock
from totetaxi.lib.money import usd

if TYPE_CHECKING:
    from totetaxi.users.models import User

PAYABLE: Final = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED})
TRIES: Final = 3
LONGEST_REFERENCE: Final = 100


class OutsideRefusedError(Exception):
    """The payment cannot be written down; the message says why, for the person at the desk."""


def paid_outside(
    booking_id: UUID,
    *,
    how: OutsideMethod,
    reference: str,
    amount_cents: int,
    by: "User",
    also: Callable[[Payment], None] | None = None,
) -> Payment:
    """Write down a payment outside Stripe and make the booking paid; a link or page ends first.

    The amount (cents) must be the booking's total: another one is agreed by changing the price.
    ``also`` is called in the transaction that writes it.
    Raises OutsideRefusedError with nothing written, and CheckoutUnavailableError while Stripe
    cannot be asked about an open page.
    """
    for _ in range(TRIES):
        # What the customer could still pay by card is ended first, or settled if they just did.
        end_page(booking_id, keep_hold=True)
        with transaction.atomic():
            payment = _record(booking_id, how, reference.strip(), amount_cents, by)
            if payment is not None:
                if also is not None:
                    also(payment)
                return payment
    raise CheckoutUnavailableError


@transaction.atomic
def book_free(booking_id: UUID) -> None:
    """Book an order whose total is 0 at once, as the checkout does (rule R616)."""
    money = lock_money(booking_id)
    if money.booking.status != BookingStatus.PENDING or money.booking.total_price_cents:
        raise ValueError(f"{money.booking} is not a free order that waits")
    nothing_to_pay(money)


def _record(
    booking_id: UUID, how: OutsideMethod, reference: str, amount_cents: int, by: "User"
) -> Payment | None:
    """The payment under the money's locks; None when a page is open after all."""
    money = lock_money(booking_id)
    _insist_on_payable(money, amount_cents, reference)
    booking = money.booking
    if live_attempt(booking) is not None:
        return None
    if not bookings.retake_hold(booking, reason="paid outside Stripe"):
        raise OutsideRefusedError("The last place on this day was taken meanwhile.")
    for payment in money.open_payments:
        payment.move_to(PaymentStatus.FAILED, failure_reason="replaced")
        audit(payment, AuditKind.PAYMENT_FAILED, detail="replaced: paid outside Stripe")
    PaymentLink.objects.standing().filter(booking=booking).update(revoked_at=clock.now())
    payment = Payment.objects.create(
        booking=booking,
        customer=booking.customer,
        purpose=Purpose.BOOKING,
        method=Method.OUTSIDE,
        outside_method=how,
        outside_reference=reference,
        recorded_by=by,
        amount_cents=amount_cents,
        status=PaymentStatus.SUCCEEDED,
        processed_at=clock.now(),
    )
    audit(payment, AuditKind.PAYMENT_SUCCEEDED, detail=f"outside Stripe: {how.label}")
    bookings.mark_paid(
        booking, reason=f"paid outside Stripe: {how.label}", actor=by, actor_label="staff"
    )
    return payment


def _insist_on_payable(money: Money, amount_cents: int, reference: str) -> None:
    booking = money.booking
    if booking.deleted_at is not None:
        raise OutsideRefusedError("This booking is hidden: restore it first.")
    if booking.status not in PAYABLE:
        raise OutsideRefusedError(f"This booking is {booking.get_status_display().lower()}.")
    if amount_cents != booking.total_price_cents:
        raise OutsideRefusedError(
            f"The booking costs {usd(booking.total_price_cents)}. Enter that amount, or change "
            "the price of the booking first."
        )
    if amount_cents == 0:
        raise OutsideRefusedError("There is nothing to pay.")
    if len(reference) > LONGEST_REFERENCE:
        raise OutsideRefusedError(f"Shorten the reference to {LONGEST_REFERENCE} characters.")
