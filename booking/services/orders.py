"""A draft looked at as an order: checked and priced now, exactly as the review page showed it."""

from dataclasses import dataclass
from datetime import date

from booking.facts import facts_for
from booking.models import Booking, Draft
from booking.services.errors import DraftChangedError, NotBookableError, PriceChangedError
from catalog import price_book
from catalog.prices import PriceBook
from catalog.pricing import Quote, evaluate
from catalog.request import Facts, QuoteRequest


@dataclass(frozen=True)
class Acceptance:
    """What the customer agreed to with the order, kept as evidence (rule R508)."""

    terms_version: str
    ip_address: str | None
    user_agent: str


@dataclass(frozen=True)
class Shown:
    """What the review page showed: the draft's version and the total in cents."""

    draft_version: int
    total_cents: int


@dataclass(frozen=True)
class Order:
    """A draft that may become a booking: what is asked, priced, and what that was judged by."""

    request: QuoteRequest
    quote: Quote
    facts: Facts
    book: PriceBook


def checked(draft: Draft, booking: Booking | None, shown: Shown) -> Order:
    """The draft checked and priced now, exactly as shown, or the exception that says why not.

    Raises DraftChangedError, NotBookableError or PriceChangedError. The caller holds the draft's
    row lock when it acts on the answer.
    """
    if draft.version != shown.draft_version:
        raise DraftChangedError
    request = draft.to_request()
    facts = facts_for(request, booking=booking)
    book = price_book.load()
    evaluation = evaluate(request, book, facts)
    quote = evaluation.quote
    if evaluation.problems or quote is None:
        raise NotBookableError(evaluation.problems)
    if quote.total_cents != shown.total_cents:
        raise PriceChangedError(shown.total_cents, quote.total_cents)
    return Order(evaluation.request, quote, facts, book)


def day_and_units(order: Order) -> tuple[date, int]:
    """The day the order needs and how many of its places."""
    day = order.request.pickup_date
    if day is None:
        raise ValueError("a checked order has a date")
    return day, order.book.policy.units_for(order.request.service_type)
