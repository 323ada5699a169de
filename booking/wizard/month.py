"""The month grid of the schedule step: real radio buttons, priced for this very order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from booking.wizard.basket import Basket
from catalog.availability import CalendarDay, month
from catalog.calendar_rules import DayState, earliest_day
from totetaxi.lib.money import usd_short

MARKS: Final = {
    DayState.PAST: "Past",
    DayState.TOO_SOON: "Call us",
    DayState.CLOSED: "Closed",
    DayState.FULL: "Full",
    DayState.BEYOND: "Later",
}
HATCHED: Final = frozenset({DayState.CLOSED, DayState.FULL})


@dataclass(frozen=True)
class Cell:
    """One day of the grid; ``mark`` is the word or amount below its number."""

    day: CalendarDay
    is_open: bool
    is_chosen: bool

    @property
    def mark(self) -> str:
        """ "+$175", "Full", ..."""
        if self.is_open:
            return f"+{usd_short(self.day.difference_cents)}"
        return MARKS[self.day.state]

    @property
    def css(self) -> str:
        """The classes of its looks."""
        if self.is_open:
            return "day day-plus" if self.day.difference_cents else "day"
        return "day day-off day-hatch" if self.day.state in HATCHED else "day day-off"


@dataclass(frozen=True)
class MonthPage:
    """A month as shown: ``earlier`` and ``later`` are the months to go to, None at the ends."""

    first: date
    cells: tuple[Cell, ...]
    chosen: date | None
    earlier: date | None
    later: date | None

    @property
    def blanks(self) -> range:
        """Empty places before the first day; weeks start on Sunday."""
        return range(self.cells[0].day.column - 1)

    @property
    def chosen_elsewhere(self) -> date | None:
        """The chosen day, if it is in another month: the form must not lose it."""
        here = any(cell.is_chosen for cell in self.cells)
        return None if here else self.chosen

    @property
    def states(self) -> frozenset[str]:
        """What the legend has to explain."""
        return frozenset(cell.day.state.value for cell in self.cells if not cell.is_open)

    @property
    def amounts(self) -> str:
        """The differences that occur, smallest first: "+$50, +$410"."""
        cents = {cell.day.difference_cents for cell in self.cells if cell.is_open}
        return ", ".join(f"+{usd_short(one)}" for one in sorted(cents) if one > 0)


def month_page(basket: Basket, wanted: str) -> MonthPage:
    """The month named "2026-07", or the one of the chosen or else the earliest day.

    A month that cannot be booked, or is no month at all, becomes the nearest one that can.
    """
    policy, now = basket.book.policy, basket.facts.local_now
    start = now.date().replace(day=1)
    end = (now.date() + timedelta(days=policy.horizon_days)).replace(day=1)
    earliest = earliest_day(basket.request.service_type, policy, now)
    chosen = basket.request.pickup_date
    first = _parsed(wanted) or (chosen or earliest).replace(day=1)
    first = max(start, min(first, end))
    return MonthPage(
        first,
        tuple(_cells(basket, first)),
        chosen if _is_allowed(basket) else None,
        earlier=_shifted(first, -1) if first > start else None,
        later=_shifted(first, 1) if first < end else None,
    )


def _cells(basket: Basket, first: date) -> Iterator[Cell]:
    request, now = basket.request, basket.facts.local_now
    allowed = _is_allowed(basket)
    for day in month(first.year, first.month, request, basket.book, now):
        is_chosen = allowed and day.date == request.pickup_date
        # A day whose last place this very order holds is full for everyone else.
        yield Cell(day, is_open=day.is_open or is_chosen, is_chosen=is_chosen)


def _is_allowed(basket: Basket) -> bool:
    """Whether the chosen day can be kept."""
    problems = basket.evaluation.problems_for("schedule")
    has_date = basket.request.pickup_date is not None
    return has_date and all(problem.field != "pickup_date" for problem in problems)


def _parsed(text: str) -> date | None:
    """The first of a month named "2026-07", None for anything else."""
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})", text)
    try:
        return date(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        return None


def _shifted(first: date, months: int) -> date:
    """The first of the next or the previous month."""
    if months > 0:
        return (first + timedelta(days=31)).replace(day=1)
    return (first - timedelta(days=1)).replace(day=1)
