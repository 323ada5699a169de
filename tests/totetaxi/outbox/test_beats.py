"""Who gives a sign of life, and who does not."""

from datetime import UTC, datetime, timedelta
from multiprocessing import Queue, Value
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler
from django_q.worker import worker

from totetaxi.outbox import beats
from totetaxi.outbox.beats import (
    BEAT_JOB,
    SCHEDULER,
    UNWATCHED,
    WATCH,
    WATCH_SINCE,
    WORKER,
    listen,
    listening_since,
    signs,
)
from totetaxi.outbox.services import RUN_JOB

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def fresh_worker(monkeypatch):
    monkeypatch.setattr(beats, "_worker_stamped_at", float("-inf"))


def schedule(name=BEAT_JOB, **changes):
    fields = {"func": RUN_JOB, "args": repr((name,)), "schedule_type": Schedule.CRON, **changes}
    Schedule.objects.create(name=name, cron="* * * * *", **fields)
    # A new one is for the next minute.
    Schedule.objects.update(next_run=datetime.now(UTC) - MINUTE)


def work_off(*tasks):
    """Have a worker of django-q2 run tasks in this process; nothing of it is simulated."""
    waiting: Any = Queue()
    for task in (*tasks, "STOP"):
        waiting.put(task)
    # "sync" keeps the worker from closing the test's connection.
    worker(waiting, Queue(), Value("f", -1), timeout=-1)


def task(function="totetaxi.outbox.tasks.run_job", *args):
    return {"id": "1", "name": "one", "func": function, "args": args, "kwargs": {}, "sync": True}


@pytest.mark.django_db(transaction=True)  # The scheduler closes its connection.
def test_scheduler_beats_when_it_makes_the_task_of_the_beat():
    schedule()
    scheduler()
    assert list(signs()) == [SCHEDULER]
    assert OrmQ.objects.count() == 1


@pytest.mark.django_db(transaction=True)  # The scheduler closes its connection.
def test_scheduler_that_makes_other_tasks_only_does_not_beat():
    schedule(name="outbox.purge")
    scheduler()
    assert OrmQ.objects.count() == 1
    assert signs() == {}


@pytest.mark.django_db(transaction=True)  # The scheduler closes its connection.
def test_scheduler_that_fails_on_one_schedule_does_not_beat(caplog):
    schedule()
    schedule(name="outbox.purge", args="no python (")
    scheduler()
    assert "Could not create task" in caplog.text
    assert (OrmQ.objects.count(), signs()) == (0, {})


def test_running_the_beat_by_hand_is_no_sign_of_life(db):
    call_command("run_job", BEAT_JOB)
    assert signs() == {}


@pytest.mark.parametrize(
    "work", [task("totetaxi.outbox.tasks.run_job", "no.such.job"), task("builtins.int", "12")]
)
def test_worker_beats_when_it_has_run_a_task_well_or_not(db, work):
    work_off(work)
    assert list(signs()) == [WORKER]


def test_busy_worker_writes_its_beat_down_now_and_then_only(db, time_machine, monkeypatch):
    stamped = []
    for seconds in (0, 1, 14, 15, 16):
        time_machine.move_to(NOW + seconds * SECOND, tick=False)
        monkeypatch.setattr(beats, "time", SimpleNamespace(monotonic=lambda s=seconds: s))
        beats.worker_beats()
        stamped.append(signs()[WORKER] - NOW)
    assert stamped == [0 * SECOND, 0 * SECOND, 0 * SECOND, 15 * SECOND, 15 * SECOND]


@pytest.mark.django_db(transaction=True)  # The failure ends its transaction.
def test_worker_survives_a_beat_that_cannot_be_written(caplog):
    def broken(execute, sql, params, many, context):
        raise OperationalError("gone")

    with connection.execute_wrapper(broken):
        beats.worker_beats()
    assert "could not write down" in caplog.text
    beats.worker_beats()
    assert list(signs()) == [WORKER]


def test_beats_of_several_clusters_are_one(db):
    beats.stamp(WORKER, at=NOW)
    beats.stamp(WORKER, at=NOW + SECOND)
    assert signs() == {WORKER: NOW + SECOND}


def test_listening_counts_from_the_first_question(db):
    assert listening_since(signs(), NOW) is None
    for minutes in range(4):
        listen(NOW + minutes * MINUTE)
    assert signs() == {WATCH: NOW + 3 * MINUTE, WATCH_SINCE: NOW}
    assert listening_since(signs(), NOW + 3 * MINUTE) == NOW


def test_listening_begins_anew_after_a_long_break(db):
    listen(NOW)
    later = NOW + UNWATCHED + SECOND
    assert listening_since(signs(), later) is None
    listen(later)
    assert listening_since(signs(), later) == later


def test_break_between_two_questions_that_is_short_enough_is_none(db):
    listen(NOW)
    listen(NOW + UNWATCHED)
    assert listening_since(signs(), NOW + UNWATCHED) == NOW


def test_many_questions_at_once_write_once(db):
    listen(NOW)
    with CaptureQueriesContext(connection) as seen:
        listen(NOW + 6 * SECOND)
        listen(NOW + 7 * SECOND)
    assert [query["sql"].split()[0] for query in seen] == ["SELECT", "UPDATE", "SELECT"]
