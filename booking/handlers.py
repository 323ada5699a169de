"""What follows a booking's changes: work that the outbox delivers, at least once."""

from datetime import date

from booking import emails, reminders, reviews
from booking.models import LIVE_STATUSES, Booking, BookingStatus
from booking.preferences import MailKind, wants
from totetaxi.outbox.registry import handles


@handles("booking_paid")
def send_confirmation(subject_id: str) -> None:
    """Mail the confirmation, unless the booking was cancelled before its turn came.

    One that was promised before it was paid has it already: then the payment is acknowledged.
    """
    booking = _booking(subject_id)
    if booking.status not in LIVE_STATUSES:
        return
    if booking.was_promised:
        emails.send_payment_received(booking)
    else:
        emails.send_confirmation(booking)


@handles("booking_confirmed", "confirmation_again")
def send_confirmation_by_office(subject_id: str) -> None:
    """Mail the confirmation because the office said so: promised unpaid, or sent once more."""
    booking = _booking(subject_id)
    if booking.status in LIVE_STATUSES:
        emails.send_confirmation(booking)


@handles("payment_mail_again")
def acknowledge_payment(subject_id: str) -> None:
    """Mail once more that the money has come."""
    emails.send_payment_received(_booking(subject_id))


@handles("booking_completed", "delivered_again")
def send_delivered(subject_id: str) -> None:
    """Mail that everything is there, unless this customer wants no such notes (rule R820)."""
    booking = _booking(subject_id)
    if booking.status == BookingStatus.COMPLETED and wants(booking, MailKind.STATUS_NOTE):
        emails.send_delivered(booking)


@handles("booking_reminder", "reminder_again")
def send_reminder(subject_id: str) -> None:
    """Remind of tomorrow's pickup, unless that is not so any more (rule R651).

    The subject is "<booking>@<day>", or the booking alone where only tomorrow can be meant.
    """
    booking_id, _, day = subject_id.partition("@")
    booking = _booking(booking_id)
    if reminders.still_due(booking, date.fromisoformat(day) if day else booking.pickup_date):
        emails.send_reminder(booking)


@handles("review_due")
def send_review_request(subject_id: str) -> None:
    """Ask for a review, unless something spoke against it meanwhile (rule R654)."""
    booking = _booking(subject_id)
    if reviews.still_due(booking):
        emails.send_review_request(booking, reviews.review_link())


def _booking(subject_id: str) -> Booking:
    related = ("pickup_address", "delivery_address", "mini_move_package")
    return Booking.objects.select_related(*related).get(pk=subject_id)
