import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, transaction
from django_q.exceptions import TimeoutException
from django_q.models import OrmQ

from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.lib.request_id import current
from totetaxi.outbox import services, tasks
from totetaxi.outbox.models import Message
from totetaxi.outbox.registry import handles
from totetaxi.outbox.services import announce, deliver, queue_due, retry_dead
from totetaxi.outbox.testing import run_queue

pytestmark = pytest.mark.usefixtures("empty_registry")

START = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)


def handler(event, name, act=lambda subject_id: None):
    """Register a handler that notes for whom it ran, then acts."""
    calls = []

    def function(subject_id):
        calls.append(subject_id)
        act(subject_id)

    function.__module__ = "shop.handlers"
    function.__name__ = name
    handles(event)(function)
    return calls


def failing(error):
    def act(*args, **kwargs):
        raise error

    return act


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


# --- Announcing


def test_announce_makes_a_message_and_a_queue_entry_for_each_handler(db):
    handler("paid", "send_mail")
    handler("paid", "dispatch")
    booking_id, subject = uuid4(), uuid4()

    announce("paid", subject, booking_id=booking_id)

    stored = Message.objects.order_by("created_at")
    assert [
        (message.event, message.handler, message.subject_id, message.booking_id, message.key)
        for message in stored
    ] == [
        ("paid", "shop.send_mail", str(subject), booking_id, f"paid:{subject}"),
        ("paid", "shop.dispatch", str(subject), booking_id, f"paid:{subject}"),
    ]
    assert [(entry.func(), entry.args()) for entry in OrmQ.objects.order_by("pk")] == [
        (services.DELIVER, (str(message.pk),)) for message in stored
    ]


def test_announce_without_handlers_is_nothing(db):
    announce("paid", "1")
    assert (Message.objects.count(), OrmQ.objects.count()) == (0, 0)


def test_announce_repeated_is_one_message(db):
    handler("paid", "send_mail")
    announce("paid", "1")
    announce("paid", "1")
    announce("paid", "1", key="second payment")
    announce("paid", "2")
    keys = list(Message.objects.order_by("created_at").values_list("key", flat=True))
    assert keys == ["paid:1", "second payment", "paid:2"]
    assert OrmQ.objects.count() == 3


def test_message_and_queue_entry_vanish_with_the_change_they_announce(db):
    handler("paid", "send_mail")
    with transaction.atomic():
        announce("paid", "1")
        assert (Message.objects.count(), OrmQ.objects.count()) == (1, 1)
        transaction.set_rollback(True)
    assert (Message.objects.count(), OrmQ.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_nobody_sees_a_message_before_its_change_is_committed():
    handler("paid", "send_mail")

    def seen_elsewhere():
        try:
            return Message.objects.count(), OrmQ.objects.count()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            announce("paid", "1")
            assert pool.submit(seen_elsewhere).result() == (0, 0)
        assert pool.submit(seen_elsewhere).result() == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_message_is_never_stored_without_its_queue_entry(monkeypatch):
    handler("paid", "send_mail")
    monkeypatch.setattr(services, "async_task", failing(RuntimeError("no queue")))
    with pytest.raises(RuntimeError):
        announce("paid", "1")
    assert Message.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_announcements_at_the_same_moment_are_one_message():
    handler("paid", "send_mail")
    barrier = threading.Barrier(4)

    def say(_):
        barrier.wait()
        try:
            announce("paid", "1")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(say, range(4)))
    assert (Message.objects.count(), OrmQ.objects.count()) == (1, 1)


# --- Delivering


def test_deliver_runs_the_handler_once(db):
    calls = handler("paid", "send_mail")
    announce("paid", "1")
    message = Message.objects.get()

    assert [tasks.deliver(str(message.pk)), tasks.deliver(str(message.pk))] == [True, False]

    message.refresh_from_db()
    assert calls == ["1"]
    assert (message.state, message.attempts, message.last_error) == ("done", 1, "")


