"""Looking for ourselves: tasks as they are at Onfleet, what was left undone, and its webhooks."""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import F, Q

from booking.models import LIVE_STATUSES, Booking, BookingStatus
from logistics.gateway import NotFoundError, get_gateway
from logistics.models import AlertKind, DeliveryProof, OnfleetTask, TaskKind, TaskStatus
from logistics.onfleet_data import TaskState
from logistics.services.alerts import raise_alert, settle_alerts
from logistics.services.dispatch import dispatch, dispatch_is_on, follow
from logistics.services.proofs import fetch_proofs
from logistics.services.states import apply_state, mark_deleted
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.outbox.models import Message

logger = logging.getLogger(__name__)

AROUND: Final = timedelta(days=3)
DRIVERS_FOR: Final = 10 * 60  # seconds a driver's name is remembered
# Onfleet stops sending after 300 failures in a row; staff hear of it long before.
FAILURES_BEFORE_ALARM: Final = 20
DISPATCH: Final = "logistics.dispatch_booking"
# With the waits for a lost database connection it fits into the 60 seconds of a task; what is left
# comes next time.
ROUND_SECONDS: Final = 25
# So many calls in a row that went unanswered mean that Onfleet is down.
LOST_CALLS: Final = 3
# When staff hear of a task that waits: after the queue's own last try, by and large.
PATIENCE: Final = timedelta(minutes=80)


class Round:
    """Many calls, one after the other: one that fails stops no other, an outage stops all."""

    def __init__(self, seconds: float = ROUND_SECONDS) -> None:
        self.done = self.failed = 0
        self._lost = 0
        self._ends = time.monotonic() + seconds

    @property
    def goes_on(self) -> bool:
        return self._lost < LOST_CALLS and time.monotonic() < self._ends

    def attempt(self, what: str, act: Callable[[], object]) -> Exception | None:
        """Do it; the error if it failed, which is counted and in the log."""
        try:
            act()
        except (TemporaryError, PermanentError) as error:
            self._lost += isinstance(error, TemporaryError)
            self.failed += 1
            logger.warning("%s: %s", what, error)
            return error
        except Exception as error:
            self.failed += 1
            logger.exception("%s failed", what)
            return error
        self.done, self._lost = self.done + 1, 0
        return None


def read_task(task: OnfleetTask) -> str:
    """Ask Onfleet how far a task is, and take it over; says what it is now.

    Raises TemporaryError while Onfleet cannot be asked.
    """
    try:
        state = get_gateway().get_task(task.onfleet_task_id)
    except NotFoundError:
        mark_deleted(task.pk, by_us=False)
        return "deleted"
    return apply_state(task.pk, state, driver_name=_driver(state))


def sync_open_tasks(*, seconds: float = ROUND_SECONDS) -> str:
    """Read every task of these days that is not over, the longest unread first (rule R759)."""
    if not dispatch_is_on():
        return "dispatch is off"
    now, round_ = clock.now(), Round(seconds)
    tasks = OnfleetTask.objects.open().filter(
        window_start__gt=now - AROUND, window_start__lt=now + AROUND
    )
    found = list(tasks.order_by(F("last_synced").asc(nulls_first=True)))
    for task in found:
        if not round_.goes_on:
            break
        round_.attempt(f"Reading task {task.pk}", partial(read_task, task))
    left = len(found) - round_.done - round_.failed
    return f"{round_.done} read, {round_.failed} failed" + (f", {left} left" if left else "")


def catch_up() -> str:
    """Do what should be done at Onfleet and is not (R751, R758); staff hear of what keeps failing.

    Tasks that are missing, changes and recalls it did not hear of, pictures that did not come.
    """
    if not dispatch_is_on():
        return "dispatch is off"
    sending, rest = Round(), Round()
    error: Exception | None = None
    for booking in _without_tasks():
        if sending.goes_on:
            what = f"Dispatching booking {booking.pk}"
            error = sending.attempt(what, partial(dispatch, booking.pk))
        # While Onfleet is down nothing is asked, but staff hear of each.
        if error is not None and (isinstance(error, PermanentError) or _was_given_up(booking)):
            raise_alert(AlertKind.DISPATCH_FAILED, booking.pk, str(error))
    left: list[tuple[str, Callable[[], object]]] = [
        *((f"Following booking {pk}", partial(follow, pk)) for pk in _out_of_step()),
        *((f"Proofs of task {pk}", partial(fetch_proofs, pk)) for pk in _without_proofs()),
    ]
    for what, act in left:
        if sending.goes_on and rest.goes_on:
            rest.attempt(what, act)
    told = f"{sending.done} bookings sent, {sending.failed} failed"
    return f"{told}; {rest.done} mended, {rest.failed} failed" if left else told


