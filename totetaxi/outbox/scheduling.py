"""Keep the queue's schedules equal to the jobs in the code."""

from typing import Literal

from django.db import connection, transaction
from django_q.models import Schedule

from totetaxi.outbox import registry
from totetaxi.outbox.services import RUN_JOB, record_of

SYNC_LOCK = 20_261  # An advisory lock: web, worker and release may all start at once.


@transaction.atomic
def sync_jobs() -> dict[str, int]:
    """Make the queue's schedules those of the code: how many were created, changed, removed.

    Missed runs are not made up for: that is ``catch_up`` in Q_CLUSTER.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SYNC_LOCK])
    counts = {"created": 0, "changed": 0, "same": 0, "removed": 0}
    schedules: dict[str, Schedule] = {}
    for schedule in Schedule.objects.filter(func=RUN_JOB).order_by("pk"):
        if registry.job_named(schedule.name) and schedule.name not in schedules:
            schedules[schedule.name] = schedule
        else:
            schedule.delete()
            counts["removed"] += 1
    for job in registry.jobs():
        record_of(job)
        counts[_sync(job, schedules.get(job.name))] += 1
    return counts


def _sync(
    job: registry.ScheduledJob, schedule: Schedule | None
) -> Literal["created", "changed", "same"]:
    """Create or correct one schedule; one that is right keeps the time of its next run."""
    wanted = {
        "args": repr((job.name,)),
        # The job's own record keeps its result.
        "kwargs": "q_options={'save': False}",
        "schedule_type": Schedule.CRON,
        "cron": job.cron,
        "repeats": -1,
    }
    if schedule is None:
        Schedule.objects.create(name=job.name, func=RUN_JOB, **wanted)
        return "created"
    if all(getattr(schedule, name) == value for name, value in wanted.items()):
        return "same"
    for name, value in wanted.items():
        setattr(schedule, name, value)
    schedule.next_run = schedule.calculate_next_run()
    schedule.save()
    return "changed"
