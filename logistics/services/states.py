"""What Onfleet says about a task, taken over: forwards only, each effect once (rule R756)."""

import logging
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from booking.models import LIVE_STATUSES, Booking, BookingStatus, EventKind
from logistics.models import (
    LIVE_TASKS,
    AlertKind,
    DeliveryProof,
    OnfleetTask,
    ProofKind,
    TaskKind,
    TaskStatus,
)
from logistics.onfleet_data import RemoteState, TaskState
from logistics.services.alerts import raise_alert
from totetaxi.lib import clock
from totetaxi.outbox.services import announce

logger = logging.getLogger(__name__)

ONFLEET: Final = "Onfleet"
STATUS_OF: Final = {
    RemoteState.UNASSIGNED: TaskStatus.CREATED,
    RemoteState.ASSIGNED: TaskStatus.ASSIGNED,
    RemoteState.ACTIVE: TaskStatus.ACTIVE,
}
OVER: Final = frozenset({TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.DELETED})


def is_wanted(booking: Booking) -> bool:
    """Whether drivers should hear of a booking: paid or confirmed, and not hidden."""
    return booking.deleted_at is None and booking.status in LIVE_STATUSES


def is_off(booking: Booking) -> bool:
    """Whether nobody should drive for a booking: it is neither to be carried out nor was it."""
    return not is_wanted(booking) and booking.status != BookingStatus.COMPLETED


def lock_task(task_id: UUID) -> tuple[Booking, OnfleetTask]:
    """Booking, then task, under their row locks: the order everywhere."""
    booking_id = OnfleetTask.objects.values_list("booking_id", flat=True).get(pk=task_id)
    booking = Booking.objects.select_for_update().get(pk=booking_id)
    return booking, OnfleetTask.objects.select_for_update().get(pk=task_id)


@transaction.atomic
def note_moments(task_id: UUID, **moments: datetime | None) -> None:
    """Keep what only events tell: ``started_at``, ``arrived_at``, ``estimated_arrival_at``.

    Real times. A start and an arrival are facts whenever they are heard of; the earliest stands.
    """
    _, task = lock_task(task_id)
    for name, moment in moments.items():
        if moment is None:
            continue
        known, heard = getattr(task, name), clock.in_business(moment)
        if name == "estimated_arrival_at" or known is None or heard < known:
            setattr(task, name, heard)
    task.save(update_fields=[*moments, "updated_at"])


@transaction.atomic
def apply_state(task_id: UUID, state: TaskState, *, driver_name: str | None = None) -> TaskStatus:
    """Save what Onfleet said, and do what follows from it; older news changes nothing.

    ``driver_name`` is None where it could not be asked. Returns the status the task has then.
    """
    booking, task = lock_task(task_id)
    task.last_synced = clock.real_now()
    if _is_older(task, state):
        task.save(update_fields=["last_synced"])
        return TaskStatus(task.status)
    before = task.status
    task.onfleet_task_id = state.id
    task.onfleet_short_id = state.short_id[:20]
    task.tracking_url = state.tracking_url[:500]
    task.changed_at_onfleet = state.changed_at or task.changed_at_onfleet
    if not state.worker_id:
        task.driver_name = ""
    elif driver_name is not None:
        task.driver_name = driver_name[:100]
    if state.eta_at:
        task.estimated_arrival_at = clock.in_business(state.eta_at)
    task.status = _status(task, state)
    _note_times(task, state)
    task.save()
    if task.status == TaskStatus.COMPLETED:
        _want_proofs(task, state)
    if task.status != before:
        _after(booking, task)
    return TaskStatus(task.status)


@transaction.atomic
def mark_deleted(task_id: UUID, *, by_us: bool, at: datetime | None = None) -> None:
    """The task is gone at Onfleet since ``at`` (real time); staff are told of what we did not do.

    What was read before it was deleted does not bring it back.
    """
    booking, task = lock_task(task_id)
    if task.status in OVER:
        return
    now = clock.real_now()
    task.status, task.last_synced, task.changed_at_onfleet = TaskStatus.DELETED, now, at or now
    task.save()
    _record(booking, task)
    if not by_us and is_wanted(booking):
        raise_alert(AlertKind.TASK_DELETED, booking.pk, task.get_kind_display())


