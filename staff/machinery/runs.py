"""The jobs on one page: switch, last run, next run, and what needs somebody (rule R658)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django_q.models import Failure, OrmQ, Schedule

from staff.machinery import words
from totetaxi.lib.clock import real_now
from totetaxi.outbox import registry
from totetaxi.outbox.health import Check, span, status
from totetaxi.outbox.models import Job
from totetaxi.outbox.services import ASKED_PATIENCE, RUN_JOB, running_jobs

# A turn may wait that long for a worker before it is late.
PATIENCE: Final = timedelta(minutes=10)
# Parts of the health report that say whether jobs run at all.
ABOUT_RUNS: Final = ("scheduler", "worker", "queue", "watched")


@dataclass(frozen=True)
class Row:
    """One job as the page shows it. ``tone`` is that of ``staff/_status.html``."""

    job: registry.ScheduledJob
    record: Job
    word: str
    tone: str
    next_run: datetime | None

    @property
    def cadence(self) -> str:
        return words.cadence(self.job.cron)

    @property
    def took(self) -> str:
        return words.duration(self.record.last_duration_ms)

    @property
    def can_run(self) -> bool:
        """Whether a run can be asked for now."""
        return self.record.enabled and not self.record.waits_since(real_now() - ASKED_PATIENCE)

    @property
    def was_skipped(self) -> bool:
        """Whether a turn after the last run did not start."""
        started, skipped = self.record.last_started_at, self.record.last_skipped_at
        return skipped is not None and (started is None or skipped > started)


def rows() -> list[Row]:
    """All jobs by label, those in trouble first; four queries."""
    now = real_now()
    running = running_jobs()
    records = {record.name: record for record in Job.objects.all()}
    planned = Schedule.objects.filter(func=RUN_JOB).values_list("name", "next_run")
    next_runs = dict(planned)
    found = []
    for job in registry.jobs():
        # Not met yet: shown as it would be made.
        record = records.get(job.name) or Job(name=job.name)
        word, tone = state(job, record, is_running=job.name in running, now=now)
        found.append(Row(job, record, word, tone, next_runs.get(job.name)))
    return sorted(found, key=lambda row: (row.tone != "bad", row.job.label))


def state(
    job: registry.ScheduledJob, record: Job, *, is_running: bool, now: datetime
) -> tuple[str, str]:
    """How a job is, in a word, and the tone of that word."""
    if is_running:
        return "Running", "sea"
    if not record.enabled:
        return "Off", ""
    if record.waits_since(now - ASKED_PATIENCE):
        return "Queued", "sea"
    if record.is_unfinished:
        return "Did not finish", "bad"
    if record.last_ok is False:
        return "Failed", "bad"
    if record.last_started_at is None:
        return "Not run yet", ""
    if record.last_started_at < job.due_by(now - PATIENCE):
        return "Late", "warn"
    return "On", "good"


@dataclass(frozen=True)
class Queue:
    """How the queue itself is."""

    checks: tuple[Check, ...]
    waiting: int
    working: int
    oldest: str
    failures: int
    last_failure: Failure | None


def queue() -> Queue:
    """Signs of life, tasks in the queue and what it could not run."""
    now = real_now()
    # An entry that is taken by a worker is locked into the future.
    waiting = OrmQ.objects.filter(lock__lte=now)
    oldest = waiting.order_by("lock").values_list("lock", flat=True).first()
    return Queue(
        checks=tuple(check for check in status(now).checks if check.name in ABOUT_RUNS),
        waiting=waiting.count(),
        working=OrmQ.objects.filter(lock__gt=now).count(),
        oldest=span(now - oldest) if oldest else "",
        failures=Failure.objects.count(),
        last_failure=Failure.objects.order_by("-stopped").first(),
    )
