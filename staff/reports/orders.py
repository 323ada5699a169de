"""Who ordered what, when and from where, for the reports (rules R963 and R964).

An order is a booking that is paid or completed; it belongs to the New York day it was paid on.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Sum, Value
from django.db.models.functions import Concat, Left, Lower, TruncDate

from booking.models import Booking, BookingStatus, DiscountUse
from catalog.models import ServiceZip
from payments.models import Method, Payment
from staff.reports.money import ORDERED, Money, Span, Sums, captured, tenths
from totetaxi.lib import clock


def bookings(money: Money) -> QuerySet[Booking]:
    """Bookings that were not deleted, with or without demonstration money."""
    demo = Exists(Payment.objects.filter(booking=OuterRef("pk"), method=Method.DEMO))
    visible = Booking.objects.visible()
    return visible.filter(demo) if money == Money.DEMO else visible.exclude(demo)


def ordered(money: Money) -> QuerySet[Booking]:
    """Bookings that are paid or completed."""
    return bookings(money).filter(status__in=ORDERED)


@dataclass(frozen=True)
class Orders:
    """Bookings that were paid in the span and still are paid or completed."""

    by_day: dict[date, int]
    by_service: dict[str, int]
    value_cents: int

    @property
    def count(self) -> int:
        return sum(self.by_day.values())

    @property
    def average_cents(self) -> int:
        """The average price, rounded half up; 0 without orders."""
        return (2 * self.value_cents + self.count) // (2 * self.count) if self.count else 0


def orders(span: Span, money: Money) -> Orders:
    """By the New York day of payment."""
    groups = (
        ordered(money)
        .filter(**span.moments("paid_at"))
        .annotate(day=TruncDate("paid_at", tzinfo=clock.NEW_YORK))
        .order_by()
        .values("day", "service_type")
        .annotate(n=Count("pk"), cents=Sum("total_price_cents"))
    )
    days: Counter[date] = Counter()
    services: Counter[str] = Counter()
    value = 0
    for group in groups:
        days[group["day"]] += group["n"]
        services[group["service_type"]] += group["n"]
        value += int(group["cents"])
    return Orders(dict(days), dict(services), value)


@dataclass(frozen=True)
class Fates:
    """How bookings with a pickup in the span ended."""

    by_status: dict[str, int]

    @property
    def all(self) -> int:
        return sum(self.by_status.values())

    @property
    def completion_tenths(self) -> int:
        """Completed of those not cancelled, in tenths of a per cent."""
        return tenths(self.by_status[BookingStatus.COMPLETED], self.all - self.cancelled)

    @property
    def cancelled(self) -> int:
        return self.by_status[BookingStatus.CANCELLED]

    @property
    def cancellation_tenths(self) -> int:
        """Cancelled of all, in tenths of a per cent."""
        return tenths(self.cancelled, self.all)


def fates(span: Span, money: Money) -> Fates:
    """By the day of pickup."""
    groups = (
        bookings(money)
        .filter(pickup_date__range=(span.first, span.last))
        .order_by()
        .values("status")
        .annotate(n=Count("pk"))
    )
    found = {group["status"]: group["n"] for group in groups}
    return Fates({status: found.get(status, 0) for status in BookingStatus.values})


def lead_days(span: Span, money: Money) -> Counter[int]:
    """Days from ordering to pickup, and how many orders of the span had so many."""
    made = TruncDate("created_at", tzinfo=clock.NEW_YORK)
    pairs = (
        ordered(money)
        .filter(**span.moments("paid_at"))
        .annotate(made=made)
        .order_by()
        .values_list("pickup_date", "made")
        .annotate(n=Count("pk"))
    )
    days: Counter[int] = Counter()
    for pickup, made_on, count in pairs:
        days[max((pickup - made_on).days, 0)] += count
    return days


def median(counts: Counter[int]) -> int | None:
    """The (lower) middle value; None of nothing."""
    rank = (sum(counts.values()) + 1) // 2
    for value in sorted(counts):
        rank -= counts[value]
        if rank <= 0:
            return value
    return None


@dataclass(frozen=True)
class Repeats:
    """Customers, by email, who ordered in the span; ``again`` had ordered before or since."""

    customers: int
    again: int

    @property
    def tenths(self) -> int:
        return tenths(self.again, self.customers)


def repeats(span: Span, money: Money) -> Repeats:
    """Orders after the span do not count: a report of last year stays as it is."""
    paid_by_then = ordered(money).filter(paid_at__lt=span.moments("at")["at__lt"])
    by_email = paid_by_then.annotate(who=Lower("email")).order_by().values("who")
    start = span.moments("at")["at__gte"]
    active = by_email.annotate(n=Count("pk"), latest=Max("paid_at")).filter(latest__gte=start)
    counts = Counter(group["n"] > 1 for group in active)
    return Repeats(counts[True] + counts[False], counts[True])


@dataclass(frozen=True)
class Customer:
    """One email address: an account or a guest, whichever way they ordered."""

    email: str
    name: str
    orders: int
    sums: Sums


def top_customers(span: Span, money: Money, limit: int = 10) -> list[Customer]:
    """Those whose paid and completed bookings brought most in the span, net."""
    groups = (
        captured(money)
        .filter(booking__status__in=ORDERED, **span.moments("captured_at"))
        .annotate(who=Lower("booking__email"))
        .order_by()
        .values("who")
        .annotate(
            name=Max(Concat("booking__first_name", Value(" "), "booking__last_name")),
            n=Count("pk"),
            bookings=Count("booking", distinct=True),
            gross=Sum("amount_cents"),
            back=Sum("refunded_cents"),
        )
        .annotate(net=F("gross") - F("back"))
        .order_by("-net", "-bookings", "who")[:limit]
    )
    return [
        Customer(
            group["who"],
            group["name"].strip(),
            group["bookings"],
            Sums(group["n"], int(group["gross"]), int(group["back"])),
        )
        for group in groups
    ]


@dataclass(frozen=True)
class Discount:
    """What one code cost in the span."""

    code: str
    uses: int
    cents: int


def discounts(span: Span, money: Money) -> list[Discount]:
    """Codes of the orders of the span, the dearest first; given-back uses do not count."""
    theirs = ordered(money).filter(**span.moments("paid_at"))
    groups = (
        DiscountUse.objects.standing()
        .filter(booking__in=theirs)
        .order_by()
        .values("code__code")
        .annotate(n=Count("pk"), cents=Sum("amount_cents"))
        .order_by("-cents", "code__code")
    )
    return [Discount(group["code__code"], group["n"], int(group["cents"])) for group in groups]


@dataclass(frozen=True)
class Place:
    """A ZIP code, and how many orders of the span start and end there."""

    zip_code: str
    label: str
    pickups: int
    deliveries: int

    @property
    def total(self) -> int:
        return self.pickups + self.deliveries


def places(span: Span, money: Money, limit: int = 25) -> list[Place]:
    """The busiest ZIP codes (five digits)."""
    theirs = ordered(money).filter(**span.moments("paid_at")).order_by()
    ends: dict[str, Counter[str]] = {}
    for end in ("pickup", "delivery"):
        zip_code = Left(f"{end}_address__zip_code", 5)
        groups = theirs.annotate(zip=zip_code).values_list("zip").annotate(n=Count("pk"))
        ends[end] = Counter(dict(groups))
    both = (ends["pickup"] + ends["delivery"]).items()
    busiest = sorted(both, key=lambda item: (-item[1], item[0]))[:limit]
    served = ServiceZip.objects.filter(pk__in=[zip_code for zip_code, _ in busiest])
    labels = {row.zip_code: row.place or row.label for row in served}
    return [
        Place(
            zip_code, labels.get(zip_code, ""), ends["pickup"][zip_code], ends["delivery"][zip_code]
        )
        for zip_code, _ in busiest
    ]
