"""Places of a day under concurrency, and the month as a customer sees it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from catalog.availability import CalendarDay, day_facts, give_back, month, move, take
from catalog.calendar_rules import DayState
from catalog.models import BookingPolicy, CapacityDay
from catalog.price_book import load
from catalog.request import NEW_YORK, DayFacts, QuoteRequest
from tests.catalog.helpers import (
    JULY_4,
    all_at_once,
    in_another_thread,
    make_capacity,
    make_closed_day,
    make_policy,
)
from totetaxi.lib import clock

DAY, NEXT_DAY = date(2026, 6, 10), date(2026, 6, 11)
PETITE = QuoteRequest(service_type="mini_move", package_type="petite")
DELIVERY = QuoteRequest(
    service_type="standard_delivery", standard_delivery_item_count=3, item_description="Boxes"
)
FLIGHT = QuoteRequest(service_type="blade_transfer", blade_airport="JFK", blade_bag_count=2)
JUNE_4_NOON = datetime(2026, 6, 4, 12, tzinfo=NEW_YORK)


def counts(day: date) -> tuple[int | None, int]:
    """Limit and used places of a day's row."""
    return CapacityDay.objects.values_list("limit", "used").get(pk=day)


@transaction.atomic
def take_committed(day: date, units: int = 1) -> bool:
    """Take places in a transaction of its own."""
    return take(day, units)


def test_first_place_of_a_day_makes_its_row_with_the_usual_limit(db: None) -> None:
    make_policy(default_daily_limit=3)
    assert take(DAY, 2) is True
    assert CapacityDay.objects.values_list("limit", "used", "limit_is_own").get(pk=DAY) == (
        3,
        2,
        False,
    )


@pytest.mark.parametrize("with_policy", [True, False])
def test_places_are_counted_where_there_is_no_limit(db: None, with_policy: bool) -> None:
    if with_policy:
        make_policy()
    assert [take(DAY, 1) for _ in range(3)] == [True] * 3
    assert counts(DAY) == (None, 3)


def test_take_refuses_what_does_not_fit_and_changes_nothing(db: None) -> None:
    make_capacity(DAY, limit=3, used=2)
    assert take(DAY, 2) is False
    assert counts(DAY) == (3, 2)
    assert take(DAY, 1) is True
    assert take(DAY, 1) is False
    assert counts(DAY) == (3, 3)


def test_day_with_room_for_none_is_full_from_the_start(db: None) -> None:
    make_policy(default_daily_limit=1)
    assert take(DAY, 2) is False
    assert counts(DAY) == (1, 0)


