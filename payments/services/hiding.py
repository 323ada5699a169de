"""Whether a booking may be hidden: never while money for it can move or is kept (rule R513)."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from booking.models import Booking, BookingStatus
from booking.services import hiding
from payments.models import Method, PaymentLink
from payments.services.locks import Money, lock_money
from payments.services.refunds import remaining_cents
from totetaxi.lib import clock

if TYPE_CHECKING:
    from totetaxi.users.models import User


class HidingRefusedError(Exception):
    """The booking cannot be hidden or brought back; the message says why."""


@transaction.atomic
def hide_booking(booking_id: UUID, *, reason: str, by: "User") -> Booking:
    """Hide a booking from every list, page and sum. Raises HidingRefusedError."""
    money = lock_money(booking_id)
    if money.booking.deleted_at is not None:
        raise HidingRefusedError("This booking is hidden already.")
    if not reason.strip():
        raise HidingRefusedError("Say why it is hidden.")
    _insist_on_still_money(money)
    hiding.hide(money.booking, reason=reason.strip()[:500], by=by)
    return money.booking


@transaction.atomic
def restore_booking(booking_id: UUID, *, by: "User") -> Booking:
    """Bring a hidden booking back. Raises HidingRefusedError."""
    booking = lock_money(booking_id).booking
    if booking.deleted_at is None:
        raise HidingRefusedError("This booking is not hidden.")
    if not hiding.restore(booking, by=by):
        raise HidingRefusedError("Its day has no place left: raise the day’s limit first.")
    return booking


def _insist_on_still_money(money: Money) -> None:
    """Nothing of it can be paid now, and nothing was paid that was not given back."""
    booking = money.booking
    if money.open_payments:
        raise HidingRefusedError("A payment is open: wait for its end, or cancel the booking.")
    if PaymentLink.objects.live(clock.now()).filter(booking=booking).exists():
        raise HidingRefusedError("Its payment link can still be paid: revoke the link first.")
    if booking.status == BookingStatus.CANCELLED:
        return
    kept = (p for p in money.payments if p.is_captured and p.method != Method.DEMO)
    if any(remaining_cents(payment) > 0 for payment in kept):
        raise HidingRefusedError("Money was taken for it: cancel it and decide about the refund.")
