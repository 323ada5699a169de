"""The engine as a whole: partial requests, discounts, custom totals, the calendar's marks."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from catalog.pricing import Line, date_difference, evaluate, quote
from catalog.request import NEW_YORK, AddressInput, QuoteRequest
from tests.catalog.price_data import (
    BOOK,
    MIDSUMMER,
    SATURDAY,
    TODAY,
    WEDNESDAY,
    airport,
    code,
    delivery,
    facts,
    mini_move,
    priced,
    specialty_order,
)


def unpriced(request, book=BOOK) -> bool:
    return quote(request, book, facts=facts(), today=TODAY) is None


# --- what is known so far


def test_price_is_there_after_the_first_step_and_grows_with_the_answers():
    package_alone = QuoteRequest(service_type="mini_move", package_type="petite")
    with_date = replace(package_alone, pickup_date=SATURDAY)
    with_zip = replace(with_date, delivery_address=AddressInput(zip_code="11954"))
    totals = [priced(request).total_cents for request in (package_alone, with_date, with_zip)]
    assert totals == [995_00, 1170_00, 1345_00]


@pytest.mark.parametrize(
    "request_",
    [
        QuoteRequest(),
        QuoteRequest(service_type="moon_trip"),
        QuoteRequest(service_type="mini_move"),
        mini_move("mansion"),
        delivery(0),
        delivery(1000),
        delivery(-1, specialty_items=(("bicycle", 1),)),
        specialty_order(("harp", 1)),
        specialty_order(("bicycle", 1), ("harp", 1)),
        specialty_order(("bicycle", 100)),
        specialty_order(("bicycle", -1)),
        airport(0),
        airport(1),
        airport(100),
    ],
)
def test_no_price_while_the_service_itself_has_none(request_):
    assert unpriced(request_)
    assert evaluate(request_, BOOK, facts()).quote is None


def test_what_is_not_sold_is_never_free():
    assert unpriced(mini_move(include_packing=True), replace(BOOK, organizing={}))
    assert unpriced(delivery(), replace(BOOK, delivery=None))
    assert unpriced(specialty_order(("bicycle", 1)), replace(BOOK, delivery=None))
    assert unpriced(airport(), replace(BOOK, airport=None))


def test_evaluation_is_ok_only_with_a_price_and_without_problems():
    assert evaluate(mini_move(), BOOK, facts()).ok
    assert not evaluate(mini_move(pickup_date=None), BOOK, facts()).ok
    assert not evaluate(QuoteRequest(), BOOK, facts()).ok


def test_evaluation_gives_each_step_its_problems():
    result = evaluate(mini_move("", end="11101", pickup_date=None), BOOK, facts())
    assert {step: len(result.problems_for(step)) for step in STEPS} == {
        "service": 1,
        "schedule": 1,
        "addresses": 1,
        "contact": 0,
        "review": 0,
    }


STEPS = ("service", "schedule", "addresses", "contact", "review")


def test_evaluation_carries_the_request_as_normalised():
    request = delivery(0, specialty_items=(("bicycle", 1),))
    assert evaluate(request, BOOK, facts()).request == request.normalised()


# --- discounts and custom totals


def test_code_line_says_what_it_takes_off():
    capped = code("percentage", 50, maximum_discount_cents=100_00)
    assert priced(delivery(discount_code="summer"), code=capped).lines[-1] == Line(
        "discount",
        "Code SUMMER",
        -100_00,
        "Code SUMMER: 50% off, up to $100",
        "50% off, up to $100",
    )


def test_code_that_was_not_given_takes_nothing_off():
    assert priced(delivery(), code=code("percentage", 50)).total_cents == 285_00


def test_discount_leaves_the_tax_alone():
    request = mini_move(include_packing=True, discount_code="summer")
    result = priced(request, code=code("percentage", 100))
    assert result.cents("organizing_tax") == 124_25
    assert result.total_cents == 0


@pytest.mark.parametrize(
    ("off_cents", "total_cents"), [(284_49, 51), (284_50, 50), (284_51, 0), (284_99, 0)]
)
def test_remainder_too_small_to_charge_is_waived(off_cents, total_cents):
    result = priced(delivery(discount_code="summer"), code=code("fixed_amount", off_cents))
    assert result.total_cents == total_cents
    assert result.discount_cents == 285_00 - total_cents


def test_waived_remainder_has_a_line_of_its_own():
    result = priced(delivery(discount_code="summer"), code=code("fixed_amount", 284_90))
    assert [(line.label, line.cents) for line in result.lines[1:]] == [
        ("Code SUMMER", -284_90),
        ("Small total waived", -10),
    ]


def test_custom_total_is_a_line_between_the_price_and_what_is_agreed():
    result = evaluate(mini_move(), BOOK, facts(), staff=True, custom_total_cents=1200_00)
    assert result.problems == ()
    assert result.quote is not None
    assert result.quote.lines[-1] == Line(
        "adjustment", "Price adjustment", 205_00, "Price agreed with our office"
    )
    assert result.quote.pre_discount_cents == 995_00
    assert result.quote.total_cents == 1200_00


def test_custom_total_equal_to_the_price_needs_no_line():
    result = evaluate(mini_move(), BOOK, facts(), staff=True, custom_total_cents=995_00)
    assert result.quote == priced(mini_move())


@pytest.mark.parametrize("cents", [0, 50])
def test_custom_total_may_be_nothing_or_chargeable(cents):
    result = evaluate(mini_move(), BOOK, facts(), staff=True, custom_total_cents=cents)
    assert result.ok
    assert result.quote is not None
    assert result.quote.total_cents == cents


@pytest.mark.parametrize("cents", [-1, 1, 49])
def test_custom_total_nobody_can_charge_is_refused(cents):
    result = evaluate(mini_move(), BOOK, facts(), staff=True, custom_total_cents=cents)
    (problem,) = result.problems
    assert (problem.step, problem.field) == ("review", "custom_total_cents")
    assert result.quote == priced(mini_move())


def test_custom_total_excludes_a_code():
    request = mini_move(discount_code="summer")
    outside = facts(code=code("percentage", 20))
    result = evaluate(request, BOOK, outside, staff=True, custom_total_cents=500_00)
    assert [problem.field for problem in result.problems] == ["discount_code"]
    assert result.quote is not None
    assert result.quote.discount_cents == 0


def test_custom_total_is_for_staff():
    with pytest.raises(ValueError, match="staff"):
        evaluate(mini_move(), BOOK, facts(), custom_total_cents=500_00)


# --- the calendar's marks


def test_date_difference_is_what_the_day_adds_to_this_basket():
    marks = {
        day: date_difference(delivery(pickup_date=None), BOOK, day, today=WEDNESDAY)
        for day in (WEDNESDAY, date(2026, 6, 11), SATURDAY, MIDSUMMER)
    }
    assert marks == {WEDNESDAY: 360_00, date(2026, 6, 11): 0, SATURDAY: 50_00, MIDSUMMER: 50_00}


def test_date_difference_is_the_service_s_own():
    def difference(request):
        return date_difference(request, BOOK, SATURDAY, today=TODAY)

    assert difference(mini_move()) == 175_00
    assert difference(specialty_order(("bicycle", 1))) == 0
    assert difference(delivery(0, specialty_items=(("bicycle", 1),))) == 0
    assert difference(airport()) == 0
    assert difference(QuoteRequest(service_type="mini_move")) == 0


def test_date_difference_agrees_with_the_quote():
    request = delivery(4, specialty_items=(("peloton", 1),))
    for day in (SATURDAY, date(2026, 9, 16), TODAY):
        with_day = priced(replace(request, pickup_date=day)).total_cents
        without = priced(replace(request, pickup_date=None)).total_cents
        assert date_difference(request, BOOK, day, today=TODAY) == with_day - without


def test_now_decides_the_same_day_charge_of_an_evaluation():
    result = evaluate(delivery(), BOOK, facts(datetime(2026, 6, 10, 9, 59, tzinfo=NEW_YORK)))
    assert result.ok
    assert result.quote is not None
    assert result.quote.total_cents == 645_00
