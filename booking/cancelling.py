"""What cancelling will give back, in cents, for an order that is not placed yet (rule R624)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from booking.describe import window
from booking.models import Booking
from catalog.choices import SurchargeType
from catalog.prices import Policy, PriceBook
from catalog.pricing import ready_time
from catalog.request import QuoteRequest
from totetaxi.lib import clock
from totetaxi.lib.money import percent_of


def change_cutoff(day: date, policy: Policy) -> datetime:
    """From when on a pickup on ``day`` is changed and cancelled by phone only (R515, R625)."""
    return clock.at(day - timedelta(days=1), policy.change_cutoff)


@dataclass(frozen=True)
class AdvanceTerm:
    """Cancelling until ``until`` gives ``cents`` back."""

    until: datetime
    percent: int
    cents: int


@dataclass(frozen=True)
class AdvanceTerms:
    """The terms of an order: the rows in order, then by phone from ``cutoff`` on."""

    rows: tuple[AdvanceTerm, ...]
    cutoff: datetime
    is_peak: bool


def advance_terms(
    request: QuoteRequest, total_cents: int, book: PriceBook, now: datetime
) -> AdvanceTerms | None:
    """The terms for a dated request as of ``now``; rows that are over are left out."""
    request = request.normalised()
    day = request.pickup_date
    if day is None:
        return None
    start = window(
        Booking(
            service_type=request.service_type,
            pickup_date=day,
            specific_pickup_hour=request.specific_pickup_hour,
            blade_flight_time=request.blade_flight_time,
            blade_ready_time=ready_time(request),
        )
    )[0]
    policy = book.policy
    cutoff = change_cutoff(day, policy)
    rules = book.rules(SurchargeType.PEAK_DATE, request.service_type)
    is_peak = any(rule.covers_day(day) for rule in rules)
    steps = (
        [(timedelta(0), policy.peak_date_refund_percent)]
        if is_peak
        else [
            (timedelta(hours=step.hours_before), step.percent)
            for step in sorted(policy.refund_steps, key=lambda step: -step.hours_before)
        ]
    )
    rows: list[AdvanceTerm] = []
    for before, percent in (*steps, (timedelta(0), 0)):
        # Subtracted as real hours, not on the wall clock.
        until = min((start.astimezone(UTC) - before).astimezone(clock.NEW_YORK), cutoff)
        if until <= now or (rows and until <= rows[-1].until):
            continue
        if rows and rows[-1].percent == percent:
            rows.pop()
        cents = percent_of(total_cents, Decimal(percent))
        rows.append(AdvanceTerm(until, percent, cents))
    return AdvanceTerms(tuple(rows), cutoff, is_peak)
