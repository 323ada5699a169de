"""What was earned, from the rows of payments, refunds and bookings (rules R960-R964).

All amounts are cents. Money counts on the New York day of its capture; a refund lowers the day of
the payment it belongs to, so that gross less refunds is what is left of that day's captures.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncDate

from booking.models import BookingStatus
from catalog.choices import ServiceType
from payments.models import Method, Payment, Refund, RefundStatus
from payments.models.payment import OutsideMethod
from totetaxi.lib import clock

OF_BOOKING: Final = ("booking__service_type", "booking__status")
ORDERED: Final = (BookingStatus.PAID, BookingStatus.COMPLETED)


class Money(StrEnum):
    """Which money is looked at: demonstration data is never counted with the real one."""

    REAL = "real"
    DEMO = "demo"


class Step(StrEnum):
    """How days are put together; weeks begin on Sunday, as on our calendars."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def start_of(self, day: date) -> date:
        """The first day of the day's day, week or month."""
        if self is Step.MONTH:
            return day.replace(day=1)
        if self is Step.WEEK:
            return day - timedelta(days=day.isoweekday() % 7)
        return day

    def after(self, start: date) -> date:
        """The first day of the next one."""
        if self is Step.MONTH:
            return (start + timedelta(days=31)).replace(day=1)
        return start + timedelta(days=7 if self is Step.WEEK else 1)


@dataclass(frozen=True)
class Span:
    """Days in New York, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def moments(self, field: str) -> dict[str, Any]:
        """The filter on a moment that lies in these days."""
        end = self.last + timedelta(days=1)
        return {
            f"{field}__gte": clock.at(self.first, time()),
            f"{field}__lt": clock.at(end, time()),
        }


@dataclass(frozen=True)
class Sums:
    """Money taken, and how much of it has gone back."""

    payments: int = 0
    gross_cents: int = 0
    refunds_cents: int = 0

    @property
    def net_cents(self) -> int:
        return self.gross_cents - self.refunds_cents

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.payments + other.payments,
            self.gross_cents + other.gross_cents,
            self.refunds_cents + other.refunds_cents,
        )


@dataclass(frozen=True)
class Taken:
    """The captures of one day that share method, service and state of the booking."""

    day: date
    method: str
    outside: str
    service: str
    status: str
    sums: Sums


@dataclass(frozen=True)
class Period:
    """One bar of the revenue plot; cut off where the span ends."""

    first: date
    last: date
    sums: Sums
    orders: int


def captured(money: Money = Money.REAL) -> QuerySet[Payment]:
    """Captured payments of bookings that were not deleted, each with ``refunded_cents``."""
    payments = Payment.objects.captured().filter(booking__deleted_at=None)
    demo = {"method": Method.DEMO}
    payments = payments.filter(**demo) if money == Money.DEMO else payments.exclude(**demo)
    given_back = (
        Refund.objects.filter(payment=OuterRef("pk"), status=RefundStatus.COMPLETED)
        .order_by()
        .values("payment")
        .annotate(cents=Sum("amount_cents"))
    )
    return payments.annotate(
        refunded_cents=Coalesce(Subquery(given_back.values("cents")), 0),
        captured_at=Coalesce("processed_at", "created_at"),
    )


def takings(span: Span, money: Money) -> list[Taken]:
    """Everything captured in the span: the one source of all revenue figures."""
    groups = (
        captured(money)
        .filter(**span.moments("captured_at"))
        .annotate(day=TruncDate("captured_at", tzinfo=clock.NEW_YORK))
        .order_by()
        .values_list("day", "method", "outside_method", *OF_BOOKING)
        .annotate(n=Count("pk"), gross=Sum("amount_cents"), back=Sum("refunded_cents"))
    )
    return [
        Taken(day, method, outside, service, status, Sums(payments, int(gross), int(back)))
        for day, method, outside, service, status, payments, gross, back in groups
    ]


def total(taken: Iterable[Taken]) -> Sums:
    return sum((one.sums for one in taken), Sums())


def by_period(
    taken: Iterable[Taken], orders: dict[date, int], span: Span, step: Step
) -> list[Period]:
    """The span in steps, those without money included."""
    sums: dict[date, Sums] = defaultdict(Sums)
    counts: Counter[date] = Counter()
    for one in taken:
        sums[step.start_of(one.day)] += one.sums
    for day, count in orders.items():
        counts[step.start_of(day)] += count
    return [
        Period(
            max(start, span.first),
            min(step.after(start) - timedelta(days=1), span.last),
            sums[start],
            counts[start],
        )
        for start in _starts(span, step)
    ]


def _starts(span: Span, step: Step) -> Iterator[date]:
    start = step.start_of(span.first)
    while start <= span.last:
        yield start
        start = step.after(start)


def by_method(taken: Iterable[Taken]) -> list[tuple[str, Sums]]:
    """(label, sums): Stripe, nothing to pay, and each way outside Stripe, told apart."""
    sums: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for one in taken:
        sums[one.method, one.outside] += one.sums
    ways = [(method, "") for method in Method.values]
    ways += [(Method.OUTSIDE.value, way) for way in OutsideMethod.values]
    return [(_method_words(*way), sums[way]) for way in ways if way in sums]


def _method_words(method: str, outside: str) -> str:
    label = str(Method(method).label)
    return f"{label}: {OutsideMethod(outside).label.lower()}" if outside else label


@dataclass(frozen=True)
class ServiceLine:
    """What one service brought; ``orders`` are bookings paid in the span."""

    label: str
    orders: int
    sums: Sums


def by_service(taken: Iterable[Taken], orders: dict[str, int]) -> list[ServiceLine]:
    """Paid and completed bookings by service; then the money that belongs to no such booking."""
    sums: dict[str, Sums] = defaultdict(Sums)
    for one in taken:
        key = one.service if one.status in ORDERED else one.status
        sums[key] += one.sums
    lines = [
        ServiceLine(label, orders.get(key, 0), sums[key]) for key, label in ServiceType.choices
    ]
    apart = (
        (BookingStatus.CANCELLED, "Kept or owed after a cancellation"),
        (BookingStatus.CONFIRMED, "Confirmed, not paid in full"),
        (BookingStatus.PENDING, "Awaiting payment"),
    )
    return lines + [ServiceLine(label, 0, sums[key]) for key, label in apart if key in sums]


def tenths(part: int, whole: int) -> int:
    """``part`` of ``whole`` in tenths of a per cent, rounded half up; 0 of nothing."""
    return (2000 * part + whole) // (2 * whole) if whole else 0


def sent_back(span: Span, money: Money) -> int:
    """Cents of refunds that were completed in the span, whenever their money was taken."""
    refunds = Refund.objects.filter(
        status=RefundStatus.COMPLETED,
        payment__booking__deleted_at=None,
        **span.moments("completed_at"),
    )
    demo = {"payment__method": Method.DEMO}
    refunds = refunds.filter(**demo) if money == Money.DEMO else refunds.exclude(**demo)
    return int(refunds.aggregate(cents=Sum("amount_cents", default=0))["cents"])


def has_demo() -> bool:
    """Whether there is demonstration money to look at."""
    return Payment.objects.captured().filter(method=Method.DEMO).exists()
