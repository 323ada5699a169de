"""What the office does to jobs and messages, each on record (rules R659 and R660)."""

from django.db import transaction

from booking.models import Booking
from staff.access import StaffRequest
from staff.audit import log_action
from staff.machinery.words import handler_words
from staff.models import ActionType
from totetaxi.outbox import services
from totetaxi.outbox.models import Job, Message
from totetaxi.outbox.registry import ScheduledJob


@transaction.atomic
def switch(request: StaffRequest, job: ScheduledJob, *, on: bool, reason: str) -> bool:
    """Switch a job; False, and nothing on record, if it is switched so already."""
    services.record_of(job)
    if not Job.objects.filter(name=job.name, enabled=not on).update(enabled=on):
        return False
    log_action(
        request,
        ActionType.MANAGE_JOBS,
        f"Switched {'on' if on else 'off'} the job “{job.label}”",
        before={"job": job.name, "on": not on},
        after={"job": job.name, "on": on, "reason": reason},
    )
    return True


@transaction.atomic
def run_now(request: StaffRequest, job: ScheduledJob) -> bool:
    """Queue a run beside the schedule; False if the job is off or a run is queued already."""
    if not services.ask_for_run(job.name):
        return False
    log_action(
        request,
        ActionType.MANAGE_JOBS,
        f"Asked for a run of the job “{job.label}”",
        after={"job": job.name},
    )
    return True


@transaction.atomic
def retry(request: StaffRequest, message: Message) -> bool:
    """Try a message again that was given up; False if it was not."""
    if not services.retry_dead(message):
        return False
    _log(request, "Tried again", message, {"error": message.last_error})
    return True


@transaction.atomic
def retry_kind(request: StaffRequest, handler: str) -> int:
    """Try all dead messages of a kind again; how many those were."""
    revived = services.retry_kind(handler)
    if revived:
        log_action(
            request,
            ActionType.MANAGE_JOBS,
            f"Tried all messages “{handler_words(handler)}” again that were given up",
            after={"handler": handler, "messages": revived},
        )
    return revived


@transaction.atomic
def dismiss(request: StaffRequest, message: Message, reason: str) -> bool:
    """Note how a dead message was dealt with; False if it is not dead."""
    if not services.dismiss_dead(message, by=request.staff.name[:150], reason=reason):
        return False
    _log(request, "Dealt with", message, {"error": message.last_error, "reason": reason})
    return True


def _log(request: StaffRequest, verb: str, message: Message, facts: dict[str, str]) -> None:
    log_action(
        request,
        ActionType.MANAGE_JOBS,
        f"{verb} a message that was given up: {handler_words(message.handler)}",
        booking=_booking_of(message),
        after={"message": str(message.pk), **facts},
    )


def _booking_of(message: Message) -> Booking | None:
    """The booking on whose timeline the message stands, if it still is there."""
    if message.booking_id is None:
        return None
    return Booking.objects.filter(pk=message.booking_id).first()