def _is_older(task: OnfleetTask, state: TaskState) -> bool:
    """Whether this was read before what we know; a finished task needs news that is newer."""
    known = task.changed_at_onfleet
    if known is None or state.changed_at is None:
        return task.status in OVER
    if task.status in OVER:
        return state.changed_at <= known
    return state.changed_at < known


def _status(task: OnfleetTask, state: TaskState) -> TaskStatus:
    """Our word for Onfleet's state; what we do not know, and what leads back, changes nothing."""
    stays = TaskStatus(task.status)
    if state.state is None:
        logger.warning("Task %s has a state at Onfleet that we do not know", task.pk)
        return stays
    if state.state == RemoteState.COMPLETED:
        status = TaskStatus.FAILED if _has_failed(state) else TaskStatus.COMPLETED
    else:
        status = STATUS_OF[state.state]
        if stays == TaskStatus.COMPLETED:
            return stays
    others = OnfleetTask.objects.live().filter(booking=task.booking_id, kind=task.kind)
    if status in LIVE_TASKS and stays not in LIVE_TASKS and others.exists():
        return stays  # Another one stands for it by now.
    return status


def _has_failed(state: TaskState) -> bool:
    """Whether a task that is over ended badly; a reason says so where nothing else does."""
    if state.succeeded is None:
        return state.failure_reason not in ("", "NONE")
    return not state.succeeded


def _note_times(task: OnfleetTask, state: TaskState) -> None:
    finished = clock.in_business(state.finished_at) if state.finished_at else clock.now()
    if task.status == TaskStatus.ACTIVE and task.started_at is None:
        task.started_at = clock.now()
    elif task.status == TaskStatus.COMPLETED and task.completed_at is None:
        task.completed_at = finished
        task.completion_notes = state.notes[:1000]
    elif task.status == TaskStatus.FAILED and task.failed_at is None:
        task.failed_at = finished
        task.failure_reason = state.failure_reason[:100]
        task.completion_notes = state.notes[:1000]


def _after(booking: Booking, task: OnfleetTask) -> None:
    """What a new status brings about, in the same transaction."""
    _record(booking, task)
    if task.status == TaskStatus.FAILED:
        raise_alert(AlertKind.DELIVERY_FAILED, booking.pk, task.get_kind_display())
    elif (
        task.status == TaskStatus.COMPLETED
        and task.kind == TaskKind.DROPOFF
        and booking.status == BookingStatus.PAID
        and booking.deleted_at is None
    ):
        booking.move_to(
            BookingStatus.COMPLETED, actor_label=ONFLEET, reason="the drop-off was completed"
        )
        announce("booking_completed", booking.pk, booking_id=booking.pk)


def _want_proofs(task: OnfleetTask, state: TaskState) -> None:
    """Fetch the pictures; a phone without a signal sends some later, with news of their own."""
    wanted = [(upload_id, ProofKind.PHOTO) for upload_id in state.photo_ids]
    if state.signature_id:
        wanted.append((state.signature_id, ProofKind.SIGNATURE))
    new = [
        proof
        for upload_id, kind in wanted
        for proof, created in [
            DeliveryProof.objects.get_or_create(
                task=task, onfleet_upload_id=upload_id[:200], defaults={"kind": kind}
            )
        ]
        if created
    ]
    if new:
        key = f"delivery_proofs:{new[0].pk}"
        announce("delivery_proofs", task.pk, booking_id=task.booking_id, key=key)


def _record(booking: Booking, task: OnfleetTask) -> None:
    """A line on the booking's timeline."""
    booking.record(
        EventKind.DELIVERY,
        actor_label=ONFLEET,
        after={"task": task.kind, "status": task.status},
    )
