"""Announce events, deliver their messages, run jobs.

Times here are real time: they belong to the machinery, not to the business.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django_q.tasks import async_task

from totetaxi.lib.clock import real_now
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.lib.request_id import working_on
from totetaxi.outbox.failures import describe
from totetaxi.outbox.models import ERROR_LENGTH, Job, Message
from totetaxi.outbox.registry import ScheduledJob, handler_named, handlers_of, job_named

logger = logging.getLogger(__name__)

DELIVER = "totetaxi.outbox.tasks.deliver"
# After the first, second, ... failure; after one more the message is dead.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
MAX_ATTEMPTS = len(BACK_OFF) + 1
# Longer than the queue lets a task run (Q_CLUSTER["timeout"]).
LEASE = timedelta(minutes=5)
# A queue entry older than this is taken for lost: the queue was emptied or its worker died.
QUEUE_PATIENCE = timedelta(minutes=10)
SWEEP_BATCH = 500

# Seconds to wait after a lost database connection, within the queue's time limit for a task.
CONNECTION_RETRIES = (1, 5)
# The first part of this module's advisory locks, so that they meet no others.
JOB_LOCKS = 20_260
SKIPPED_OFF = "skipped: switched off"
SKIPPED_RUNNING = "skipped: still running"


@transaction.atomic
def announce(
    event: str, subject_id: UUID | str, *, booking_id: UUID | None = None, key: str = ""
) -> None:
    """Store a message for each handler of ``event``, within the transaction of the caller.

    Message and queue entry are rows, so they commit or roll back with the change announced. A
    handler gets one message per ``key`` (default: event and subject), however often announced.
    """
    key = key or f"{event}:{subject_id}"
    handlers = handlers_of(event)
    known = Message.objects.filter(key=key, handler__in=handlers).values_list("handler", flat=True)
    missing = set(handlers).difference(known)
    messages = [
        Message(
            handler=handler,
            key=key,
            event=event,
            subject_id=str(subject_id),
            booking_id=booking_id,
        )
        for handler in handlers
        if handler in missing
    ]
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    # Announced by another transaction at the same moment: its rows stand, and it queues them.
    ours = Message.objects.filter(pk__in=[message.pk for message in messages])
    for message_id in ours.values_list("pk", flat=True):
        _queue(message_id)


def _queue(message_id: UUID) -> None:
    """Make a queue entry; the message itself is the record of the outcome."""
    async_task(DELIVER, str(message_id), save=False)


def deliver(message_id: UUID | str) -> bool:
    """Run the handler of a message if the message is due and free; True if it is done by that.

    Never raises for a failed handler: the failure is stored, and with it when to try again.
    """
    message = Message.objects.filter(pk=message_id).first()
    if message is None or _is_used_up(message):
        return False
    now = real_now()
    if not message.claim(now=now, until=now + LEASE):
        return False
    with working_on(str(message.pk)):
        return _run(message)


def _is_used_up(message: Message) -> bool:
    """Whether the last attempt was started and its lease passed: it killed or hung its worker."""
    if message.attempts < MAX_ATTEMPTS:
        return False
    now = real_now()
    used_up = Message.objects.due(now).filter(pk=message.pk, attempts__gte=MAX_ATTEMPTS).order_by()
    if used_up.update(dead_at=now, last_error="The worker ended during the last attempt."):
        logger.error("Message %s is dead: %s never finished", message.pk, message.handler)
    return True


def _run(message: Message) -> bool:
    """Run the handler of a claimed message and store what came of it."""
    handler = handler_named(message.handler)
    try:
        if handler is None:
            raise PermanentError(f"no handler is named {message.handler}; was it renamed?")
        handler(message.subject_id)
    except SystemExit as error:  # The queue's own time-out; it must see it to replace the worker.
        _fail(message, error)
        raise
    except Exception as error:
        _fail(message, error)
        return False
    return message.finish(done_at=real_now(), last_error="")


def _fail(message: Message, error: BaseException) -> None:
    """Store a failed attempt: try again later, or give up."""
    now = real_now()
    reason = describe(error)
    gave_up = isinstance(error, PermanentError) or message.attempts >= MAX_ATTEMPTS
    if gave_up:
        message.finish(dead_at=now, last_error=reason)
    else:
        delay = BACK_OFF[message.attempts - 1]
        message.finish(next_attempt_at=now + delay, queued_at=None, last_error=reason)
    logger.log(
        logging.ERROR if gave_up else logging.WARNING,
        "Message %s: attempt %d of %s failed%s: %s",
        message.pk,
        message.attempts,
        message.handler,
        ", given up" if gave_up else "",
        reason,
        exc_info=None if isinstance(error, TemporaryError | PermanentError) else error,
    )


@transaction.atomic
def queue_due() -> int:
    """Put due messages that have no queue entry back into the queue; how many those were."""
    now = real_now()
    unqueued = Q(queued_at=None) | Q(queued_at__lte=now - QUEUE_PATIENCE)
    due = Message.objects.due(now).filter(unqueued)
    ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:SWEEP_BATCH])
    Message.objects.filter(pk__in=ids).update(queued_at=now)
    for message_id in ids:
        _queue(message_id)
    return len(ids)


@transaction.atomic
def retry_dead(message: Message) -> bool:
    """Give a dead message all its attempts again, from now; False if it is not dead."""
    now = real_now()
    revived = (
        Message.objects.dead()
        .filter(pk=message.pk)
        .update(dead_at=None, attempts=0, next_attempt_at=now, queued_at=now)
    )
    if revived:
        _queue(message.pk)
    return bool(revived)


def run_job(name: str) -> str:
    """Run a job and return what it says it did; skip it if switched off or still running.

    Lost database connections are tried again; any other error is stored and raised. Raises
    LookupError if there is no such job.
    """
    job = job_named(name)
    if job is None:
        raise LookupError(f"There is no job named {name}")
    with working_on(f"job-{name}"):
        for wait in CONNECTION_RETRIES:
            try:
                return _run_alone(job)
            except (OperationalError, InterfaceError):
                if connection.in_atomic_block:  # The caller's transaction is lost with it.
                    raise
                connection.close()
                time.sleep(wait)
        return _run_alone(job)


def _run_alone(job: ScheduledJob) -> str:
    """Run the job unless another process is at it."""
    with _lock(job.name) as locked:
        if not locked:
            return SKIPPED_RUNNING
        Job.objects.get_or_create(name=job.name)
        record = Job.objects.filter(name=job.name)
        if not record.filter(enabled=True).exists():
            return SKIPPED_OFF
        record.update(last_started_at=real_now())
        started = time.monotonic()
        try:
            result = job.function()
        except Exception as error:
            _record(job.name, started, last_ok=False, last_result="", last_error=describe(error))
            raise
        _record(job.name, started, last_ok=True, last_result=result[:ERROR_LENGTH], last_error="")
        return result


def _record(name: str, started: float, **outcome: object) -> None:
    """Store the outcome of a run that started at ``started`` (monotonic seconds)."""
    duration = timedelta(seconds=time.monotonic() - started)
    Job.objects.filter(name=name).update(
        last_finished_at=real_now(),
        last_duration_ms=duration // timedelta(milliseconds=1),
        **outcome,
    )


@contextmanager
def _lock(name: str) -> Iterator[bool]:
    """Whether this connection alone holds the job's lock; a dead connection gives it up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [JOB_LOCKS, name])
        locked: bool = cursor.fetchone()[0]
    try:
        yield locked
    finally:
        if locked and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [JOB_LOCKS, name])
