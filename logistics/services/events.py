"""Onfleet's webhooks: stored once, answered, and acted on afterwards (rule R755)."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from logistics.models import OnfleetEvent, OnfleetTask
from logistics.onfleet_data import EventNotice
from logistics.services.states import mark_deleted, note_moments
from logistics.services.sync import read_task
from totetaxi.lib import clock
from totetaxi.lib.errors import TemporaryError
from totetaxi.outbox.services import announce

STARTED, ETA, ARRIVAL, DELETED = 0, 1, 2, 8
#: Triggers that say something about a task: started, ETA, arrival, completed, failed, updated,
#: deleted, assigned, unassigned. Others (duty, created) are acknowledged.
OF_TASKS: Final = frozenset({STARTED, ETA, ARRIVAL, 3, 4, 7, DELETED, 9, 10})
# The webhook may be quicker than our own storing of the task it is about.
PATIENCE: Final = timedelta(minutes=5)


@transaction.atomic
def record_event(notice: EventNotice) -> bool:
    """Store a signed event and the work it makes, together; False if it was here before."""
    event, created = OnfleetEvent.objects.get_or_create(
        trigger=notice.trigger,
        task_id=notice.task_id,
        happened_at=notice.happened_at,
        defaults={"eta_at": notice.eta_at},
    )
    if created:
        announce("onfleet_event", event.pk)
    return created


def process_event(event_id: UUID) -> None:
    """Act on a stored event by what Onfleet says now. A repeat does no harm.

    Raises TemporaryError while Onfleet cannot be asked, or while the task is not known here yet.
    """
    event = OnfleetEvent.objects.get(pk=event_id)
    if event.processed_at is None:
        event.mark_processed(_act_on(event), clock.real_now())


def _act_on(event: OnfleetEvent) -> str:
    if event.trigger not in OF_TASKS:
        return "acknowledged"
    task = OnfleetTask.objects.filter(onfleet_task_id=event.task_id).first()
    if task is None:
        if clock.real_now() - event.received_at < PATIENCE:
            raise TemporaryError("this task is not known here yet")
        return "not ours"
    if event.trigger == DELETED:
        mark_deleted(task.pk, by_us=False, at=event.happened_at)
        return "deleted"
    if event.trigger == STARTED:
        note_moments(task.pk, started_at=event.happened_at)
    elif event.trigger == ARRIVAL:
        note_moments(task.pk, arrived_at=event.happened_at)
    elif event.trigger == ETA:
        # The newest that told of it, in whatever order they came.
        told = OnfleetEvent.objects.filter(trigger=ETA, task_id=event.task_id).exclude(eta_at=None)
        newest = told.order_by("-happened_at").first()
        note_moments(task.pk, estimated_arrival_at=newest.eta_at if newest else None)
    return read_task(task)
