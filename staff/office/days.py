"""The office's calendar: how full each day is, what is closed, what costs more (rule R952)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Q, QuerySet

from booking.describe import service_words, window, window_words
from booking.models import Booking, BookingStatus
from catalog import price_book
from catalog.choices import ALL_SERVICES, ServiceType
from catalog.models import CapacityDay, ClosedDay
from catalog.prices import PriceBook, SurchargePrice
from catalog.words import count_words
from staff.office.runs import Stop
from totetaxi.lib.money import usd_short

MONTH_CELLS: Final = 42
SHOWN_IN_CELL: Final = 2
SERVICES: Final = {ALL_SERVICES: "all services", **dict(ServiceType.choices)}
#: Years a calendar can be asked for; beyond them dates cannot be counted on or back.
FIRST_YEAR, LAST_YEAR = 2000, 2999


@dataclass(frozen=True)
class Level:
    """How full a day is: a word, and the colour that goes with it (.load in app.css)."""

    word: str
    css: str


FREE: Final = Level("Free", "low")
QUIET: Final = Level("Quiet", "low")
STEADY: Final = Level("Steady", "mid")
BUSY: Final = Level("Busy", "high")
FULL: Final = Level("Full", "full")
HEAVY: Final = Level("Very busy", "full")
CLOSED: Final = Level("Closed", "")


def level_of(used: int, limit: int | None) -> Level:
    """By share of the places; without a limit by number, as the office always did.

    Up to 40 % is quiet, below 80 % steady, then busy until the last place is taken. Without a
    limit 1 and 2 are quiet, 3 and 4 steady, from 5 busy, from 8 very busy.
    """
    if limit is not None and used >= limit:
        return FULL
    if used == 0:
        return FREE
    if limit is None:
        steps = ((2, QUIET), (4, STEADY), (7, BUSY))
        return next((level for most, level in steps if used <= most), HEAVY)
    if used * 10 <= limit * 4:
        return QUIET
    return STEADY if used * 10 < limit * 8 else BUSY


@dataclass(frozen=True)
class Day:
    """One day: places taken and there are, why it is closed, what costs more, what is driven."""

    today: date
    date: date
    used: int
    limit: int | None
    limit_is_own: bool
    closed_reason: str
    surcharges: tuple[SurchargePrice, ...]
    stops: tuple[Stop, ...] = field(repr=False)

    @property
    def is_today(self) -> bool:
        return self.date == self.today

    @property
    def is_past(self) -> bool:
        return self.date < self.today

    @property
    def is_closed(self) -> bool:
        return bool(self.closed_reason)

    @property
    def level(self) -> Level:
        if self.is_closed and not self.used:
            return CLOSED
        return level_of(self.used, self.limit)

    @property
    def tenths(self) -> int:
        """How far the bar is filled, of ten; what is begun shows."""
        if not self.used:
            return 0
        whole = self.limit if self.limit is not None else 10
        return min(10, max(1, self.used * 10 // whole)) if whole else 10

    @property
    def load_words(self) -> str:
        """ "5 of 10", or "5" without a limit."""
        return f"{self.used} of {self.limit}" if self.limit is not None else str(self.used)

    @property
    def spoken(self) -> str:
        """Everything the cell shows, for people who hear it."""
        places = "places taken" if self.limit is not None else "taken"
        parts = [f"{self.load_words} {places}", self.level.word.lower()]
        if self.is_closed:
            parts.append(f"closed: {self.closed_reason}")
        parts += self.surcharge_words
        return ", ".join(parts)

    @property
    def surcharge_mark(self) -> str:
        """The largest: "+$175" or "+12.5 %"; nothing on an ordinary day."""
        return amount_words(self.surcharges[0]) if self.surcharges else ""

    @property
    def surcharge_words(self) -> list[str]:
        """Each with its service: "Weekend +$175, Mini Move"."""
        return [
            f"{rule.name} {amount_words(rule)}, {SERVICES[rule.service]}"
            for rule in self.surcharges
        ]

    @property
    def first_stops(self) -> tuple[Stop, ...]:
        return self.stops[:SHOWN_IN_CELL]

    @property
    def more_stops(self) -> int:
        return max(len(self.stops) - SHOWN_IN_CELL, 0)

    @property
    def held_only(self) -> int:
        """Places that are taken by orders not on the list: somebody is paying just now."""
        return max(self.used - sum(stop.booking.capacity_units for stop in self.stops), 0)

    @property
    def bookings_words(self) -> str:
        return count_words(len(self.stops), "booking")


def amount_words(rule: SurchargePrice) -> str:
    """ "+$175" or "+12.5 %"."""
    if rule.fixed_cents is not None:
        return f"+{usd_short(rule.fixed_cents)}"
    return f"+{(rule.percent or Decimal()).normalize():f} %"


def days(first: date, last: date, *, today: date, with_stops: bool = True) -> list[Day]:
    """Every day of a span; as many queries however many bookings there are."""
    span = (first, last)
    closed = dict(ClosedDay.objects.filter(date__range=span).values_list("date", "reason"))
    rows = {row.date: row for row in CapacityDay.objects.filter(date__range=span)}
    policy, rules = price_book.load_policy(), _dated_rules()
    usual = policy.day_limit if policy else None
    stops = _stops(first, last) if with_stops else defaultdict(list)
    found = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        row = rows.get(day)
        found.append(
            Day(
                date=day,
                used=row.used if row else 0,
                limit=row.limit if row else usual,
                limit_is_own=row.limit_is_own if row else False,
                closed_reason=closed.get(day, ""),
                surcharges=tuple(rule for rule in rules if rule.covers_day(day)),
                stops=tuple(stops[day]),
                today=today,
            )
        )
    return found


def legend(shown: list[Day]) -> list[tuple[str, str]]:
    """(css, words) of the levels, by share or by number as these days have limits."""
    if any(day.limit is not None for day in shown):
        words = ("up to 40 % taken", "below 80 %", "80 % and more", "no place left")
    else:
        words = ("1 or 2", "3 or 4", "5 to 7", "8 and more")
    names = ("Quiet", "Steady", "Busy", FULL.word if "no place left" in words else HEAVY.word)
    styles = ("low", "mid", "high", "full")
    return [(css, f"{name}: {word}") for css, name, word in zip(styles, names, words, strict=True)]


def _dated_rules() -> list[SurchargePrice]:
    """Rules that hold on some days only, the largest amounts first."""
    try:
        book: PriceBook = price_book.load()
    except price_book.CatalogUnavailableError:
        return []
    dated = (rule for rule in book.surcharges if rule.first_date or rule.saturday or rule.sunday)
    return sorted(dated, key=lambda rule: (-(rule.fixed_cents or 0), -(rule.percent or 0)))


def listed(first: date, last: date) -> QuerySet[Booking]:
    """What the calendar shows: not cancelled, and unpaid ones only while they hold a place."""
    waiting = Q(status=BookingStatus.PENDING, hold_released_at__isnull=False)
    return (
        Booking.objects.visible()
        .filter(pickup_date__range=(first, last))
        .exclude(status=BookingStatus.CANCELLED)
        .exclude(waiting)
        .select_related("mini_move_package", "pickup_address", "delivery_address")
        .prefetch_related("specialty_items")
    )


def _stops(first: date, last: date) -> dict[date, list[Stop]]:
    stops: dict[date, list[Stop]] = defaultdict(list)
    for booking in listed(first, last):
        starts = window(booking)[0]
        stop = Stop(booking, starts, window_words(booking), service_words(booking))
        stops[booking.pickup_date].append(stop)
    for of_day in stops.values():
        of_day.sort(key=lambda stop: (stop.starts, stop.booking.booking_number))
    return stops


# -- which days a view shows ------------------------------------------------------


def in_range(day: date) -> bool:
    """Whether a calendar can show it, with the months before and after."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def week_start(day: date) -> date:
    """The Sunday on or before it."""
    return day - timedelta(days=day.isoweekday() % 7)


def month_span(day: date) -> tuple[date, date]:
    """The 42 days that a month's page shows, from a Sunday to a Saturday."""
    first = week_start(day.replace(day=1))
    return first, first + timedelta(days=MONTH_CELLS - 1)


def shifted(day: date, view: str, by: int) -> date:
    """The day that the previous (-1) or next (1) month, week or day is shown for."""
    if view == "day":
        return day + timedelta(days=by)
    if view == "week":
        return day + timedelta(days=7 * by)
    months = day.year * 12 + day.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)
