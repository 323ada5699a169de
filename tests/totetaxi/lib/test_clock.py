import time as process_time
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from totetaxi.lib import clock

SPRING = date(2026, 3, 8)  # 02:00 becomes 03:00
AUTUMN = date(2026, 11, 1)  # 02:00 becomes 01:00


@pytest.fixture(autouse=True)
def server_in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    process_time.tzset()
    yield
    monkeypatch.undo()
    process_time.tzset()


@pytest.mark.parametrize(
    ("utc", "new_york"),
    [
        ("2026-06-14T03:30+00:00", "2026-06-13T23:30:00-04:00"),
        ("2026-06-14T04:30+00:00", "2026-06-14T00:30:00-04:00"),
        ("2026-12-14T04:30+00:00", "2026-12-13T23:30:00-05:00"),
        ("2026-12-14T05:30+00:00", "2026-12-14T00:30:00-05:00"),
        ("2026-03-08T06:59+00:00", "2026-03-08T01:59:00-05:00"),
        ("2026-03-08T07:00+00:00", "2026-03-08T03:00:00-04:00"),
        ("2026-11-01T05:59+00:00", "2026-11-01T01:59:00-04:00"),
        ("2026-11-01T06:00+00:00", "2026-11-01T01:00:00-05:00"),
        ("2028-03-01T04:59+00:00", "2028-02-29T23:59:00-05:00"),
    ],
)
def test_now_and_today_are_those_of_new_york(utc, new_york):
    with time_machine.travel(datetime.fromisoformat(utc), tick=False):
        assert clock.now().isoformat() == new_york
        assert clock.real_now() == datetime.fromisoformat(utc)
        assert clock.today() == date.fromisoformat(new_york[:10])
        assert clock.tomorrow() == date.fromisoformat(new_york[:10]) + timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "wall", "expected"),
    [
        (date(2026, 6, 13), time(9), "2026-06-13T09:00:00-04:00"),
        (date(2026, 1, 13), time(9), "2026-01-13T09:00:00-05:00"),
        (SPRING, time(1, 59), "2026-03-08T01:59:00-05:00"),
        (SPRING, time(2, 30), "2026-03-08T03:30:00-04:00"),  # skipped
        (SPRING, time(3), "2026-03-08T03:00:00-04:00"),
        (SPRING, time(10), "2026-03-08T10:00:00-04:00"),
        (AUTUMN, time(0, 30), "2026-11-01T00:30:00-04:00"),
        (AUTUMN, time(1, 30), "2026-11-01T01:30:00-04:00"),  # the first of two
        (AUTUMN, time(1, 30, fold=1), "2026-11-01T01:30:00-05:00"),
        (AUTUMN, time(10), "2026-11-01T10:00:00-05:00"),
    ],
)
def test_at_is_the_wall_clock_of_new_york(day, wall, expected):
    assert clock.at(day, wall).isoformat() == expected


def test_elapsed_counts_the_hour_that_a_clock_change_adds_or_removes():
    noon = time(12)
    spring = clock.elapsed(clock.at(SPRING - timedelta(days=1), noon), clock.at(SPRING, noon))
    autumn = clock.elapsed(clock.at(AUTUMN - timedelta(days=1), noon), clock.at(AUTUMN, noon))
    assert (spring, autumn) == (timedelta(hours=23), timedelta(hours=25))


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-06-13T23:30-04:00", timedelta(hours=1), "2026-06-14T00:30:00-04:00"),
        ("2026-03-08T01:30-05:00", timedelta(hours=1), "2026-03-08T03:30:00-04:00"),
        ("2026-11-01T01:30-04:00", timedelta(hours=1), "2026-11-01T01:30:00-05:00"),
        ("2026-11-01T01:20-05:00", timedelta(minutes=30), "2026-11-01T01:50:00-05:00"),
        ("2026-10-31T12:00-04:00", timedelta(hours=24), "2026-11-01T11:00:00-05:00"),
    ],
)
def test_after_is_real_time_also_on_the_nights_the_clocks_change(start, span, end):
    moment = datetime.fromisoformat(start).astimezone(clock.NEW_YORK)
    assert clock.after(moment, span).isoformat() == end


def test_clock_start_is_the_same_in_every_process_and_goes_on(settings):
    started_at = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
    settings.CLOCK_START = "2026-06-10T09:59"
    settings.CLOCK_STARTED_AT = started_at.timestamp()

    with time_machine.travel(started_at + timedelta(seconds=90), tick=False):
        assert clock.now().isoformat() == "2026-06-10T10:00:30-04:00"
        assert clock.today() == date(2026, 6, 10)
        assert clock.real_now() == started_at + timedelta(seconds=90)


def test_clock_start_counts_real_time_over_a_clock_change(settings):
    started_at = datetime(2026, 7, 1, tzinfo=UTC)
    settings.CLOCK_START = "2026-11-01T01:30"
    settings.CLOCK_STARTED_AT = started_at.timestamp()

    with time_machine.travel(started_at + timedelta(hours=1), tick=False):
        assert clock.now().isoformat() == "2026-11-01T01:30:00-05:00"


def test_clock_start_without_a_common_start_counts_from_this_process(settings):
    settings.CLOCK_START = "2026-06-10T09:59"
    settings.CLOCK_STARTED_AT = 0.0
    running = process_time.time() - clock._PROCESS_STARTED_AT
    expected = clock.at(date(2026, 6, 10), time(9, 59)) + timedelta(seconds=running)
    assert abs(clock.now() - expected) < timedelta(seconds=1)


def test_production_keeps_real_time(settings):
    settings.CLOCK_START = "2026-06-10T09:59"
    settings.ENVIRONMENT = "production"
    with time_machine.travel(datetime(2026, 11, 22, 15, 0, tzinfo=UTC), tick=False):
        assert clock.now() == datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
