"""Discount codes: when one is refused, and what it takes off (rules R250-R259); pure."""

from decimal import ROUND_FLOOR, Decimal

from catalog.choices import DiscountType, ServiceType
from catalog.request import CodeFacts, Facts, Problem, QuoteRequest
from totetaxi.lib.money import percent_of, usd_short

#: The card processor cannot charge less than this (rule R256).
SMALLEST_CHARGE_CENTS = 50


def code_problem(request: QuoteRequest, facts: Facts, pre_cents: int | None) -> Problem | None:
    """Why the request's code is refused, or None if it holds or none was given.

    ``pre_cents`` is the price before the discount, None while there is none yet: then the
    minimum order is not looked at.
    """
    if not request.discount_code:
        return None
    fault = _fault(request, facts, pre_cents)
    return Problem("review", "discount_code", *fault) if fault else None


def discount_cents(code: CodeFacts, pre_cents: int) -> int:
    """What a valid code takes off ``pre_cents``, never more than that (R253, R254)."""
    if code.discount_type != DiscountType.PERCENTAGE:
        return min(code.value, pre_cents)
    share = percent_of(pre_cents, Decimal(code.value), rounding=ROUND_FLOOR)
    if code.maximum_discount_cents is not None:
        share = min(share, code.maximum_discount_cents)
    return min(share, pre_cents)


def waived_cents(remaining_cents: int) -> int:
    """The whole of a remainder too small to charge, else 0 (rule R256)."""
    return remaining_cents if 0 < remaining_cents < SMALLEST_CHARGE_CENTS else 0


def _fault(request: QuoteRequest, facts: Facts, pre_cents: int | None) -> tuple[str, str] | None:
    """The first refusal that applies, in the order of rule R252."""
    if not request.contact.email:
        return "email_needed", "Enter your email in the contact step first, then add the code."
    code = facts.code
    # Nobody learns from the answer which codes exist.
    if code is None or not code.is_active:
        return "unknown", "We don't know that code. Check the spelling, or leave it out."
    return _life_fault(code, facts) or _order_fault(code, request, pre_cents)


def _life_fault(code: CodeFacts, facts: Facts) -> tuple[str, str] | None:
    """Refusals by dates and by uses already made."""
    if facts.now < code.valid_from:
        return "not_started", "This code can't be used yet. Leave it out, or book later with it."
    if code.valid_until is not None and facts.now > code.valid_until:
        return "expired", "This code has ended. Leave it out to go on."
    if code.max_uses is not None and code.times_used >= code.max_uses:
        return "used_up", "This code has been used up. Leave it out to go on."
    limit = code.max_uses_per_customer
    if limit is not None and code.uses_by_email >= limit:
        return "used_by_you", "This code was already used with your email. Leave it out to go on."
    return None


def _order_fault(
    code: CodeFacts, request: QuoteRequest, pre_cents: int | None
) -> tuple[str, str] | None:
    """Refusals by what is ordered."""
    if code.service_types and request.service_type not in code.service_types:
        labels = dict(ServiceType.choices)
        names = " or ".join(str(labels.get(name, name)) for name in code.service_types)
        return "wrong_service", f"This code is for {names}. Leave it out to go on."
    if pre_cents is not None and pre_cents < code.minimum_order_cents:
        least = usd_short(code.minimum_order_cents)
        message = f"This code starts at {least}. Add to the order, or leave the code out."
        return "below_minimum", message
    return None
