"""The mail on the day before the pickup: who gets one, once for each date (rules R648 to R652)."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from booking.asking import each, is_daytime
from booking.models import LIVE_STATUSES, Booking, BookingEvent, BookingStatus
from booking.preferences import MailKind, wants
from totetaxi.lib import clock
from totetaxi.outbox.services import announce

OUT_OF_HOURS = "nothing: reminders go out from 9 AM to 8 PM"


def send_reminders() -> str:
    """Announce a reminder for each booking of tomorrow that is due for one; how many those are."""
    now = clock.now()
    if not is_daytime(now):
        return OUT_OF_HOURS
    return each(due(now).values_list("pk", flat=True), remind, done="reminded")


def due(now: datetime) -> "QuerySet[Booking]":
    """Bookings of the day after ``now`` that were not reminded, the oldest first.

    One that became sure only today is left out: its confirmation has just said it all (R650).
    """
    today = now.date()
    midnight = clock.at(today, time())
    promised = BookingEvent.objects.filter(
        booking=OuterRef("pk"), to_status=BookingStatus.CONFIRMED, created_at__lt=midnight
    )
    return (
        Booking.objects.visible()
        .filter(
            Q(paid_at__lt=midnight) | Exists(promised),
            status__in=LIVE_STATUSES,
            pickup_date=today + timedelta(days=1),
            reminded_at=None,
        )
        .order_by("created_at")
    )


@transaction.atomic
def remind(booking_id: UUID) -> bool:
    """Mark the booking as reminded and announce it, if it still is due and nobody else is at it."""
    now = clock.now()
    locked = due(now).select_for_update(of=("self",), skip_locked=True)
    booking = locked.filter(pk=booking_id).first()
    if booking is None or not wants(booking, MailKind.REMINDER):
        return False
    booking.reminded_at = now
    booking.save(update_fields=["reminded_at"])
    announce(
        "booking_reminder",
        subject_for(booking),
        booking_id=booking.pk,
        # A moved booking has a new version, and is reminded of its new date.
        key=f"booking_reminder:{booking.pk}:{booking.version}",
    )
    return True


def subject_for(booking: Booking) -> str:
    """Whom and of which day to remind: a mail that comes late must not speak of another day."""
    return f"{booking.pk}@{booking.pickup_date.isoformat()}"


def still_due(booking: Booking, day: date) -> bool:
    """Whether a reminder of ``day`` makes sense now: a mail may have waited, a booking moved."""
    return (
        booking.deleted_at is None
        and booking.status in LIVE_STATUSES
        and booking.pickup_date == day == clock.tomorrow()
        and wants(booking, MailKind.REMINDER)
    )
