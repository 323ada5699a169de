"""Hiding a booking and bringing it back (rule R513); whether money allows it, payments say."""

from typing import TYPE_CHECKING, Final

from booking.models import Booking, BookingStatus, EventKind
from booking.services.holds import release_code, retake_hold
from catalog import availability
from totetaxi.lib import clock
from totetaxi.outbox.services import announce

if TYPE_CHECKING:
    from totetaxi.users.models import User

# Bookings that were not carried out yet: hidden they need no place, back they need one again.
AHEAD: Final = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED, BookingStatus.PAID})


def hide(booking: Booking, *, reason: str, by: "User") -> None:
    """Hide a locked booking everywhere and give its place and its code back."""
    now = clock.now()
    if booking.holds_place and booking.status in AHEAD:
        release_code(booking)
        availability.give_back(booking.pickup_date, booking.capacity_units)
        booking.mark_hold(released_at=now, reason="hidden by the office")
    booking.deleted_at = now
    _save(booking)
    booking.record(EventKind.HIDDEN, actor=by, actor_label="staff", reason=reason)
    _announce("booking_hidden", booking)


def restore(booking: Booking, *, by: "User") -> bool:
    """Bring a locked booking back with its place; False when the day has none left.

    What is over needs no place, and neither does an unpaid one until somebody pays it.
    """
    ahead = booking.status in AHEAD and booking.status != BookingStatus.PENDING
    if ahead and not retake_hold(booking, reason="restored by the office"):
        return False
    booking.deleted_at = None
    _save(booking)
    booking.record(EventKind.RESTORED, actor=by, actor_label="staff")
    _announce("booking_restored", booking)
    return True


def _announce(event: str, booking: Booking) -> None:
    """Each time anew: a booking may be hidden and brought back more than once."""
    key = f"{event}:{booking.pk}:{booking.version}"
    announce(event, booking.pk, booking_id=booking.pk, key=key)


def _save(booking: Booking) -> None:
    booking.version += 1
    booking.save(update_fields=["deleted_at", "version", "updated_at"])
