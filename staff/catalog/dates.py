"""Which days a surcharge rule hits, shown before it is saved."""

from dataclasses import dataclass
from datetime import date, timedelta

from catalog import price_book
from catalog.choices import ALL_SERVICES, SurchargeType
from catalog.models import SurchargeRule
from catalog.prices import SurchargePrice

# How many days are named; the rest is counted.
NAMED = 12
USUAL_HORIZON = 365


@dataclass(frozen=True)
class Hits:
    """The days from today to the booking horizon on which a rule charges.

    ``replaced`` are weekend days that a peak rule of the same service takes over (rule R222).
    """

    days: tuple[date, ...]
    replaced: tuple[date, ...]
    last: date

    @property
    def named(self) -> tuple[date, ...]:
        return self.days[:NAMED]

    @property
    def more(self) -> int:
        return max(len(self.days) - NAMED, 0)


def has_dates(rule: SurchargeRule) -> bool:
    """Whether rules of this kind hold on some days only."""
    return rule.surcharge_type in (SurchargeType.WEEKEND, SurchargeType.PEAK_DATE)


def hits(rule: SurchargeRule, today: date) -> Hits | None:
    """The days of a valid rule, saved or not; None for kinds that have no dates."""
    if not has_dates(rule):
        return None
    policy = price_book.load_policy()
    horizon = policy.horizon_days if policy else USUAL_HORIZON
    last = today + timedelta(days=horizon)
    price = price_book.surcharge_price(rule)
    covered = [day for day in _days(today, last) if price.covers_day(day)]
    peaks = _peaks_over(rule) if rule.surcharge_type == SurchargeType.WEEKEND else ()
    replaced = [day for day in covered if any(peak.covers_day(day) for peak in peaks)]
    return Hits(tuple(day for day in covered if day not in replaced), tuple(replaced), last)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _peaks_over(rule: SurchargeRule) -> tuple[SurchargePrice, ...]:
    """Active peak rules that replace this weekend rule wherever it counts.

    A rule for all services is replaced only by peak rules for all of them.
    """
    services = {rule.applies_to_service_type, ALL_SERVICES}
    peaks = SurchargeRule.objects.filter(
        is_active=True,
        surcharge_type=SurchargeType.PEAK_DATE,
        applies_to_service_type__in=services,
    )
    return tuple(price_book.surcharge_price(peak) for peak in peaks)
