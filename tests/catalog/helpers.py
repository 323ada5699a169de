"""Rows of the catalog for tests: each ``make_`` stores a valid row, ``fields`` change it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar

from django.db import connections

from catalog.models import (
    AirportTransferConfig,
    BookingPolicy,
    CapacityDay,
    ClosedDay,
    DiscountCode,
    MiniMovePackage,
    OrganizingService,
    ServiceZip,
    SpecialtyItem,
    StandardDeliveryConfig,
    SurchargeRule,
)

T = TypeVar("T")
JULY_4 = date(2026, 7, 4)
SEPTEMBER_14, SEPTEMBER_22 = date(2026, 9, 14), date(2026, 9, 22)


def make_package(**fields: Any) -> MiniMovePackage:
    """The Petite Mini Move at $995."""
    values = {"package_type": "petite", "name": "Petite", "base_price_cents": 995_00}
    return MiniMovePackage.objects.create(**(values | fields))


def make_organizing(**fields: Any) -> OrganizingService:
    """Packing for a Petite Mini Move at $1,400."""
    values: dict[str, Any] = {
        "service_type": "petite_packing",
        "mini_move_tier": "petite",
        "name": "Petite Packing",
        "price_cents": 1_400_00,
        "duration_hours": 4,
        "organizer_count": 2,
        "is_packing_service": True,
    }
    return OrganizingService.objects.create(**(values | fields))


def make_delivery(**fields: Any) -> StandardDeliveryConfig:
    """The delivery rate: $95 an item, at least $285."""
    values = {
        "price_per_item_cents": 95_00,
        "minimum_charge_cents": 285_00,
        "same_day_surcharge_cents": 360_00,
    }
    return StandardDeliveryConfig.objects.create(**(values | fields))


def make_airport(**fields: Any) -> AirportTransferConfig:
    """The airport rate: $75 a bag, at least $150."""
    values = {"price_per_bag_cents": 75_00, "minimum_charge_cents": 150_00}
    return AirportTransferConfig.objects.create(**(values | fields))


def make_specialty(**fields: Any) -> SpecialtyItem:
    """A bicycle at $250."""
    values = {"type_key": "bicycle", "name": "Bicycle", "base_price_cents": 250_00}
    return SpecialtyItem.objects.create(**(values | fields))


def rule_fields(kind: str, **fields: Any) -> dict[str, Any]:
    """The fields of a valid rule of a kind: $175 for a Mini Move."""
    forms: dict[str, dict[str, Any]] = {
        "weekend": {"applies_saturday": True},
        "peak_date": {"specific_date": JULY_4},
    }
    values = {
        "surcharge_type": kind,
        "name": kind,
        "applies_to_service_type": "mini_move",
        "calculation_type": "fixed_amount",
        "fixed_amount_cents": 175_00,
    }
    return values | forms.get(kind, {}) | fields


def make_rule(kind: str, **fields: Any) -> SurchargeRule:
    """A rule of a kind: $175 for a Mini Move."""
    return SurchargeRule.objects.create(**rule_fields(kind, **fields))


def make_code(**fields: Any) -> DiscountCode:
    """SUMMER, 20 % off."""
    return DiscountCode.objects.create(**({"code": "SUMMER", "percent": 20} | fields))


def make_zip(**fields: Any) -> ServiceZip:
    """10001, Manhattan."""
    values = {"zip_code": "10001", "zone": "core", "state": "NY", "label": "Manhattan"}
    return ServiceZip.objects.create(**(values | fields))


def make_closed_day(day: date, reason: str = "Holiday") -> ClosedDay:
    """A day we do not drive."""
    return ClosedDay.objects.create(date=day, reason=reason)


def make_capacity(day: date, limit: int | None, used: int = 0, **fields: Any) -> CapacityDay:
    """A day with its own number of places."""
    return CapacityDay.objects.create(
        **({"date": day, "limit": limit, "used": used, "limit_is_own": True} | fields)
    )


def make_policy(**fields: Any) -> BookingPolicy:
    """The booking policy as the models' defaults have it."""
    return BookingPolicy.objects.create(**fields)


def in_another_thread(work: Callable[[], T]) -> T:
    """Run ``work`` with a database connection of its own and return its result."""

    def run() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(run).result(timeout=30)


def all_at_once(jobs: list[Callable[[], T]]) -> list[T]:
    """Run every job in a thread and with a connection of its own, let go together."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T:
        try:
            gate.wait(timeout=30)
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=len(jobs)) as pool:
        return list(pool.map(run, jobs))
