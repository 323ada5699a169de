"""Each kind of line: what it costs, what it says, and when it is not there."""

from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal

import pytest

from catalog.choices import SurchargeType
from catalog.pricing import Line, date_difference, evaluate, quote
from tests.catalog.price_data import (
    BOOK,
    GEOGRAPHIC,
    SATURDAY,
    TODAY,
    WEDNESDAY,
    WINDOW,
    address,
    airport,
    book_with,
    code,
    delivery,
    facts,
    fixed_rule,
    line,
    mini_move,
    organizing,
    percent_rule,
    policy_book,
    priced,
    specialty_order,
)

# --- lines


def test_lines_come_in_their_order():
    request = mini_move(
        "standard",
        end="11954",
        pickup_date=SATURDAY,
        include_packing=True,
        include_unpacking=True,
        coi_required=True,
        pickup_time="morning_specific",
        specific_pickup_hour=8,
        discount_code="summer",
    )
    lines = priced(request, code=code("percentage", 10)).lines
    assert [line.code for line in lines] == [
        "base",
        "organizing",
        "organizing",
        "organizing_tax",
        "coi",
        "date_surcharge",
        "distance",
        "window",
        "discount",
    ]


def test_delivery_lines_come_in_their_order():
    request = delivery(
        4, specialty_items=(("bicycle", 1),), coi_required=True, end="11954", pickup_date=SATURDAY
    )
    result = quote(request, BOOK, facts=facts(), today=SATURDAY)
    assert result is not None
    assert [line.code for line in result.lines] == [
        "base",
        "specialty",
        "coi",
        "date_surcharge",
        "same_day",
        "distance",
    ]


def test_specialty_items_have_a_line_each_by_name():
    request = specialty_order(("surfboard", 2), ("bicycle", 1))
    assert priced(request).lines == (
        Line("specialty", "Bicycle", 250_00, "Bicycle: 1 at $250 each", "1 at $250"),
        Line("specialty", "Surfboard", 700_00, "Surfboard: 2 at $350 each", "2 at $350"),
    )


def test_packing_and_unpacking_have_a_line_each_and_one_tax():
    request = mini_move("petite", include_packing=True, include_unpacking=True)
    assert priced(request).lines[1:] == (
        Line(
            "organizing",
            "Petite Packing",
            1400_00,
            "Packing by 2 organizers for 4 hours",
            "2 organizers, 4 hours",
        ),
        Line(
            "organizing",
            "Petite Unpacking",
            1130_00,
            "Unpacking by 2 organizers for 4 hours",
            "2 organizers, 4 hours",
        ),
        Line(
            "organizing_tax",
            "Sales tax on organizing",
            224_54,
            "8.875% sales tax on organizing only, $2,530",
            "8.875%",
        ),
    )


@pytest.mark.parametrize(
    ("tier", "taxes"),
    [
        ("petite", (124_25, 100_29, 224_54)),
        ("standard", (224_98, 201_02, 426_00)),
        ("full", (449_96, 401_59, 851_56)),
    ],
)
def test_tax_is_rounded_half_up_once_on_the_sum(tier, taxes):
    both = mini_move(tier, include_packing=True, include_unpacking=True)
    packing, unpacking = (
        replace(both, include_unpacking=False),
        replace(both, include_packing=False),
    )
    found = [priced(request).cents("organizing_tax") for request in (packing, unpacking, both)]
    assert found == list(taxes)


def test_half_a_cent_of_tax_goes_up():
    book = replace(
        policy_book(tax_percent=Decimal("10")),
        organizing={("petite", "packing"): organizing("Packing", 1_05, 4, 2)},
    )
    assert priced(mini_move(include_packing=True), book).cents("organizing_tax") == 11  # 10.5


def test_tax_rate_is_the_policy_s_and_goes_with_the_quote():
    book = policy_book(tax_percent=Decimal("8.25"))
    result = priced(mini_move(include_packing=True), book)
    assert result.cents("organizing_tax") == 115_50
    assert result.tax_percent == Decimal("8.25")
    assert result.lines[-1].note == "8.25%"


