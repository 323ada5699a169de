"""What a change of a booking would make of it and of its price; nothing is written here.

One rule set: the same ``evaluate`` as for an order. What was agreed and is not touched is not
judged again, and a change that touches nothing the price depends on leaves the price alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from booking.facts import facts_for
from booking.models import Booking, request_from_answers
from booking.services.answers import answers_of, request_of
from catalog import price_book
from catalog.choices import DELIVERY_SERVICES
from catalog.code_rules import waived_cents
from catalog.price_lines import Line
from catalog.prices import PriceBook
from catalog.pricing import Quote, evaluate, ready_time
from catalog.request import Facts, Problem, QuoteRequest

CONTACT: Final = ("first_name", "last_name", "email", "phone")
AGREED: Final = "Price agreed with our office"


@dataclass(frozen=True)
class Piece:
    """One kind of specialty item as the change sells it."""

    id: UUID
    name: str
    quantity: int
    unit_price_cents: int


@dataclass(frozen=True)
class Proposal:
    """A changed booking: what is asked, its price line by line beside the old one, the problems.

    ``quote`` is None while there is no price. ``before`` and ``after`` are the flat answers that
    differ or not; ``notices`` is what the customer must be told about a discount that ends.
    """

    request: QuoteRequest
    quote: Quote | None
    problems: tuple[Problem, ...]
    lines_before: tuple[Line, ...]
    total_before_cents: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    units: int = 1
    pieces: tuple[Piece, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it may be made as it stands."""
        return self.quote is not None and not self.problems

    @property
    def priced(self) -> Quote:
        """The price of a proposal that has one."""
        if self.quote is None:
            raise ValueError("this proposal has no price")
        return self.quote

    @property
    def total_cents(self) -> int:
        """The new price."""
        return self.priced.total_cents

    @property
    def difference_cents(self) -> int:
        """What it costs more, or less (below zero); 0 while there is no price."""
        return self.quote.total_cents - self.total_before_cents if self.quote else 0

    @property
    def day(self) -> date:
        """The day it is for."""
        if self.request.pickup_date is None:
            raise ValueError("this proposal has no date")
        return self.request.pickup_date

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the answers that differ."""
        names = sorted({*self.before, *self.after})
        return tuple(name for name in names if self.before.get(name) != self.after.get(name))

    @property
    def is_nothing(self) -> bool:
        """Whether it would leave the booking as it is."""
        return not self.changed

    def at_price(self, total_cents: int) -> "Proposal":
        """The same change at a price the office keeps: the difference is an adjustment line."""
        lines = [line for line in self.priced.lines if line.code != "adjustment"]
        off_cents = total_cents - sum(line.cents for line in lines)
        if off_cents:
            lines.append(Line("adjustment", "Price adjustment", off_cents, AGREED))
        return replace(self, quote=replace(self.priced, lines=tuple(lines)))

    # -- kept while it waits to be paid ------------------------------------

    def frozen(self) -> dict[str, Any]:
        """Everything that applying it needs, as JSON: the price is not looked up again."""
        quote = self.priced
        return {
            "after": dict(self.after),
            "before": dict(self.before),
            "lines": _json_lines(quote.lines),
            "lines_before": _json_lines(self.lines_before),
            "total_before_cents": self.total_before_cents,
            "tax_percent": str(quote.tax_percent),
            "units": self.units,
            "pieces": [[str(p.id), p.name, p.quantity, p.unit_price_cents] for p in self.pieces],
        }


def thawed(data: Mapping[str, Any]) -> Proposal:
    """A proposal as it was frozen."""
    request = request_from_answers(data["after"]).normalised()
    return Proposal(
        request=request,
        quote=Quote(_read_lines(data["lines"]), Decimal(data["tax_percent"]), ready_time(request)),
        problems=(),
        lines_before=_read_lines(data["lines_before"]),
        total_before_cents=data["total_before_cents"],
        before=data["before"],
        after=data["after"],
        units=data["units"],
        pieces=tuple(Piece(UUID(key), *rest) for key, *rest in data["pieces"]),
    )


def proposal(
    booking: Booking,
    request: QuoteRequest,
    *,
    staff: bool = False,
    now: datetime | None = None,
) -> Proposal:
    """What changing ``booking`` to ``request`` would mean now (rules R860-R866).

    The code stays the booking's own, and so does the contact unless ``staff`` asks; staff have
    the exemptions of rule R350.
    """
    book, current = price_book.load(), request_of(booking)
    asked = replace(
        request,
        discount_code=current.discount_code,
        contact=request.contact if staff else current.contact,
    ).normalised()
    facts = _as_agreed(facts_for(asked, booking=booking, now=now))
    evaluation = evaluate(asked, book, facts, staff=staff)
    lines_before = _lines_of(booking)
    before, after = answers_of(current), answers_of(asked)
    same_price = _price_key(asked) == _price_key(current)
    quote = evaluation.quote and _with_adjustment(evaluation.quote, lines_before)
    if same_price:
        quote = Quote(lines_before, booking.organizing_tax_percent, ready_time(asked))
    problems = [one for one in evaluation.problems if one.field != "discount_code"]
    notices: tuple[str, ...] = ()
    if len(problems) < len(evaluation.problems) and not same_price:
        asked = replace(asked, discount_code="")
        after = answers_of(asked)
        notices = tuple(
            f"Your discount ends with this change. {one.message.split('. ')[0]}."
            for one in evaluation.problems
            if one.field == "discount_code"
        )
    if quote is not None:
        known = _known_problems(booking, current, book, staff=staff, now=now)
        problems = [
            one
            for one in problems
            if (one.field, one.code) not in known or before.get(one.field) != after.get(one.field)
        ]
    return Proposal(
        request=asked,
        quote=quote,
        problems=(*_other_service(booking, asked), *problems),
        lines_before=lines_before,
        total_before_cents=booking.total_price_cents,
        before=before,
        after=after,
        units=_units(booking, asked, book),
        pieces=_pieces(booking, asked, book, keep_prices=same_price) if quote else (),
        notices=notices,
    )


def is_unchanged_since(booking: Booking, proposal: Proposal) -> bool:
    """Whether the booking still is what the proposal started from; its contact does not count."""
    now = answers_of(request_of(booking))
    names = {*now, *proposal.before}.difference(CONTACT)
    return booking.total_price_cents == proposal.total_before_cents and all(
        now.get(name) == proposal.before.get(name) for name in names
    )


# -- parts -----------------------------------------------------------------


def _as_agreed(facts: Facts) -> Facts:
    """A code that was used stays good: only what is ordered is judged by it (rule R864)."""
    if facts.code is None:
        return facts
    code = replace(
        facts.code,
        is_active=True,
        valid_from=facts.now,
        valid_until=None,
        max_uses=None,
        max_uses_per_customer=None,
    )
    return replace(facts, code=code)


def _known_problems(
    booking: Booking,
    current: QuoteRequest,
    book: PriceBook,
    *,
    staff: bool,
    now: datetime | None,
) -> set[tuple[str, str]]:
    """What today's rules would say against the booking as it is: that was agreed (rule R862)."""
    facts = facts_for(current, booking=booking, now=now)
    problems = evaluate(current, book, facts, staff=staff).problems
    return {(problem.field, problem.code) for problem in problems}


