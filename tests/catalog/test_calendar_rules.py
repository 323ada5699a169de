"""Lead times, the horizon, closed and full days, to the minute and in New York time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from catalog.calendar_rules import DayState, day_state, earliest_day, lead_time_state
from catalog.checks import check
from catalog.prices import Policy
from catalog.request import NEW_YORK, DayFacts
from tests.catalog.price_data import (
    BOOK,
    PHONE,
    airport,
    delivery,
    facts,
    mini_move,
    policy_book,
    specialty_order,
)

TODAY, TOMORROW = date(2026, 6, 10), date(2026, 6, 11)
SERVICES = ("mini_move", "standard_delivery", "specialty_item", "blade_transfer")
DELIVERIES = ("standard_delivery", "specialty_item")


def at(hour: int, minute: int = 0, second: int = 0, *, day: date = TODAY) -> datetime:
    return datetime.combine(day, time(hour, minute, second), NEW_YORK)


def state(day: date, now: datetime, service: str = "mini_move", **policy: Any) -> DayState:
    return lead_time_state(day, service, Policy(**policy), now)


@pytest.mark.parametrize("service", SERVICES)
def test_yesterday_is_past_for_everyone(service):
    yesterday = TODAY - timedelta(days=1)
    assert lead_time_state(yesterday, service, Policy(), at(9)) == DayState.PAST
    assert lead_time_state(yesterday, service, Policy(), at(9), staff=True) == DayState.PAST


@pytest.mark.parametrize("service", DELIVERIES)
def test_deliveries_may_be_today_until_the_cut_off(service):
    assert state(TODAY, at(0), service) == DayState.OPEN
    assert state(TODAY, at(9, 59, 59), service) == DayState.OPEN
    assert state(TODAY, at(10), service) == DayState.TOO_SOON
    assert state(TODAY, at(23, 59), service) == DayState.TOO_SOON


@pytest.mark.parametrize("service", ["mini_move", "blade_transfer", ""])
def test_other_services_are_never_today(service):
    assert state(TODAY, at(8), service) == DayState.TOO_SOON


def test_same_day_can_be_switched_off():
    assert state(TODAY, at(8), "standard_delivery", same_day_enabled=False) == DayState.TOO_SOON


def test_same_day_cut_off_is_the_policy_s():
    early = {"same_day_cutoff": time(9, 30)}
    assert state(TODAY, at(9, 29), "standard_delivery", **early) == DayState.OPEN
    assert state(TODAY, at(9, 30), "standard_delivery", **early) == DayState.TOO_SOON


@pytest.mark.parametrize("service", SERVICES)
def test_tomorrow_closes_at_six_in_the_evening_sharp(service):
    assert state(TOMORROW, at(17, 59, 59), service) == DayState.OPEN
    assert state(TOMORROW, at(18), service) == DayState.TOO_SOON
    assert state(TOMORROW, at(23, 59), service) == DayState.TOO_SOON
    assert state(TOMORROW + timedelta(days=1), at(23, 59), service) == DayState.OPEN


def test_midnight_turns_a_late_tomorrow_into_a_today():
    assert state(TOMORROW, at(23, 59), "standard_delivery") == DayState.TOO_SOON
    assert state(TOMORROW, at(0, day=TOMORROW), "standard_delivery") == DayState.OPEN
    assert state(TOMORROW, at(0, day=TOMORROW), "mini_move") == DayState.TOO_SOON


def test_horizon_includes_its_last_day():
    assert state(TODAY + timedelta(days=365), at(9)) == DayState.OPEN
    assert state(TODAY + timedelta(days=366), at(9)) == DayState.BEYOND
    assert state(TODAY + timedelta(days=31), at(9), horizon_days=30) == DayState.BEYOND


def test_staff_book_today_and_a_late_tomorrow():
    for service in SERVICES:
        assert lead_time_state(TODAY, service, Policy(), at(20), staff=True) == DayState.OPEN
        assert lead_time_state(TOMORROW, service, Policy(), at(20), staff=True) == DayState.OPEN


@pytest.mark.parametrize("night", [date(2026, 3, 8), date(2026, 11, 1)])
def test_cut_offs_hold_on_the_nights_the_clock_changes(night):
    """In UTC the cut-off is an hour elsewhere on each side of the change."""
    eve = night - timedelta(days=1)
    for day in (eve, night):
        before, cut_off = at(17, 59, day=day).astimezone(UTC), at(18, day=day).astimezone(UTC)
        assert state(day + timedelta(days=1), before) == DayState.OPEN
        assert state(day + timedelta(days=1), cut_off) == DayState.TOO_SOON
    assert state(night, at(9, 59, day=night).astimezone(UTC), "standard_delivery") == DayState.OPEN


def test_evening_in_new_york_is_not_tomorrow_in_utc():
    late = datetime(2026, 6, 11, 1, tzinfo=UTC)  # 9 PM on June 10
    assert state(TODAY, late) == DayState.TOO_SOON
    assert state(TOMORROW, late) == DayState.TOO_SOON


@pytest.mark.parametrize(
    ("service", "now", "first"),
    [
        ("standard_delivery", at(9), TODAY),
        ("standard_delivery", at(10), TOMORROW),
        ("standard_delivery", at(18), TODAY + timedelta(days=2)),
        ("mini_move", at(9), TOMORROW),
        ("mini_move", at(18), TODAY + timedelta(days=2)),
    ],
)
def test_earliest_day(service, now, first):
    assert earliest_day(service, Policy(), now) == first


def test_closed_and_full_days_hold_for_staff_too():
    closed, full = DayFacts(closed_reason="Holiday"), DayFacts(places_left=0)
    for staff in (False, True):
        args = (TOMORROW, "mini_move", Policy(), at(9))
        assert day_state(*args, closed, staff=staff) == DayState.CLOSED
        assert day_state(*args, full, staff=staff) == DayState.FULL


def test_a_day_is_full_when_fewer_places_are_left_than_the_service_takes():
    policy = Policy(units={"mini_move": 3})
    two = DayFacts(places_left=2)
    assert day_state(TOMORROW, "mini_move", policy, at(9), two) == DayState.FULL
    assert day_state(TOMORROW, "standard_delivery", policy, at(9), two) == DayState.OPEN
    three = DayFacts(places_left=3)
    assert day_state(TOMORROW, "mini_move", policy, at(9), three) == DayState.OPEN


def test_the_clock_speaks_before_the_calendar():
    closed = DayFacts(closed_reason="Holiday")
    assert day_state(TODAY, "mini_move", Policy(), at(9), closed) == DayState.TOO_SOON


def dated(request, now, **outside):
    """The problems of the date alone: (step, field, code, message)."""
    problems = check(request, BOOK, facts(now, **outside))
    return [(p.step, p.field, p.code, p.message) for p in problems]


def test_today_is_refused_with_the_phone():
    assert dated(mini_move(pickup_date=TODAY), at(9)) == [
        (
            "schedule",
            "pickup_date",
            "too_soon",
            f"Choose a date from tomorrow on, or call {PHONE} for today.",
        )
    ]


def test_late_tomorrow_is_refused_naming_the_first_day_left():
    assert dated(delivery(pickup_date=TOMORROW), at(18)) == [
        (
            "schedule",
            "pickup_date",
            "too_soon",
            f"Choose a date from Friday, June 12 on, or call {PHONE} for tomorrow.",
        )
    ]


def test_past_date_is_refused_naming_the_first_day_that_is_open():
    past = TODAY - timedelta(days=1)
    assert dated(delivery(pickup_date=past), at(9)) == [
        ("schedule", "pickup_date", "past", "Choose a date from today on.")
    ]


def test_date_beyond_the_horizon_is_refused_naming_the_last():
    assert dated(specialty_order(("bicycle", 1), pickup_date=date(2028, 1, 1)), at(9)) == [
        (
            "schedule",
            "pickup_date",
            "beyond",
            f"Choose a date up to Thursday, June 10, 2027, or call {PHONE} for a later one.",
        )
    ]


def test_closed_and_full_days_are_refused_with_the_reason():
    request = mini_move(pickup_date=date(2026, 6, 13))
    closed = dated(request, at(9), day=DayFacts(closed_reason="Company outing"))
    full = dated(request, at(9), day=DayFacts(places_left=0))
    again = f"Choose another date, or call {PHONE}."
    assert closed == [
        (
            "schedule",
            "pickup_date",
            "closed",
            f"We are closed on Saturday, June 13 (Company outing). {again}",
        )
    ]
    assert full == [
        ("schedule", "pickup_date", "full", f"Saturday, June 13 is fully booked. {again}")
    ]


def test_flight_date_is_judged_where_it_is_asked_for():
    assert dated(airport(blade_flight_date=TODAY), at(9)) == [
        (
            "service",
            "blade_flight_date",
            "too_soon",
            f"Choose a date from tomorrow on, or call {PHONE} for today.",
        )
    ]
    assert dated(airport(blade_flight_date=None), at(9)) == [
        ("service", "blade_flight_date", "required", "Choose the date of the flight.")
    ]


def test_phone_in_the_message_is_the_policy_s():
    book = policy_book(phone="(212) 555-0100")
    (problem,) = check(mini_move(pickup_date=TODAY), book, facts(at(9)))
    assert problem.message == "Choose a date from tomorrow on, or call (212) 555-0100 for today."
