"""The calendar file of a booking."""

from email.utils import parseaddr

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress

from booking.describe import service_words, window, window_words
from booking.models import Booking
from totetaxi.lib import clock


def calendar_file(booking: Booking, *, phone: str, cancelled: bool = False) -> bytes:
    """The pickup as an iCalendar file; its UID stays and its sequence rises with each change.

    ``cancelled`` takes it out of the calendar that has it.
    """
    starts, ends = window(booking)
    if booking.paid_at is not None and starts < booking.paid_at < ends:
        starts = booking.paid_at.astimezone(clock.NEW_YORK)  # booked for today, within the window
    event = Event()
    event.add("uid", f"{booking.booking_number}@totetaxi.com")
    event.add("sequence", booking.version)
    event.add("dtstamp", clock.real_now())
    event.add("dtstart", starts)
    event.add("dtend", ends)
    event.add("summary", f"ToteTaxi pickup {booking.booking_number}")
    event.add("location", ", ".join(booking.pickup_address.lines))
    event.add("description", _description(booking, phone))
    event.add("organizer", _sender())
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    calendar = Calendar()
    calendar.add("prodid", "-//ToteTaxi//Booking//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    content: bytes = calendar.to_ical()
    return content


def _sender() -> vCalAddress:
    """Who publishes it, which the standard wants named: the sender of our mails."""
    name, email = parseaddr(settings.DEFAULT_FROM_EMAIL)
    sender = vCalAddress(f"mailto:{email}")
    sender.params["CN"] = name or settings.BUSINESS_NAME
    return sender


def _description(booking: Booking, phone: str) -> str:
    return "\n".join(
        (
            f"{service_words(booking)}. {window_words(booking)}.",
            f"To: {', '.join(booking.delivery_address.lines)}",
            f"Questions: {phone}",
        )
    )
