"""What the checks and the price need to know from outside, read from the database in one place."""

from dataclasses import dataclass, replace
from datetime import datetime

from booking.models import Booking, BookingChange, DiscountUse, Draft
from catalog import availability, coverage, discounts, price_book
from catalog.prices import PriceBook
from catalog.pricing import Evaluation, evaluate
from catalog.request import CodeFacts, DayFacts, Facts, QuoteRequest
from totetaxi.lib import clock


def facts_for(
    request: QuoteRequest, *, booking: Booking | None = None, now: datetime | None = None
) -> Facts:
    """Zones, code and day for ``request``.

    ``booking`` is the customer's own booking: the place it holds, a second one that waits with a
    change of it, and the code it uses are theirs, so they do not count against them.
    """
    request = request.normalised()
    zips = {request.pickup_address.zip_key, request.delivery_address.zip_key} - {""}
    return Facts(
        now=now or clock.now(),
        zips=coverage.lookup(zips),
        code=_code_facts(request, booking),
        day=_day_facts(request, booking),
    )


@dataclass(frozen=True)
class Judged:
    """A draft as it stands now: the verdict, and what it was judged by."""

    evaluation: Evaluation
    facts: Facts
    book: PriceBook


def judge(draft: Draft, *, now: datetime | None = None) -> Judged:
    """Check and price a draft as it stands, for the wizard and the preview.

    Raises CatalogUnavailableError when there is nothing to price by.
    """
    book = price_book.load()
    request = draft.to_request()
    facts = facts_for(request, booking=booking_of(draft), now=now)
    return Judged(evaluate(request, book, facts), facts, book)


def evaluate_draft(draft: Draft) -> Evaluation:
    """The verdict alone."""
    return judge(draft).evaluation


def booking_of(draft: Draft) -> Booking | None:
    """The booking this draft became, if it did."""
    if draft._state.adding:
        return None
    return Booking.objects.filter(draft=draft).first()


def _code_facts(request: QuoteRequest, booking: Booking | None) -> CodeFacts | None:
    if not request.discount_code:
        return None
    facts = discounts.code_facts(request.discount_code)
    if facts is None:
        return None
    uses = DiscountUse.objects.standing().filter(code__code=facts.code)
    if booking is not None:
        uses = uses.exclude(booking=booking)
    email = request.contact.email
    return replace(
        facts,
        times_used=uses.count(),
        uses_by_email=uses.by_email(email).count() if email else 0,
    )


def _day_facts(request: QuoteRequest, booking: Booking | None) -> DayFacts | None:
    if request.pickup_date is None:
        return None
    facts = availability.day_facts(request.pickup_date)
    if booking is None or facts.places_left is None:
        return facts
    changes = BookingChange.objects.pending().filter(booking=booking, day=request.pickup_date)
    own_units = sum(changes.values_list("held_units", flat=True))
    if booking.holds_place and booking.pickup_date == request.pickup_date:
        own_units += booking.capacity_units
    return replace(facts, places_left=facts.places_left + own_units)
