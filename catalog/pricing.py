"""The price engine: pure functions from a request and a price book to a quote.

``evaluate`` is the one entry that pages, checkout and staff forms use: it normalises, checks,
prices and discounts. Amounts are whole US cents; the rules are numbered in ``docs/rules.md``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal

from catalog import price_lines
from catalog.checks import check
from catalog.choices import Direction, DiscountType
from catalog.code_rules import (
    SMALLEST_CHARGE_CENTS,
    code_problem,
    discount_cents,
    waived_cents,
)
from catalog.price_lines import Line
from catalog.prices import PriceBook
from catalog.request import CodeFacts, Facts, Problem, QuoteRequest
from totetaxi.lib.money import usd_short

__all__ = ["Evaluation", "Line", "Quote", "date_difference", "evaluate", "quote", "ready_time"]

#: Lines that come after the price itself.
_AFTER_PRICE = frozenset({"discount", "adjustment"})


@dataclass(frozen=True)
class Quote:
    """A price as the customer sees it: ordered lines that sum to the total (rule R204).

    ``tax_percent`` is the rate used; ``ready_time`` the hour bags for a flight must be ready
    (New York, None without one); ``rule_names`` the surcharge rules behind the date lines.
    """

    lines: tuple[Line, ...]
    tax_percent: Decimal
    ready_time: time | None = None
    rule_names: tuple[str, ...] = ()

    @property
    def pre_discount_cents(self) -> int:
        """The computed price, before a discount or a staff adjustment."""
        return sum(line.cents for line in self.lines if line.code not in _AFTER_PRICE)

    @property
    def discount_cents(self) -> int:
        """What is taken off, as a positive number."""
        return -self.cents("discount")

    @property
    def total_cents(self) -> int:
        """What is to pay."""
        return sum(line.cents for line in self.lines)

    def cents(self, code: str) -> int:
        """The sum of the lines of one code; 0 without any."""
        return sum(line.cents for line in self.lines if line.code == code)

    def plus(self, *lines: Line) -> "Quote":
        """The same quote with lines added at its end."""
        return replace(self, lines=self.lines + lines)


@dataclass(frozen=True)
class Evaluation:
    """The verdict on a request: as normalised, its price as far as known, and all problems."""

    request: QuoteRequest
    quote: Quote | None
    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether this may be booked as it stands."""
        return self.quote is not None and not self.problems

    def problems_for(self, step: str) -> tuple[Problem, ...]:
        """The problems of one wizard step, for its form."""
        return tuple(problem for problem in self.problems if problem.step == step)


def evaluate(
    request: QuoteRequest,
    book: PriceBook,
    facts: Facts,
    *,
    staff: bool = False,
    custom_total_cents: int | None = None,
) -> Evaluation:
    """Judge and price a request: every problem at once, and a price whenever there is one.

    Only staff may set ``custom_total_cents`` (whole cents, rules R260-R262); a refused code or
    custom total is a problem, and the quote is without it.
    """
    if custom_total_cents is not None and not staff:
        raise ValueError("a custom total is for staff")
    request = request.normalised()
    computed = _computed(request, book, facts, facts.today)
    problems = list(check(request, book, facts, staff=staff))
    if custom_total_cents is None:
        problems += _present(code_problem(request, facts, _pre_cents(computed)))
        final = computed and _discounted(computed, request, facts)
    else:
        refusals = _custom_total_problems(request, custom_total_cents)
        problems += refusals
        final = computed if refusals or not computed else _adjusted(computed, custom_total_cents)
    return Evaluation(request, final, tuple(problems))


def quote(request: QuoteRequest, book: PriceBook, *, facts: Facts, today: date) -> Quote | None:
    """The price of a request as far as it is filled in, discount included (rules R203, R204).

    None while the service's own part cannot be priced: no package or items yet, or something
    that is not sold. ``today`` (New York) decides the same-day charge.
    """
    request = request.normalised()
    computed = _computed(request, book, facts, today)
    return computed and _discounted(computed, request, facts)


