from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django_q.models import Schedule
from django_q.scheduler import scheduler

from totetaxi.lib.clock import NEW_YORK
from totetaxi.outbox import jobs as own_jobs
from totetaxi.outbox import registry, services, tasks
from totetaxi.outbox.models import Job, Message
from totetaxi.outbox.registry import job
from totetaxi.outbox.scheduling import sync_jobs
from totetaxi.outbox.services import RUN_JOB, SKIPPED_OFF, SKIPPED_RUNNING, run_job
from totetaxi.outbox.testing import run_queue

pytestmark = pytest.mark.usefixtures("empty_registry")

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)


def make_job(function=lambda: "3 rows", name="shop.tidy", cron="*/5 * * * *"):
    return job(name, cron=cron, label="Tidy the shop")(function)


# --- Running


@time_machine.travel(NOW, tick=False)
def test_run_job_records_what_it_did(db):
    make_job()

    assert run_job("shop.tidy") == "3 rows"

    record = Job.objects.get()
    assert (record.last_ok, record.last_result, record.last_error) == (True, "3 rows", "")
    assert (record.last_started_at, record.last_finished_at) == (NOW, NOW)
    assert record.last_duration_ms is not None
    assert 0 <= record.last_duration_ms < 1000


def test_run_job_records_and_raises_a_failure(db):
    def fail():
        raise ValueError("row 7 of ann@example.com")

    make_job(fail)
    with pytest.raises(ValueError, match="row 7"):
        run_job("shop.tidy")

    record = Job.objects.get()
    assert (record.last_ok, record.last_result) == (False, "")
    assert record.last_error == "ValueError: row 7 of ..."
    assert record.last_finished_at is not None


def test_job_that_fails_in_the_queue_waits_for_its_next_time(db):
    make_job(lambda: 1 / 0)
    assert tasks.run_job("shop.tidy") == "failed"
    assert Job.objects.get().last_ok is False


def test_job_that_succeeds_forgets_the_failure_before(db):
    outcomes = iter([ValueError("bad day"), None])

    def function():
        if error := next(outcomes):
            raise error
        return "fine"

    make_job(function)
    tasks.run_job("shop.tidy")
    tasks.run_job("shop.tidy")
    record = Job.objects.get()
    assert (record.last_ok, record.last_result, record.last_error) == (True, "fine", "")


def test_job_that_is_switched_off_does_nothing(db):
    make_job(lambda: pytest.fail("It ran."))
    Job.objects.create(name="shop.tidy", enabled=False)

    assert run_job("shop.tidy") == SKIPPED_OFF
    assert Job.objects.get().last_started_at is None


def test_unknown_job_is_an_error(db):
    with pytest.raises(LookupError, match=r"no job named shop\.gone"):
        run_job("shop.gone")


@pytest.mark.django_db(transaction=True)
def test_job_never_runs_beside_itself():
    def other_process(name):
        try:
            return run_job(name)
        finally:
            connection.close()

    make_job(lambda: "another", name="shop.other")

    runs = []

    def function():
        runs.append(1)
        assert runs == [1]
        with ThreadPoolExecutor(1) as pool:
            return ", ".join(pool.map(other_process, ["shop.tidy", "shop.other"]))

    make_job(function)
    assert run_job("shop.tidy") == f"{SKIPPED_RUNNING}, another"
    # The lock is free again, for others too.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(other_process, "shop.other").result() == "another"


@pytest.mark.django_db(transaction=True)
def test_lock_is_given_back_after_a_failure():
    make_job(lambda: 1 / 0)
    tasks.run_job("shop.tidy")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s",
            [services.JOB_LOCKS],
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db(transaction=True)
def test_lost_database_connection_is_tried_again(monkeypatch):
    naps: list[int] = []
    runs = []
    monkeypatch.setattr("time.sleep", naps.append)

    def function():
        runs.append(1)
        if len(runs) < 3:
            with connection.cursor() as cursor:  # As a restart of the server does.
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return "third time lucky"

    make_job(function)
    assert run_job("shop.tidy") == "third time lucky"
    assert naps == [5, 30]
    assert Job.objects.get().last_ok is True


@pytest.mark.django_db(transaction=True)
def test_database_that_stays_away_is_an_error_at_last(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    runs = []

    def function():
        runs.append(1)
        raise OperationalError("no connection")

    make_job(function)
    with pytest.raises(OperationalError):
        run_job("shop.tidy")
    assert len(runs) == 3


# --- Scheduling


def test_sync_jobs_makes_a_schedule_for_each_job(db):
    make_job()
    make_job(name="shop.count", cron="0 9-20 * * *")

    assert sync_jobs() == {"created": 2, "changed": 0, "same": 0, "removed": 0}
    assert sync_jobs() == {"created": 0, "changed": 0, "same": 2, "removed": 0}

    stored = Schedule.objects.order_by("name").values_list("name", "func", "args", "cron")
    assert list(stored) == [
        ("shop.count", RUN_JOB, "('shop.count',)", "0 9-20 * * *"),
        ("shop.tidy", RUN_JOB, "('shop.tidy',)", "*/5 * * * *"),
    ]
    assert Job.objects.count() == 2


def test_sync_jobs_corrects_what_was_changed(db):
    make_job()
    sync_jobs()
    next_year = datetime.now(UTC) + timedelta(days=365)
    Schedule.objects.update(cron="0 0 1 1 *", repeats=0, next_run=next_year)
    Job.objects.update(enabled=False)

    assert sync_jobs()["changed"] == 1

    schedule = Schedule.objects.get()
    assert (schedule.cron, schedule.repeats) == ("*/5 * * * *", -1)
    assert schedule.next_run - datetime.now(UTC) <= timedelta(minutes=5)
    assert Job.objects.get().enabled is False  # the switch is a person's


def test_sync_jobs_removes_jobs_that_are_gone_and_doubles_and_nothing_else(db):
    make_job()
    sync_jobs()
    Schedule.objects.create(name="shop.tidy", func=RUN_JOB)
    Schedule.objects.create(name="shop.gone", func=RUN_JOB)
    Schedule.objects.create(name="by hand", func="some.other.function")

    assert sync_jobs() == {"created": 0, "changed": 0, "same": 1, "removed": 2}
    assert sorted(Schedule.objects.values_list("name", flat=True)) == ["by hand", "shop.tidy"]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-06-10T23:30", "2026-06-11T09:00-04:00"),
        ("2026-03-07T23:30", "2026-03-08T09:00-04:00"),  # the night in March
        ("2026-10-31T23:30", "2026-11-01T09:00-05:00"),  # the night in November
    ],
)
def test_cron_is_new_york_time(db, now, expected):
    make_job(cron="0 9-20 * * *")
    with time_machine.travel(datetime.fromisoformat(now).replace(tzinfo=NEW_YORK), tick=False):
        sync_jobs()
    assert Schedule.objects.get().next_run == datetime.fromisoformat(expected)


