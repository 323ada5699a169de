"""Work on the clock for bookings."""

from django.db import transaction

from booking import reminders, reviews
from booking.models import Draft
from totetaxi.lib import clock
from totetaxi.outbox.registry import job

BATCH = 500


@job(
    "send_reminders",
    cron="0 * * * *",
    label="Remind customers of tomorrow’s pickup",
    setting="BOOKING_REMINDERS_ENABLED",
)
def send_reminders() -> str:
    return reminders.send_reminders()


@job("request_reviews", cron="*/15 * * * *", label="Ask for a review after the delivery")
def request_reviews() -> str:
    return reviews.request_reviews()


@job("purge_drafts", cron="0 6 * * *", label="Delete drafts nobody continued")
def purge_drafts() -> str:
    """Delete drafts past their life; a booking made from one keeps everything it needs."""
    deleted = 0
    while batch := _delete_some():
        deleted += batch
    return f"{deleted} drafts deleted"


@transaction.atomic
def _delete_some() -> int:
    """Delete a batch, each draft locked first: a checkout locks its draft before its booking."""
    expired = Draft.objects.filter(expires_at__lt=clock.now())
    locked = expired.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH]
    ids = list(locked)
    Draft.objects.filter(pk__in=ids).delete()
    return len(ids)
