"""A run ends by itself before the queue ends it."""

from booking import asking
from payments.services import runs
from totetaxi.outbox.services import CONNECTION_RETRIES


def test_run_after_a_lost_database_fits_into_a_task(settings):
    waits = sum(CONNECTION_RETRIES)
    for seconds in (asking.SECONDS, runs.SECONDS):
        assert waits + seconds <= settings.Q_CLUSTER["timeout"]
