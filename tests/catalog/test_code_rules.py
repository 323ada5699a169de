"""Discount codes: the order of refusals, and what a code takes off."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from catalog.code_rules import code_problem, discount_cents
from catalog.pricing import evaluate
from catalog.request import Contact
from tests.catalog.price_data import BOOK, NOW, airport, code, delivery, facts

GOOD = code("percentage", 20)
# Every way to be refused at once, in the order in which they are looked at.
FAULTS: dict[str, dict[str, Any]] = {
    "unknown": {"is_active": False},
    "not_started": {"valid_from": NOW + timedelta(seconds=1)},
    "expired": {"valid_until": NOW - timedelta(seconds=1)},
    "used_up": {"max_uses": 3, "times_used": 3},
    "used_by_you": {"max_uses_per_customer": 1, "uses_by_email": 1},
    "wrong_service": {"service_types": ("blade_transfer",)},
    "below_minimum": {"minimum_order_cents": 285_01},
}
ORDER = delivery(3, discount_code="SUMMER")


def refusal(stored, request=ORDER, pre_cents=285_00, now=NOW):
    problem = code_problem(request, facts(now, code=stored), pre_cents)
    return problem.code if problem else None


def test_good_code_holds():
    assert refusal(GOOD) is None


def test_no_code_is_no_problem():
    assert refusal(None, delivery(3)) is None


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_refuses(fault):
    assert refusal(replace(GOOD, **FAULTS[fault])) == fault


@pytest.mark.parametrize("place", range(len(FAULTS)))
def test_first_of_several_faults_is_told(place):
    names = list(FAULTS)[place:]
    together = {key: value for name in names for key, value in FAULTS[name].items()}
    if names[0] == "expired":
        together["valid_from"] = GOOD.valid_from
    assert refusal(replace(GOOD, **together)) == names[0]


def test_unknown_and_inactive_codes_cannot_be_told_apart():
    unknown = code_problem(ORDER, facts(), 285_00)
    inactive = code_problem(ORDER, facts(code=replace(GOOD, is_active=False)), 285_00)
    assert unknown == inactive


def test_code_needs_an_email_before_anything_is_told():
    nobody = replace(ORDER, contact=Contact())
    assert refusal(GOOD, nobody) == "email_needed"
    assert refusal(None, nobody) == "email_needed"


def test_first_and_last_moment_of_a_code_count():
    assert refusal(replace(GOOD, valid_from=NOW, valid_until=NOW)) is None
    later = NOW + timedelta(microseconds=1)
    assert refusal(replace(GOOD, valid_until=NOW), now=later) == "expired"


def test_limits_that_are_not_set_do_not_limit():
    free = replace(GOOD, max_uses=None, max_uses_per_customer=None, times_used=9, uses_by_email=9)
    assert refusal(free) is None


def test_minimum_is_not_judged_without_a_price():
    assert refusal(replace(GOOD, minimum_order_cents=999_00), pre_cents=None) is None
    assert refusal(replace(GOOD, minimum_order_cents=285_00)) is None


def test_wrong_service_names_the_right_ones():
    stored = replace(GOOD, service_types=("mini_move", "blade_transfer"))
    problem = code_problem(ORDER, facts(code=stored), 285_00)
    assert problem is not None
    assert problem.message == (
        "This code is for Mini Move or Airport Transfer. Leave it out to go on."
    )


@pytest.mark.parametrize(
    ("stored", "pre_cents", "off_cents"),
    [
        (code("percentage", 20), 285_00, 57_00),
        (code("percentage", 15), 419_102, 62_865),  # 62865.3
        (code("percentage", 33), 1_99, 65),  # 65.67: down, so that nobody is promised more
        (code("percentage", 100), 335_00, 335_00),
        (code("percentage", 50, maximum_discount_cents=100_00), 2490_00, 100_00),
        (code("percentage", 50, maximum_discount_cents=100_00), 150_00, 75_00),
        (code("fixed_amount", 50_00), 150_00, 50_00),
        (code("fixed_amount", 500_00), 150_00, 150_00),
    ],
)
def test_discount_cents(stored, pre_cents, off_cents):
    assert discount_cents(stored, pre_cents) == off_cents


def test_refused_code_is_told_at_review_and_the_price_is_without_it():
    used = replace(GOOD, max_uses=1, times_used=1)
    result = evaluate(ORDER, BOOK, facts(code=used))

    (problem,) = result.problems_for("review")
    assert (problem.field, problem.code) == ("discount_code", "used_up")
    assert result.quote is not None
    assert result.quote.discount_cents == 0
    assert result.quote.total_cents == 285_00
    assert not result.ok


def test_code_is_judged_by_the_service_the_order_turns_out_to_be():
    stored = code("fixed_amount", 10_00, service_types=("specialty_item",))
    request = delivery(0, specialty_items=(("bicycle", 1),), discount_code="summer")
    assert evaluate(request, BOOK, facts(code=stored)).problems == ()


def test_airport_transfers_take_codes_too():
    request = airport(2, discount_code="summer")
    result = evaluate(request, BOOK, facts(code=GOOD))
    assert result.quote is not None
    assert result.quote.total_cents == 120_00


def test_code_facts_know_their_moment_in_any_zone():
    start = datetime.fromisoformat("2026-06-01T13:00:00+00:00")  # 9 AM in New York, which is NOW
    assert refusal(replace(GOOD, valid_from=start)) is None
    assert refusal(replace(GOOD, valid_from=start + timedelta(seconds=1))) == "not_started"
