"""The accepted price cases again, from the catalog as it is seeded and stored."""

from dataclasses import replace

import pytest

from catalog import coverage, price_book
from catalog.pricing import evaluate
from tests.catalog.price_data import BOOK, facts
from tests.catalog.test_price_cases import CASES, Case, sums

STORED = [case for case in CASES if case.book is BOOK]


@pytest.mark.parametrize("case", STORED, ids=lambda case: case.number)
def test_case_costs_the_same_from_the_stored_catalog(catalog: None, case: Case) -> None:
    ends = (case.request.pickup_address, case.request.delivery_address)
    outside = facts(case.now, code=case.code)
    outside = replace(outside, zips=coverage.lookup(address.zip_code for address in ends))

    result = evaluate(
        case.request,
        price_book.load(),
        outside,
        staff=case.custom_total is not None,
        custom_total_cents=case.custom_total,
    )

    assert result.problems == ()
    assert result.quote is not None
    assert sums(result.quote) == case.lines
    assert result.quote.total_cents == case.total
