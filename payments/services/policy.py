"""What cancelling gives back, by the policy's table: exact cents, and until when (R624, R625)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from booking.cancelling import change_cutoff
from booking.describe import window
from booking.models import Booking
from catalog import price_book
from catalog.choices import SurchargeType
from catalog.prices import Policy, PriceBook
from payments.models import Method, Payment
from payments.services.refunds import remaining_cents, returned_by_changes_cents
from totetaxi.lib import clock
from totetaxi.lib.money import percent_of


@dataclass(frozen=True)
class RefundTerms:
    """What cancelling at one moment gives: percent of what was paid, and who may cancel.

    ``full_until`` is the last moment of a full refund, None where there is none; ``cutoff`` is when
    customers can no longer cancel by themselves.
    """

    percent: int
    by_customer: bool
    is_peak: bool
    full_until: datetime | None
    cutoff: datetime


def refund_terms(
    *, window_start: datetime, now: datetime, policy: Policy, is_peak: bool
) -> RefundTerms:
    """The terms at ``now`` for a pickup window that starts at ``window_start``, both aware.

    The first step of the table whose hours are left decides, its last second included; real hours
    are measured, also across a change of the clocks. Peak dates have a percentage of their own.
    """
    left = clock.elapsed(now, window_start)
    percent = next(
        (
            step.percent
            for step in sorted(policy.refund_steps, key=lambda step: -step.hours_before)
            if left >= timedelta(hours=step.hours_before)
        ),
        0,
    )
    if is_peak:
        percent = policy.peak_date_refund_percent
    pickup_day = window_start.astimezone(clock.NEW_YORK).date()
    cutoff = change_cutoff(pickup_day, policy)
    return RefundTerms(
        percent=percent,
        by_customer=now < cutoff,
        is_peak=is_peak,
        full_until=None if is_peak else _full_until(window_start, policy),
        cutoff=cutoff,
    )


def refund_cents(paid_cents: int, terms: RefundTerms) -> int:
    """Cents of ``paid_cents`` that come back, rounded half up."""
    return percent_of(paid_cents, Decimal(terms.percent))


def is_peak_date(booking: Booking, book: PriceBook) -> bool:
    """Whether a peak rule for the booking's service covers its pickup date."""
    rules = book.rules(SurchargeType.PEAK_DATE, booking.service_type)
    return any(rule.covers_day(booking.pickup_date) for rule in rules)


def refund_by_policy(booking: Booking, now: datetime) -> tuple[RefundTerms, dict[Payment, int]]:
    """The terms of a paid booking at ``now``, and the cents that each of its payments gives back.

    Never more than is left of a payment; payments that could buy nothing are not asked. What was
    paid outside Stripe is among them: it goes back as it was paid. The percentage is of what the
    booking kept: what a cheaper change gave back does not count.
    """
    terms = terms_of(booking, now)
    payments = Payment.objects.captured().filter(
        booking=booking, method__in=[Method.STRIPE, Method.OUTSIDE], unfulfillable_reason=""
    )
    shares = {
        payment: min(
            refund_cents(payment.amount_cents - returned_by_changes_cents(payment), terms),
            remaining_cents(payment),
        )
        for payment in payments.order_by("pk")
    }
    return terms, {payment: cents for payment, cents in shares.items() if cents > 0}


def terms_of(booking: Booking, now: datetime) -> RefundTerms:
    """The terms of cancelling this booking at ``now``."""
    book = price_book.load()
    return refund_terms(
        window_start=window(booking)[0],
        now=now,
        policy=book.policy,
        is_peak=is_peak_date(booking, book),
    )


def _full_until(window_start: datetime, policy: Policy) -> datetime | None:
    hours = [step.hours_before for step in policy.refund_steps if step.percent == 100]
    if not hours:
        return None
    # Subtracted as real hours, not on the wall clock.
    last = window_start.astimezone(UTC) - timedelta(hours=min(hours))
    return last.astimezone(clock.NEW_YORK)
