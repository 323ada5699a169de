"""Mails about bookings."""

from django.conf import settings

from booking import describe
from booking.cancelling import change_cutoff
from booking.ics import calendar_file
from booking.models import Booking
from catalog import price_book
from totetaxi.lib import clock
from totetaxi.lib.mail import Attachment
from totetaxi.outbox.mail import send_mail


def send_confirmation(booking: Booking) -> None:
    """Everything that was ordered and paid, with the pickup as a calendar file."""
    book = price_book.load()
    policy = book.policy
    send_mail(
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
        attachments=[_calendar(booking, policy.phone)],
    )


def send_reminder(booking: Booking) -> None:
    """When, where and what to have ready tomorrow; how to change it, and until when (R652)."""
    book = price_book.load()
    policy = book.policy
    cutoff = change_cutoff(booking.pickup_date, policy)
    send_mail(
        template="booking/reminder",
        to=[booking.email],
        context={
            "booking": booking,
            "facts": describe.facts(booking),
            "window": describe.window_words(booking),
            "can_change_until": cutoff if clock.now() < cutoff else None,
            "tracking_url": _pickup_map(booking),
            "policy": policy,
            "phone": policy.phone,
            "overweight_cents": book.airport.overweight_bag_cents if book.airport else 0,
        },
        attachments=[_calendar(booking, policy.phone)],
    )


def send_review_request(booking: Booking, link: str) -> None:
    """Ask how it went; ``link`` is where to write it."""
    policy = price_book.load().policy
    send_mail(
        template="booking/review_request",
        to=[booking.email],
        context={"booking": booking, "link": link, "policy": policy, "phone": policy.phone},
    )


def send_delivered(booking: Booking) -> None:
    """Say that everything is there; a status note, which customers may switch off."""
    policy = price_book.load().policy
    send_mail(
        template="booking/delivered",
        to=[booking.email],
        context={"booking": booking, "policy": policy, "phone": policy.phone},
    )


def send_payment_received(booking: Booking) -> None:
    """Acknowledge the money for a booking whose confirmation went out before it was paid."""
    policy = price_book.load().policy
    send_mail(
        template="booking/payment_received",
        to=[booking.email],
        context={"booking": booking, "policy": policy, "phone": policy.phone},
    )


def _calendar(booking: Booking, phone: str) -> Attachment:
    """The pickup for the calendar."""
    content = calendar_file(booking, phone=phone)
    return Attachment(f"{booking.booking_number}.ics", content, "text/calendar; method=PUBLISH")


def _pickup_map(booking: Booking) -> str:
    """Onfleet's map of the pickup, "" while there is none; dispatch lies above this app."""
    tasks = booking.onfleet_tasks.filter(kind="pickup").exclude(tracking_url="")
    newest = tasks.exclude(status__in=["failed", "deleted"]).order_by("-created_at").first()
    return newest.tracking_url if newest else ""
