"""Who orders what, for which day, and what becomes of it."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, auto
from math import exp
from random import Random
from typing import Final

from catalog.models import CapacityDay, ClosedDay
from totetaxi.dev.demo_data.baskets import Basket, Priced, PriceList
from totetaxi.dev.demo_data.people import Home, Person
from totetaxi.lib import clock

# Orders per month, compared: out to the beach in early summer, back in late summer.
SEASON: Final = (2, 2, 2, 3, 7, 10, 10, 9, 7, 4, 3, 3)
HOMEWARD: Final = frozenset({8, 9, 10})
WEEKEND_WEIGHT: Final = 1.4
# Orders for a day grow thinner the further ahead it is.
AHEAD_DAYS: Final = 45.0
MEMBERS_SHARE: Final = 0.35
CODE_SHARE: Final = 0.04
SAME_DAY_SHARE: Final = 0.03
STRANGER_SHARE: Final = 0.1
TRIES: Final = 200


class Fate(Enum):
    """What became of an order."""

    COMPLETED = auto()
    PAID = auto()
    CONFIRMED = auto()
    PENDING = auto()
    LAPSED = auto()  # never paid, cancelled by itself
    CANCELLED = auto()  # paid, then cancelled


HOLDING: Final = frozenset({Fate.COMPLETED, Fate.PAID, Fate.CONFIRMED, Fate.PENDING})
# Money came in.
EARNING: Final = frozenset({Fate.COMPLETED, Fate.PAID, Fate.CANCELLED})
OVER: Final = ((Fate.COMPLETED, 88), (Fate.CANCELLED, 7), (Fate.LAPSED, 5))
COMING: Final = ((Fate.PAID, 89), (Fate.CANCELLED, 5), (Fate.LAPSED, 5), (Fate.CONFIRMED, 1))
# Of all orders so many thousandths, but no more than this, are being paid this very hour.
JUST_NOW: Final = (4, 40)


class NoRoomError(Exception):
    """The days that were asked for have too few places left."""


@dataclass(slots=True)
class Plan:
    """One order."""

    person: Person
    basket: Basket
    priced: Priced
    day: date
    placed_at: datetime
    fate: Fate
    start: Home
    end: Home
    has_code: bool


class Days:
    """The days of a span that are open, each with the places it has left."""

    def __init__(self, first: date, last: date, usual_limit: int | None, rng: Random) -> None:
        span = (first, last)
        closed = set(ClosedDay.objects.filter(date__range=span).values_list("date", flat=True))
        every = (first + timedelta(days=n) for n in range((last - first).days + 1))
        self._days = [day for day in every if day not in closed]
        self._left: dict[date, int | None] = dict.fromkeys(self._days, usual_limit)
        for row in CapacityDay.objects.filter(date__range=span):
            self._left[row.date] = None if row.limit is None else row.limit - row.used
        if not self._days:
            raise NoRoomError(f"Every day from {first} to {last} is closed.")
        today, total = clock.today(), 0.0
        self._sums: list[float] = []
        for day in self._days:
            total += _weight(day, today)
            self._sums.append(total)
        self._rng = rng

    def choose(self, units: int) -> date:
        """A day that has room for ``units``, by how busy it would be."""
        for _ in range(TRIES):
            at = bisect_left(self._sums, self._rng.random() * self._sums[-1])
            day = self._days[min(at, len(self._days) - 1)]
            left = self._left.get(day)
            if left is None or left >= units:
                return day
        raise NoRoomError(
            "The days have too few places left for so many bookings: ask for fewer, or widen "
            "--from and --to, or raise the limit in the booking policy."
        )

    def take(self, day: date, units: int) -> None:
        """Take the places of an order that holds them."""
        left = self._left.get(day)
        if left is not None:
            self._left[day] = left - units


class Planner:
    """Draws orders one by one; the same seed draws the same ones from the same catalog."""

    def __init__(
        self, prices: PriceList, days: Days, people: Sequence[Person], members: int, rng: Random
    ) -> None:
        self._prices, self._days, self._rng = prices, days, rng
        self._members, self._guests = people[:members], people[members:]
        self._weights = [basket.weight for basket in prices.baskets]
        self._now = clock.now()
        self._today = self._now.date()

    def draw(self, count: int) -> list[Plan]:
        """``count`` orders in the order in which they were placed."""
        fresh = min(count * JUST_NOW[0] // 1000, JUST_NOW[1])
        plans = [self._one(just_now=n < fresh) for n in range(count)]
        plans.sort(key=lambda plan: plan.placed_at)
        return plans

    def _one(self, *, just_now: bool) -> Plan:
        rng = self._rng
        basket = rng.choices(self._prices.baskets, self._weights)[0]
        units = self._prices.book.policy.units_for(basket.service)
        day = self._days.choose(units)
        fate, placed_at, same_day = self._fate(basket, day, just_now=just_now)
        person = self._person()
        start, end = self._ends(person, day)
        has_code = rng.random() < CODE_SHARE
        priced = self._prices.priced(
            basket, day, start.spot, end.spot, same_day=same_day, code=has_code
        )
        if priced is None or priced.total_cents == 0:
            raise ValueError(f"basket {basket.number} has no price on {day}")
        if fate in HOLDING:
            self._days.take(day, units)
        person.ordered(placed_at)
        if fate in EARNING:
            start.used(placed_at)
            end.used(placed_at)
        return Plan(person, basket, priced, day, placed_at, fate, start, end, has_code)

    def _person(self) -> Person:
        """Some order often, most once or twice."""
        rng = self._rng
        if self._members and (not self._guests or rng.random() < MEMBERS_SHARE):
            return self._members[int(len(self._members) * rng.random() ** 2)]
        return rng.choice(self._guests)

    def _ends(self, person: Person, day: date) -> tuple[Home, Home]:
        if self._rng.random() < STRANGER_SHARE:
            other = self._rng.choice(self._guests or self._members)
            if other is not person:
                return person.town, Home(other.town.spot, other.town.lines)
        home_first = (person.town, person.beach)
        return home_first[::-1] if day.month in HOMEWARD else home_first

    def _fate(self, basket: Basket, day: date, *, just_now: bool) -> tuple[Fate, datetime, bool]:
        """What becomes of it, when it was placed, and whether that was on the very day."""
        rng = self._rng
        if just_now and day > self._today + timedelta(days=1):
            return Fate.PENDING, self._now - timedelta(minutes=rng.uniform(1, 45)), False
        placed_at, same_day = self._placed(basket, day)
        chances = OVER if day < self._today else COMING
        fate = rng.choices([fate for fate, _ in chances], [weight for _, weight in chances])[0]
        # What lapses takes more than a day from its placing, what is cancelled some hours.
        age, notice = self._now - placed_at, clock.at(day, time()) - placed_at
        if fate == Fate.LAPSED and min(age, notice) < timedelta(hours=40):
            fate = Fate.PAID if day >= self._today else Fate.COMPLETED
        if fate == Fate.CANCELLED and min(age, notice) < timedelta(hours=20):
            fate = Fate.PAID if day >= self._today else Fate.COMPLETED
        return fate, placed_at, same_day

    def _placed(self, basket: Basket, day: date) -> tuple[datetime, bool]:
        rng = self._rng
        if basket.request.standard_delivery_item_count or basket.request.specialty_items:
            early = clock.at(day, time(7, rng.randrange(60)))
            if rng.random() < SAME_DAY_SHARE and early < self._now - timedelta(hours=1):
                return early, True
        lead = timedelta(days=1 + int(rng.expovariate(1 / 16)))
        horizon = timedelta(days=self._prices.book.policy.horizon_days)
        latest = min(day - timedelta(days=1), self._today - timedelta(days=1))
        placed_on = day - min(lead, horizon)
        if placed_on > latest:
            placed_on = max(latest - timedelta(days=int(rng.expovariate(0.1))), day - horizon)
        hour = min(23, max(6, int(rng.gauss(14, 4))))
        # The day before is open until six.
        if placed_on == day - timedelta(days=1):
            hour = min(hour, 17)
        placed_at = clock.at(placed_on, time(hour, rng.randrange(60), rng.randrange(60)))
        return min(placed_at, self._now - timedelta(hours=1)), False


def _weight(day: date, today: date) -> float:
    busy = SEASON[day.month - 1] * (WEEKEND_WEIGHT if day.weekday() >= 5 else 1.0)
    return busy * exp(-max(0, (day - today).days) / AHEAD_DAYS)
