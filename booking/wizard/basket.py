"""An order in the making as one request sees it: answers, prices, outside facts and the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from booking.facts import facts_for
from booking.models import Booking, Draft
from booking.models.draft import request_from_answers
from catalog import price_book
from catalog.prices import PriceBook
from catalog.pricing import Evaluation, Quote, evaluate
from catalog.request import Facts, QuoteRequest


@dataclass(frozen=True)
class Basket:
    """``answers`` as in the draft; everything else follows from them and the moment."""

    answers: Mapping[str, Any]
    book: PriceBook
    facts: Facts
    evaluation: Evaluation
    booking: Booking | None = None

    @property
    def request(self) -> QuoteRequest:
        """What is asked for, normalised."""
        return self.evaluation.request

    @property
    def quote(self) -> Quote | None:
        """The price as far as it is known."""
        return self.evaluation.quote

    @property
    def total_cents(self) -> int | None:
        """What is to pay; None while nothing can be priced."""
        return self.quote.total_cents if self.quote else None

    def with_answers(self, changes: Mapping[str, Any], *, priced_only: bool = False) -> "Basket":
        """The same order with other answers, not saved."""
        answers = {**self.answers, **changes}
        return basket_of(answers, booking=self.booking, priced_only=priced_only)


def draft_basket(draft: Draft | None, *, priced_only: bool = False) -> Basket:
    """The basket of a draft, empty without one."""
    if draft is None:
        return basket_of({}, priced_only=priced_only)
    booking = getattr(draft, "booking", None)  # a reverse one-to-one raises when it is empty
    return basket_of(draft.answers, booking=booking, priced_only=priced_only)


def basket_of(
    answers: Mapping[str, Any], *, booking: Booking | None = None, priced_only: bool = False
) -> Basket:
    """Judge and price ``answers``; raises CatalogUnavailableError.

    ``priced_only`` leaves out the look into the calendar, which no price depends on: closed and
    full days are then not among the problems.
    """
    request = request_from_answers(answers)
    asked = request
    if priced_only:
        asked = replace(request, pickup_date=None, blade_flight_date=None)
    book = price_book.load()
    facts = facts_for(asked, booking=booking)
    return Basket(answers, book, facts, evaluate(request, book, facts), booking)
