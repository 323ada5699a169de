"""The numbers of the dashboard (rule R951); money is net cents and never a demonstration's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q, QuerySet, Sum

from booking.models import Booking, BookingStatus, CustomerProfile
from payments.models import CAPTURED, Method, Payment, PaymentStatus
from staff.reports.money import Money, Span, Sums, captured, tenths

#: Unpaid so close to the pickup, a booking needs somebody.
URGENT_DAYS: Final = 2
CHECKOUT_PATIENCE: Final = timedelta(hours=1)
NEXT_BOOKINGS: Final = 10
RECENT_DAYS: Final = 30


@dataclass(frozen=True)
class Payments:
    """Payments by how they stand; one that was refunded later did succeed."""

    succeeded: int
    pending: int
    failed: int

    @property
    def success_tenths(self) -> int:
        """Succeeded of those that ended, in tenths of a per cent."""
        return tenths(self.succeeded, self.succeeded + self.failed)

    @property
    def success_words(self) -> str:
        """ "98.6 %", or a dash before the first payment."""
        if not self.succeeded + self.failed:
            return "–"
        return f"{self.success_tenths // 10}.{self.success_tenths % 10} %"


@dataclass(frozen=True)
class Revenue:
    """Captured less refunded, of all time and of the last 30 days, today included."""

    ever: Sums
    recent: Sums


@dataclass(frozen=True)
class Figures:
    """All of them at one moment; ``revenue`` is None for people who may not see it."""

    by_status: dict[str, int]
    payments: Payments
    urgent: int
    customers: int
    vips: int
    revenue: Revenue | None

    @property
    def bookings(self) -> int:
        return sum(self.by_status.values())

    @property
    def statuses(self) -> list[tuple[str, str, int]]:
        """(status, label, count) of each."""
        return [(status, label, self.by_status[status]) for status, label in BookingStatus.choices]


def figures(now: datetime, *, financials: bool) -> Figures:
    """The figures as of ``now``, New York; as many queries however many rows there are."""
    counts = {status: Count("pk", filter=Q(status=status)) for status in BookingStatus.values}
    found = Booking.objects.visible().aggregate(**counts, urgent=Count("pk", filter=_urgent(now)))
    urgent = found.pop("urgent")
    people = CustomerProfile.objects.aggregate(
        all=Count("pk"), vips=Count("pk", filter=Q(is_vip=True))
    )
    return Figures(
        by_status=found,
        payments=_payments(),
        urgent=urgent,
        customers=people["all"],
        vips=people["vips"],
        revenue=_revenue(now) if financials else None,
    )


def _urgent(now: datetime) -> Q:
    # A customer who is paying just now needs nobody.
    settled = Q(created_at__lt=now - CHECKOUT_PATIENCE) | Q(created_by__isnull=False)
    return settled & Q(
        status__in=[BookingStatus.PENDING, BookingStatus.CONFIRMED],
        hold_released_at=None,
        pickup_date__range=(now.date(), now.date() + timedelta(days=URGENT_DAYS)),
    )


def urgent(now: datetime) -> QuerySet[Booking]:
    """Unpaid bookings that still hold their place, with a pickup today or in the next two days."""
    return Booking.objects.visible().filter(_urgent(now)).order_by("pickup_date", "created_at")


def _payments() -> Payments:
    payments = Payment.objects.filter(booking__deleted_at=None).exclude(method=Method.DEMO)
    found = payments.aggregate(
        succeeded=Count("pk", filter=Q(status__in=CAPTURED)),
        pending=Count("pk", filter=Q(status=PaymentStatus.PENDING)),
        failed=Count("pk", filter=Q(status=PaymentStatus.FAILED)),
    )
    return Payments(**found)


def _revenue(now: datetime) -> Revenue:
    today = now.date()
    recent = Span(today - timedelta(days=RECENT_DAYS - 1), today).moments("captured_at")
    ours = captured(Money.REAL)
    return Revenue(_sums(ours), _sums(ours.filter(**recent)))


def _sums(payments: QuerySet[Payment]) -> Sums:
    found = payments.aggregate(
        n=Count("pk"), gross=Sum("amount_cents", default=0), back=Sum("refunded_cents", default=0)
    )
    return Sums(found["n"], int(found["gross"]), int(found["back"]))


def next_bookings(now: datetime) -> QuerySet[Booking]:
    """Up to ten pending or confirmed bookings that still hold a place, by pickup date."""
    waiting = Booking.objects.visible().filter(
        status__in=[BookingStatus.PENDING, BookingStatus.CONFIRMED],
        hold_released_at=None,
        pickup_date__gte=now.date(),
    )
    rows = waiting.select_related("mini_move_package")
    return rows.order_by("pickup_date", "booking_number")[:NEXT_BOOKINGS]