def date_difference(request: QuoteRequest, book: PriceBook, day: date, *, today: date) -> int:
    """Cents that picking up on ``day`` adds to this basket, before a discount (rule R412)."""
    request = request.normalised()
    goods = price_lines.service_lines(request, book)
    if goods is None:
        return 0
    on_day = replace(request, pickup_date=day)
    lines = price_lines.date_lines(on_day, book, _sum(goods))
    return _sum(lines) + _sum(price_lines.same_day_lines(on_day, book, today))


def ready_time(request: QuoteRequest) -> time | None:
    """When bags for a departing flight must be ready, on the flight's date (rule R216)."""
    to_airport = request.blade_direction == Direction.TO_AIRPORT
    if not request.is_airport or not to_airport or request.blade_flight_time is None:
        return None
    return time(5) if request.blade_flight_time < time(13) else time(10)


def _computed(request: QuoteRequest, book: PriceBook, facts: Facts, today: date) -> Quote | None:
    """The price of a normalised request before discount and adjustment."""
    goods = price_lines.service_lines(request, book)
    organizing = price_lines.organizing_lines(request, book)
    if goods is None or organizing is None:
        return None
    if request.is_airport:
        return Quote(goods, book.policy.tax_percent, ready_time(request))
    service_cents = _sum(goods)
    lines = (
        *goods,
        *organizing,
        *price_lines.coi_lines(request, book),
        *price_lines.date_lines(request, book, service_cents),
        *price_lines.same_day_lines(request, book, today),
        *price_lines.distance_lines(request, book, facts.zips, service_cents),
        *price_lines.window_lines(request, book, service_cents),
    )
    charged = price_lines.date_charges(request, book, service_cents)
    names = tuple(rule.name for rule, _ in charged)
    return Quote(lines, book.policy.tax_percent, None, names)


def _discounted(computed: Quote, request: QuoteRequest, facts: Facts) -> Quote:
    """With the code's line if it holds; a remainder nobody can charge goes too (rule R256)."""
    pre_cents = computed.pre_discount_cents
    code = facts.code if request.discount_code else None
    if code_problem(request, facts, pre_cents):
        code = None
    off_cents = discount_cents(code, pre_cents) if code else 0
    rest_cents = waived_cents(pre_cents - off_cents)
    lines = []
    if code:
        lines.append(_code_line(code, off_cents))
    if rest_cents:
        reason = f"Totals under {usd_short(SMALLEST_CHARGE_CENTS)} are not charged"
        lines.append(Line("discount", "Small total waived", -rest_cents, reason))
    return computed.plus(*lines)


def _code_line(code: CodeFacts, off_cents: int) -> Line:
    if code.discount_type == DiscountType.PERCENTAGE:
        amount = f"{code.value}% off"
        if code.maximum_discount_cents is not None:
            amount = f"{amount}, up to {usd_short(code.maximum_discount_cents)}"
    else:
        amount = f"{usd_short(code.value)} off"
    reason = f"Code {code.code}: {amount}"
    return Line("discount", f"Code {code.code}", -off_cents, reason, amount)


def _adjusted(computed: Quote, custom_total_cents: int) -> Quote:
    difference = custom_total_cents - computed.pre_discount_cents
    if not difference:
        return computed
    reason = "Price agreed with our office"
    return computed.plus(Line("adjustment", "Price adjustment", difference, reason))


def _custom_total_problems(request: QuoteRequest, custom_total_cents: int) -> list[Problem]:
    problems = []
    if custom_total_cents < 0 or waived_cents(custom_total_cents):
        smallest = usd_short(SMALLEST_CHARGE_CENTS)
        message = f"Enter 0 or at least {smallest}; cards can't be charged less."
        problems.append(Problem("review", "custom_total_cents", "too_small", message))
    if request.discount_code:
        message = "Remove the code or the custom total; they don't go together."
        problems.append(Problem("review", "discount_code", "with_custom_total", message))
    return problems


def _present(problem: Problem | None) -> list[Problem]:
    return [problem] if problem else []


def _pre_cents(computed: Quote | None) -> int | None:
    return computed.pre_discount_cents if computed else None


def _sum(lines: Iterable[Line]) -> int:
    return sum(line.cents for line in lines)
