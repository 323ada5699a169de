"""Scheduled work of the plain pages."""

from datetime import timedelta
from typing import Final

from totetaxi.lib.clock import real_now
from totetaxi.outbox.registry import job
from totetaxi.pages.models import ContactMessage

KEEP: Final = timedelta(days=90)


@job("purge_contact_messages", cron="20 4 * * *", label="Delete old contact messages")
def purge_contact_messages() -> str:
    """Delete contact messages that the office has had for 90 days; say how many."""
    deleted, _ = ContactMessage.objects.answered_before(real_now() - KEEP).delete()
    return f"{deleted} deleted"