def _without_tasks() -> Iterable[Booking]:
    """Bookings to come that lack a task, unless the queue will try again by itself."""
    waiting = Message.objects.waiting().filter(handler=DISPATCH, booking_id__isnull=False)
    started = OnfleetTask.objects.filter(status=TaskStatus.WAITING)
    lately = started.filter(created_at__gt=clock.real_now() - AROUND).values("booking_id")
    ever = OnfleetTask.objects.exclude(status=TaskStatus.WAITING)
    pickups, dropoffs = (ever.filter(kind=kind).values("booking_id") for kind in TaskKind)
    lacking = Q(pickup_date__gte=clock.today()) & ~(Q(pk__in=pickups) & Q(pk__in=dropoffs))
    return (
        Booking.objects.visible()
        .filter(lacking | Q(pk__in=lately), status__in=LIVE_STATUSES)
        .exclude(pk__in=waiting.values("booking_id"))
        .order_by("pickup_date", "booking_number")
    )


def _was_given_up(booking: Booking) -> bool:
    """Whether the queue has stopped trying, or would have by now."""
    dead = Message.objects.dead().filter(handler=DISPATCH, booking_id=booking.pk)
    old = OnfleetTask.objects.filter(
        booking=booking, status=TaskStatus.WAITING, created_at__lt=clock.real_now() - PATIENCE
    )
    return dead.exists() or old.exists()


def _out_of_step() -> list[UUID]:
    """Bookings that changed or ended since Onfleet was told of them, of these days and to come."""
    tasks = (
        OnfleetTask.objects.live()
        .exclude(status=TaskStatus.COMPLETED)
        .exclude(booking__status=BookingStatus.COMPLETED)
        .exclude(booking_version=F("booking__version"))
        # Not sent yet, and to be sent: that is dispatch's.
        .exclude(
            status=TaskStatus.WAITING,
            booking__status__in=LIVE_STATUSES,
            booking__deleted_at__isnull=True,
        )
        .filter(booking__pickup_date__gte=clock.today() - AROUND)
    )
    return list(tasks.order_by().values_list("booking_id", flat=True).distinct())


def _without_proofs() -> list[UUID]:
    """Tasks of these days with pictures that are not here; the queue may have given up."""
    proofs = DeliveryProof.objects.filter(fetched_at=None, created_at__gt=clock.real_now() - AROUND)
    return list(proofs.order_by().values_list("task_id", flat=True).distinct())


def watch_webhooks() -> str:
    """Ask Onfleet whether its webhooks reach us; alarm long before it gives up (rule R762)."""
    if not dispatch_is_on():
        return "dispatch is off"
    ours = [hook for hook in get_gateway().webhooks() if hook.url.startswith(settings.SITE_URL)]
    worst = max((hook.failures for hook in ours), default=0)
    if not ours:
        raise_alert(AlertKind.WEBHOOK_FAILING, None, "no webhook there leads here")
    elif worst >= FAILURES_BEFORE_ALARM or not all(hook.is_enabled for hook in ours):
        raise_alert(AlertKind.WEBHOOK_FAILING, None, f"{worst} failures in a row")
    else:
        settle_alerts(AlertKind.WEBHOOK_FAILING, None)
    return f"{len(ours)} webhooks, {worst} failures in a row"


def _driver(state: TaskState) -> str | None:
    """The driver's first name, all a customer needs; "" without one, None if it cannot be asked."""
    if not state.worker_id:
        return ""
    names: dict[str, str] = cache.get("onfleet-drivers") or {}
    if state.worker_id not in names:
        try:
            names = {worker.id: worker.name for worker in get_gateway().workers()}
        except (TemporaryError, PermanentError):
            return None  # The state matters more.
        cache.set("onfleet-drivers", names, DRIVERS_FOR)
    return names.get(state.worker_id, "").split(" ")[0]
