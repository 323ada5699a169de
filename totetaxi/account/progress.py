"""How far a booking and its money have come, as the customer's page draws it."""

from dataclasses import dataclass
from datetime import datetime

from booking.models import Booking, BookingStatus
from payments.models import Method, Payment
from totetaxi.lib import clock


@dataclass(frozen=True)
class Stop:
    """One stop of the line at the top of the page; ``state`` is done, now or ahead."""

    label: str
    note: str
    state: str


@dataclass(frozen=True)
class PaymentSummary:
    """What was paid and what came back, in cents."""

    paid_cents: int
    coming_back_cents: int
    is_free: bool
    unfulfillable_reason: str


def stops(booking: Booking) -> list[Stop]:
    """Booked, paid, picked up, delivered; the first one that has not happened is "now"."""
    done = (
        True,
        booking.status in (BookingStatus.PAID, BookingStatus.COMPLETED),
        booking.status == BookingStatus.COMPLETED,
        booking.status == BookingStatus.COMPLETED,
    )
    labels = ("Booked", "Paid", "Picked up" if done[2] else "Pickup", "Delivered")
    pickup = f"{booking.pickup_date:%B} {booking.pickup_date.day}"
    notes = (_day(booking.created_at), _day(booking.paid_at), pickup, _day(booking.completed_at))
    now = done.index(False) if False in done else len(done)
    return [
        Stop(label, note, "done" if is_done else "now" if place == now else "ahead")
        for place, (label, note, is_done) in enumerate(zip(labels, notes, done, strict=True))
    ]


def payment_summary(booking: Booking) -> PaymentSummary:
    """Sums over the booking's captured payments."""
    captured = list(Payment.objects.captured().filter(booking=booking))
    unusable = [payment for payment in captured if payment.unfulfillable_reason]
    return PaymentSummary(
        paid_cents=sum(p.amount_cents for p in captured if not p.unfulfillable_reason),
        coming_back_cents=sum(p.amount_cents for p in unusable),
        is_free=any(p.method == Method.FREE for p in captured),
        unfulfillable_reason=unusable[-1].unfulfillable_reason if unusable else "",
    )


def _day(moment: datetime | None) -> str:
    if moment is None:
        return ""
    local = moment.astimezone(clock.NEW_YORK)
    return f"{local:%B} {local.day}"
