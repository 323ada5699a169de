"""Alarms: from when something is wrong until it was well for a while; one mail at each end.

Whoever serves ``/health/ready/`` calls ``poll`` and then, after its answer, ``tell`` with what it
was given. The mail goes straight to the mail service, because the queue may be what is silent.
It is claimed under a row lock, so that one of many callers sends it, and outside of any
transaction; a claim whose mail failed is given back, and the next caller tries (rule R665).
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from totetaxi.lib.clock import real_now
from totetaxi.outbox import beats, emails, health
from totetaxi.outbox.failures import describe
from totetaxi.outbox.health import Check, Status
from totetaxi.outbox.models import ERROR_LENGTH, Alarm

logger = logging.getLogger(__name__)

# Longer than any mail server lets us wait before it fails.
LEASE: Final = timedelta(minutes=2)
# No question to the database may take longer while somebody waits for an answer (milliseconds).
STATEMENT_MS: Final = 2000
AT_REST: Final[dict[str, object]] = {
    "raised_at": None,
    "since": None,
    "told_at": None,
    "well_since": None,
    "claimed_until": None,
    "detail": "",
}


@dataclass(frozen=True)
class Kind:
    """An alarm: which checks raise it, and what a mail says of it.

    ``section`` is the heading in docs/operate.md. ``hushed_by`` names an alarm of which this one
    is a consequence. One that does not ``tells_end`` just ends.
    """

    name: str
    checks: tuple[str, ...]
    title: str
    section: str
    meaning: str
    hushed_by: str = ""
    tells_end: bool = True


KINDS: Final = (
    Kind(
        "silence",
        checks=(beats.SCHEDULER, beats.WORKER),
        title="Mails and scheduled work stand still",
        section="Alarm: scheduler or worker silent",
        meaning=(
            "Customers can still book and pay. Until it is put right they get no mail, and"
            " reminders, refunds and orders to the drivers wait. Nothing is lost: all of it is"
            " done as soon as the queue runs again."
        ),
    ),
    Kind(
        "backlog",
        checks=("queue",),
        title="The queue does not keep up",
        section="Alarm: the queue does not keep up",
        meaning=(
            "Scheduler and worker are alive, but mails and other work that follow a booking come"
            " late. Nothing is lost."
        ),
        hushed_by="silence",
    ),
    Kind(
        "given_up",
        checks=("given_up",),
        title="Work was given up",
        section="Alarm: work was given up",
        meaning=(
            "A mail or another piece of work failed so often, or so clearly, that it is not tried"
            " again by itself. Somebody did not get what they were promised until a person acts."
            " There is no further mail about more of it until for an hour nothing was given up."
        ),
        tells_end=False,
    ),
    Kind(
        "migrations",
        checks=("migrations",),
        title="The database is older than the code",
        section="Alarm: migrations are missing",
        meaning="Pages that need what is missing fail for customers and for the office.",
    ),
)


@dataclass(frozen=True)
class Notice:
    """A mail that the caller alone has to send now."""

    kind: Kind
    alarm: Alarm
    is_over: bool


def poll(now: datetime | None = None) -> tuple[Status, list[Notice]]:
    """Listen, look, and note what is wrong; the status, and the mails to ``tell`` afterwards.

    Raises the error of a database that does not answer.
    """
    now = now or real_now()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, TRUE)", [str(STATEMENT_MS)])
        beats.listen(now)
        state = health.status(now)
        return state, watch(state, now)


def watch(state: Status, now: datetime) -> list[Notice]:
    """Raise and end alarms; the mails that this caller has claimed by that."""
    standing = set(Alarm.objects.exclude(raised_at=None).values_list("name", flat=True))
    silent = {kind.name for kind in KINDS if _wrong(kind, state)} | standing
    notices = (
        _advance(kind, state, now)
        for kind in KINDS
        if kind.name in silent and kind.hushed_by not in silent
    )
    return [notice for notice in notices if notice]


def _wrong(kind: Kind, state: Status) -> list[Check]:
    return [state[name] for name in kind.checks if not state[name].ok]


@transaction.atomic
def _advance(kind: Kind, state: Status, now: datetime) -> Notice | None:
    """Bring one alarm up to date; the mail that is due by that, if nobody else has it."""
    wrong = _wrong(kind, state)
    if not (wrong or all(state[name].judged for name in kind.checks)):
        return None  # Too early to say.
    Alarm.objects.get_or_create(name=kind.name)
    # Who has the lock does the same.
    alarm = Alarm.objects.select_for_update(skip_locked=True).filter(name=kind.name).first()
    if alarm is None:
        return None
    if wrong:
        is_due = _is_wrong(alarm, wrong, now)
    else:
        is_due = _is_well(alarm, now)
        if is_due and not kind.tells_end:
            Alarm.objects.filter(pk=alarm.pk).update(**AT_REST)
            return None
    is_due = is_due and not (alarm.claimed_until and alarm.claimed_until > now)
    if is_due:
        alarm.claimed_until = now + LEASE
    alarm.save()
    return Notice(kind, alarm, is_over=not wrong) if is_due else None


def _is_wrong(alarm: Alarm, wrong: list[Check], now: datetime) -> bool:
    """Note that it is wrong; whether people are to be told."""
    if alarm.raised_at is None:
        alarm.raised_at = now
        alarm.since = min(check.since or now for check in wrong)
    alarm.well_since = None
    alarm.detail = " ".join(f"{check.name.capitalize()}: {check.words}" for check in wrong)
    alarm.detail = alarm.detail.replace("_", " ")[:ERROR_LENGTH]
    return alarm.told_at is None


def _is_well(alarm: Alarm, now: datetime) -> bool:
    """Note that it is well; whether it has been so for long enough."""
    if alarm.raised_at is None:
        return False
    alarm.well_since = alarm.well_since or now
    return now - alarm.well_since >= timedelta(seconds=settings.HEALTH_WELL_SECONDS)


def tell(notices: Iterable[Notice]) -> None:
    """Send claimed mails, outside of any transaction. Never raises for a mail that fails."""
    for notice in notices:
        logger.log(
            logging.WARNING if notice.is_over else logging.ERROR,
            "%s: %s",
            "Alarm is over" if notice.is_over else "Alarm",
            notice.alarm.detail,
        )
        outcome: dict[str, object] = {"told_at": real_now(), "claimed_until": None}
        if notice.is_over:
            outcome = AT_REST
        try:
            _send(notice)
        except Exception as error:
            logger.warning("The mail about %s failed: %s", notice.kind.name, describe(error))
            outcome = {"claimed_until": None}
        alarm = notice.alarm
        Alarm.objects.filter(pk=alarm.pk, raised_at=alarm.raised_at).update(**outcome)


def _send(notice: Notice) -> None:
    alarm = notice.alarm
    if not settings.STAFF_ALERT_EMAILS:
        logger.error("STAFF_ALERT_EMAILS is empty: nobody was told of the alarm")
        return
    since, until = alarm.since, alarm.well_since
    emails.send_alarm(
        "recovered" if notice.is_over else "alarm",
        title=notice.kind.title,
        meaning=notice.kind.meaning,
        section=notice.kind.section,
        tells_end=notice.kind.tells_end,
        detail=alarm.detail,
        since=health.moment(since) if since else "",
        until=health.moment(until) if until else "",
        lasted=health.span(until - since) if since and until else "",
    )
