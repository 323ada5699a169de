"""The only source of time: New York, and shifted by CLOCK_START outside production.

Python compares and subtracts two datetimes of one time zone by their wall clocks. Across the nights
on which the clocks change use ``elapsed``, which measures real time.
"""

import time as process_time
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

NEW_YORK = ZoneInfo("America/New_York")
# Used when nobody has set CLOCK_STARTED_AT, which keeps web, worker and jobs on one time.
_PROCESS_STARTED_AT = process_time.time()


def now() -> datetime:
    """Business time, as an aware New York datetime."""
    return (timezone.now() + _shift()).astimezone(NEW_YORK)


def real_now() -> datetime:
    """Real time in UTC, where an hour added is an hour: for what others measure, as Stripe does."""
    return timezone.now()


def in_business(moment: datetime) -> datetime:
    """A real moment as business time, to lay it beside times of ``now()``."""
    return (moment + _shift()).astimezone(NEW_YORK)


def today() -> date:
    """The date in New York."""
    return now().date()


def tomorrow() -> date:
    """The date after today in New York."""
    return today() + timedelta(days=1)


def at(day: date, time: time) -> datetime:
    """The moment at which New York's wall clocks show ``time`` on ``day``.

    A time that occurs twice (01:30 on the night in November) is the first of both, unless
    ``time.fold`` is 1. A time that is skipped (02:30 on the night in March) is as long after
    midnight as it would be without the change: 03:30 summer time.
    """
    wall = datetime.combine(day, time.replace(tzinfo=None), NEW_YORK)
    return wall.astimezone(UTC).astimezone(NEW_YORK)


def elapsed(earlier: datetime, later: datetime) -> timedelta:
    """The real time between two moments, with the hour that a clock change adds or removes."""
    return later.astimezone(UTC) - earlier.astimezone(UTC)


def after(moment: datetime, span: timedelta) -> datetime:
    """The moment ``span`` of real time later, in New York.

    ``moment + span`` would move the wall clock instead: an hour from 01:30 on the night in November
    would be two.
    """
    return (moment.astimezone(UTC) + span).astimezone(NEW_YORK)


def parse_start(text: str) -> datetime | None:
    """CLOCK_START ("2026-06-10T09:59", New York) as a moment; None if empty. Raises ValueError."""
    if not text:
        return None
    start = datetime.fromisoformat(text)
    return start if start.tzinfo else at(start.date(), start.time())


def _shift() -> timedelta:
    """How far business time is ahead of real time; nothing in production."""
    start = parse_start(settings.CLOCK_START)
    if start is None or settings.ENVIRONMENT == "production":
        return timedelta()
    started_at = float(settings.CLOCK_STARTED_AT or _PROCESS_STARTED_AT)
    return start.astimezone(UTC) - datetime.fromtimestamp(started_at, UTC)
