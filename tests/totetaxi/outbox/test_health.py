"""What readiness says of each part."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django_q.models import Schedule

from tests.totetaxi.outbox.helpers import well
from totetaxi.outbox import health
from totetaxi.outbox.beats import BEAT_JOB, SCHEDULER, WATCH, WATCH_SINCE, WORKER, stamp
from totetaxi.outbox.health import Check, health_check, span, standstill, status
from totetaxi.outbox.models import Beat, Message
from totetaxi.outbox.services import RUN_JOB

NOW = datetime(2026, 6, 10, 19, 4, tzinfo=UTC)  # 3:04 PM in New York
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
LIMIT = 3 * MINUTE


@pytest.fixture
def site(db, settings):
    """A site that is well, and has been listened to for a day."""
    settings.HEALTH_SILENCE_SECONDS = 180
    settings.HEALTH_QUEUE_SECONDS = 900
    well(at=NOW - 20 * SECOND, heard_since=NOW - DAY)


def make_message(**changes):
    fields = {"event": "e", "handler": "h", "subject_id": "1", "key": str(Message.objects.count())}
    return Message.objects.create(**{**fields, "next_attempt_at": NOW, **changes})


def test_all_well(site):
    state = status(NOW)
    assert state.ready
    assert {check.name: (check.ok, check.words) for check in state.checks} == {
        "database": (True, "It answers."),
        "migrations": (True, "All are applied."),
        "scheduler": (True, "Last sign of life 20 seconds ago."),
        "worker": (True, "Last sign of life 20 seconds ago."),
        "queue": (True, "No message is due."),
        "given_up": (True, "Nothing was given up."),
        "watched": (True, "Somebody asks regularly."),
        "onfleet_webhook": (True, "Dispatch is off."),
        "stripe_webhook": (True, "Nothing so far."),
    }
    assert standstill(NOW) == ()


@pytest.mark.parametrize("name", [SCHEDULER, WORKER])
@pytest.mark.parametrize(("age", "ok"), [(LIMIT, True), (LIMIT + SECOND, False)])
def test_each_half_of_the_queue_is_heard_for_itself(site, name, age, ok):
    stamp(name, at=NOW - age)
    state = status(NOW)
    assert [check.name for check in state.checks if not check.ok] == ([] if ok else [name])
    assert state.ready is ok
    assert [check.name for check in standstill(NOW)] == ([] if ok else [name])


def test_silence_says_since_when(site):
    stamp(WORKER, at=NOW - 12 * MINUTE)
    assert status(NOW)["worker"] == Check(
        "worker",
        ok=False,
        words="No sign of life since 2:52 PM.",
        age=12 * MINUTE,
        since=NOW - 12 * MINUTE,
        needed=True,
    )
    stamp(WORKER, at=NOW - 2 * DAY)
    assert status(NOW)["worker"].words == "No sign of life since 3:04 PM on June 8."


def test_never_a_sign_of_life_counts_from_when_somebody_listened(site):
    Beat.objects.filter(name=WORKER).delete()
    assert status(NOW)["worker"].words == "No sign of life since 3:04 PM on June 9."


@pytest.mark.parametrize("beat", [None, DAY])
def test_silence_is_judged_only_after_somebody_listened_for_as_long(site, beat):
    """The first start, and the first start after a night: the queue comes after the web."""
    Beat.objects.filter(name=SCHEDULER).delete()
    if beat:
        stamp(SCHEDULER, at=NOW - beat)
    stamp(WATCH_SINCE, at=NOW - LIMIT)
    check = status(NOW)["scheduler"]
    assert (check.ok, check.judged) == (True, False)

    stamp(WATCH_SINCE, at=NOW - LIMIT - SECOND)
    check = status(NOW)["scheduler"]
    assert (check.ok, check.judged) == (False, True)


def test_silence_that_nobody_listens_to_is_not_judged_but_said(site):
    stamp(WATCH, at=NOW - DAY)
    stamp(WORKER, at=NOW - DAY)
    state = status(NOW)
    assert (state["worker"].ok, state["worker"].judged) == (True, False)
    assert state["watched"].words == (
        "Nobody asks for /health/ready/, so nobody would be told of a silence."
    )
    assert not state["watched"].ok
    assert state.ready
    assert standstill(NOW) == ()


def test_missing_schedule_is_named(site):
    Schedule.objects.filter(name=BEAT_JOB, func=RUN_JOB).delete()
    state = status(NOW)
    assert not state.ready
    assert state["scheduler"].words == "Its schedules are missing: run manage.py sync_jobs."
    assert [check.name for check in standstill(NOW)] == ["scheduler"]


@pytest.mark.parametrize(("age", "ok"), [(15 * MINUTE, True), (15 * MINUTE + SECOND, False)])
def test_message_that_waits_too_long(site, age, ok):
    make_message(next_attempt_at=NOW - MINUTE)
    make_message(next_attempt_at=NOW - age)
    make_message(next_attempt_at=NOW - DAY, done_at=NOW)
    make_message(next_attempt_at=NOW + MINUTE)
    state = status(NOW)
    assert (state["queue"].ok, state.ready, state["queue"].age) == (ok, ok, age)
    assert state["queue"].words == "The oldest due message waits for 15 minutes."
    assert [check.name for check in standstill(NOW)] == ([] if ok else ["queue"])


def test_message_from_before_the_start_may_wait_as_long_from_the_start(site):
    make_message(next_attempt_at=NOW - DAY)
    stamp(WATCH_SINCE, at=NOW - 15 * MINUTE)
    assert (status(NOW)["queue"].ok, status(NOW)["queue"].judged) == (True, False)
    stamp(WATCH_SINCE, at=NOW - 15 * MINUTE - SECOND)
    assert not status(NOW)["queue"].ok


def test_given_up_work_is_told_for_an_hour_and_does_not_make_unready(site):
    make_message(dead_at=NOW - 30 * MINUTE)
    make_message(dead_at=NOW - 2 * DAY)
    state = status(NOW)
    assert state["given_up"].words == "2 given up, 1 of them within the last hour."
    assert (state["given_up"].ok, state.ready) == (False, True)
    assert state["given_up"].since == NOW - 30 * MINUTE

    later = status(NOW + 31 * MINUTE)["given_up"]
    assert (later.ok, later.words) == (True, "2 given up, 0 of them within the last hour.")


def test_missing_migrations_make_unready_until_they_are_applied(site, monkeypatch):
    answers = iter([2, 0])
    monkeypatch.setattr(health._Migrations, "applied", False)
    monkeypatch.setattr(health, "_missing_migrations", lambda: next(answers))
    state = status(NOW)
    assert not state.ready
    assert state["migrations"].words == "2 are not applied: run manage.py migrate."
    # The third time nobody asks.
    assert [status(NOW).ready, status(NOW).ready] == [True, True]


def test_migrations_are_read_from_the_database(site):
    assert health._missing_migrations() == 0
    MigrationRecorder.Migration.objects.filter(app="outbox", name="0002_rate_counter").delete()
    assert health._missing_migrations() == 1


def test_room_registers_what_it_knows(site, monkeypatch):
    monkeypatch.setattr(health, "_reports", {})
    health_check("heard")(lambda: (NOW - 3 * MINUTE, ""))
    health_check("never")(lambda: (None, ""))
    health_check("told")(lambda: (None, "Closed for the winter."))
    health_check("wrong")(lambda: (None, "" + str(1 / 0)))
    state = status(NOW)
    assert state.ready
    assert [(check.name, check.ok, check.words) for check in state.checks[-4:]] == [
        ("heard", True, "The last one came 3 minutes ago."),
        ("never", True, "Nothing so far."),
        ("told", True, "Closed for the winter."),
        ("wrong", False, "It could not be looked at."),
    ]
    assert state["heard"].age_seconds == 180


def test_two_checks_of_one_name_are_a_mistake(monkeypatch):
    monkeypatch.setattr(health, "_reports", {})
    health_check("heard")(lambda: (None, ""))
    with pytest.raises(ValueError, match="two health checks named heard"):
        health_check("heard")(lambda: (None, ""))


def test_looking_costs_a_fixed_number_of_questions(site, django_assert_num_queries):
    status(NOW)
    for _ in range(30):
        make_message(next_attempt_at=NOW - MINUTE)
        make_message(dead_at=NOW)
    with django_assert_num_queries(6):
        status(NOW)
    with django_assert_num_queries(3):
        standstill(NOW)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (172_799, "47 hours"),
        (172_800, "2 days"),
    ],
)
def test_span(seconds, words):
    assert span(timedelta(seconds=seconds)) == words


def test_unknown_check_is_an_error(site):
    with pytest.raises(KeyError):
        status(NOW)["nothing"]
