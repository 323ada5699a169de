"""How the machinery is: checks with words, for readiness, alarms, the banner and the job page.

Rooms above register what they know themselves with ``@health_check`` (rule R666).
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Count, Max, Q
from django_q.models import Schedule

from totetaxi.lib.clock import NEW_YORK, real_now
from totetaxi.lib.template_tags import clock_time
from totetaxi.outbox.beats import BEAT_JOB, SCHEDULER, WATCH, WORKER, listening_since, signs
from totetaxi.outbox.models import Message
from totetaxi.outbox.services import RUN_JOB

logger = logging.getLogger(__name__)

# Work given up longer ago than this is no news.
NEWS: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. ``needed``: without it the site is not ready.

    ``age`` is how old its last sign of life or its oldest waiting thing is. ``since``: from when it
    is not ok. ``judged`` is False while it is too early to say; then it is ok for the time being.
    """

    name: str
    ok: bool
    words: str
    age: timedelta | None = None
    since: datetime | None = None
    needed: bool = False
    judged: bool = True

    @property
    def age_seconds(self) -> int | None:
        """The age in whole seconds."""
        return None if self.age is None else int(self.age.total_seconds())


@dataclass(frozen=True)
class Status:
    """All checks at one moment."""

    checks: tuple[Check, ...]

    @property
    def ready(self) -> bool:
        """Whether everything needed is well."""
        return all(check.ok for check in self.checks if check.needed)

    def __getitem__(self, name: str) -> Check:
        """The check of this name; raises KeyError."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)


# What a room says of a part of itself: when it last heard, and words about that.
Report = Callable[[], tuple[datetime | None, str]]
_reports: dict[str, Report] = {}


def health_check(name: str) -> Callable[[Report], Report]:
    """Register ``report() -> (moment of the last sign or None, words)``. It informs only."""

    def register(report: Report) -> Report:
        if _reports.setdefault(name, report) is not report:
            raise ValueError(f"There are two health checks named {name}")
        return report

    return register


def status(now: datetime | None = None) -> Status:
    """Look at everything. Raises the error of a database that does not answer."""
    now = now or real_now()
    known = signs()
    return Status(
        (
            Check("database", ok=True, words="It answers.", needed=True),
            _migrations(),
            *_moving(known, now),
            _given_up(now),
            _watched(known, now),
            *_registered(now),
        )
    )


def standstill(now: datetime | None = None) -> tuple[Check, ...]:
    """What stands still now: a few quick questions, for every page of the office (rule R668)."""
    now = now or real_now()
    known = signs()
    if listening_since(known, now) is None:
        return ()
    return tuple(check for check in _moving(known, now) if not check.ok)


def _moving(known: dict[str, datetime], now: datetime) -> Iterator[Check]:
    """Scheduler, worker and queue: without them mails and scheduled work stand still."""
    heard_since = listening_since(known, now)
    if Schedule.objects.filter(name=BEAT_JOB, func=RUN_JOB).exists():
        yield _beat(SCHEDULER, known, heard_since, now)
    else:
        words = "Its schedules are missing: run manage.py sync_jobs."
        yield Check(SCHEDULER, ok=False, words=words, since=known.get(SCHEDULER), needed=True)
    yield _beat(WORKER, known, heard_since, now)
    yield _queue(heard_since, now)


def _beat(
    name: str, known: dict[str, datetime], heard_since: datetime | None, now: datetime
) -> Check:
    """Silent is what has not beaten for the limit, though somebody listened all the while."""
    limit = timedelta(seconds=settings.HEALTH_SILENCE_SECONDS)
    last = known.get(name)
    age = now - last if last else None
    heard = f"Last sign of life {span(age)} ago." if age is not None else "No sign of life yet."
    if age is not None and age <= limit:
        return Check(name, ok=True, words=heard, age=age, needed=True)
    if heard_since is None or now - heard_since <= limit:
        return Check(name, ok=True, words=heard, age=age, needed=True, judged=False)
    since = last or heard_since
    words = f"No sign of life since {moment(since, now)}."
    return Check(name, ok=False, words=words, age=age, since=since, needed=True)


def _queue(heard_since: datetime | None, now: datetime) -> Check:
    """How long the oldest message that is due has been waiting."""
    limit = timedelta(seconds=settings.HEALTH_QUEUE_SECONDS)
    due = Message.objects.due(now).values_list("next_attempt_at", flat=True).first()
    age = now - due if due else timedelta()
    words = f"The oldest due message waits for {span(age)}." if due else "No message is due."
    ok = due is None or age <= limit
    judged = ok or (heard_since is not None and now - heard_since > limit)
    return Check(
        "queue",
        ok=ok or not judged,
        words=words,
        age=age,
        since=due if judged and not ok else None,
        needed=True,
        judged=judged,
    )


def _given_up(now: datetime) -> Check:
    """Messages that a person must deal with; not ok for a while after each new one."""
    found = Message.objects.dead().aggregate(
        all=Count("pk"), new=Count("pk", filter=Q(dead_at__gt=now - NEWS)), last=Max("dead_at")
    )
    if not found["all"]:
        return Check("given_up", ok=True, words="Nothing was given up.")
    words = f"{found['all']} given up, {found['new']} of them within the last hour."
    last: datetime = found["last"]
    return Check("given_up", ok=not found["new"], words=words, age=now - last, since=last)


def _watched(known: dict[str, datetime], now: datetime) -> Check:
    """Whether somebody asks for readiness: without that no alarm can be given."""
    last = known.get(WATCH)
    if listening_since(known, now) is None or last is None:
        words = "Nobody asks for /health/ready/, so nobody would be told of a silence."
        return Check("watched", ok=False, words=words, age=now - last if last else None)
    return Check("watched", ok=True, words="Somebody asks regularly.", age=now - last)


def _migrations() -> Check:
    """Whether the database has the tables of this code; asked until it once was so."""
    missing = 0 if _Migrations.applied else _missing_migrations()
    _Migrations.applied = not missing
    if missing:
        words = f"{missing} are not applied: run manage.py migrate."
        return Check("migrations", ok=False, words=words, needed=True)
    return Check("migrations", ok=True, words="All are applied.", needed=True)


class _Migrations:
    """What this process knows: its code does not change, and nobody takes migrations back."""

    applied = False


def _missing_migrations() -> int:
    loader = MigrationLoader(connection)
    return len(set(loader.graph.nodes) - set(loader.applied_migrations))


def _registered(now: datetime) -> Iterator[Check]:
    """What other rooms say; none of them can make the whole fail."""
    for name in sorted(_reports):
        try:
            last, words = _reports[name]()
        except DatabaseTrouble:
            raise
        except Exception:
            logger.exception("The health check %s failed", name)
            yield Check(name, ok=False, words="It could not be looked at.")
        else:
            age = now - last if last else None
            yield Check(name, ok=True, words=words or _heard(age), age=age)


def _heard(age: timedelta | None) -> str:
    return "Nothing so far." if age is None else f"The last one came {span(age)} ago."


def span(age: timedelta) -> str:
    """A stretch of time in words: "40 seconds", "3 minutes", "5 hours", "2 days"."""
    seconds = max(int(age.total_seconds()), 0)
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length * (1 if unit == "minute" else 2):
            return _count(seconds // length, unit)
    return _count(seconds, "second")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def moment(at: datetime, now: datetime | None = None) -> str:
    """A moment in New York: "3:04 PM on June 10", or without the date if that is today's."""
    local = at.astimezone(NEW_YORK)
    if now and local.date() == now.astimezone(NEW_YORK).date():
        return clock_time(local)
    return f"{clock_time(local)} on {local:%B} {local.day}"
