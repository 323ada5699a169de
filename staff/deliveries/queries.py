"""Tasks and figures of the dispatcher's page (rule R764)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.cache import cache
from django.db.models import Case, Count, F, Q, QuerySet, When

from logistics.gateway import get_gateway
from logistics.models import OnfleetTask, TaskKind, TaskStatus
from logistics.services import dispatch_is_on
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError

REMEMBERED = 60  # seconds what Onfleet says of itself is shown
TONES = {
    TaskStatus.WAITING: "warn",
    TaskStatus.CREATED: "",
    TaskStatus.ASSIGNED: "sea",
    TaskStatus.ACTIVE: "sea",
    TaskStatus.COMPLETED: "done",
    TaskStatus.FAILED: "bad",
    TaskStatus.DELETED: "",
}


def tone_of(task: OnfleetTask) -> str:
    """How the state of a task is colored."""
    return TONES[TaskStatus(task.status)]


@dataclass(frozen=True)
class Cards:
    """The figures above the list; ``rate`` is per cent with one decimal, None without a basis."""

    active: int
    today: int
    completed_today: int
    waiting: int
    pickups: int
    dropoffs: int
    rate: float | None
    on_time: float | None


@dataclass(frozen=True)
class Account:
    """What Onfleet says of itself; empty while it cannot be asked."""

    name: str = ""
    drivers_on_duty: int | None = None


def tasks(today: date) -> QuerySet[OnfleetTask]:
    """Tasks with their bookings, hidden ones left out, in the order of the work.

    Not sent ones come first, then from today on by time, then those past or recalled.
    """
    past = Q(window_start__lt=day_bounds(today)[0]) | Q(status=TaskStatus.DELETED)
    shown = OnfleetTask.objects.filter(booking__deleted_at=None)
    rows = shown.select_related("booking").annotate(
        is_past=Case(When(past, then=True), default=False),
        coming=Case(When(~past, then=F("window_start"))),
    )
    return rows.order_by(
        "is_past", F("coming").asc(nulls_first=True), F("window_start").desc(), "-created_at", "pk"
    )


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Midnight to midnight in New York."""
    return clock.at(day, time()), clock.at(day + timedelta(days=1), time())


def cards(today: date) -> Cards:
    """The figures, in one query; "today" is the window's day in New York."""
    start, end = day_bounds(today)
    of_today = Q(window_start__gte=start, window_start__lt=end)
    done = Q(status=TaskStatus.COMPLETED)
    over = Q(status__in=[TaskStatus.COMPLETED, TaskStatus.FAILED])
    found = OnfleetTask.objects.exclude(status=TaskStatus.DELETED).aggregate(
        active=Count("pk", filter=Q(status__in=[TaskStatus.ASSIGNED, TaskStatus.ACTIVE])),
        today=Count("pk", filter=of_today),
        completed_today=Count("pk", filter=of_today & done),
        waiting=Count("pk", filter=Q(status__in=[TaskStatus.WAITING, TaskStatus.CREATED])),
        pickups=Count("pk", filter=of_today & Q(kind=TaskKind.PICKUP)),
        dropoffs=Count("pk", filter=of_today & Q(kind=TaskKind.DROPOFF)),
        done=Count("pk", filter=done),
        over=Count("pk", filter=over),
        timed=Count("pk", filter=done & Q(window_end__isnull=False)),
        punctual=Count("pk", filter=done & Q(completed_at__lte=F("window_end"))),
    )
    done_count, over_count = found.pop("done"), found.pop("over")
    timed, punctual = found.pop("timed"), found.pop("punctual")
    return Cards(**found, rate=percent(done_count, over_count), on_time=percent(punctual, timed))


def percent(part: int, whole: int) -> float | None:
    """``part`` of ``whole`` in per cent, one decimal; None of nothing."""
    return round(part * 100 / whole, 1) if whole else None


def account() -> Account:
    """Organization and drivers on duty, asked at most once a minute."""
    if not dispatch_is_on():
        return Account()
    known: Account | None = cache.get("onfleet-account")
    if known is None:
        known = _ask()
        cache.set("onfleet-account", known, REMEMBERED)
    return known


def _ask() -> Account:
    gateway = get_gateway()
    try:
        on_duty = sum(worker.on_duty for worker in gateway.workers())
        return Account(gateway.organization_name(), on_duty)
    except (TemporaryError, PermanentError):
        return Account()
