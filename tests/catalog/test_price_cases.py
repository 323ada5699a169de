"""The thirty accepted price cases, to the cent, through the one entry of the engine."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

import pytest

from catalog.choices import SurchargeType
from catalog.prices import PriceBook
from catalog.pricing import Quote, evaluate
from catalog.request import NEW_YORK, CodeFacts, QuoteRequest
from tests.catalog.price_data import (
    BOOK,
    GEOGRAPHIC,
    NOW,
    SATURDAY,
    SUNDAY,
    SURCHARGES,
    address,
    airport,
    book_with,
    code,
    delivery,
    facts,
    mini_move,
    percent_rule,
    specialty_order,
)

PER_ADDRESS = book_with(
    *(rule for rule in SURCHARGES if rule != GEOGRAPHIC), replace(GEOGRAPHIC, per_address=True)
)
PERCENT_SATURDAYS = book_with(
    percent_rule("Saturdays", SurchargeType.WEEKEND, "15", saturday=True), GEOGRAPHIC
)
ONE_HOUR: dict[str, Any] = {"pickup_time": "morning_specific", "specific_pickup_hour": 9}
BOTH: dict[str, Any] = {"include_packing": True, "include_unpacking": True}


@dataclass(frozen=True)
class Case:
    """One priced case: the sum of each code's lines, what comes off, what is to pay; cents."""

    number: str
    request: QuoteRequest
    lines: dict[str, int]
    total: int
    discount: int = 0
    ready: time | None = None
    code: CodeFacts | None = None
    book: PriceBook = field(default=BOOK)
    now: datetime = NOW
    custom_total: int | None = None


def with_code(request: QuoteRequest) -> QuoteRequest:
    return replace(request, discount_code="summer")