def test_taking_a_place_is_one_statement_once_the_day_has_a_row(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_capacity(DAY, limit=3)
    with django_assert_num_queries(1):
        take(DAY, 1)


def test_place_given_back_can_be_taken_again(db: None) -> None:
    make_capacity(DAY, limit=1)
    assert [take(DAY, 1), take(DAY, 1)] == [True, False]
    give_back(DAY, 1)
    assert take(DAY, 1) is True


def test_more_than_was_taken_cannot_be_given_back(db: None) -> None:
    make_capacity(DAY, limit=3, used=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        give_back(DAY, 2)
    assert counts(DAY) == (3, 1)
    with pytest.raises(ValueError, match="No place of 2026-06-11"):
        give_back(NEXT_DAY, 1)


def test_places_are_taken_inside_a_transaction_only(transactional_db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        take(DAY, 1)
    with pytest.raises(transaction.TransactionManagementError):
        give_back(DAY, 1)


def test_rolled_back_booking_leaves_its_place_free(transactional_db: None) -> None:
    @transaction.atomic
    def fail_after_taking() -> None:
        take(DAY, 1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_taking()
    assert not CapacityDay.objects.exists()


@pytest.mark.parametrize("has_row", [True, False])
def test_twenty_at_once_for_ten_places(transactional_db: None, has_row: bool) -> None:
    make_policy(default_daily_limit=10)
    if has_row:
        make_capacity(DAY, limit=10)
    got = all_at_once([lambda: take_committed(DAY)] * 20)
    assert sorted(got) == [False] * 10 + [True] * 10
    assert counts(DAY) == (10, 10)


def test_move_takes_the_new_place_and_gives_back_the_old(db: None) -> None:
    make_policy(default_daily_limit=2)
    take(DAY, 1)
    assert move(DAY, 1, NEXT_DAY, 2) is True
    assert (counts(DAY), counts(NEXT_DAY)) == ((2, 0), (2, 2))


def test_move_to_a_full_day_changes_nothing(db: None) -> None:
    make_capacity(DAY, limit=2, used=1)
    make_capacity(NEXT_DAY, limit=1, used=1)
    assert move(DAY, 1, NEXT_DAY, 1) is False
    assert (counts(DAY), counts(NEXT_DAY)) == ((2, 1), (1, 1))


@pytest.mark.parametrize(
    ("before", "after", "moved", "used"), [(1, 2, True, 2), (2, 1, True, 1), (2, 3, False, 2)]
)
def test_move_within_a_day_needs_the_difference_only(
    db: None, before: int, after: int, moved: bool, used: int
) -> None:
    make_capacity(DAY, limit=2, used=before)
    assert move(DAY, before, DAY, after) is moved
    assert counts(DAY) == (2, used)


def test_moves_in_both_directions_do_not_block_each_other(transactional_db: None) -> None:
    make_capacity(DAY, limit=20, used=8)
    make_capacity(NEXT_DAY, limit=20, used=8)

    @transaction.atomic
    def forth() -> bool:
        return move(DAY, 1, NEXT_DAY, 1)

    @transaction.atomic
    def back() -> bool:
        return move(NEXT_DAY, 1, DAY, 1)

    assert all_at_once([forth, back] * 8) == [True] * 16
    assert (counts(DAY), counts(NEXT_DAY)) == ((20, 8), (20, 8))


def test_usual_limit_changed_meanwhile_holds_for_days_made_meanwhile(
    transactional_db: None,
) -> None:
    """Twenty first places of twenty days, and in between the usual limit goes from 5 to 3."""
    policy = make_policy(default_daily_limit=5)
    days = [clock.today() + timedelta(days=n) for n in range(20)]

    def lower() -> bool:
        policy.default_daily_limit = 3
        policy.save()
        return True

    def taking(day: date) -> Callable[[], bool]:
        return lambda: take_committed(day)

    jobs: list[Callable[[], bool]] = [taking(day) for day in days]
    assert all_at_once([*jobs, lower]) == [True] * 21
    assert set(CapacityDay.objects.values_list("limit", "used")) == {(3, 1)}


def test_form_keeps_places_still_until_the_usual_limit_is_in_force(
    transactional_db: None,
) -> None:
    """A place asked for between the check and the save waits, and then meets the new limit."""
    policy = make_policy(default_daily_limit=2)
    today = clock.today()
    make_capacity(today, limit=2, used=1, limit_is_own=False)
    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            policy.default_daily_limit = 1
            policy.full_clean()
            waiting = pool.submit(in_another_thread, lambda: take_committed(today))
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            policy.save()
        assert waiting.result(timeout=10) is False
    assert counts(today) == (1, 1)


def test_facts_of_a_day(db: None) -> None:
    make_policy(default_daily_limit=4)
    make_capacity(NEXT_DAY, limit=7, used=2)
    make_closed_day(JULY_4, "Independence Day")
    make_capacity(JULY_4, limit=None, used=2)
    assert day_facts(DAY) == DayFacts("", 4)
    assert day_facts(NEXT_DAY) == DayFacts("", 5)
    assert day_facts(JULY_4) == DayFacts("Independence Day", None)


def test_facts_of_a_day_without_policy(db: None) -> None:
    assert day_facts(DAY) == DayFacts("", None)


def june(request: QuoteRequest, now: datetime = JUNE_4_NOON) -> dict[int, CalendarDay]:
    """The days of June 2026 by number."""
    return {day.date.day: day for day in month(2026, 6, request, load(), now)}


def test_month_marks_each_kind_of_day_for_this_basket(catalog: None) -> None:
    BookingPolicy.objects.update(horizon_days=24)
    make_closed_day(date(2026, 6, 19), "Juneteenth")
    make_capacity(date(2026, 6, 26), limit=2, used=2)
    make_capacity(date(2026, 6, 25), limit=2, used=1)

    days = june(PETITE)

    assert list(days) == list(range(1, 31))
    assert {number: day.state for number, day in days.items()} == {
        **dict.fromkeys(range(1, 4), DayState.PAST),
        4: DayState.TOO_SOON,
        **dict.fromkeys(range(5, 29), DayState.OPEN),
        19: DayState.CLOSED,
        26: DayState.FULL,
        **dict.fromkeys(range(29, 31), DayState.BEYOND),
    }
    assert {
        number: day.difference_cents for number, day in days.items() if day.difference_cents
    } == dict.fromkeys((6, 7, 13, 14, 20, 21, 27, 28), 175_00)
    assert [days[number].label for number in (3, 4, 5, 6, 19, 26, 29)] == [
        "Wednesday, June 3, past, not available",
        "Thursday, June 4, too soon to book online, call us",
        "Friday, June 5, no date charge",
        "Saturday, June 6, plus $175",
        "Friday, June 19, closed, Juneteenth",
        "Friday, June 26, fully booked",
        "Monday, June 29, too far ahead to book online",
    ]


def test_month_puts_days_in_weeks_that_start_on_sunday(catalog: None) -> None:
    days = june(PETITE)
    assert [days[number].column for number in (1, 6, 7, 13)] == [2, 7, 1, 7]
    assert [days[number].is_open for number in (3, 6)] == [False, True]


def test_month_differs_by_service(catalog: None) -> None:
    assert june(DELIVERY)[6].difference_cents == 50_00
    assert june(DELIVERY)[30].difference_cents == 50_00
    assert june(PETITE)[30].difference_cents == 175_00
    assert june(FLIGHT)[6].difference_cents == 0


def test_today_and_tomorrow_close_at_their_cutoffs(catalog: None) -> None:
    def states(request: QuoteRequest, hour: int, minute: int) -> list[str]:
        now = datetime.combine(DAY, time(hour, minute), NEW_YORK)
        days = june(request, now)
        return [days[10].state, days[11].state]

    assert states(DELIVERY, 9, 59) == ["open", "open"]
    assert states(DELIVERY, 10, 0) == ["too_soon", "open"]
    assert states(PETITE, 9, 59) == ["too_soon", "open"]
    assert states(PETITE, 17, 59) == ["too_soon", "open"]
    assert states(PETITE, 18, 0) == ["too_soon", "too_soon"]


def test_month_takes_the_moment_in_any_zone(catalog: None) -> None:
    """23:30 in New York is tomorrow in UTC, and still today for us."""
    now = datetime.fromisoformat("2026-06-05T03:30:00+00:00")
    days = june(PETITE, now)
    assert [days[number].state for number in (3, 4, 5, 6)] == [
        DayState.PAST,
        DayState.TOO_SOON,
        DayState.TOO_SOON,
        DayState.OPEN,
    ]


def test_tomorrow_is_not_charged_as_today_after_midnight_elsewhere(catalog: None) -> None:
    BookingPolicy.objects.update(tomorrow_cutoff=time(23, 45))
    now = datetime.fromisoformat("2026-06-05T03:30:00+00:00")
    friday = june(DELIVERY, now)[5]
    assert (friday.state, friday.difference_cents) == (DayState.OPEN, 0)


def test_day_is_full_for_a_service_that_takes_more_than_is_left(catalog: None) -> None:
    BookingPolicy.objects.update(units_mini_move=3)
    make_capacity(DAY, limit=4, used=2)
    assert june(PETITE)[10].state == DayState.FULL
    assert june(DELIVERY)[10].state == DayState.OPEN


def test_usual_limit_fills_days_without_a_row(catalog: None) -> None:
    BookingPolicy.objects.update(default_daily_limit=0)
    assert {day.state for number, day in june(PETITE).items() if number > 4} == {DayState.FULL}


def test_month_is_two_queries(
    catalog: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    book = load()
    with django_assert_num_queries(2):
        month(2026, 6, PETITE, book, JUNE_4_NOON)


@pytest.mark.parametrize("wrong", [0, 13])
def test_month_that_does_not_exist_is_refused(catalog: None, wrong: int) -> None:
    with pytest.raises(ValueError, match="month must be in"):
        month(2026, wrong, PETITE, load(), JUNE_4_NOON)
