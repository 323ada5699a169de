"""The only reader of price rows: active rows in, one frozen ``PriceBook`` out.

The book is kept in the process under the catalog's shared version (``catalog.version``), so a
warm process asks the shared cache one question and the database none.
"""

import time
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.db import OperationalError, models

from catalog import version
from catalog.models import (
    AirportTransferConfig,
    BookingPolicy,
    MiniMovePackage,
    OrganizingService,
    RefundRule,
    SpecialtyItem,
    StandardDeliveryConfig,
    SurchargeRule,
)
from catalog.prices import (
    AirportPrice,
    DeliveryPrice,
    OrganizingPrice,
    PackagePrice,
    Policy,
    PriceBook,
    RefundStep,
    SpecialtyPrice,
    SurchargePrice,
)

#: What a book is made from: a change to a row of these makes every book out of date.
SOURCES: Final[tuple[type[models.Model], ...]] = (
    MiniMovePackage,
    OrganizingService,
    StandardDeliveryConfig,
    SpecialtyItem,
    SurchargeRule,
    AirportTransferConfig,
    BookingPolicy,
    RefundRule,
)
# A book is read again after this long even if the shared cache never told of a change.
KEEP_SECONDS: Final = 300


class CatalogUnavailableError(Exception):
    """There is nothing to sell by: no policy, nothing on offer, or no database to ask."""


@dataclass(frozen=True)
class _Kept:
    version: str
    read_at: float
    book: PriceBook


class _Process:
    """What this process keeps: one attribute, so that threads swap it in one step."""

    kept: _Kept | None = None


def load() -> PriceBook:
    """Return what is sold now and for how much, or raise ``CatalogUnavailableError``.

    A transaction that changed the catalog sees its own changes, and nobody else does until it
    is committed. A book is only ever kept under a version that was read before its rows.
    """
    if version.changed_in_this_transaction():
        return _read()
    current = version.current()
    kept = _Process.kept
    if kept and kept.version == current and time.monotonic() - kept.read_at < KEEP_SECONDS:
        return kept.book
    book = _read()
    if current is not None:
        _Process.kept = _Kept(current, time.monotonic(), book)
    return book


def load_policy() -> Policy | None:
    """The booking policy even while nothing is on offer; None while there is none."""
    try:
        return load().policy
    except CatalogUnavailableError:
        row = BookingPolicy.objects.first()
        return _policy(row) if row else None


def _read() -> PriceBook:
    try:
        policy = BookingPolicy.objects.first()
        if policy is None:
            raise CatalogUnavailableError("There is no booking policy: run seed_catalog.")
        book = PriceBook(
            packages=MappingProxyType(_packages()),
            organizing=MappingProxyType(_organizing()),
            delivery=_delivery(),
            specialty=MappingProxyType(_specialty()),
            surcharges=_surcharges(),
            airport=_airport(),
            policy=_policy(policy),
        )
    except OperationalError as error:
        raise CatalogUnavailableError("The database does not answer.") from error
    if not (book.packages or book.delivery or book.specialty or book.airport):
        raise CatalogUnavailableError("Nothing is on offer: run seed_catalog.")
    return book


def _packages() -> dict[str, PackagePrice]:
    return {
        row.package_type: PackagePrice(
            type=row.package_type,
            name=row.name,
            description=row.description,
            price_cents=row.base_price_cents,
            max_items=row.max_items,
            max_weight_lbs=row.max_weight_per_item_lbs,
            coi_included=row.coi_included,
            coi_fee_cents=row.coi_fee_cents,
            priority_scheduling=row.priority_scheduling,
            protective_wrapping=row.protective_wrapping,
            is_most_popular=row.is_most_popular,
            offers_hour_window=row.offers_hour_window,
            hour_window_free=row.hour_window_free,
            offers_flexible_time=row.offers_flexible_time,
        )
        for row in MiniMovePackage.objects.filter(is_active=True)
    }


def _organizing() -> dict[tuple[str, str], OrganizingPrice]:
    return {
        (row.mini_move_tier, row.kind.value): OrganizingPrice(
            name=row.name,
            price_cents=row.price_cents,
            duration_hours=row.duration_hours,
            organizer_count=row.organizer_count,
            supplies_allowance_cents=row.supplies_allowance_cents,
            description=row.description,
        )
        for row in OrganizingService.objects.filter(is_active=True)
    }


def _delivery() -> DeliveryPrice | None:
    row = StandardDeliveryConfig.objects.filter(is_active=True).first()
    if row is None:
        return None
    return DeliveryPrice(
        per_item_cents=row.price_per_item_cents,
        minimum_cents=row.minimum_charge_cents,
        same_day_cents=row.same_day_surcharge_cents,
        coi_fee_cents=row.coi_fee_cents,
        max_weight_lbs=row.max_weight_per_item_lbs,
    )


def _specialty() -> dict[str, SpecialtyPrice]:
    return {
        row.type_key: SpecialtyPrice(
            key=row.type_key,
            name=row.name,
            description=row.description,
            price_cents=row.base_price_cents,
            special_handling=row.special_handling,
            id=row.pk,
        )
        for row in SpecialtyItem.objects.filter(is_active=True)
    }


def _surcharges() -> tuple[SurchargePrice, ...]:
    return tuple(surcharge_price(row) for row in SurchargeRule.objects.filter(is_active=True))


def surcharge_price(row: SurchargeRule) -> SurchargePrice:
    """The frozen copy of a rule; also of one that is not saved yet, for a look ahead."""
    return SurchargePrice(
        name=row.name,
        surcharge_type=row.surcharge_type,
        calculation_type=row.calculation_type,
        service=row.applies_to_service_type,
        percent=row.percentage,
        fixed_cents=row.fixed_amount_cents,
        first_date=row.specific_date or row.start_date,
        last_date=row.specific_date or row.end_date,
        saturday=row.applies_saturday,
        sunday=row.applies_sunday,
        per_address=row.per_address,
        description=row.description,
    )


def _airport() -> AirportPrice | None:
    row = AirportTransferConfig.objects.filter(is_active=True).first()
    if row is None:
        return None
    return AirportPrice(
        per_bag_cents=row.price_per_bag_cents,
        minimum_bags=row.minimum_bags,
        minimum_cents=row.minimum_charge_cents,
        overweight_bag_cents=row.overweight_fee_cents,
        max_weight_lbs=row.max_weight_per_bag_lbs,
        waiting_cents=row.waiting_fee_cents,
    )


def _policy(row: BookingPolicy) -> Policy:
    return Policy(
        same_day_enabled=row.same_day_enabled,
        same_day_cutoff=row.same_day_cutoff,
        tomorrow_cutoff=row.tomorrow_cutoff,
        horizon_days=row.horizon_days,
        tax_percent=row.organizing_tax_percent,
        airport_earliest_departure=row.airport_earliest_departure,
        day_limit=row.default_daily_limit,
        units=row.units,
        phone=row.phone,
        phone_hours=row.phone_hours,
        email=row.email_info,
        orders_email=row.email_orders,
        office_address=row.office_address,
        announcement=row.announcement,
        change_cutoff=row.change_cutoff,
        unpaid_hold_minutes=row.unpaid_hold_minutes,
        refund_steps=tuple(
            RefundStep(rule.hours_before, rule.percent) for rule in row.refund_rules.all()
        ),
        peak_date_refund_percent=row.peak_date_refund_percent,
        two_person_refund_cents=row.two_person_refund_cents,
    )
