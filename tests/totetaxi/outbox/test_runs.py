"""Runs of jobs that do not start, do not end, or that a person asks for."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django_q.brokers import get_broker
from django_q.exceptions import TimeoutException
from django_q.models import OrmQ, Schedule, Task
from django_q.monitor import save_task
from django_q.scheduler import scheduler

from tests.conftest import PROJECT
from totetaxi.lib.clock import NEW_YORK
from totetaxi.outbox import tasks
from totetaxi.outbox.models import Job
from totetaxi.outbox.registry import handles, job, job_named
from totetaxi.outbox.scheduling import sync_jobs
from totetaxi.outbox.services import (
    ASKED_PATIENCE,
    SKIPPED_LATE,
    SKIPPED_OFF,
    SKIPPED_RUNNING,
    announce,
    ask_for_run,
    run_job,
)
from totetaxi.outbox.testing import run_queue

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
own_registry = pytest.mark.usefixtures("empty_registry")


def make_job(function=lambda: "3 rows", name="shop.tidy", cron="*/5 * * * *", setting=""):
    return job(name, cron=cron, label="Tidy the shop", setting=setting)(function)


# --- The first value of the switch


@own_registry
@pytest.mark.parametrize("meet_first", [sync_jobs, lambda: run_job("shop.tidy")])
@pytest.mark.parametrize("on", [True, False])
def test_setting_gives_the_switch_its_first_value_and_nothing_after_that(
    db, settings, on, meet_first
):
    make_job(setting="SHOP_IS_TIDIED")
    settings.SHOP_IS_TIDIED = on
    meet_first()
    assert Job.objects.get().enabled is on

    settings.SHOP_IS_TIDIED = not on
    sync_jobs()
    assert Job.objects.get().enabled is on
    assert run_job("shop.tidy") == ("3 rows" if on else SKIPPED_OFF)


def test_settings_that_switch_jobs(db):
    switched = {name: job_named(name).setting for name in ("send_reminders", "reconcile_payments")}
    assert switched == {
        "send_reminders": "BOOKING_REMINDERS_ENABLED",
        "reconcile_payments": "ORPHAN_AUTORECOVERY_ENABLED",
    }
    assert all(isinstance(getattr(django_settings, name), bool) for name in switched.values())


# --- Too late


@own_registry
@pytest.mark.parametrize(
    ("cron", "waited", "result"),
    [
        ("* * * * *", timedelta(seconds=59), "3 rows"),
        ("* * * * *", timedelta(minutes=1), SKIPPED_LATE),
        ("*/5 * * * *", timedelta(minutes=4, seconds=59), "3 rows"),
        ("*/5 * * * *", timedelta(minutes=5), SKIPPED_LATE),
        ("0 6 * * *", timedelta(hours=23, minutes=59), "3 rows"),
        ("0 6 * * *", timedelta(hours=24), SKIPPED_LATE),
    ],
)
def test_run_that_waited_for_a_whole_interval_is_skipped(db, cron, waited, result):
    make_job(cron=cron)
    with time_machine.travel(NOW, tick=False):
        assert run_job("shop.tidy", queued_at=NOW - waited) == result
    record = Job.objects.get()
    ran = result == "3 rows"
    assert record.last_started_at == (NOW if ran else None)
    assert (record.last_skipped_at, record.last_skip) == ((None, "") if ran else (NOW, result))


@own_registry
@pytest.mark.parametrize(
    ("cron", "moment", "hours"),
    [
        ("0 6 * * *", "2026-03-07T12:00", 23),  # the night in March
        ("0 6 * * *", "2026-10-31T12:00", 25),  # the night in November
        ("0 9-20 * * *", "2026-06-10T20:00", 13),
        ("0 9-20 * * *", "2026-06-10T19:59", 1),
    ],
)
def test_interval_of_a_job_is_the_one_it_is_in(cron, moment, hours):
    make_job(cron=cron)
    at = datetime.fromisoformat(moment).replace(tzinfo=NEW_YORK)
    assert job_named("shop.tidy").interval(at) == timedelta(hours=hours)


@own_registry
@pytest.mark.django_db(transaction=True)  # The scheduler closes its connection.
def test_queue_says_when_a_run_was_queued():
    make_job()
    sync_jobs()
    Schedule.objects.update(next_run=datetime.now(UTC) - timedelta(days=2))
    scheduler()

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)):
        run_queue()

    record = Job.objects.get()
    assert (record.last_started_at, record.last_skip) == (None, SKIPPED_LATE)


@own_registry
def test_run_beside_another_is_noted_and_a_switched_off_one_is_not(db):
    make_job()
    Job.objects.create(name="shop.tidy", enabled=False)
    run_job("shop.tidy", queued_at=NOW)
    assert Job.objects.get().last_skip == ""


# --- Asked for by hand


@own_registry
def test_run_that_is_asked_for_comes_once_however_often_it_is_asked_for(db):
    make_job()
    assert [ask_for_run("shop.tidy"), ask_for_run("shop.tidy")] == [True, False]
    assert OrmQ.objects.count() == 1

    run_queue()
    record = Job.objects.get()
    assert (record.last_result, record.waits_since(NOW)) == ("3 rows", False)
    assert ask_for_run("shop.tidy") is True


@own_registry
def test_run_that_the_queue_has_lost_can_be_asked_for_again(db):
    make_job()
    ask_for_run("shop.tidy")
    OrmQ.objects.all().delete()
    with time_machine.travel(datetime.now(UTC) + ASKED_PATIENCE + timedelta(seconds=1)):
        assert ask_for_run("shop.tidy") is True


@own_registry
def test_run_of_a_job_that_is_off_or_unknown_cannot_be_asked_for(db):
    make_job()
    Job.objects.create(name="shop.tidy", enabled=False)
    assert ask_for_run("shop.tidy") is False
    assert OrmQ.objects.count() == 0
    with pytest.raises(LookupError):
        ask_for_run("shop.gone")


# --- Ended from outside


@own_registry
def test_time_out_of_the_queue_is_recorded_and_passed_on(db):
    def hang():
        raise TimeoutException("Task exceeded 60 seconds")

    make_job(hang)
    with pytest.raises(TimeoutException):
        tasks.run_job("shop.tidy")
    record = Job.objects.get()
    assert record.last_ok is False
    assert record.last_error == "TimeoutException: Task exceeded 60 seconds"
    assert not record.is_unfinished


KILLED = """
import sys, time, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from totetaxi.outbox import registry, services
def hang():
    print("hanging", flush=True)
    time.sleep(60)
