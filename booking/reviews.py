"""Asking for a review once everything was delivered, once a booking (rules R653 and R654)."""

from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from booking.asking import each, is_daytime
from booking.models import Booking, BookingStatus
from booking.preferences import MailKind, wants
from totetaxi.lib import clock
from totetaxi.outbox.services import announce

# Not while the boxes are still being unpacked, and not out of the blue much later.
EARLIEST: Final = timedelta(hours=2)
LATEST: Final = timedelta(days=7)
SWITCHED_OFF: Final = "nothing: GOOGLE_REVIEW_PLACE_ID is empty"
OUT_OF_HOURS: Final = "nothing: requests go out from 9 AM to 8 PM"


def request_reviews() -> str:
    """Announce a request for each booking that is due for one; how many those are."""
    now = clock.now()
    if not settings.GOOGLE_REVIEW_PLACE_ID:
        return SWITCHED_OFF
    if not is_daytime(now):
        return OUT_OF_HOURS
    return each(due(now).values_list("pk", flat=True), request, done="asked")


def due(now: datetime) -> "QuerySet[Booking]":
    """Bookings completed two hours to seven days before ``now`` that were not asked about."""
    moment = now.astimezone(UTC)  # an hour subtracted is an hour
    return reviewable(moment).filter(completed_at__lte=moment - EARLIEST, review_requested_at=None)


def reviewable(now: datetime) -> "QuerySet[Booking]":
    """Bookings that may be asked about: delivered lately, and nobody wanted money back (R654).

    Payments lie above this app, and are seen through the relations that lead here. A refund that
    only follows a cheaper change is no complaint.
    """
    with_refund = Booking.objects.filter(
        payments__refunds__isnull=False, payments__refunds__change__isnull=True
    )
    return (
        Booking.objects.visible()
        .filter(
            status=BookingStatus.COMPLETED,
            completed_at__gte=now.astimezone(UTC) - LATEST,
        )
        .exclude(payments__disputes__isnull=False)
        .exclude(pk__in=with_refund.values("pk"))
        .order_by("completed_at")
    )


@transaction.atomic
def request(booking_id: UUID) -> bool:
    """Mark the booking as asked and announce it, if it still is due and nobody else is at it."""
    now = clock.now()
    locked = due(now).select_for_update(of=("self",), skip_locked=True)
    booking = locked.filter(pk=booking_id).first()
    if booking is None or not wants(booking, MailKind.REVIEW_REQUEST):
        return False
    booking.review_requested_at = now
    booking.save(update_fields=["review_requested_at"])
    announce("review_due", booking.pk, booking_id=booking.pk)
    return True


def still_due(booking: Booking) -> bool:
    """Whether the request may go out now: the mail may have waited, money been asked back."""
    return (
        review_link() != ""
        and reviewable(clock.now()).filter(pk=booking.pk).exists()
        and wants(booking, MailKind.REVIEW_REQUEST)
    )


def review_link() -> str:
    """Where Google takes a review of us; "" where no place is configured."""
    place = settings.GOOGLE_REVIEW_PLACE_ID
    query = urlencode({"placeid": place})
    return f"https://search.google.com/local/writereview?{query}" if place else ""
