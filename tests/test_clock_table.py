"""The clock table: what each room makes of the same moments, on a server whose clock is UTC.

Moments are written in UTC, as such a server sees them. Cut-offs through pages and checkout are in
``tests/booking/test_clock.py``, refunds to the second in ``tests/payments/test_cancellation.py``,
calendar files in ``tests/booking/test_ics.py``, drivers' windows in
``tests/logistics/test_windows.py``, and a browser in Tokyo in ``tests/e2e/test_clock.py``.
"""

import os
import re
import time as process_time
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.urls import reverse

from booking.asking import is_daytime
from booking.cancelling import change_cutoff
from booking.describe import window
from booking.models import Booking, BookingStatus
from booking.reminders import due
from catalog.calendar_rules import earliest_day
from catalog.prices import Policy
from tests.booking.helpers import make_booking
from tests.staff.helpers import make_staff, signed_in
from totetaxi.account.guests import links
from totetaxi.lib import clock

DELIVERY, MOVE = "standard_delivery", "mini_move"
SECOND = timedelta(seconds=1)
# UTC, what clocks in New York show, the first day of a delivery and of a Mini Move, and whether
# mails that nobody waits for may go out.
TABLE = [
    ("2026-06-10T13:59:59", "2026-06-10T09:59:59-04:00", "2026-06-10", "2026-06-11", True),
    ("2026-06-10T14:00:00", "2026-06-10T10:00:00-04:00", "2026-06-11", "2026-06-11", True),
    ("2026-06-10T22:00:00", "2026-06-10T18:00:00-04:00", "2026-06-12", "2026-06-12", True),
    ("2026-06-11T03:59:00", "2026-06-10T23:59:00-04:00", "2026-06-12", "2026-06-12", False),
    ("2026-06-11T04:01:00", "2026-06-11T00:01:00-04:00", "2026-06-11", "2026-06-12", False),
    # The night in March: 02:00 becomes 03:00.
    ("2026-03-08T04:59:00", "2026-03-07T23:59:00-05:00", "2026-03-09", "2026-03-09", False),
    ("2026-03-08T05:01:00", "2026-03-08T00:01:00-05:00", "2026-03-08", "2026-03-09", False),
    ("2026-03-08T07:00:00", "2026-03-08T03:00:00-04:00", "2026-03-08", "2026-03-09", False),
    ("2026-03-08T13:00:00", "2026-03-08T09:00:00-04:00", "2026-03-08", "2026-03-09", True),
    ("2026-03-08T22:00:00", "2026-03-08T18:00:00-04:00", "2026-03-10", "2026-03-10", True),
    ("2026-03-09T03:59:00", "2026-03-08T23:59:00-04:00", "2026-03-10", "2026-03-10", False),
    # The night in November: 02:00 becomes 01:00.
    ("2026-11-01T03:59:00", "2026-10-31T23:59:00-04:00", "2026-11-02", "2026-11-02", False),
    ("2026-11-01T04:01:00", "2026-11-01T00:01:00-04:00", "2026-11-01", "2026-11-02", False),
    ("2026-11-01T05:30:00", "2026-11-01T01:30:00-04:00", "2026-11-01", "2026-11-02", False),
    ("2026-11-01T06:30:00", "2026-11-01T01:30:00-05:00", "2026-11-01", "2026-11-02", False),
    ("2026-11-01T14:00:00", "2026-11-01T09:00:00-05:00", "2026-11-01", "2026-11-02", True),
    ("2026-11-01T23:00:00", "2026-11-01T18:00:00-05:00", "2026-11-03", "2026-11-03", True),
    ("2026-11-02T04:59:00", "2026-11-01T23:59:00-05:00", "2026-11-03", "2026-11-03", False),
    # February 29.
    ("2028-02-29T04:59:00", "2028-02-28T23:59:00-05:00", "2028-03-01", "2028-03-01", False),
    ("2028-02-29T05:01:00", "2028-02-29T00:01:00-05:00", "2028-02-29", "2028-03-01", False),
    ("2028-03-01T04:59:00", "2028-02-29T23:59:00-05:00", "2028-03-02", "2028-03-02", False),
    ("2028-03-01T05:01:00", "2028-03-01T00:01:00-05:00", "2028-03-01", "2028-03-02", False),
]
MOMENTS = [(row[0], datetime.fromisoformat(row[1])) for row in TABLE]


@pytest.fixture(autouse=True)
def server_in_utc(monkeypatch):
    """The process believes it is in Greenwich, as most servers do."""
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "UTC")
    process_time.tzset()
    yield
    monkeypatch.undo()
    assert os.environ.get("TZ") == before
    process_time.tzset()


