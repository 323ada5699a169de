"""Discount codes as the price engine gets them."""

from datetime import UTC, datetime

import pytest

from catalog.choices import DiscountType
from catalog.discounts import code_facts
from catalog.request import CodeFacts
from tests.catalog.helpers import make_code

JUNE, JULY = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


def test_percentage_code_with_all_its_limits(db: None) -> None:
    make_code(
        maximum_discount_cents=100_00,
        minimum_order_cents=300_00,
        max_uses=50,
        max_uses_per_customer=None,
        valid_from=JUNE,
        valid_until=JULY,
        service_types=["mini_move", "blade_transfer"],
        is_active=False,
    )
    assert code_facts("SUMMER") == CodeFacts(
        code="SUMMER",
        discount_type=DiscountType.PERCENTAGE,
        value=20,
        valid_from=JUNE,
        valid_until=JULY,
        is_active=False,
        max_uses=50,
        max_uses_per_customer=None,
        minimum_order_cents=300_00,
        maximum_discount_cents=100_00,
        service_types=("mini_move", "blade_transfer"),
    )


def test_fixed_code_is_worth_its_cents(db: None) -> None:
    make_code(discount_type="fixed_amount", percent=None, amount_cents=50_00, valid_from=JUNE)
    assert code_facts("SUMMER") == CodeFacts(
        code="SUMMER", discount_type=DiscountType.FIXED_AMOUNT, value=50_00, valid_from=JUNE
    )


@pytest.mark.parametrize("typed", ["summer", " Summer ", "SUMMER"])
def test_code_is_found_however_it_is_typed(db: None, typed: str) -> None:
    make_code()
    facts = code_facts(typed)
    assert facts is not None
    assert facts.code == "SUMMER"


def test_unknown_code_is_none(db: None) -> None:
    assert code_facts("WINTER") is None
    assert code_facts("") is None
