"""Scheduled work for guests' links."""

from datetime import timedelta
from typing import Final

from totetaxi.account.models import LinkRequest, ManageLink
from totetaxi.lib import clock
from totetaxi.outbox.registry import job

KEEP: Final = timedelta(days=7)


@job("purge_manage_links", cron="40 4 * * *", label="Delete old links to bookings")
def purge_manage_links() -> str:
    """Delete links, and requests that were never answered, a week after their end."""
    before = clock.now() - KEEP
    links, _ = ManageLink.objects.filter(expires_at__lt=before).delete()
    requests, _ = LinkRequest.objects.filter(created_at__lt=before).delete()
    return f"{links + requests} deleted"
