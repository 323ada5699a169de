"""What the office does by the clock."""

from datetime import timedelta

from staff.services import tries
from totetaxi.lib.clock import real_now
from totetaxi.outbox.registry import job

KEPT = timedelta(days=7)


@job("purge_sign_in_tries", cron="40 4 * * *", label="Forget old wrong sign-ins to the office")
def purge_sign_in_tries() -> str:
    """Tries that lock nothing any more are no use after a week; the audit keeps the wrong ones."""
    return f"{tries.purge(before=real_now() - KEPT)} forgotten"