def test_deliver_of_what_does_not_exist_is_nothing(db):
    assert deliver(uuid4()) is False


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_moment_run_the_handler_once():
    calls = handler("paid", "send_mail")
    announce("paid", "1")
    message_id = Message.objects.get().pk
    barrier = threading.Barrier(6)

    def work(_):
        barrier.wait()
        try:
            return deliver(message_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        results = sorted(pool.map(work, range(6)))
    assert (calls, results) == (["1"], [False] * 5 + [True])


def test_handler_runs_under_the_id_of_its_message(db):
    seen = []
    handler("paid", "send_mail", lambda subject_id: seen.append(current()))
    announce("paid", "1")
    run_queue()
    assert seen == [str(Message.objects.get().pk)]


def test_one_failing_handler_leaves_the_others_alone(db):
    handler("paid", "send_mail", failing(TemporaryError("down")))
    calls = handler("paid", "dispatch")
    announce("paid", "1")
    assert run_queue(errors_allowed=True) == 1
    assert calls == ["1"]


# --- Failing


@pytest.mark.parametrize("error", [TemporaryError("busy"), RuntimeError("a bug")])
def test_failed_message_is_tried_after_1_5_15_and_60_minutes_and_then_dead(db, clock, error):
    calls = handler("paid", "send_mail", failing(error))
    announce("paid", "1")
    message = Message.objects.get()
    waits = []

    for attempt in range(1, 6):
        assert deliver(message.pk) is False
        message.refresh_from_db()
        assert message.attempts == len(calls) == attempt
        assert message.last_error == f"{type(error).__name__}: {error}"
        if message.dead_at:
            break
        wait = message.next_attempt_at - datetime.now(UTC)
        waits.append(wait // timedelta(minutes=1))
        clock.shift(wait - timedelta(seconds=1))
        assert deliver(message.pk) is False  # not yet
        clock.shift(timedelta(seconds=1))

    assert waits == [1, 5, 15, 60]
    assert message.state == "dead"
    clock.shift(timedelta(days=1))
    assert deliver(message.pk) is False
    assert len(calls) == 5


def test_message_that_succeeds_later_forgets_its_error(db, clock):
    outcomes = iter([TemporaryError("busy"), None])

    def act(subject_id):
        if error := next(outcomes):
            raise error

    handler("paid", "send_mail", act)
    announce("paid", "1")
    run_queue(errors_allowed=True)
    clock.shift(timedelta(minutes=1))

    assert run_queue() == 1
    message = Message.objects.get()
    assert (message.state, message.attempts, message.last_error) == ("done", 2, "")


def test_permanent_error_is_dead_at_once(db):
    handler("paid", "send_mail", failing(PermanentError("refused")))
    announce("paid", "1")
    deliver(Message.objects.get().pk)
    message = Message.objects.get()
    assert (message.state, message.attempts) == ("dead", 1)
    assert message.last_error == "PermanentError: refused"


def test_message_of_a_renamed_handler_is_dead_with_its_name(db):
    message = Message.objects.create(
        event="paid", handler="shop.old_name", subject_id="1", key="paid:1"
    )
    assert deliver(message.pk) is False
    message.refresh_from_db()
    assert message.state == "dead"
    assert message.last_error == (
        "PermanentError: no handler is named shop.old_name; it was renamed or removed"
    )


def test_message_that_kills_its_worker_stops_after_five_attempts(db, clock):
    class Killed(BaseException):
        """The process ends: nothing after this line runs."""

    calls = handler("paid", "send_mail", failing(Killed()))
    announce("paid", "1")
    message = Message.objects.get()

    for _ in range(5):
        with pytest.raises(Killed):
            deliver(message.pk)
        assert deliver(message.pk) is False  # the lease still holds
        clock.shift(services.LEASE)
    assert deliver(message.pk) is False

    message.refresh_from_db()
    assert (len(calls), message.attempts, message.state) == (5, 5, "dead")
    assert message.last_error == "The worker ended during the last attempt."


def test_time_out_of_the_queue_is_stored_and_passed_on(db, clock):
    handler("paid", "send_mail", failing(TimeoutException("Task exceeded 60 seconds")))
    announce("paid", "1")
    message = Message.objects.get()

    with pytest.raises(TimeoutException):
        deliver(message.pk)

    message.refresh_from_db()
    assert message.last_error == "TimeoutException: Task exceeded 60 seconds"
    assert message.next_attempt_at == START + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("550 no <ann@example.com> here", "550 no <...> here"),
        ("call +1 (212) 555-0142 or 212.555.0142 now", "call ... or ... now"),
        ("bad key sk_test_51Habc", "bad key ..."),
        (f"token {'x' * 50}", "token ..."),
        ("Key exists\nDETAIL: Key (email)=(x)", "Key exists"),
        (
            "booking 6f1c2f4e-0d3b-4a55-9d1e-2b3c4d5e6f70 on 2026-06-13",
            "booking 6f1c2f4e-0d3b-4a55-9d1e-2b3c4d5e6f70 on 2026-06-13",
        ),
        ("x " * 400, ("ValueError: " + "x " * 400)[12:300]),
    ],
)
def test_stored_error_is_short_and_names_nobody(db, text, stored):
    handler("paid", "send_mail", failing(ValueError(text)))
    announce("paid", "1")
    deliver(Message.objects.get().pk)
    assert Message.objects.get().last_error == f"ValueError: {stored}"


