"""The catalog a fresh site starts with: creates what is missing, never changes what is there.

Each row has a natural key (tier, kind, type key, ZIP); a rule of surcharge has ``seed_key``,
which it keeps whatever staff change about it. So an edited row stays edited and one switched off
stays off; only a row that was deleted comes back, which is why Django admin offers to switch
seeded rows off, not to delete them.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from django.db import models, transaction

from catalog.choices import CalculationType, ServiceType, SurchargeType, Zone
from catalog.models import (
    AirportTransferConfig,
    BookingPolicy,
    MiniMovePackage,
    OrganizingService,
    RefundRule,
    ServiceZip,
    SpecialtyItem,
    StandardDeliveryConfig,
    SurchargeRule,
)
from catalog.models.policy import THE_ONE
from totetaxi.lib import clock

Row = TypeVar("Row", bound=models.Model)
ZIPS: Final = Path(__file__).with_name("data") / "zips.json"
#: The first season we hold a list of peak dates for.
FIRST_SEASON: Final = 2026

PACKAGES: Final[tuple[dict[str, Any], ...]] = (
    {
        "package_type": "petite",
        "name": "Petite",
        "description": "For a family of up to three: eight to fifteen pieces in a shared van.",
        "base_price_cents": 995_00,
        "max_items": 15,
        "coi_fee_cents": 50_00,
        "offers_flexible_time": True,
    },
    {
        "package_type": "standard",
        "name": "Standard",
        "description": "For a family of up to five: fifteen to thirty pieces, wrapped for you.",
        "base_price_cents": 1_725_00,
        "max_items": 30,
        "coi_included": True,
        "coi_fee_cents": 0,
        "priority_scheduling": True,
        "protective_wrapping": True,
        "is_most_popular": True,
        "offers_hour_window": True,
    },
    {
        "package_type": "full",
        "name": "Full Move",
        "description": "For six or more: a van of your own that drives straight to your door.",
        "base_price_cents": 2_490_00,
        "coi_included": True,
        "coi_fee_cents": 0,
        "priority_scheduling": True,
        "protective_wrapping": True,
        "offers_hour_window": True,
        "hour_window_free": True,
    },
)
# Tier, kind, price, hours, organizers, supplies allowance.
ORGANIZING: Final = (
    ("petite", "packing", 1_400_00, 4, 2, 250_00),
    ("petite", "unpacking", 1_130_00, 4, 2, 0),
    ("standard", "packing", 2_535_00, 8, 2, 250_00),
    ("standard", "unpacking", 2_265_00, 8, 2, 0),
    ("full", "packing", 5_070_00, 8, 4, 500_00),
    ("full", "unpacking", 4_525_00, 8, 4, 0),
)
ORGANIZING_WORDS: Final = {
    "packing": "Organizers pack for you. Garment and moving bags are included, "
    "and further supplies up to the allowance if you ask for them.",
    "unpacking": "Organizers unpack and put everything in its place. Supplies are not included.",
}
DELIVERY: Final[dict[str, Any]] = {
    "price_per_item_cents": 95_00,
    "minimum_charge_cents": 285_00,
    "same_day_surcharge_cents": 360_00,
}
SPECIALTY: Final = (
    ("peloton", "Peloton or large equipment", 500_00, "Take the screen off before pickup."),
    ("surfboard", "Surfboard", 350_00, "In its bag or wrapped by us."),
    ("crib", "Crib", 350_00, "A foldable one; ask us about others."),
    ("wardrobe_box", "Wardrobe box", 275_00, "Clothes travel on their hangers."),
    ("bicycle", "Bicycle", 250_00, "Any bicycle without a motor."),
)
AIRPORT: Final[dict[str, Any]] = {"price_per_bag_cents": 75_00, "minimum_charge_cents": 150_00}
# Cancelling so many hours before the pickup window gives back so many per cent.
REFUNDS: Final = ((48, 100), (0, 0))
# Services with dated surcharges, and what a weekend or peak date adds. Orders of specialty items
# alone and airport transfers have none.
DATED: Final = {ServiceType.MINI_MOVE: 175_00, ServiceType.STANDARD_DELIVERY: 50_00}


@dataclass(frozen=True)
class Peak:
    """A peak date of a season, or an inclusive range; ``key`` is unique within its year."""

    key: str
    name: str
    first: date
    last: date | None = None

    @property
    def dates(self) -> dict[str, date]:
        """The date fields of its rules."""
        if self.last is None:
            return {"specific_date": self.first}
        return {"start_date": self.first, "end_date": self.last}


@transaction.atomic
def seed(today: date | None = None) -> Counter[str]:
    """Create what is missing for a site that is used on ``today``; say what was, by kind of row.

    Safe to run at every start and by several processes at once.
    """
    created: Counter[str] = Counter()
    policy, is_new = BookingPolicy.objects.get_or_create(pk=THE_ONE)
    if is_new:
        created["booking policy"] = 1
        created["refund rules"] = _create(
            RefundRule, (RefundRule(hours_before=hours, percent=share) for hours, share in REFUNDS)
        )
    created["Mini Move packages"] = _create_by_key(
        MiniMovePackage, "package_type", (MiniMovePackage(**fields) for fields in PACKAGES)
    )
    created["organizing services"] = _create_by_key(
        OrganizingService, "service_type", _organizing()
    )
    created["delivery rates"] = _create_first(StandardDeliveryConfig, DELIVERY)
    created["airport rates"] = _create_first(AirportTransferConfig, AIRPORT)
    created["specialty items"] = _create_by_key(SpecialtyItem, "type_key", _specialty())
    created["surcharge rules"] = _create_by_key(
        SurchargeRule, "seed_key", _rules(today or clock.today(), policy.horizon_days)
    )
    created["ZIP codes"] = load_zips()
    return +created


def load_zips(path: Path = ZIPS) -> int:
    """Create the ZIP codes of ``path`` that we do not know yet, and return how many.

    One that staff moved to another zone or stopped serving stays as they left it.
    """
    return _create_by_key(ServiceZip, "zip_code", _zips(path))


def peaks(year: int) -> Iterator[Peak]:
    """The peak dates of a year's season."""
    yield Peak("memorial-day", "Memorial Day", last_monday_of_may(year))
    yield Peak("june-30", "End of June", date(year, 6, 30))
    yield Peak("july-1", "Start of July", date(year, 7, 1))
    yield Peak("july-4", "Independence Day", date(year, 7, 4))
    yield Peak("july-31", "End of July", date(year, 7, 31))
    yield Peak("august-31", "End of August", date(year, 8, 31))
    yield Peak("labor-day", "Labor Day", first_monday_of_september(year))
    if year == FIRST_SEASON:
        yield Peak("us-open", "US Open week", date(2026, 9, 14), date(2026, 9, 22))


