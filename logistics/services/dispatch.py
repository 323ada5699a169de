"""Two tasks for each booking we will carry out: made once, whatever fails in between (R751)."""

from uuid import UUID

from django.conf import settings
from django.db import transaction

from booking.models import Booking
from logistics.content import content_key, task_content
from logistics.gateway import get_gateway
from logistics.models import AlertKind, OnfleetTask, TaskKind, TaskStatus
from logistics.onfleet_data import NewTask, TaskContent
from logistics.services.alerts import settle_alerts
from logistics.services.claims import claimed
from logistics.services.recall import (
    booking_to_drive,
    keep_content,
    recall,
    tell_about_phone,
    update_tasks,
)
from logistics.services.states import apply_state, is_off, is_wanted
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError


class DispatchRefusedError(Exception):
    """No tasks can be made for this booking now; the message says why."""


def dispatch_is_on() -> bool:
    """Whether there is an Onfleet to talk to; without a key everything waits."""
    return bool(settings.ONFLEET_API_KEY)


def dispatch(booking_id: UUID, *, again: bool = False) -> int:
    """Make the tasks that a booking has none of yet; returns how many were sent now.

    ``again`` also replaces those that failed or are gone. Raises TemporaryError while Onfleet
    cannot be reached, PermanentError when it refuses; then a repeat makes only what is missing.
    """
    if not dispatch_is_on():
        return 0
    return _send_all(booking_id, _make_rows(booking_id, again=again))


def redispatch(booking_id: UUID) -> int:
    """New tasks instead of failed or deleted ones, when staff say so (rule R760).

    Raises DispatchRefusedError, and as ``dispatch``.
    """
    if not dispatch_is_on():
        raise DispatchRefusedError("Dispatch is off: no key for Onfleet is set.")
    booking = Booking.objects.get(pk=booking_id)
    if not is_wanted(booking):
        state = "hidden" if booking.deleted_at else booking.get_status_display().lower()
        raise DispatchRefusedError(f"This booking is {state}: there is nothing to deliver.")
    tasks = _make_rows(booking_id, again=True)
    if not any(task.status == TaskStatus.WAITING for task in tasks):
        raise DispatchRefusedError("Both tasks of this booking are at Onfleet already.")
    sent = _send_all(booking_id, tasks)
    for kind in (AlertKind.DELIVERY_FAILED, AlertKind.TASK_DELETED):
        settle_alerts(kind, booking_id)
    return sent


def follow(booking_id: UUID) -> None:
    """Bring the tasks in line with the booking as it is now, whatever was announced (R758).

    Raises as ``dispatch``; a repeat does what is left.
    """
    if not dispatch_is_on():
        return
    booking = Booking.objects.get(pk=booking_id)
    if is_off(booking):
        recall(booking_id)
    elif is_wanted(booking):
        update_tasks(booking_id)


@transaction.atomic
def _make_rows(booking_id: UUID, *, again: bool) -> list[OnfleetTask]:
    """The rows that stand for the booking's tasks, those that were missing added.

    By itself a kind gets one row, ever; ``again`` also replaces those that failed or are gone.
    """
    booking = Booking.objects.select_for_update().get(pk=booking_id)
    if not is_wanted(booking):
        return []
    standing = {task.kind: task for task in OnfleetTask.objects.live().of(booking)}
    ever = OnfleetTask.objects.of(booking).values_list("kind", flat=True)
    known = set(standing) if again else set(ever)
    for kind in TaskKind:
        if kind not in known:
            standing[kind] = OnfleetTask.objects.create(
                booking=booking,
                kind=kind,
                depends_on=standing.get(TaskKind.PICKUP) if kind == TaskKind.DROPOFF else None,
                environment=settings.ONFLEET_ENVIRONMENT,
            )
    return [standing[kind] for kind in TaskKind if kind in standing]


def _send_all(booking_id: UUID, tasks: list[OnfleetTask]) -> int:
    sent = sum(_send(task) for task in tasks if task.status == TaskStatus.WAITING)
    if sent:
        settle_alerts(AlertKind.DISPATCH_FAILED, booking_id)
        follow(booking_id)  # Cancelled or changed while we were sending.
    return sent


def _send(task: OnfleetTask) -> bool:
    """Make one task at Onfleet, or find the one an earlier try made; False if it is done."""
    with claimed(task):
        booking = booking_to_drive(task.booking_id)
        if task.status != TaskStatus.WAITING or not is_wanted(booking):
            return False
        content = task_content(booking, task.kind, clock.now())
        version, key = booking.version, content_key(booking, task.kind)
        gateway = get_gateway()
        state = gateway.find_task(str(task.pk))
        if state is None:
            state = gateway.create_task(_new_task(task, booking, content))
        else:
            version, key = 0, ""  # Who knows what it was told then.
        with transaction.atomic():
            keep_content(task.pk, content, version, key)
            apply_state(task.pk, state)
    tell_about_phone(task.booking_id, content)
    return True


def _new_task(task: OnfleetTask, booking: Booking, content: TaskContent) -> NewTask:
    before = ""
    if task.depends_on_id is not None:
        pickup = OnfleetTask.objects.get(pk=task.depends_on_id)
        if not pickup.onfleet_task_id:
            raise PermanentError("the pickup has to be sent first")
        # What is done needs no waiting for.
        before = pickup.onfleet_task_id if pickup.is_open else ""
    return NewTask(
        key=str(task.pk),
        booking_number=booking.booking_number,
        kind=task.kind,
        service_type=booking.service_type,
        content=content,
        is_pickup=task.kind == TaskKind.PICKUP,
        depends_on=before,
    )
