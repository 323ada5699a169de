"""Scheduled work of identity."""

from datetime import timedelta
from typing import Final

from totetaxi.account.identity import services
from totetaxi.lib.clock import real_now
from totetaxi.outbox.registry import job

KEEP: Final = timedelta(days=30)


@job("purge_claims", cron="50 4 * * *", label="Delete sign-ups nobody confirmed")
def purge_claims() -> str:
    """Delete sign-ups that were not confirmed within 30 days."""
    return f"{services.purge_claims(real_now() - KEEP)} deleted"
