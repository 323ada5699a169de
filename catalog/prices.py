"""What a price is computed from: frozen copies of the catalog's active rows.

Only ``catalog.price_book`` makes them from the database; everything else reads them. Amounts
are whole US cents, percentages exact decimals ("8.875" means 8.875 %).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from uuid import UUID

from catalog.choices import ALL_SERVICES, CalculationType, SurchargeType
from totetaxi.lib.money import percent_of


@dataclass(frozen=True)
class PackagePrice:
    """One Mini Move tier; ``max_items`` is None where only the van is the limit."""

    type: str
    name: str
    description: str
    price_cents: int
    max_items: int | None
    max_weight_lbs: int
    coi_included: bool
    coi_fee_cents: int
    priority_scheduling: bool = False
    protective_wrapping: bool = False
    is_most_popular: bool = False
    offers_hour_window: bool = False
    hour_window_free: bool = False
    offers_flexible_time: bool = False


@dataclass(frozen=True)
class OrganizingPrice:
    """Packing or unpacking for one tier; the allowance is information, not a charge."""

    name: str
    price_cents: int
    duration_hours: int
    organizer_count: int
    supplies_allowance_cents: int
    description: str


@dataclass(frozen=True)
class DeliveryPrice:
    """The rate of Standard Delivery; specialty orders share its certificate and same-day fees."""

    per_item_cents: int
    minimum_cents: int
    same_day_cents: int
    coi_fee_cents: int
    max_weight_lbs: int


@dataclass(frozen=True)
class SpecialtyPrice:
    """One kind of specialty item, priced by the piece."""

    key: str
    name: str
    description: str
    price_cents: int
    special_handling: bool
    id: UUID


@dataclass(frozen=True)
class SurchargePrice:
    """One active surcharge rule (rules R220-R229).

    A weekend rule has weekday switches; a peak rule has ``first_date`` to ``last_date``, both
    included and equal for a single day; geographic and time-window rules have neither.
    """

    name: str
    surcharge_type: str
    calculation_type: str
    service: str = ALL_SERVICES
    percent: Decimal | None = None
    fixed_cents: int | None = None
    first_date: date | None = None
    last_date: date | None = None
    saturday: bool = False
    sunday: bool = False
    per_address: bool = False
    description: str = ""

    def covers_service(self, service_type: str) -> bool:
        """Whether the rule's service filter lets this service in."""
        return self.service in (ALL_SERVICES, service_type)

    def covers_day(self, day: date) -> bool:
        """Whether a dated rule holds on ``day``; a rule without dates never does."""
        if self.surcharge_type == SurchargeType.WEEKEND:
            return (self.saturday and day.weekday() == 5) or (self.sunday and day.weekday() == 6)
        if self.surcharge_type != SurchargeType.PEAK_DATE or self.first_date is None:
            return False
        return self.first_date <= day <= (self.last_date or self.first_date)

    def amount_cents(self, service_cents: int) -> int:
        """Cents this rule adds to a service price of ``service_cents`` (rule R221)."""
        if self.calculation_type == CalculationType.PERCENTAGE:
            return percent_of(service_cents, self.percent or Decimal(0))
        return self.fixed_cents or 0


@dataclass(frozen=True)
class AirportPrice:
    """The airport transfer rate."""

    per_bag_cents: int
    minimum_bags: int
    minimum_cents: int
    overweight_bag_cents: int = 100_00
    max_weight_lbs: int = 50
    # Per half hour after the first ten minutes; taken afterwards, never part of the online total.
    waiting_cents: int = 50_00


@dataclass(frozen=True)
class RefundStep:
    """Cancelling ``hours_before`` the pickup window starts, or earlier, gives back ``percent``."""

    hours_before: int
    percent: int


@dataclass(frozen=True)
class Policy:
    """The booking rules staff can change, and the facts about the company that pages show.

    ``units`` says how many of a day's places one booking of a service takes; ``day_limit`` is
    the usual number of places in a day, None for no limit. Times are New York wall clock.
    """

    same_day_enabled: bool = True
    same_day_cutoff: time = time(10)
    tomorrow_cutoff: time = time(18)
    horizon_days: int = 365
    tax_percent: Decimal = Decimal("8.875")
    airport_earliest_departure: time = time(8)
    day_limit: int | None = None
    units: Mapping[str, int] = field(default_factory=dict)
    phone: str = "(631) 595-5100"
    phone_hours: str = ""
    email: str = ""
    orders_email: str = ""
    office_address: str = ""
    announcement: str = ""
    # A customer may change or cancel by themselves until this time on the day before pickup.
    change_cutoff: time = time(18)
    unpaid_hold_minutes: int = 60
    # Most generous first: the first step whose hours are left decides; peak dates have their own.
    refund_steps: tuple[RefundStep, ...] = ()
    peak_date_refund_percent: int = 0
    # Refunds that staff ask for above this amount need a second person (rule R621).
    two_person_refund_cents: int = 500_00

    def units_for(self, service_type: str) -> int:
        """How many places of a day one booking of this service takes (rule R431)."""
        return self.units.get(service_type, 1)


@dataclass(frozen=True)
class PriceBook:
    """Everything that is sold now, and for how much.

    ``organizing`` is keyed by (tier, "packing" or "unpacking"), ``specialty`` by type key.
    What is not in here is not sold: inactive rows are left out.
    """

    packages: Mapping[str, PackagePrice]
    organizing: Mapping[tuple[str, str], OrganizingPrice]
    delivery: DeliveryPrice | None
    specialty: Mapping[str, SpecialtyPrice]
    surcharges: tuple[SurchargePrice, ...]
    airport: AirportPrice | None
    policy: Policy

    def rules(self, surcharge_type: str, service_type: str) -> tuple[SurchargePrice, ...]:
        """The rules of one kind that hold for a service, the same order whatever the book's."""
        found = (
            rule
            for rule in self.surcharges
            if rule.surcharge_type == surcharge_type and rule.covers_service(service_type)
        )
        return tuple(sorted(found, key=_rule_order))


def _rule_order(rule: SurchargePrice) -> tuple[date, str, str, int, Decimal, bool]:
    """By date, then name; the rest only so that no two orders of a book differ."""
    first, percent = rule.first_date or date.min, rule.percent or Decimal(0)
    return first, rule.name, rule.service, rule.fixed_cents or 0, percent, rule.per_address
