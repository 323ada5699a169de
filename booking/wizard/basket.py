"""An order in the making as one request sees it: answers, prices, outside facts and the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from booking.facts import facts_for
from booking.models import Booking, Draft
from booking.models.draft import request_from_answers
from booking.wizard import steps
from booking.wizard.members import CONTACT_FROM, FROM_PROFILE, Member
from catalog import price_book
from catalog.prices import PriceBook
from catalog.pricing import Evaluation, Quote, evaluate
from catalog.request import Facts, QuoteRequest


@dataclass(frozen=True)
class Basket:
    """``answers`` as in the draft; all else follows from them and is looked up when asked for.

    ``booking`` is the unpaid booking that the draft already became, ``member`` the signed-in
    customer who orders. ``priced_only`` leaves out the
    look into the calendar, which no price depends on: closed and full days are then not among the
    problems.
    """

    answers: Mapping[str, Any]
    book: PriceBook
    booking: Booking | None = None
    priced_only: bool = False
    member: Member | None = None

    @cached_property
    def request(self) -> QuoteRequest:
        """What is asked for, normalised."""
        return request_from_answers(self.answers).normalised()

    @cached_property
    def facts(self) -> Facts:
        """Zones, code and day."""
        asked = self.request
        if self.priced_only:
            asked = replace(asked, pickup_date=None, blade_flight_date=None)
        return facts_for(asked, booking=self.booking)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The price as far as known, and all problems."""
        return evaluate(self.request, self.book, self.facts)

    @property
    def quote(self) -> Quote | None:
        """The price as far as it is known."""
        return self.evaluation.quote

    @property
    def total_cents(self) -> int | None:
        """What is to pay; None while nothing can be priced."""
        return self.quote.total_cents if self.quote else None

    @property
    def has_profile_contact(self) -> bool:
        """Whether the contact is the one of the member's profile (rule R840)."""
        return self.member is not None and self.answers.get(CONTACT_FROM) == FROM_PROFILE

    def path(self, at: steps.Step = steps.REVIEW) -> steps.Path:
        """The steps of this order as seen from ``at``."""
        return steps.path(contact=not self.has_profile_contact, at=at)

    def with_answers(self, changes: Mapping[str, Any]) -> "Basket":
        """The same order with other answers, not saved."""
        return replace(self, answers={**self.answers, **changes})


def draft_basket(
    draft: Draft | None, *, member: Member | None = None, priced_only: bool = False
) -> Basket:
    """The basket of a draft, empty without one; raises CatalogUnavailableError."""
    book = price_book.load()
    if draft is None:
        answers = member.contact_changes({}) if member else {}
        return Basket(answers, book, priced_only=priced_only, member=member)
    booking = getattr(draft, "booking", None)  # a reverse one-to-one raises when it is empty
    return Basket(draft.answers, book, booking, priced_only, member)