CASES = [
    Case("1", mini_move(), {"base": 99500}, 99500),
    Case(
        "2",
        mini_move(pickup_date=SATURDAY, coi_required=True),
        {"base": 99500, "coi": 5000, "date_surcharge": 17500},
        122000,
    ),
    Case(
        "3",
        mini_move("standard", end="11937", coi_required=True, **ONE_HOUR),
        {"base": 172500, "coi": 0, "window": 17500},
        190000,
    ),
    Case(
        "4",
        mini_move("full", end="11954", pickup_date=SUNDAY, **ONE_HOUR),
        {"base": 249000, "date_surcharge": 17500, "distance": 17500, "window": 0},
        284000,
    ),
    Case(
        "5",
        mini_move("standard", **BOTH),
        {"base": 172500, "organizing": 480000, "organizing_tax": 42600},
        695100,
    ),
    Case(
        "6",
        mini_move(start="07030", end="11954", include_packing=True, coi_required=True),
        {
            "base": 99500,
            "organizing": 140000,
            "organizing_tax": 12425,
            "coi": 5000,
            "distance": 17500,
        },
        274425,
    ),
    Case(
        "6, each address",
        mini_move(start="07030", end="11954", include_packing=True, coi_required=True),
        {
            "base": 99500,
            "organizing": 140000,
            "organizing_tax": 12425,
            "coi": 5000,
            "distance": 35000,
        },
        291925,
        book=PER_ADDRESS,
    ),
    Case(
        "7",
        mini_move(pickup_date=date(2026, 7, 4)),
        {"base": 99500, "date_surcharge": 17500},
        117000,
    ),
    Case("8", delivery(2), {"base": 28500}, 28500),
    Case(
        "9",
        delivery(3, end="11975", pickup_date=SATURDAY),
        {"base": 28500, "date_surcharge": 5000},
        33500,
    ),
    Case(
        "10",
        delivery(5, end="06830", specialty_items=(("bicycle", 1),), coi_required=True),
        {"base": 47500, "specialty": 25000, "coi": 5000, "distance": 17500},
        95000,
    ),
    Case(
        "11",
        delivery(4, pickup_date=date(2026, 9, 16)),
        {"base": 38000, "date_surcharge": 5000},
        43000,
    ),
    Case(
        "12",
        specialty_order(("peloton", 1), ("surfboard", 2), end="11930", pickup_date=SATURDAY),
        {"specialty": 120000, "distance": 17500},
        137500,
    ),
    Case(
        "13",
        airport(2, blade_terminal="4", blade_flight_date=SATURDAY),
        {"base": 15000},
        15000,
        ready=time(5),
    ),
    Case(
        "14",
        airport(4, start="07030", blade_airport="EWR", blade_flight_time=time(13)),
        {"base": 30000},
        30000,
        ready=time(10),
    ),
    Case(
        "15",
        with_code(delivery(3)),
        {"base": 28500},
        22800,
        discount=5700,
        code=code("percentage", 20),
    ),
    Case(
        "16",
        with_code(airport(2, blade_flight_date=SATURDAY)),
        {"base": 15000},
        10000,
        discount=5000,
        ready=time(5),
        code=code("fixed_amount", 5000),
    ),
    Case(
        "17",
        with_code(mini_move("full")),
        {"base": 249000},
        239000,
        discount=10000,
        code=code("percentage", 50, maximum_discount_cents=10000),
    ),
    Case(
        "18",
        with_code(delivery(3, end="11975", pickup_date=SATURDAY)),
        {"base": 28500, "date_surcharge": 5000},
        0,
        discount=33500,
        code=code("percentage", 100),
    ),
    Case(
        "19",
        mini_move(
            "full", start="07302", end="11954", pickup_date=SATURDAY, coi_required=True, **BOTH
        ),
        {
            "base": 249000,
            "organizing": 959500,
            "organizing_tax": 85156,
            "coi": 0,
            "date_surcharge": 17500,
            "distance": 17500,
        },
        1328656,
    ),
    Case(
        "19, each address",
        mini_move(
            "full", start="07302", end="11954", pickup_date=SATURDAY, coi_required=True, **BOTH
        ),
        {
            "base": 249000,
            "organizing": 959500,
            "organizing_tax": 85156,
            "coi": 0,
            "date_surcharge": 17500,
            "distance": 35000,
        },
        1346156,
        book=PER_ADDRESS,
    ),
    Case(
        "20",
        delivery(3),
        {"base": 28500, "same_day": 36000},
        64500,
        now=datetime(2026, 6, 10, 9, 59, tzinfo=NEW_YORK),
    ),
    Case(
        "21",
        with_code(mini_move("standard", include_unpacking=True)),
        {"base": 172500, "organizing": 226500, "organizing_tax": 20102},
        356237,
        discount=62865,
        code=code("percentage", 15),
    ),
    Case("22", mini_move(), {"base": 99500, "adjustment": -49500}, 50000, custom_total=50000),
    Case(
        "23",
        with_code(airport(2, blade_flight_date=SATURDAY)),
        {"base": 15000},
        0,
        discount=15000,
        ready=time(5),
        code=code("fixed_amount", 50000),
    ),
    Case(
        "25",
        airport(
            3,
            blade_airport="EWR",
            blade_terminal="B",
            blade_direction="from_airport",
            blade_flight_time=time(22, 15),
        ),
        {"base": 22500},
        22500,
    ),
    Case(
        "30",
        mini_move(end="11954", pickup_date=SATURDAY, coi_required=True),
        {"base": 99500, "coi": 5000, "date_surcharge": 14925, "distance": 17500},
        136925,
        book=PERCENT_SATURDAYS,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_case_costs_what_was_agreed(case):
    result = evaluate(
        case.request,
        case.book,
        facts(case.now, code=case.code),
        staff=case.custom_total is not None,
        custom_total_cents=case.custom_total,
    )

    assert result.problems == ()
    assert result.quote is not None
    assert sums(result.quote) == case.lines
    assert result.quote.discount_cents == case.discount
    assert result.quote.total_cents == case.total
    assert result.quote.ready_time == case.ready


def sums(quote: Quote) -> dict[str, int]:
    """Cents by code, the discount aside; codes without a line are absent, lines of 0 are not."""
    codes = dict.fromkeys(line.code for line in quote.lines if line.code != "discount")
    return {line_code: quote.cents(line_code) for line_code in codes}


def refusals(request: QuoteRequest) -> list[tuple[str, str, str]]:
    result = evaluate(request, BOOK, facts())
    return [(problem.step, problem.field, problem.code) for problem in result.problems]


def test_case_24_code_below_its_minimum_is_refused_and_the_price_stays():
    minimum = code("percentage", 20, minimum_order_cents=50000)
    result = evaluate(with_code(delivery(2)), BOOK, facts(code=minimum))

    assert [problem.code for problem in result.problems] == ["below_minimum"]
    assert result.problems[0].message == (
        "This code starts at $500. Add to the order, or leave the code out."
    )
    assert result.quote is not None
    assert result.quote.total_cents == 28500
    assert not result.ok


def test_case_26_one_bag_is_refused():
    result = evaluate(airport(1), BOOK, facts())
    assert [problem.message for problem in result.problems] == [
        "Enter at least 2 bags; that is where an airport transfer starts."
    ]
    assert result.quote is None


def test_case_27_items_without_a_description_are_refused():
    assert refusals(delivery(2, item_description=" ")) == [
        ("service", "item_description", "required")
    ]


def test_case_28_unknown_terminal_is_refused_naming_the_valid_ones():
    result = evaluate(airport(blade_terminal="2"), BOOK, facts())
    assert [problem.message for problem in result.problems] == [
        "JFK has terminals 1, 4, 5, 7 and 8. Choose one of them, or leave the terminal open."
    ]


@pytest.mark.parametrize(
    "request_to",
    [mini_move, delivery, lambda **fields: specialty_order(("bicycle", 1), **fields)],
    ids=["mini move", "delivery", "specialty"],
)
def test_case_29_unserved_zip_is_refused_for_every_service(request_to):
    assert refusals(request_to(end="11101")) == [("addresses", "delivery_zip_code", "not_served")]


def test_case_29_unserved_zip_is_refused_at_the_home_end_of_an_airport_transfer():
    assert refusals(airport(start="11101")) == [("addresses", "pickup_zip_code", "not_served")]
    from_airport = airport(blade_direction="from_airport", delivery_address=address("11101"))
    assert refusals(from_airport) == [("addresses", "delivery_zip_code", "not_served")]