# --- Trying again


def test_sweep_queues_what_is_due_and_not_queued(db, clock):
    handler("paid", "send_mail", failing(TemporaryError("busy")))
    announce("paid", "1")
    run_queue(errors_allowed=True)

    assert queue_due() == 0
    clock.shift(timedelta(minutes=1))
    assert queue_due() == 1
    assert queue_due() == 0  # it is in the queue now
    [entry] = OrmQ.objects.all()
    assert entry.args() == (str(Message.objects.get().pk),)


def test_sweep_leaves_a_fresh_announcement_to_its_own_queue_entry(db, clock):
    handler("paid", "send_mail")
    announce("paid", "1")
    assert queue_due() == 0


def test_sweep_queues_again_what_the_queue_has_lost(db, clock):
    calls = handler("paid", "send_mail")
    announce("paid", "1")
    OrmQ.objects.all().delete()

    clock.shift(services.QUEUE_PATIENCE - timedelta(seconds=1))
    assert queue_due() == 0
    clock.shift(timedelta(seconds=1))
    assert queue_due() == 1
    run_queue()
    assert calls == ["1"]


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_the_same_moment_neither_wait_nor_queue_twice():
    Message.objects.create(
        event="paid", handler="shop.send_mail", subject_id="1", key="paid:1", queued_at=None
    )

    def other_sweep():
        try:
            return queue_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        assert queue_due() == 1
        assert pool.submit(other_sweep).result(timeout=5) == 0


def test_sweep_passes_over_what_is_done_or_dead(db, clock):
    handler("paid", "send_mail")
    handler("paid", "dispatch", failing(PermanentError("refused")))
    announce("paid", "1")
    run_queue(errors_allowed=True)
    clock.shift(timedelta(days=1))
    assert queue_due() == 0


def test_dead_message_can_be_given_all_its_attempts_again(db):
    errors = [PermanentError("refused")]
    calls = handler(
        "paid", "send_mail", lambda subject_id: failing(errors.pop())(0) if errors else 0
    )
    announce("paid", "1")
    run_queue(errors_allowed=True)
    message = Message.objects.get()

    assert retry_dead(message) is True
    assert retry_dead(message) is False
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("waiting", 0)
    assert run_queue() == 1
    assert (calls, Message.objects.get().state) == (["1", "1"], "done")


def test_message_that_is_not_dead_cannot_be_retried(db):
    handler("paid", "send_mail")
    announce("paid", "1")
    run_queue()
    assert retry_dead(Message.objects.get()) is False


# --- run_queue


def test_run_queue_follows_announcements_of_handlers(db):
    handler("paid", "dispatch", lambda subject_id: announce("dispatched", subject_id))
    calls = handler("dispatched", "tell")
    announce("paid", "1")
    assert run_queue() == 2
    assert calls == ["1"]
    assert OrmQ.objects.count() == 0


def test_run_queue_fails_the_test_when_a_handler_fails(db):
    handler("paid", "send_mail", failing(RuntimeError("a bug")))
    announce("paid", "1")
    with pytest.raises(AssertionError, match="RuntimeError: a bug"):
        run_queue()
