"""A queue that is alive, as far as the database knows."""

from datetime import datetime

from django_q.models import Schedule

from totetaxi.outbox.beats import BEAT_JOB, SCHEDULER, WATCH, WATCH_SINCE, WORKER, stamp
from totetaxi.outbox.services import RUN_JOB


def schedule_beat() -> None:
    """The one schedule of those that ``sync_jobs`` makes whose absence counts."""
    Schedule.objects.create(name=BEAT_JOB, func=RUN_JOB, args=repr((BEAT_JOB,)))


def well(*, at: datetime, heard_since: datetime) -> None:
    """Scheduler and worker have just beaten, and somebody has listened for some time."""
    schedule_beat()
    stamp(SCHEDULER, WORKER, WATCH, at=at)
    stamp(WATCH_SINCE, at=heard_since)