@pytest.mark.django_db(transaction=True)  # The scheduler closes its connection.
def test_scheduler_of_the_queue_runs_the_job():
    make_job()
    sync_jobs()
    missed = datetime.now(UTC) - timedelta(days=2)
    Schedule.objects.update(next_run=missed)

    scheduler()
    run_queue()

    assert Job.objects.get().last_result == "3 rows"
    # One run for two days without a scheduler, and the next one lies ahead.
    assert Schedule.objects.get().next_run > datetime.now(UTC)
    scheduler()
    Job.objects.update(last_result="")
    run_queue()
    assert Job.objects.get().last_result == ""


# --- Commands


def test_command_runs_a_job_by_hand(db, capsys):
    make_job()
    call_command("run_job", "shop.tidy")
    assert capsys.readouterr().out == "3 rows\n"


def test_command_ends_with_1_if_the_job_fails(db):
    make_job(lambda: 1 / 0)
    with pytest.raises(CommandError) as failure:
        call_command("run_job", "shop.tidy")
    assert str(failure.value) == "shop.tidy failed: ZeroDivisionError: division by zero"
    assert failure.value.returncode == 1
    assert Job.objects.get().last_ok is False


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, "on not run yet"),
        ({"enabled": False}, "off not run yet"),
        (
            {"last_started_at": NOW, "last_finished_at": NOW, "last_ok": True, "last_result": "3"},
            "on 2026-06-10 08:00 ok: 3",
        ),
        (
            {"last_started_at": NOW, "last_finished_at": NOW, "last_ok": False, "last_error": "E"},
            "on 2026-06-10 08:00 E",
        ),
        ({"last_started_at": NOW}, "on 2026-06-10 08:00 started, not finished"),
    ],
)
def test_command_lists_the_jobs_with_switch_and_last_run(db, capsys, fields, shown):
    make_job()
    Job.objects.create(name="shop.tidy", **fields)
    call_command("run_job")
    read = " ".join(capsys.readouterr().out.split())
    assert read == f"shop.tidy */5 * * * * {shown} Tidy the shop"


def test_command_refuses_an_unknown_job(db):
    with pytest.raises(CommandError, match=r"no job named shop\.gone"):
        call_command("run_job", "shop.gone")


def test_command_syncs(db, capsys):
    make_job()
    call_command("sync_jobs")
    assert capsys.readouterr().out == "1 created, 0 changed, 0 same, 0 removed\n"


def test_command_delivers_one_message_or_all_that_are_due(db, capsys):
    done = []

    def note(subject_id):
        done.append(subject_id)

    registry.handles("paid")(note)
    services.announce("paid", "1")
    services.announce("paid", "2")
    Message.objects.filter(subject_id="1").update(dead_at=NOW)

    call_command("deliver")
    assert done == ["2"]
    call_command("deliver", str(Message.objects.get(subject_id="1").pk))
    assert done == ["2", "1"]
    assert capsys.readouterr().out == "1 of 1 delivered\n1 of 1 delivered\n"


# --- The jobs of the outbox itself


def test_deliver_due_says_how_many_it_queued(db):
    Message.objects.create(event="e", handler="h", subject_id="1", key="k", queued_at=None)
    assert own_jobs.deliver_due() == "1 queued"


def test_purge_keeps_what_somebody_may_look_for(db):
    old = datetime.now(UTC) - timedelta(days=31)
    fields = {"event": "e", "handler": "h", "subject_id": "1", "created_at": old}
    Message.objects.create(**fields, key="done", done_at=old)
    Message.objects.create(**fields, key="dead", dead_at=old)
    Message.objects.create(**fields, key="waiting")
    Message.objects.create(
        **fields, key="booking", done_at=old, booking_id="6f1c2f4e-0d3b-4a55-9d1e-2b3c4d5e6f70"
    )
    Message.objects.create(**fields, key="recent", done_at=datetime.now(UTC))
    caches["counters"].clear()
    caches["counters"].set("expired", 1, timeout=-1)
    caches["counters"].set("counting", 1)

    assert own_jobs.purge() == "1 messages, 0 mails, 0 queue failures, 1 counters"

    kept = sorted(Message.objects.values_list("key", flat=True))
    assert kept == ["booking", "dead", "recent", "waiting"]
    assert caches["counters"].get("counting") == 1