def test_minimum_charge_is_explained():
    assert line(delivery(2), "base") == Line(
        "base",
        "Standard Delivery",
        285_00,
        "2 items at $95 each, raised to our minimum of $285",
        "2 items",
    )
    assert line(delivery(3), "base").reason == "3 items at $95 each"


@pytest.mark.parametrize(
    ("count", "cents"), [(1, 285_00), (3, 285_00), (4, 380_00), (999, 94_905_00)]
)
def test_regular_items_cost_by_the_piece_from_the_minimum_on(count, cents):
    assert priced(delivery(count)).total_cents == cents


@pytest.mark.parametrize(("bags", "cents"), [(2, 150_00), (3, 225_00), (99, 7425_00)])
def test_bags_cost_by_the_piece(bags, cents):
    assert priced(airport(bags)).total_cents == cents


def test_bags_have_a_minimum_price_of_their_own():
    assert BOOK.airport is not None
    dear = replace(BOOK, airport=replace(BOOK.airport, minimum_cents=200_00))
    assert priced(airport(2), dear).total_cents == 200_00


def test_airport_line_names_the_airport_and_the_way():
    assert line(airport(2), "base").label == "Airport Transfer to JFK"
    from_newark = airport(2, blade_airport="EWR", blade_direction="from_airport")
    assert line(from_newark, "base").label == "Airport Transfer from Newark"
    assert line(airport(2, blade_airport=""), "base").label == "Airport Transfer"


def test_airport_never_has_any_other_charge():
    everything = book_with(
        percent_rule("All", SurchargeType.WEEKEND, "50", saturday=True),
        fixed_rule(
            "For bags", SurchargeType.WEEKEND, 99_00, service="blade_transfer", saturday=True
        ),
        GEOGRAPHIC,
        WINDOW,
    )
    request = airport(
        2,
        start="07030",
        blade_airport="EWR",
        blade_flight_date=SATURDAY,
        coi_required=True,
        include_packing=True,
    )
    result = quote(request, everything, facts=facts(), today=SATURDAY)
    assert result is not None
    assert [(line.code, line.cents) for line in result.lines] == [("base", 150_00)]
    assert date_difference(request, everything, SATURDAY, today=TODAY) == 0


@pytest.mark.parametrize(
    ("direction", "flight", "ready"),
    [
        ("to_airport", time(12, 59), time(5)),
        ("to_airport", time(13), time(10)),
        ("to_airport", time(23, 59), time(10)),
        ("to_airport", None, None),
        ("from_airport", time(12, 59), None),
        ("", time(13), time(10)),
    ],
)
def test_ready_time(direction, flight, ready):
    request = airport(2, blade_direction=direction, blade_flight_time=flight)
    assert priced(request).ready_time == ready


def test_other_services_have_no_ready_time():
    assert priced(delivery(blade_flight_time=time(13))).ready_time is None


@pytest.mark.parametrize(
    ("request_", "cents", "reason", "note"),
    [
        (
            mini_move("petite", coi_required=True),
            50_00,
            "You asked for a certificate of insurance: $50 per booking",
            "",
        ),
        (
            mini_move("full", coi_required=True),
            0,
            "A certificate of insurance is included with Full Move",
            "Included",
        ),
        (
            specialty_order(("bicycle", 1), coi_required=True),
            50_00,
            "You asked for a certificate of insurance: $50 per booking",
            "",
        ),
    ],
)
def test_certificate(request_, cents, reason, note):
    expected = Line("coi", "Certificate of insurance", cents, reason, note)
    assert line(request_, "coi") == expected


def test_included_certificate_is_free_whatever_its_fee_says():
    full = replace(BOOK.packages["full"], coi_fee_cents=75_00)
    book = replace(BOOK, packages={"full": full})
    assert line(mini_move("full", coi_required=True), "coi", book).cents == 0


def test_certificate_that_was_not_asked_for_has_no_line():
    assert [line.code for line in priced(delivery()).lines] == ["base"]


