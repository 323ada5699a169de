"""What follows a booking's changes: work that the outbox delivers, at least once."""

from booking import emails
from booking.models import LIVE_STATUSES, Booking
from totetaxi.outbox.registry import handles


@handles("booking_paid")
def send_confirmation(subject_id: str) -> None:
    """Mail the confirmation, unless the booking was cancelled before its turn came."""
    booking = Booking.objects.select_related(
        "pickup_address", "delivery_address", "mini_move_package"
    ).get(pk=subject_id)
    if booking.status in LIVE_STATUSES:
        emails.send_confirmation(booking)
