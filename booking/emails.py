"""Mails about bookings."""

from django.conf import settings

from booking import describe
from booking.ics import calendar_file
from booking.models import Booking
from catalog import price_book
from totetaxi.lib.mail import Attachment, send_templated


def send_confirmation(booking: Booking) -> None:
    """Everything that was ordered and paid, with the pickup as a calendar file."""
    book = price_book.load()
    policy = book.policy
    calendar = calendar_file(booking, phone=policy.phone)
    send_templated(
        template="booking/confirmation",
        to=[booking.email],
        bcc=settings.BOOKING_EMAIL_BCC,
        context={
            "booking": booking,
            "facts": describe.facts(booking),
            "window": describe.window_words(booking),
            "lines": list(booking.lines.all()),
            "policy": policy,
            "phone": policy.phone,
            "overweight_cents": book.airport.overweight_bag_cents if book.airport else 0,
        },
        attachments=[
            Attachment(f"{booking.booking_number}.ics", calendar, "text/calendar; method=PUBLISH")
        ],
    )


def send_delivered(booking: Booking) -> None:
    """Say that everything is there; a status note, which customers may switch off."""
    policy = price_book.load().policy
    send_templated(
        template="booking/delivered",
        to=[booking.email],
        context={"booking": booking, "policy": policy, "phone": policy.phone},
    )


def send_payment_received(booking: Booking) -> None:
    """Acknowledge the money for a booking whose confirmation went out before it was paid."""
    policy = price_book.load().policy
    send_templated(
        template="booking/payment_received",
        to=[booking.email],
        context={"booking": booking, "policy": policy, "phone": policy.phone},
    )
