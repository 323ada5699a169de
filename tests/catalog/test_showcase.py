from datetime import date

from catalog.choices import ServiceType, SurchargeType
from catalog.showcase import Addition, Showcase
from tests.catalog.price_data import (
    BOOK,
    GEOGRAPHIC,
    book_with,
    fixed_rule,
    peak_rule,
    percent_rule,
)

TODAY = date(2026, 6, 10)
WEEKEND = fixed_rule(
    "Weekend", SurchargeType.WEEKEND, 175_00, service="mini_move", saturday=True, sunday=True
)


def test_tiers_come_cheapest_first_with_their_packing_help():
    tiers = Showcase(BOOK).tiers

    assert [tier.package.type for tier in tiers] == ["petite", "standard", "full"]
    assert [(t.packing.price_cents, t.unpacking.price_cents) for t in tiers] == [
        (1400_00, 1130_00),
        (2535_00, 2265_00),
        (5070_00, 4525_00),
    ]


def test_minimum_charge_pays_for_three_items():
    assert Showcase(BOOK).items_for_minimum == 3


def test_specialty_items_come_cheapest_first():
    items = (("Bicycle", 250_00), ("Surfboard", 350_00), ("Peloton", 500_00))
    assert Showcase(BOOK).specialty == items


def test_distance_and_window_amounts_are_those_of_the_rules():
    shop = Showcase(BOOK)
    assert (shop.distance, shop.distance_per_address, shop.hour_window) == ("$175", False, "$175")


def test_two_distance_rules_are_shown_as_their_sum():
    other = percent_rule("Ferry", SurchargeType.GEOGRAPHIC, "2.50", per_address=True)
    shop = Showcase(book_with(GEOGRAPHIC, GEOGRAPHIC, other))
    assert (shop.distance, shop.distance_per_address) == ("$350 and 2.5%", True)


def test_without_rules_nothing_is_added():
    shop = Showcase(book_with())
    assert (shop.distance, shop.hour_window) == ("", "")
    assert shop.date_additions(ServiceType.MINI_MOVE, TODAY) == ()


def test_date_additions_name_weekdays_and_the_peak_dates_still_to_come():
    peaks = [
        peak_rule(f"Peak {day}", "mini_move", 175_00, day)
        for day in (date(2026, 5, 25), date(2026, 7, 4), date(2027, 7, 4), date(2026, 7, 1))
    ]
    week = percent_rule(
        "Fair week",
        SurchargeType.PEAK_DATE,
        "12.50",
        first_date=date(2026, 9, 14),
        last_date=date(2026, 9, 22),
        service="mini_move",
    )
    shop = Showcase(book_with(WEEKEND, *peaks, week))

    assert shop.date_additions(ServiceType.MINI_MOVE, TODAY) == (
        Addition("Saturday or Sunday", "$175", "By the day of the pickup."),
        Addition(
            "Peak date",
            "$175",
            "2026: July 1 and July 4; 2027: July 4. In place of the weekend amount.",
        ),
        Addition("Peak date", "12.5%", "2026: September 14–22. In place of the weekend amount."),
    )
    assert shop.date_additions(ServiceType.STANDARD_DELIVERY, TODAY) == ()