def _price_key(request: QuoteRequest) -> tuple[object, ...]:
    """Everything of a normalised request that its price depends on."""
    places = (
        ()
        if request.is_airport
        else (
            request.pickup_address.zip_key,
            request.delivery_address.zip_key,
        )
    )
    return (
        request.service_type,
        request.package_type,
        request.include_packing,
        request.include_unpacking,
        request.standard_delivery_item_count,
        tuple(sorted(request.specialty_items)),
        request.coi_required,
        request.blade_bag_count,
        request.pickup_date,
        request.pickup_time,
        request.specific_pickup_hour,
        *places,
    )


def _with_adjustment(quote: Quote, lines_before: tuple[Line, ...]) -> Quote:
    """What the office took off or added stays, though no price falls below 0 (rule R866)."""
    agreed_cents = sum(line.cents for line in lines_before if line.code == "adjustment")
    total_cents = max(0, quote.total_cents + agreed_cents)
    total_cents -= waived_cents(total_cents)
    if not agreed_cents or total_cents == quote.total_cents:
        return quote
    return quote.plus(
        Line("adjustment", "Price adjustment", total_cents - quote.total_cents, AGREED)
    )


def _other_service(booking: Booking, asked: QuoteRequest) -> tuple[Problem, ...]:
    """A change is of the same service; another one is another order (rule R861)."""
    both = {booking.service_type, asked.service_type}
    if len(both) == 1 or both <= DELIVERY_SERVICES:
        return ()
    message = "Another service is a new order: book it, and cancel this one."
    return (Problem("service", "service_type", "other_service", message),)


def _units(booking: Booking, asked: QuoteRequest, book: PriceBook) -> int:
    """Places of the day; those of the same day and service stay what they were."""
    if (asked.service_type, asked.pickup_date) == (booking.service_type, booking.pickup_date):
        return booking.capacity_units
    return book.policy.units_for(asked.service_type)


def _pieces(
    booking: Booking, asked: QuoteRequest, book: PriceBook, *, keep_prices: bool
) -> tuple[Piece, ...]:
    """Specialty items with their price: today's, unless the price is kept."""
    own = {one.specialty_item.type_key: one for one in booking.specialty_items.all()}
    pieces = []
    for key, quantity in asked.specialty_items:
        price = book.specialty.get(key)
        if price is not None and not (keep_prices and key in own):
            pieces.append(Piece(price.id, price.name, quantity, price.price_cents))
        elif key in own:
            one = own[key]
            pieces.append(Piece(one.specialty_item_id, one.name, quantity, one.unit_price_cents))
    return tuple(pieces)


def _lines_of(booking: Booking) -> tuple[Line, ...]:
    return tuple(
        Line(line.code, line.label, line.amount_cents, line.reason, line.note)
        for line in booking.lines.all()
    )


def _json_lines(lines: tuple[Line, ...]) -> list[list[Any]]:
    return [[line.code, line.label, line.cents, line.reason, line.note] for line in lines]


def _read_lines(rows: list[list[Any]]) -> tuple[Line, ...]:
    return tuple(Line(*row) for row in rows)
