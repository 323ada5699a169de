"""Discount codes as the price engine judges them (rules R250-R259)."""

from catalog.models import DiscountCode
from catalog.request import CodeFacts


def code_facts(code: str) -> CodeFacts | None:
    """The code a person typed, whatever its case, or None if there is none.

    Uses are records of bookings, so ``booking.facts`` fills in how many there are.
    """
    row = DiscountCode.objects.filter(code=code.strip().upper()).first()
    if row is None:
        return None
    return CodeFacts(
        code=row.code,
        discount_type=row.discount_type,
        value=row.value,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        is_active=row.is_active,
        max_uses=row.max_uses,
        max_uses_per_customer=row.max_uses_per_customer,
        minimum_order_cents=row.minimum_order_cents,
        maximum_discount_cents=row.maximum_discount_cents,
        service_types=tuple(row.service_types),
    )