registry.job("shop.hang", cron="* * * * *", label="Hang")(hang)
services.run_job("shop.hang")
"""


@own_registry
@pytest.mark.django_db(transaction=True)
def test_run_that_dies_with_its_worker_frees_the_lock_and_stays_unfinished():
    make_job(name="shop.hang", cron="* * * * *")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, connection.settings_dict["NAME"]],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"hanging\n"
        assert run_job("shop.hang") == SKIPPED_RUNNING
    finally:
        process.kill()
        process.wait(timeout=10)

    record = Job.objects.get()
    assert record.is_unfinished
    deadline = time.monotonic() + 10
    while (result := run_job("shop.hang")) == SKIPPED_RUNNING and time.monotonic() < deadline:
        time.sleep(0.05)  # PostgreSQL notices the end of the connection.
    assert result == "3 rows"
    record.refresh_from_db()
    assert not record.is_unfinished


# --- What the queue keeps


@own_registry
@pytest.mark.django_db(transaction=True)  # The scheduler closes its connection.
def test_queue_keeps_nothing_of_what_went_well():
    make_job()
    handles("paid")(lambda subject_id: None)
    sync_jobs()
    Schedule.objects.update(next_run=datetime.now(UTC) - timedelta(minutes=1))
    scheduler()
    announce("paid", "1")
    ask_for_run("shop.tidy")
    broker = get_broker()
    entries = list(OrmQ.objects.all())
    assert len(entries) == 3
    for entry in entries:
        now = datetime.now(UTC)
        done = {**entry.task, "ack_id": entry.pk, "stopped": now, "result": "", "success": True}
        save_task(done, broker)
    assert Task.objects.count() == 0
