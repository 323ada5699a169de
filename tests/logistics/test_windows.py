"""The window a driver is asked for is the one promised to the customer."""

from datetime import datetime, time, timedelta

import pytest

from catalog.choices import PickupTime
from logistics.windows import task_window
from tests.booking.helpers import airport_answers, make_booking, make_draft, place
from totetaxi.lib import clock

pytestmark = pytest.mark.django_db
DAY = "2026-06-10"


@pytest.fixture(autouse=True)
def _june(settings, catalog):
    settings.CLOCK_START = "2026-06-02T11:00"


def hours(booking, kind, now=None):
    start, end = task_window(booking, kind, now or clock.now())
    return start.strftime("%d %H:%M"), end.strftime("%d %H:%M")


def test_morning_is_eight_to_eleven_and_delivered_by_six():
    booking = make_booking(pickup_date=DAY)
    assert hours(booking, "pickup") == ("10 08:00", "10 11:00")
    assert hours(booking, "dropoff") == ("10 09:00", "10 18:00")


def test_one_hour_window_is_that_hour():
    booking = make_booking(pickup_date=DAY)
    booking.pickup_time, booking.specific_pickup_hour = PickupTime.MORNING_SPECIFIC, 9
    assert hours(booking, "pickup") == ("10 09:00", "10 10:00")
    assert hours(booking, "dropoff") == ("10 10:00", "10 18:00")


@pytest.mark.parametrize(
    ("flight", "pickup", "dropoff"),
    [
        ("12:59", ("10 05:00", "10 06:00"), ("10 06:00", "10 10:59")),
        ("13:00", ("10 10:00", "10 11:00"), ("10 11:00", "10 11:30")),
        ("20:15", ("10 10:00", "10 11:00"), ("10 11:00", "10 18:15")),
    ],
)
def test_to_the_airport_ends_two_hours_before_departure(flight, pickup, dropoff):
    booking = place(make_draft(airport_answers(blade_flight_date=DAY, blade_flight_time=flight)))
    assert hours(booking, "pickup") == pickup
    assert hours(booking, "dropoff") == dropoff


def test_from_the_airport_begins_at_the_arrival():
    answers = airport_answers(blade_flight_date=DAY, blade_flight_time="15:30")
    answers["blade_direction"] = "from_airport"
    booking = place(
        make_draft(
            answers
            | {
                name.replace("pickup", "delivery"): value
                for name, value in answers.items()
                if name.startswith("pickup_") and name != "pickup_date"
            }
        )
    )
    assert hours(booking, "pickup") == ("10 15:30", "10 17:00")
    assert hours(booking, "dropoff") == ("10 16:30", "10 20:30")


@pytest.mark.parametrize(
    ("now", "pickup"),
    [
        ("09:59", ("10 09:59", "10 11:00")),
        ("10:30", ("10 10:30", "10 11:00")),
        ("10:31", ("10 10:31", "10 11:01")),
        ("15:00", ("10 15:00", "10 15:30")),
    ],
)
def test_past_window_moves_into_the_future_and_stays_half_an_hour_wide(now, pickup):
    booking = make_booking(pickup_date=DAY)
    moment = clock.at(booking.pickup_date, time.fromisoformat(now))
    assert hours(booking, "pickup", moment) == pickup


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_wall_clock_holds_on_the_nights_the_clocks_change(day):
    booking = make_booking(pickup_date=DAY)
    booking.pickup_date = datetime.fromisoformat(day).date()
    start, end = task_window(booking, "pickup", clock.at(booking.pickup_date, time(0)))
    assert (start.hour, end.hour) == (8, 11)
    assert end - start == timedelta(hours=3)