# --- today


@pytest.mark.parametrize("request_", [delivery(), specialty_order(("bicycle", 1))])
def test_same_day_charge_comes_by_itself(request_):
    result = quote(request_, BOOK, facts=facts(), today=WEDNESDAY)
    assert result is not None
    assert result.lines[-1] == Line(
        "same_day",
        "Same-day pickup",
        360_00,
        "Wednesday, June 10: pickup on the day of booking",
        "Wednesday, June 10",
    )


def test_same_day_charge_is_for_deliveries():
    result = quote(mini_move(), BOOK, facts=facts(), today=WEDNESDAY)
    assert result is not None
    assert result.total_cents == 995_00


def test_same_day_is_today_in_new_york():
    late = datetime.fromisoformat("2026-06-11T03:59:00+00:00")  # 11:59 PM on June 10
    result = evaluate(delivery(), BOOK, facts(late), staff=True)
    assert result.quote is not None
    assert result.quote.cents("same_day") == 360_00


# --- places and windows


@pytest.mark.parametrize(
    ("start", "end", "once", "each"),
    [
        ("10001", "11968", 0, 0),
        ("07030", "11968", 175_00, 175_00),
        ("10001", "11954", 175_00, 175_00),
        ("07030", "11954", 175_00, 350_00),
        ("11954", "11954", 175_00, 350_00),
    ],
)
def test_distance_is_charged_once_unless_the_rule_says_each(start, end, once, each):
    request = delivery(start=start, end=end)
    per_address = book_with(replace(GEOGRAPHIC, per_address=True))
    assert priced(request).cents("distance") == once
    assert priced(request, per_address).cents("distance") == each


def test_distance_names_the_place():
    request = mini_move(end="11954")
    assert line(request, "distance") == Line(
        "distance",
        "Extended area",
        175_00,
        "Montauk 11954 is in our extended area: $175 once per booking",
        "Montauk 11954",
    )
    both = mini_move(start="07030", end="11954")
    per_address = book_with(replace(GEOGRAPHIC, per_address=True))
    assert line(both, "distance", per_address).reason == (
        "Hudson County, NJ 07030 and Montauk 11954 are in our extended area: $175 for each address"
    )
    twice = mini_move(start="11954", end="11954")
    assert line(twice, "distance").reason == (
        "Montauk 11954 is in our extended area: $175 once per booking"
    )


def test_distance_reads_a_zip_with_its_four_more_digits():
    far = replace(address("11954"), zip_code="11954-0001")
    assert priced(mini_move(delivery_address=far)).cents("distance") == 175_00


def test_unserved_zip_adds_nothing():
    request = delivery(end="33480")
    assert evaluate(request, BOOK, facts(), staff=True).quote == priced(delivery())


def test_without_a_distance_rule_nothing_is_charged():
    assert priced(delivery(end="11954"), book_with()).total_cents == 285_00


@pytest.mark.parametrize(
    ("tier", "cents", "reason"),
    [
        ("standard", 175_00, "A one-hour pickup window with Standard adds $175"),
        ("full", 0, "A one-hour pickup window is included with Full Move"),
    ],
)
def test_one_hour_window(tier, cents, reason):
    request = mini_move(tier, pickup_time="morning_specific", specific_pickup_hour=10)
    expected = Line("window", "One-hour window", cents, reason, "10–11 AM")
    assert line(request, "window") == expected


def test_window_is_priced_before_its_hour_is_chosen():
    request = mini_move("standard", pickup_time="morning_specific")
    assert priced(request).cents("window") == 175_00


@pytest.mark.parametrize(
    "request_",
    [
        mini_move("standard"),
        mini_move("petite", pickup_time="morning_specific", specific_pickup_hour=9),
        mini_move("petite", pickup_time="no_time_preference"),
        delivery(pickup_time="morning_specific", specific_pickup_hour=9),
    ],
)
def test_no_window_line_where_none_is_sold(request_):
    assert "window" not in [line.code for line in priced(request_).lines]
