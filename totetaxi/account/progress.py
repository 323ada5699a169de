"""How far a booking and its money have come, as the customer's page draws it."""

from dataclasses import dataclass
from datetime import datetime

from booking.models import Booking, BookingStatus
from payments.models import Payment
from totetaxi.account.tracking import Tracking
from totetaxi.lib import clock

NOTHING_TOLD = Tracking()
PAID = frozenset({BookingStatus.PAID, BookingStatus.COMPLETED})


@dataclass(frozen=True)
class Stop:
    """One stop of the line at the top of the page; ``state`` is done, now or ahead."""

    label: str
    note: str
    state: str


@dataclass(frozen=True)
class ComingBack:
    """Money that could buy nothing and goes back; 0 cents where there is none."""

    cents: int
    reason: str


def stops(booking: Booking, tracking: Tracking = NOTHING_TOLD) -> list[Stop]:
    """Booked, paid, driver, pickup, delivery; the first that has not happened is "now"."""
    is_over = booking.status == BookingStatus.COMPLETED
    picked_up = is_over or bool(tracking.picked_up_at or tracking.delivered_at)
    day = f"{booking.pickup_date:%B} {booking.pickup_date.day}"
    moments = (
        (True, "Booked", "Booked", _day(booking.created_at)),
        (booking.status in PAID, "Paid", "Payment", _day(booking.paid_at)),
        (picked_up or tracking.has_driver, "Driver assigned", "Driver", ""),
        (picked_up, "Picked up", "Pickup", _day(tracking.picked_up_at) or day),
        (
            is_over or bool(tracking.delivered_at),
            "Delivered",
            "Delivery",
            _day(tracking.delivered_at or booking.completed_at) or day,
        ),
    )
    now = next((place for place, (is_done, *_) in enumerate(moments) if not is_done), None)
    return [
        Stop(
            label=done_words if is_done else ahead_words,
            note=note if is_done or place > 1 else "",
            state="done" if is_done else "now" if place == now else "ahead",
        )
        for place, (is_done, done_words, ahead_words, note) in enumerate(moments)
    ]


def coming_back(booking: Booking) -> ComingBack:
    """What was paid for a booking and could not be used (rule R611)."""
    unusable = list(
        Payment.objects.captured()
        .filter(booking=booking)
        .exclude(unfulfillable_reason="")
        .order_by("created_at")
    )
    reason = unusable[-1].unfulfillable_reason if unusable else ""
    return ComingBack(sum(payment.amount_cents for payment in unusable), reason)


def _day(moment: datetime | None) -> str:
    if moment is None:
        return ""
    local = moment.astimezone(clock.NEW_YORK)
    return f"{local:%B} {local.day}"