def at(moment: str) -> time_machine.travel:
    return time_machine.travel(datetime.fromisoformat(moment).replace(tzinfo=UTC), tick=False)


@pytest.mark.parametrize(("moment", "wall", "delivery", "move", "daytime"), TABLE)
def test_days_and_cut_offs_are_those_of_new_york(moment, wall, delivery, move, daytime):
    with at(moment):
        now, policy = clock.now(), Policy()
        today = datetime.fromisoformat(wall).date()
        assert now.isoformat() == wall
        assert (clock.today(), clock.tomorrow()) == (today, today + timedelta(days=1))
        first = [earliest_day(service, policy, now).isoformat() for service in (DELIVERY, MOVE)]
        assert first == [delivery, move]
        assert is_daytime(now) == daytime


@pytest.mark.parametrize(
    ("day", "opens", "cutoff"),
    [
        # UTC: when the pickup window begins, and until when customers change the booking.
        ("2026-06-11", "2026-06-11T12:00", "2026-06-10T22:00"),
        ("2026-03-07", "2026-03-07T13:00", "2026-03-06T23:00"),
        ("2026-03-08", "2026-03-08T12:00", "2026-03-07T23:00"),
        ("2026-03-09", "2026-03-09T12:00", "2026-03-08T22:00"),
        ("2026-10-31", "2026-10-31T12:00", "2026-10-30T22:00"),
        ("2026-11-01", "2026-11-01T13:00", "2026-10-31T22:00"),
        ("2026-11-02", "2026-11-02T13:00", "2026-11-01T23:00"),
        ("2028-02-29", "2028-02-29T13:00", "2028-02-28T23:00"),
        ("2028-03-01", "2028-03-01T13:00", "2028-02-29T23:00"),
    ],
)
def test_windows_and_change_cut_offs_keep_the_wall_clock(day, opens, cutoff):
    booking = Booking(pickup_date=date.fromisoformat(day), service_type=DELIVERY)
    starts, ends = (edge.astimezone(UTC) for edge in window(booking))
    assert f"{starts:%Y-%m-%dT%H:%M}" == opens
    assert ends - starts == timedelta(hours=3)
    until = change_cutoff(booking.pickup_date, Policy()).astimezone(UTC)
    assert f"{until:%Y-%m-%dT%H:%M}" == cutoff


def test_office_reminders_and_links_go_by_new_york(catalog):
    """For the nights: the dashboard's day and its runs, who is reminded, how long a link lasts.

    There is a paid booking for yesterday, today, tomorrow and the day after.
    """
    bookings = [make_booking() for _ in range(4)]
    paid = datetime(2025, 1, 1, tzinfo=UTC)
    Booking.objects.update(status=BookingStatus.PAID, paid_at=paid)
    person, seen, expected = make_staff("manager"), {}, {}
    nights = [row for row in MOMENTS if row[1].hour in (23, 0, 1)]
    for moment, wall in nights:
        today = wall.date()
        for offset, booking in enumerate(bookings, -1):
            day = today + timedelta(days=offset)
            Booking.objects.filter(pk=booking.pk).update(pickup_date=day)
        with at(moment):
            page = signed_in(person).get(reverse("staff:dashboard")).text
            runs = re.findall(r"(Today|Tomorrow)’s run, (\d+)", page)
            seen[moment] = (
                re.search(r"<h1>([^<]*)</h1>", page)[1],
                runs,
                [(row.pickup_date - today).days for row in due(clock.now())],
                seconds_of_a_link(bookings[0], moment),
            )
        expected[moment] = (
            f"{today:%A, %B} {today.day}",
            [("Today", "1"), ("Tomorrow", "1")],
            [1],
            (True, False),
        )
    assert seen == expected


def seconds_of_a_link(booking: Booking, moment: str) -> tuple[bool, bool]:
    """Whether a guest's link of this moment works a second before its hour is over, and then."""
    token = links.make_link(booking)
    hour = datetime.fromisoformat(moment).replace(tzinfo=UTC) + links.LINK_LIFE
    with time_machine.travel(hour - SECOND, tick=False):
        before = links.is_usable(token)
    with time_machine.travel(hour, tick=False):
        return before, links.is_usable(token)


def test_the_table_has_every_night_that_is_special():
    days = {wall.date() for _, wall in MOMENTS}
    assert {date(2026, 3, 8), date(2026, 11, 1), date(2028, 2, 29)} <= days
    assert {time(23, 59), time(0, 1)} <= {wall.time() for _, wall in MOMENTS}
