"""Changed and cancelled bookings: their tasks follow, as long as nobody has set out (R758)."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction

from booking.models import Booking
from logistics.content import content_key, task_content
from logistics.gateway import NotFoundError, UnderWayError, get_gateway
from logistics.models import AlertKind, OnfleetTask, TaskStatus
from logistics.onfleet_data import RemoteState, TaskContent
from logistics.services.alerts import raise_alert, settle_alerts
from logistics.services.claims import claimed
from logistics.services.states import apply_state, is_off, is_wanted, lock_task, mark_deleted
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError

BEGUN = frozenset({RemoteState.ACTIVE, RemoteState.COMPLETED})


def booking_to_drive(booking_id: UUID) -> Booking:
    """A booking with what its tasks say."""
    related = ("pickup_address", "delivery_address", "mini_move_package")
    return Booking.objects.select_related(*related).get(pk=booking_id)


def recall(booking_id: UUID) -> int:
    """Take the tasks of a booking that is off back; returns how many are gone now.

    A task under way cannot be recalled: staff are told to phone the driver. Raises TemporaryError
    while Onfleet cannot be reached; a repeat does what is left.
    """
    if not is_off(Booking.objects.get(pk=booking_id)):
        return 0
    for kind in (AlertKind.DISPATCH_FAILED, AlertKind.NO_PHONE):
        settle_alerts(kind, booking_id)
    # The drop-off first: it depends on the pickup.
    return _each(_recall_one, _standing(booking_id)[::-1])


def update_tasks(booking_id: UUID) -> int:
    """Bring the tasks of a changed booking up to date; returns how many were changed.

    Raises TemporaryError while Onfleet cannot be reached; a repeat does no harm.
    """
    return _each(_update_one, [task for task in _standing(booking_id) if task.onfleet_task_id])


def _standing(booking_id: UUID) -> list[OnfleetTask]:
    tasks = OnfleetTask.objects.live().filter(booking=booking_id)
    return list(tasks.exclude(status=TaskStatus.COMPLETED))


def _each(act: Callable[[OnfleetTask], bool], tasks: list[OnfleetTask]) -> int:
    """Do it with each task, however the others fare; how many it worked for."""
    done = 0
    problem: TemporaryError | None = None
    for task in tasks:
        try:
            done += act(task)
        except UnderWayError:
            _tell(task, AlertKind.UNDER_WAY, task.get_kind_display())
        except PermanentError as error:
            _tell(task, AlertKind.REFUSED, f"{task.get_kind_display()}: {error}")
        except TemporaryError as error:
            problem = error
    if problem is not None:
        raise problem
    return done


def _tell(task: OnfleetTask, kind: AlertKind, detail: str) -> None:
    """Leave it to people, once for this version of the booking."""
    raise_alert(kind, task.booking_id, detail)
    booking = booking_to_drive(task.booking_id)
    key = content_key(booking, task.kind)
    OnfleetTask.objects.filter(pk=task.pk).update(booking_version=booking.version, content_key=key)


def _recall_one(task: OnfleetTask) -> bool:
    gateway = get_gateway()
    with claimed(task):
        try:
            # Perhaps an earlier try made it, and we never heard.
            state = (
                gateway.get_task(task.onfleet_task_id)
                if task.onfleet_task_id
                else gateway.find_task(str(task.pk))
            )
            if state is not None:
                if state.state in BEGUN:
                    apply_state(task.pk, state)
                    if state.state == RemoteState.ACTIVE:
                        raise UnderWayError("the driver is on the way")
                    return False
                gateway.delete_task(state.id)
        except NotFoundError:
            pass
        mark_deleted(task.pk, by_us=True)
    return True


def _update_one(task: OnfleetTask) -> bool:
    with claimed(task):
        booking = booking_to_drive(task.booking_id)
        if not is_wanted(booking):
            return False
        key = content_key(booking, task.kind)
        if key == task.content_key:
            OnfleetTask.objects.filter(pk=task.pk).update(booking_version=booking.version)
            return False
        content = task_content(booking, task.kind, clock.now())
        try:
            state = get_gateway().update_task(task.onfleet_task_id, content)
        except NotFoundError:
            mark_deleted(task.pk, by_us=False)
            return False
        with transaction.atomic():
            keep_content(task.pk, content, booking.version, key)
            apply_state(task.pk, state)
    tell_about_phone(task.booking_id, content)
    return True


@transaction.atomic
def keep_content(task_id: UUID, content: TaskContent, version: int, key: str) -> None:
    """What Onfleet was told, and of which version of the booking."""
    _, task = lock_task(task_id)
    task.window_start, task.window_end = content.after, content.before
    task.booking_version, task.content_key = version, key
    task.save(
        update_fields=["window_start", "window_end", "booking_version", "content_key", "updated_at"]
    )


def tell_about_phone(booking_id: UUID, content: TaskContent) -> None:
    """Staff hear of a driver who has nobody to call, until there is a number (rule R753)."""
    if content.recipient is None:
        raise_alert(AlertKind.NO_PHONE, booking_id)
    else:
        settle_alerts(AlertKind.NO_PHONE, booking_id)
