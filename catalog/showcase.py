"""What the public pages show of the price book: entry prices, sizes and what can be added."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final, TypedDict

from catalog import price_book
from catalog.choices import CalculationType, OrganizingKind, ServiceType, SurchargeType
from catalog.price_book import CatalogUnavailableError
from catalog.prices import OrganizingPrice, PackagePrice, Policy, PriceBook, SurchargePrice
from catalog.words import list_words
from totetaxi.lib.money import usd_short

#: The service that each page of the site is about, by the page's slug.
SERVICE_PAGES: Final = {
    "standard-delivery": ServiceType.STANDARD_DELIVERY,
    "mini-moves": ServiceType.MINI_MOVE,
    "airport-transfer": ServiceType.AIRPORT_TRANSFER,
}


@dataclass(frozen=True)
class Tier:
    """One size of Mini Move with the packing help sold for it."""

    package: PackagePrice
    packing: OrganizingPrice | None
    unpacking: OrganizingPrice | None


@dataclass(frozen=True)
class Addition:
    """Something that can add to a price; ``amount`` as people read it: "$175" or "15%"."""

    label: str
    amount: str
    explanation: str


@dataclass(frozen=True)
class Showcase:
    """The price book as pages need it; every amount is whole US cents."""

    book: PriceBook

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The sizes of Mini Move, cheapest first."""
        packages = sorted(self.book.packages.values(), key=lambda package: package.price_cents)
        organizing = self.book.organizing
        return tuple(
            Tier(
                package,
                packing=organizing.get((package.type, OrganizingKind.PACKING.value)),
                unpacking=organizing.get((package.type, OrganizingKind.UNPACKING.value)),
            )
            for package in packages
        )

    @property
    def specialty(self) -> tuple[tuple[str, int], ...]:
        """Name and unit price of the specialty items, cheapest first."""
        items = sorted(self.book.specialty.values(), key=lambda item: (item.price_cents, item.name))
        return tuple((item.name, item.price_cents) for item in items)

    @property
    def items_for_minimum(self) -> int:
        """How many delivery items the minimum charge pays for; 0 while nothing is sold."""
        delivery = self.book.delivery
        return delivery.minimum_cents // delivery.per_item_cents if delivery else 0

    @property
    def distance(self) -> str:
        """What an address in the extended area costs, as read: "$175"; "" if nothing."""
        return self._sum(SurchargeType.GEOGRAPHIC)

    @property
    def distance_per_address(self) -> bool:
        """Whether each address in the extended area is charged, not the booking once."""
        rules = self.book.rules(SurchargeType.GEOGRAPHIC, ServiceType.MINI_MOVE)
        return any(rule.per_address for rule in rules)

    @property
    def hour_window(self) -> str:
        """What a one-hour pickup window costs where it is not free: "$175"; "" if nothing."""
        return self._sum(SurchargeType.TIME_WINDOW)

    def date_additions(self, service: str, today: date) -> tuple[Addition, ...]:
        """What weekends and the peak dates from ``today`` on add to a service."""
        weekend = tuple(
            Addition(_weekdays(rule), _amount(rule), "By the day of the pickup.")
            for rule in self.book.rules(SurchargeType.WEEKEND, service)
        )
        peak = [
            rule
            for rule in self.book.rules(SurchargeType.PEAK_DATE, service)
            if (rule.last_date or rule.first_date or date.min) >= today
        ]
        return weekend + tuple(
            Addition("Peak date", amount, f"{_dates(list(rules))}. In place of the weekend amount.")
            for amount, rules in groupby(sorted(peak, key=_amount), key=_amount)
        )

    def single_pieces_any_day(self, today: date) -> bool:
        """Whether specialty items sent on their own cost the same on every day."""
        return not self.date_additions(ServiceType.SPECIALTY_ITEM, today)

    def _sum(self, kind: SurchargeType) -> str:
        """All rules of a kind without dates, as read: "$175", "15%", "$175 and 15%" or ""."""
        rules = self.book.rules(kind, ServiceType.MINI_MOVE)
        fixed_cents = sum(rule.fixed_cents or 0 for rule in rules)
        percentages = [_amount(rule) for rule in rules if rule.percent]
        amounts = [usd_short(fixed_cents)] if fixed_cents else []
        return list_words(amounts + percentages) if amounts or percentages else ""


class ShopContext(TypedDict):
    """What templates that show prices get; ``policy`` is the usual one without a book."""

    shop: Showcase | None
    book: PriceBook | None
    policy: Policy


def shop_context() -> ShopContext:
    """The price book as pages show it, or its absence, which they say with the phone number."""
    try:
        book = price_book.load()
    except CatalogUnavailableError:
        return {"shop": None, "book": None, "policy": Policy()}
    return {"shop": Showcase(book), "book": book, "policy": book.policy}


def _amount(rule: SurchargePrice) -> str:
    if rule.calculation_type == CalculationType.PERCENTAGE:
        return f"{(rule.percent or Decimal(0)).normalize():f}%"
    return usd_short(rule.fixed_cents or 0)


def _weekdays(rule: SurchargePrice) -> str:
    days = [name for name, on in (("Saturday", rule.saturday), ("Sunday", rule.sunday)) if on]
    return list_words(days, last="or")


def _dates(rules: list[SurchargePrice]) -> str:
    """The dates of some peak rules, soonest first, with each year named once."""
    rules.sort(key=lambda rule: rule.first_date or date.min)
    years = groupby(rules, key=lambda rule: rule.first_date.year if rule.first_date else 0)
    return "; ".join(
        f"{year}: {list_words(dict.fromkeys(_span(rule) for rule in group))}"
        for year, group in years
    )


def _span(rule: SurchargePrice) -> str:
    """ "July 4", or "September 14–22" for a range."""
    first, last = rule.first_date, rule.last_date
    if first is None:
        return ""
    start = f"{first:%B} {first.day}"
    if last is None or last == first:
        return start
    return (
        f"{start}–{last.day}" if last.month == first.month else f"{start} to {last:%B} {last.day}"
    )
