"""Which days can be booked, and the places of each day (rules R401-R412, R430-R434)."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from catalog import price_book, pricing
from catalog.calendar_rules import DayState, day_state
from catalog.models import CapacityDay, ClosedDay
from catalog.prices import PriceBook
from catalog.request import NEW_YORK, DayFacts, QuoteRequest
from catalog.words import day_words
from totetaxi.lib.money import usd_short

REASONS = {
    DayState.PAST: "past, not available",
    DayState.TOO_SOON: "too soon to book online, call us",
    DayState.FULL: "fully booked",
    DayState.BEYOND: "too far ahead to book online",
}


@dataclass(frozen=True)
class CalendarDay:
    """One day of a month grid.

    ``difference_cents`` is what this basket costs more on that day than on an ordinary one, 0
    where the day cannot be chosen; ``label`` says it all in words, for people who hear the page.
    """

    date: date
    state: DayState
    difference_cents: int
    label: str

    @property
    def is_open(self) -> bool:
        """Whether it can be chosen."""
        return self.state == DayState.OPEN

    @property
    def column(self) -> int:
        """Its place in a week that starts on Sunday, 1 to 7."""
        return self.date.isoweekday() % 7 + 1


def day_facts(day: date) -> DayFacts:
    """Why ``day`` is closed, and how many places it has left."""
    policy = price_book.load_policy()
    return _facts_of(day, day, policy.day_limit if policy else None)[day]


def month(
    year: int, month: int, request: QuoteRequest, book: PriceBook, now: datetime
) -> list[CalendarDay]:
    """Every day of a month as this request sees it, in two queries; ``now`` is aware.

    Raises ``ValueError`` for a month that does not exist.
    """
    request = request.normalised()
    now = now.astimezone(NEW_YORK)
    first = date(year, month, 1)
    last = first.replace(day=calendar.monthrange(year, month)[1])
    facts = _facts_of(first, last, book.policy.day_limit)
    return [_calendar_day(day, known, request, book, now) for day, known in facts.items()]


def take(day: date, units: int) -> bool:
    """Take ``units`` places of ``day`` in the caller's transaction; False if there are too few.

    A day without a row gets one, with the policy's usual limit. A caller that touches more than
    one day goes in the order of their dates, or uses ``move``.
    """
    _insist_on_transaction()
    if _take(day, units):
        return True
    _make_row(day)
    return _take(day, units)


def give_back(day: date, units: int) -> None:
    """Give back what ``take`` took; raises IntegrityError rather than count below zero."""
    _insist_on_transaction()
    if not CapacityDay.objects.filter(pk=day).update(used=F("used") - units):
        raise ValueError(f"No place of {day} was ever taken")


def move(from_day: date, from_units: int, to_day: date, to_units: int) -> bool:
    """Change places of one day for places of another or the same; False if there is no room."""
    _insist_on_transaction()
    if from_day == to_day:
        if to_units > from_units:
            return take(to_day, to_units - from_units)
        give_back(from_day, from_units - to_units)
        return True
    _make_row(to_day)
    _lock(from_day, to_day)
    if not _take(to_day, to_units):
        return False
    give_back(from_day, from_units)
    return True


def lock_days(days: Iterable[date]) -> None:
    """Lock the rows of ``days`` before several of them are changed one after the other (R434)."""
    _insist_on_transaction()
    _lock(*days)


def _take(day: date, units: int) -> bool:
    room = Q(limit=None) | Q(used__lte=F("limit") - units)
    return bool(CapacityDay.objects.filter(room, pk=day).update(used=F("used") + units))


def _make_row(day: date) -> None:
    """Let ``day`` have a row; the limit is read in the same statement that stores it."""
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO catalog_capacityday (date, "limit", used, limit_is_own) '
            "SELECT %s, (SELECT default_daily_limit FROM catalog_bookingpolicy), 0, FALSE "
            "ON CONFLICT (date) DO NOTHING",
            [day],
        )


def _lock(*days: date) -> None:
    """Lock the rows of ``days``, earliest first, so that two moves cannot wait for each other."""
    list(CapacityDay.objects.select_for_update().filter(pk__in=days).order_by("date"))


def _insist_on_transaction() -> None:
    """A place that is taken must be given up again when the booking fails."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("Places are taken inside a transaction")


def _facts_of(first: date, last: date, usual_limit: int | None) -> dict[date, DayFacts]:
    """Closing and places of each day from ``first`` to ``last``."""
    span = (first, last)
    closed = dict(ClosedDay.objects.filter(date__range=span).values_list("date", "reason"))
    counted = {
        day.date: None if day.limit is None else day.limit - day.used
        for day in CapacityDay.objects.filter(date__range=span)
    }
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {day: DayFacts(closed.get(day, ""), counted.get(day, usual_limit)) for day in days}


def _calendar_day(
    day: date, known: DayFacts, request: QuoteRequest, book: PriceBook, now: datetime
) -> CalendarDay:
    state = day_state(day, request.service_type, book.policy, now, known)
    difference = 0
    if state == DayState.OPEN:
        difference = pricing.date_difference(request, book, day, today=now.date())
    return CalendarDay(day, state, difference, _label(day, state, known, difference))


def _label(day: date, state: DayState, facts: DayFacts, difference_cents: int) -> str:
    """ "Saturday, June 13, plus $175"."""
    if state == DayState.CLOSED:
        reason = f"closed, {facts.closed_reason}"
    elif state == DayState.OPEN:
        reason = _difference_words(difference_cents)
    else:
        reason = REASONS[state]
    return f"{day_words(day)}, {reason}"


def _difference_words(cents: int) -> str:
    if not cents:
        return "no date charge"
    return f"{'plus' if cents > 0 else 'minus'} {usd_short(abs(cents))}"
