"""Weekend and peak dates: which rules charge, how much, and in which words."""

from dataclasses import replace
from datetime import date

import pytest

from catalog.choices import SurchargeType
from catalog.pricing import Line, quote
from tests.catalog.price_data import (
    BOOK,
    GEOGRAPHIC,
    MIDSUMMER,
    SATURDAY,
    SUNDAY,
    book_with,
    delivery,
    facts,
    fixed_rule,
    line,
    mini_move,
    peak_rule,
    percent_rule,
    priced,
    specialty_order,
)


def test_weekend_line_says_why():
    assert line(mini_move(pickup_date=SATURDAY), "date_surcharge") == Line(
        "date_surcharge",
        "Weekend pickup",
        175_00,
        "Saturday, June 13: weekend pickup",
        "Saturday, June 13",
    )


def test_weekend_switches_are_separate():
    saturdays = book_with(fixed_rule("Sat", SurchargeType.WEEKEND, 10_00, saturday=True))
    assert priced(delivery(pickup_date=SATURDAY), saturdays).total_cents == 295_00
    assert priced(delivery(pickup_date=SUNDAY), saturdays).total_cents == 285_00


def test_weekend_rules_add_up():
    book = book_with(
        fixed_rule("A", SurchargeType.WEEKEND, 10_00, saturday=True),
        fixed_rule("B", SurchargeType.WEEKEND, 5_00, saturday=True, sunday=True),
    )
    assert priced(delivery(pickup_date=SATURDAY), book).cents("date_surcharge") == 15_00


def test_peak_replaces_the_weekend():
    result = priced(mini_move(pickup_date=MIDSUMMER))
    assert [line.label for line in result.lines] == ["Mini Move: Petite", "Peak date"]
    assert result.rule_names == ("Peak 7/4",)
    assert result.lines[1].reason == "Saturday, July 4: peak date, Peak 7/4"


def test_several_peak_rules_add_up_and_stay_readable():
    book = book_with(
        peak_rule("Regatta", "all", 30_00, MIDSUMMER),
        peak_rule("Holiday week", "all", 20_00, date(2026, 6, 29), date(2026, 7, 5)),
        fixed_rule("Weekend", SurchargeType.WEEKEND, 99_00, saturday=True),
    )
    result = priced(delivery(pickup_date=MIDSUMMER), book)
    assert [(line.code, line.cents, line.reason) for line in result.lines[1:]] == [
        ("date_surcharge", 20_00, "Saturday, July 4: peak date, Holiday week"),
        ("date_surcharge", 30_00, "Saturday, July 4: peak date, Regatta"),
    ]
    assert result.rule_names == ("Holiday week", "Regatta")


def test_peak_of_another_service_leaves_the_weekend():
    book = book_with(
        peak_rule("Fair", "mini_move", 80_00, SATURDAY),
        fixed_rule("Weekend", SurchargeType.WEEKEND, 50_00, saturday=True),
    )
    assert priced(delivery(pickup_date=SATURDAY), book).cents("date_surcharge") == 50_00
    assert priced(mini_move(pickup_date=SATURDAY), book).cents("date_surcharge") == 80_00


def test_peak_that_charges_nothing_leaves_the_weekend():
    book = book_with(
        percent_rule(
            "Nothing", SurchargeType.PEAK_DATE, "0", first_date=SATURDAY, last_date=SATURDAY
        ),
        fixed_rule("Weekend", SurchargeType.WEEKEND, 50_00, saturday=True),
    )
    result = priced(delivery(pickup_date=SATURDAY), book)
    assert result.cents("date_surcharge") == 50_00
    assert result.rule_names == ("Weekend",)


@pytest.mark.parametrize(
    ("day", "cents"),
    [
        (date(2026, 9, 11), 0),
        (date(2026, 9, 14), 50_00),
        (date(2026, 9, 22), 50_00),
        (date(2026, 9, 23), 0),
    ],
)
def test_range_includes_both_its_ends(day, cents):
    assert priced(delivery(pickup_date=day)).cents("date_surcharge") == cents


def test_range_of_seven_days_replaces_its_weekend():
    assert priced(delivery(pickup_date=date(2026, 9, 19))).cents("date_surcharge") == 50_00


def test_percentage_is_of_the_goods_alone_and_says_so():
    book = book_with(percent_rule("Sat", SurchargeType.WEEKEND, "12.5", saturday=True), GEOGRAPHIC)
    request = delivery(
        4,
        specialty_items=(("bicycle", 1),),
        coi_required=True,
        end="11954",
        pickup_date=SATURDAY,
    )
    result = quote(request, book, facts=facts(), today=SATURDAY)
    assert result is not None
    assert result.cents("date_surcharge") == 78_75  # 12.5 % of 380 + 250
    (found,) = [line for line in result.lines if line.code == "date_surcharge"]
    assert found.reason == "Saturday, June 13: weekend pickup, 12.5% of the service price"


def test_percentage_is_not_of_organizing_or_its_tax():
    book = book_with(percent_rule("Sat", SurchargeType.WEEKEND, "10", saturday=True))
    request = mini_move(include_packing=True, include_unpacking=True, pickup_date=SATURDAY)
    assert priced(request, book).cents("date_surcharge") == 99_50


def test_peak_rule_without_a_date_never_charges():
    book = book_with(fixed_rule("Sometime", SurchargeType.PEAK_DATE, 99_00))
    assert priced(delivery(pickup_date=SATURDAY), book).total_cents == 285_00


def test_percentage_is_rounded_half_up():
    book = book_with(percent_rule("Sat", SurchargeType.WEEKEND, "0.01", saturday=True))
    assert priced(delivery(10, pickup_date=SATURDAY), book).cents("date_surcharge") == 10  # 9.5


def test_specialty_orders_have_no_weekend_rule_of_their_own():
    assert priced(specialty_order(("bicycle", 1), pickup_date=SATURDAY)).total_cents == 250_00


def test_rule_for_all_reaches_specialty_orders():
    book = book_with(fixed_rule("Weekend", SurchargeType.WEEKEND, 40_00, saturday=True))
    request = specialty_order(("bicycle", 1), pickup_date=SATURDAY)
    assert priced(request, book).total_cents == 290_00


def test_no_date_surcharge_on_nothing():
    free = replace(BOOK.packages["petite"], price_cents=0)
    book = replace(BOOK, packages={"petite": free})
    assert priced(mini_move(pickup_date=SATURDAY), book).total_cents == 0


def test_weekday_has_no_date_line():
    assert priced(mini_move()).rule_names == ()
