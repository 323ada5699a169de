"""Customers with an account, as the office looks at them (rules R954 and R955)."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from booking.models import Booking, CustomerProfile
from payments.models import CAPTURED, Payment, Refund, RefundStatus
from staff.reports.money import Sums

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Columns the list can be sorted by, and what comes after the first of them.
ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("user__last_name", "user__first_name", "user__email"),
    "email": ("user__email",),
    "orders": ("total_bookings", "user__email"),
    "spent": ("net_cents", "user__email"),
    "last": ("last_at", "user__email"),
    "since": ("user__date_joined", "user__email"),
}


def customers(*, text: str = "", vip: bool = False) -> QuerySet[CustomerProfile]:
    """Profiles that contain every word of ``text``, with totals and ``net_cents``."""
    found = CustomerProfile.objects.select_related("user").with_totals()
    if text:
        found = found.search(text)
    if vip:
        found = found.filter(is_vip=True)
    # Without an order: before all who have one.
    return found.annotate(net_cents=_net(), last_at=Coalesce("last_booking_at", Value(NEVER)))


def _net() -> Any:
    """What was captured for a customer's bookings, less what was given back."""
    theirs = {"booking__customer": OuterRef("user"), "booking__deleted_at": None}
    taken = Payment.objects.filter(status__in=CAPTURED, **theirs)
    back = Refund.objects.filter(
        status=RefundStatus.COMPLETED,
        payment__booking__customer=OuterRef("user"),
        payment__booking__deleted_at=None,
    )
    return _sum_of(taken, "booking__customer") - _sum_of(back, "payment__booking__customer")


def _sum_of(rows: QuerySet[Any], owner: str) -> Any:
    cents = rows.order_by().values(owner).annotate(cents=Sum("amount_cents")).values("cents")
    return Coalesce(Subquery(cents, output_field=BigIntegerField()), 0)


def spend(user_id: UUID) -> Sums:
    """Captured and given back for the bookings of an account that were not deleted."""
    of_theirs = {"booking__customer": user_id, "booking__deleted_at": None}
    taken = Payment.objects.captured().filter(**of_theirs)
    back = Refund.objects.filter(
        status=RefundStatus.COMPLETED, **{f"payment__{key}": v for key, v in of_theirs.items()}
    )
    return Sums(
        taken.count(),
        int(taken.aggregate(cents=Sum("amount_cents", default=0))["cents"]),
        int(back.aggregate(cents=Sum("amount_cents", default=0))["cents"]),
    )


def bookings_of(user_id: UUID) -> QuerySet[Booking]:
    """All of an account that were not deleted, the latest pickup first."""
    theirs = Booking.objects.visible().filter(customer=user_id)
    return theirs.select_related("mini_move_package").order_by("-pickup_date", "-booking_number")


def guest_bookings_of(email: str) -> QuerySet[Booking]:
    """Bookings made without an account under the same email, in any case."""
    # The first condition has an index, the second is exact.
    holding = Booking.objects.visible().search(email)
    guests = holding.filter(customer=None, email__iexact=email)
    return guests.select_related("mini_move_package").order_by("-pickup_date", "-booking_number")
