"""Work on the clock for bookings."""

from booking.models import Draft
from totetaxi.lib import clock
from totetaxi.outbox.registry import job


@job("purge_drafts", cron="0 6 * * *", label="Delete drafts nobody continued")
def purge_drafts() -> str:
    """Delete drafts past their life; a booking made from one keeps everything it needs."""
    expired = Draft.objects.filter(expires_at__lt=clock.now())
    deleted, _ = expired.delete()
    return f"{deleted} drafts deleted"
