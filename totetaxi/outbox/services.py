"""Announce events, deliver their messages, run jobs.

Times here are real time: they belong to the machinery, not to the business.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django_q.tasks import async_task

from totetaxi.lib.clock import real_now
from totetaxi.lib.errors import AwayError, PermanentError, TemporaryError
from totetaxi.lib.request_id import working_on
from totetaxi.lib.scrub import words_of
from totetaxi.outbox.failures import describe
from totetaxi.outbox.mail import on_behalf_of
from totetaxi.outbox.models import ERROR_LENGTH, Job, Message
from totetaxi.outbox.registry import ScheduledJob, handler_named, handlers_of, job_named

logger = logging.getLogger(__name__)

DELIVER = "totetaxi.outbox.tasks.deliver"
# After the first, second, ... failure; after one more the message is dead.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
MAX_ATTEMPTS = len(BACK_OFF) + 1
# A service that is away for all is asked at least so often, and for so long after the announcement
# (rule R643): what waits goes out soon after it is back.
OUTAGE_DELAY = timedelta(minutes=15)
OUTAGE_PATIENCE = timedelta(hours=24)
# Longer than the queue lets a task run (Q_CLUSTER["timeout"]).
LEASE = timedelta(minutes=5)
# A queue entry older than this is taken for lost: the queue was emptied or its worker died.
QUEUE_PATIENCE = timedelta(minutes=10)
SWEEP_BATCH = 500

# Seconds to wait after a lost database connection. A failover takes about half a minute; both
# waits and a run of the 25 seconds that jobs allow themselves fit into the queue's time limit of
# 60 seconds. Longer waits would hold the worker while the next turn comes near (R657).
CONNECTION_RETRIES = (5, 30)
# The first part of this module's advisory locks, so that they meet no others.
JOB_LOCKS = 20_260
SKIPPED_OFF = "skipped: switched off"
SKIPPED_RUNNING = "skipped: still running"
SKIPPED_LATE = "skipped: too late"
# A run that was asked for and has not started by then is taken for lost.
ASKED_PATIENCE = QUEUE_PATIENCE
RUN_JOB = "totetaxi.outbox.tasks.run_job"


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
    with working_on(str(message.pk)), on_behalf_of(message):
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
            raise PermanentError(
                f"no handler is named {message.handler}; it was renamed or removed"
            )
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
    gave_up = _gives_up(message, error, now)
    if gave_up:
        message.finish(dead_at=now, last_error=reason)
    else:
        # During an outage the last attempt is not counted: one that kills its worker still is.
        attempts = min(message.attempts, MAX_ATTEMPTS - 1)
        delay = BACK_OFF[attempts - 1]
        if isinstance(error, AwayError):
            delay = min(delay, OUTAGE_DELAY)
        message.finish(
            attempts=attempts, next_attempt_at=now + delay, queued_at=None, last_error=reason
        )
    logger.log(
        logging.ERROR if gave_up else logging.WARNING,
        "Message %s: attempt %d of %s failed%s: %s",
        message.pk,
        message.attempts,
        message.handler,
        ", given up" if gave_up else "",
        words_of(error),  # Less than what is stored: it may quote what somebody typed.
        exc_info=None if isinstance(error, TemporaryError | PermanentError) else error,
    )


def _gives_up(message: Message, error: BaseException, now: datetime) -> bool:
    """Whether this failure of ``message`` was its last."""
    if isinstance(error, PermanentError):
        return True
    if message.attempts < MAX_ATTEMPTS:
        return False
    in_time = now + OUTAGE_DELAY <= message.created_at + OUTAGE_PATIENCE
    return not (isinstance(error, AwayError) and in_time)


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
    """Give a message that was given up all its attempts again; False if it was not given up.

    One UPDATE decides: of two clicks at the same moment, one revives it.
    """
    now = real_now()
    revived = (
        Message.objects.given_up()
        .filter(pk=message.pk)
        .update(
            dead_at=None,
            dismissed_at=None,
            dismissed_by="",
            dismissal_reason="",
            attempts=0,
            next_attempt_at=now,
            queued_at=now,
        )
    )
    if revived:
        _queue(message.pk)
    return bool(revived)


@transaction.atomic
def retry_kind(handler: str) -> int:
    """Give all dead messages of a handler their attempts again; how many those were.

    The sweep puts them into the queue, batch by batch, so that thousands do not wait for a click.
    """
    revived = (
        Message.objects.dead()
        .filter(handler=handler)
        .update(dead_at=None, attempts=0, next_attempt_at=real_now(), queued_at=None)
    )
    if revived:
        queue_due()
    return revived


def dismiss_dead(message: Message, *, by: str, reason: str) -> bool:
    """Note that a person has dealt with a dead message some other way; False if it is not dead.

    It stays given up, and can still be tried again (R660).
    """
    dead = Message.objects.dead().filter(pk=message.pk)
    return bool(dead.update(dismissed_at=real_now(), dismissed_by=by, dismissal_reason=reason))


@transaction.atomic
def ask_for_run(name: str) -> bool:
    """Queue a run of a job beside its schedule; False if it is off or one is asked for already.

    Raises LookupError if there is no such job.
    """
    record = Job.objects.select_for_update().get(pk=record_of(_job(name)).pk)
    now = real_now()
    if not record.enabled or record.waits_since(now - ASKED_PATIENCE):
        return False
    record.asked_at = now
    record.save(update_fields=["asked_at"])
    async_task(RUN_JOB, name, save=False)
    return True


def run_job(name: str, *, queued_at: datetime | None = None) -> str:
    """Run a job and return what it says it did; skip it if switched off or still running.

    A run that waited in the queue since ``queued_at`` for a whole interval is skipped too: the
    next one is in the queue by then (R657). Lost database connections are tried again; any other
    error is stored and raised. Raises LookupError if there is no such job.
    """
    job = _job(name)
    with working_on(f"job-{name}"):
        for wait in CONNECTION_RETRIES:
            try:
                return _run_alone(job, queued_at)
            except (OperationalError, InterfaceError):
                if connection.in_atomic_block:  # The caller's transaction is lost with it.
                    raise
                connection.close()
                time.sleep(wait)
        return _run_alone(job, queued_at)


def _job(name: str) -> ScheduledJob:
    if (job := job_named(name)) is None:
        raise LookupError(f"There is no job named {name}")
    return job


def _run_alone(job: ScheduledJob, queued_at: datetime | None) -> str:
    """Run the job unless it is off, too late, or another process is at it."""
    with _lock(job.name) as locked:
        record = Job.objects.filter(pk=record_of(job).pk)
        if not record.filter(enabled=True).exists():
            return SKIPPED_OFF
        if not locked:
            return _skip(job, SKIPPED_RUNNING)
        if queued_at and real_now() - queued_at >= job.interval(queued_at):
            return _skip(job, SKIPPED_LATE)
        record.update(last_started_at=real_now())
        started = time.monotonic()
        try:
            result = job.function()
        except (Exception, SystemExit) as error:  # SystemExit: the queue's own time-out.
            _record(job.name, started, last_ok=False, last_result="", last_error=describe(error))
            raise
        _record(job.name, started, last_ok=True, last_result=result[:ERROR_LENGTH], last_error="")
        return result


def _skip(job: ScheduledJob, why: str) -> str:
    """Note that a run did not start, and say so."""
    Job.objects.filter(name=job.name).update(last_skipped_at=real_now(), last_skip=why)
    logger.warning("Job %s %s", job.name, why)
    return why


def record_of(job: ScheduledJob) -> Job:
    """The job's row; one that is made now takes the switch from the job's setting (R656)."""
    first_value = getattr(settings, job.setting) if job.setting else True
    record, _ = Job.objects.get_or_create(name=job.name, defaults={"enabled": first_value})
    return record


def _record(name: str, started: float, **outcome: object) -> None:
    """Store the outcome of a run that started at ``started`` (monotonic seconds)."""
    duration = timedelta(seconds=time.monotonic() - started)
    Job.objects.filter(name=name).update(
        last_finished_at=real_now(),
        last_duration_ms=duration // timedelta(milliseconds=1),
        **outcome,
    )


def running_jobs() -> set[str]:
    """The names of the jobs that run now, in any process: whose locks are held."""
    held = (
        "SELECT name FROM outbox_job WHERE EXISTS (SELECT FROM pg_locks WHERE granted"
        " AND locktype = 'advisory' AND classid = %s"
        " AND objid::bigint = hashtext(name)::bigint & 4294967295"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    with connection.cursor() as cursor:
        cursor.execute(held, [JOB_LOCKS])
        return {name for (name,) in cursor.fetchall()}


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