def last_monday_of_may(year: int) -> date:
    """Memorial Day."""
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def first_monday_of_september(year: int) -> date:
    """Labor Day."""
    first = date(year, 9, 1)
    return first + timedelta(days=-first.weekday() % 7)


def _organizing() -> Iterator[OrganizingService]:
    for tier, kind, price_cents, hours, organizers, allowance_cents in ORGANIZING:
        yield OrganizingService(
            service_type=f"{tier}_{kind}",
            mini_move_tier=tier,
            name=f"{tier.title()} {kind.title()}",
            description=ORGANIZING_WORDS[kind],
            price_cents=price_cents,
            duration_hours=hours,
            organizer_count=organizers,
            supplies_allowance_cents=allowance_cents,
            is_packing_service=kind == "packing",
        )


def _specialty() -> Iterator[SpecialtyItem]:
    for key, name, price_cents, description in SPECIALTY:
        yield SpecialtyItem(
            type_key=key, name=name, base_price_cents=price_cents, description=description
        )


def _rules(today: date, horizon_days: int) -> Iterator[SurchargeRule]:
    """Weekend, distance and window rules, and the peak dates of every season we can book into."""
    for service, cents in DATED.items():
        yield _rule(
            f"weekend:{service}",
            surcharge_type=SurchargeType.WEEKEND,
            name="Weekend",
            description=f"{service.label}, Saturdays and Sundays.",
            applies_to_service_type=service,
            fixed_amount_cents=cents,
            applies_saturday=True,
            applies_sunday=True,
        )
    yield _rule(
        "geographic",
        surcharge_type=SurchargeType.GEOGRAPHIC,
        name="Extended area",
        description="Pickup or drop-off in a ZIP code of the extended area.",
        fixed_amount_cents=175_00,
    )
    yield _rule(
        "time-window",
        surcharge_type=SurchargeType.TIME_WINDOW,
        name="One-hour pickup window",
        description="For packages that offer the window and do not include it.",
        applies_to_service_type=ServiceType.MINI_MOVE,
        fixed_amount_cents=175_00,
    )
    last_year = (today + timedelta(days=horizon_days)).year
    for year in sorted({FIRST_SEASON, *range(today.year, last_year + 1)}):
        yield from _peak_rules(year)


def _peak_rules(year: int) -> Iterator[SurchargeRule]:
    for peak in peaks(year):
        for service, cents in DATED.items():
            yield _rule(
                f"peak:{year}:{peak.key}:{service}",
                surcharge_type=SurchargeType.PEAK_DATE,
                name=peak.name,
                description=f"{service.label}, season {year}. Replaces the weekend surcharge.",
                applies_to_service_type=service,
                fixed_amount_cents=cents,
                **peak.dates,
            )


def _rule(seed_key: str, **fields: Any) -> SurchargeRule:
    return SurchargeRule(seed_key=seed_key, calculation_type=CalculationType.FIXED_AMOUNT, **fields)


def _zips(path: Path) -> Iterator[ServiceZip]:
    data = json.loads(path.read_text(encoding="utf-8"))
    for zone in Zone:
        for area in data["zones"][zone]:
            for code in area["zips"]:
                yield ServiceZip(
                    zip_code=code,
                    zone=zone,
                    state=area["state"],
                    label=area["label"],
                    place=data["place_names"].get(code, ""),
                )


def _create_by_key(model: type[Row], key: str, rows: Iterable[Row]) -> int:
    """Store those of ``rows`` whose ``key`` no row has yet."""
    known = set(model._default_manager.values_list(key, flat=True))
    return _create(model, (row for row in rows if getattr(row, key) not in known))


def _create_first(model: type[Row], fields: dict[str, Any]) -> int:
    """Store a first row of a rate; a rate that was ever set, or switched off, stays as it is."""
    if model._default_manager.exists():
        return 0
    return _create(model, [model(**fields)])


def _create(model: type[Row], rows: Iterable[Row]) -> int:
    """Store ``rows``, or leave to another process what it stored just now."""
    missing = list(rows)
    if missing:
        model._default_manager.bulk_create(missing, ignore_conflicts=True)
    return len(missing)
