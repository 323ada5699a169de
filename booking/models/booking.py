"""A booking: what was ordered, where, when, at which frozen price, and how far it has come."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.models import Q

from booking.models.event import BookingEvent, EventKind
from booking.models.line import BookingLine
from booking.models.search import matching
from catalog.choices import Airport, Direction, PickupTime, ServiceType
from catalog.pricing import Line
from totetaxi.lib import clock

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


class BookingStatus(models.TextChoices):
    PENDING = "pending", "Awaiting payment"
    CONFIRMED = "confirmed", "Confirmed"
    PAID = "paid", "Paid"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"


# The only moves there are (rule R501); every path obeys them, the webhook and the office alike.
MOVES: dict[str, frozenset[str]] = {
    BookingStatus.PENDING: frozenset(
        {BookingStatus.CONFIRMED, BookingStatus.PAID, BookingStatus.CANCELLED}
    ),
    BookingStatus.CONFIRMED: frozenset({BookingStatus.PAID, BookingStatus.CANCELLED}),
    BookingStatus.PAID: frozenset({BookingStatus.COMPLETED, BookingStatus.CANCELLED}),
    BookingStatus.COMPLETED: frozenset(),
    BookingStatus.CANCELLED: frozenset(),
}
# Bookings we will carry out.
LIVE_STATUSES = frozenset({BookingStatus.CONFIRMED, BookingStatus.PAID})

MINI_MOVE_ONLY = Q(mini_move_package__isnull=True, include_packing=False, include_unpacking=False)
STANDARD_ONLY = Q(standard_delivery_item_count__isnull=True, item_description="")
AIRPORT_ONLY = Q(
    blade_airport="",
    blade_terminal="",
    blade_direction="",
    blade_flight_date__isnull=True,
    blade_flight_time__isnull=True,
    blade_bag_count__isnull=True,
    blade_ready_time__isnull=True,
)


class BookingQuerySet(models.QuerySet["Booking"]):
    def visible(self) -> "BookingQuerySet":
        """Bookings that were not soft-deleted."""
        return self.filter(deleted_at=None)

    def search(self, text: str) -> "BookingQuerySet":
        """Bookings whose number, contact or addresses contain every word of ``text`` (R921)."""
        return self.filter(matching(text))

    def holding_unpaid(self) -> "BookingQuerySet":
        """Orders of customers' own that hold a place and are not paid (rule R674)."""
        return self.visible().filter(
            status=BookingStatus.PENDING, hold_released_at=None, created_by=None
        )

    def upcoming(self, today: date) -> "BookingQuerySet":
        """Bookings we will carry out on ``today`` or later, soonest first."""
        return self.filter(status__in=LIVE_STATUSES, pickup_date__gte=today).order_by(
            "pickup_date", "booking_number"
        )


class Booking(models.Model):
    """One job ordered by one customer or guest, at the price agreed when it was placed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking_number = models.CharField(max_length=20, unique=True, editable=False)
    # One booking per draft: a double click or a second tab finds the first one (rule R505).
    draft = models.OneToOneField(
        "booking.Draft", models.SET_NULL, null=True, blank=True, related_name="booking"
    )
    draft_version = models.PositiveIntegerField(default=0)

    # Who: an account or a guest, and the contact as it was at booking time.
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="bookings",
    )
    guest_checkout = models.OneToOneField(
        "booking.GuestCheckout", models.PROTECT, null=True, blank=True, related_name="booking"
    )
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    email = models.EmailField()
    phone = models.CharField(max_length=20)

    # What.
    service_type = models.CharField(max_length=20, choices=ServiceType)
    mini_move_package = models.ForeignKey(
        "catalog.MiniMovePackage", models.PROTECT, null=True, blank=True
    )
    include_packing = models.BooleanField(default=False)
    include_unpacking = models.BooleanField(default=False)
    standard_delivery_item_count = models.PositiveIntegerField(null=True, blank=True)
    item_description = models.CharField(max_length=500, blank=True)
    is_same_day_delivery = models.BooleanField(default=False)
    blade_airport = models.CharField(max_length=3, choices=Airport, blank=True)
    blade_terminal = models.CharField(max_length=2, blank=True)
    blade_direction = models.CharField(max_length=20, choices=Direction, blank=True)
    blade_flight_date = models.DateField(null=True, blank=True)
    blade_flight_time = models.TimeField(null=True, blank=True)
    blade_bag_count = models.PositiveIntegerField(null=True, blank=True)
    blade_ready_time = models.TimeField(null=True, blank=True)
    coi_required = models.BooleanField(default=False)

    # Where and when (New York dates).
    pickup_address = models.ForeignKey(
        "booking.Address", models.PROTECT, related_name="pickup_bookings"
    )
    delivery_address = models.ForeignKey(
        "booking.Address", models.PROTECT, related_name="delivery_bookings"
    )
    pickup_date = models.DateField(db_index=True)
    pickup_time = models.CharField(max_length=20, choices=PickupTime, default=PickupTime.MORNING)
    specific_pickup_hour = models.PositiveIntegerField(null=True, blank=True)
    special_instructions = models.TextField(blank=True, max_length=1000)
    is_outside_core_area = models.BooleanField(default=False)

    # How much: the lines are the price, this is their sum (a constraint trigger holds them equal).
    total_price_cents = models.PositiveBigIntegerField()
    organizing_tax_percent = models.DecimalField(max_digits=6, decimal_places=3)

    # How far.
    status = models.CharField(
        max_length=20, choices=BookingStatus, default=BookingStatus.PENDING, db_index=True
    )
    paid_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancellation_reason = models.CharField(max_length=500, blank=True)
    # When the customer was mailed: the day before, and for a review afterwards; once each.
    reminded_at = models.DateTimeField(null=True, blank=True)
    review_requested_at = models.DateTimeField(null=True, blank=True)
    # The place it holds on pickup_date; given back when set (rule R604).
    capacity_units = models.PositiveIntegerField(default=1)
    hold_released_at = models.DateTimeField(null=True, blank=True)

    # What the customer agreed to.
    terms_version = models.CharField(max_length=20, blank=True)
    terms_accepted_at = models.DateTimeField(null=True, blank=True)
    terms_ip_address = models.GenericIPAddressField(null=True, blank=True)
    terms_user_agent = models.CharField(max_length=300, blank=True)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="bookings_made_for_customers",
    )
    version = models.PositiveIntegerField(default=1)
    # All that search() looks at; kept by a trigger, so what is saved here is written over.
    search_text = models.TextField(default="", editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="booking_search"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=BookingStatus.values), name="booking_status_known"
            ),
            models.CheckConstraint(
                condition=Q(service_type__in=ServiceType.values), name="booking_service_known"
            ),
            models.CheckConstraint(
                condition=Q(pickup_time__in=PickupTime.values), name="booking_pickup_time_known"
            ),
            models.CheckConstraint(
                condition=Q(total_price_cents__gte=0), name="booking_total_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(customer__isnull=False, guest_checkout__isnull=True)
                | Q(customer__isnull=True, guest_checkout__isnull=False),
                name="booking_exactly_one_customer_type",
            ),
            models.CheckConstraint(
                condition=Q(
                    pickup_time=PickupTime.MORNING_SPECIFIC, specific_pickup_hour__isnull=False
                )
                | (
                    ~Q(pickup_time=PickupTime.MORNING_SPECIFIC)
                    & Q(specific_pickup_hour__isnull=True)
                ),
                name="booking_hour_only_with_hour_window",
            ),
            models.CheckConstraint(
                condition=~Q(service_type=ServiceType.MINI_MOVE)
                | (Q(mini_move_package__isnull=False) & STANDARD_ONLY & AIRPORT_ONLY),
                name="booking_mini_move_fields",
            ),
            models.CheckConstraint(
                condition=~Q(service_type=ServiceType.STANDARD_DELIVERY)
                | (Q(standard_delivery_item_count__gte=1) & MINI_MOVE_ONLY & AIRPORT_ONLY),
                name="booking_standard_delivery_fields",
            ),
            models.CheckConstraint(
                condition=~Q(service_type=ServiceType.SPECIALTY_ITEM)
                | (STANDARD_ONLY & MINI_MOVE_ONLY & AIRPORT_ONLY),
                name="booking_specialty_item_fields",
            ),
            models.CheckConstraint(
                condition=~Q(service_type=ServiceType.AIRPORT_TRANSFER)
                | (
                    Q(
                        blade_airport__in=Airport.values,
                        blade_direction__in=Direction.values,
                        blade_flight_date=models.F("pickup_date"),
                        blade_flight_time__isnull=False,
                        blade_bag_count__gte=1,
                        coi_required=False,
                    )
                    & MINI_MOVE_ONLY
                    & STANDARD_ONLY
                ),
                name="booking_airport_transfer_fields",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[BookingStatus.PAID, BookingStatus.COMPLETED])
                | Q(paid_at__isnull=False),
                name="booking_paid_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.booking_number or f"Booking {self.pk}"

    # -- seed's names ------------------------------------------------------

    def get_customer_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_customer_email(self) -> str:
        return self.email

    def get_pricing_breakdown(self) -> dict[str, int]:
        """Cents per line code, and ``total``; codes without a line are absent."""
        breakdown: dict[str, int] = {}
        for line in self.lines.all():
            breakdown[line.code] = breakdown.get(line.code, 0) + line.amount_cents
        return {**breakdown, "total": self.total_price_cents}

    def get_organizing_services_breakdown(self) -> list["BookingLine"]:
        return [line for line in self.lines.all() if line.code == "organizing"]

    @property
    def airport_side(self) -> str:
        """The end of a transfer that is the airport: "pickup" or "delivery", else ""."""
        if self.service_type != ServiceType.AIRPORT_TRANSFER:
            return ""
        return "pickup" if self.blade_direction == Direction.FROM_AIRPORT else "delivery"

    @property
    def can_rebook(self) -> bool:
        """Whether the same can be ordered again (rule R514)."""
        return self.status in (BookingStatus.PAID, BookingStatus.COMPLETED)

    @property
    def was_promised(self) -> bool:
        """Whether the office confirmed it before it was paid."""
        return self.events.filter(to_status=BookingStatus.CONFIRMED).exists()

    # -- the hold ----------------------------------------------------------

    @property
    def holds_place(self) -> bool:
        """Whether the day's capacity counts this booking (rule R604)."""
        return self.hold_released_at is None

    # -- moves (the caller holds the row lock) -----------------------------

    def move_to(
        self,
        status: BookingStatus,
        *,
        actor: "AbstractBaseUser | None" = None,
        actor_label: str = "system",
        reason: str = "",
    ) -> None:
        """Save ``status`` and its event, or raise ``ValueError`` if the booking cannot go there."""
        if status not in MOVES[self.status]:
            raise ValueError(f"{self} cannot go from {self.status} to {status}")
        before, self.status = self.status, status
        now = clock.now()
        fields = ["status", "version", "updated_at"]
        if status == BookingStatus.PAID:
            self.paid_at = now
            fields.append("paid_at")
        elif status == BookingStatus.COMPLETED:
            self.completed_at = now
            fields.append("completed_at")
        elif status == BookingStatus.CANCELLED:
            self.cancelled_at, self.cancellation_reason = now, reason
            fields += ["cancelled_at", "cancellation_reason"]
        self.version += 1
        self.save(update_fields=fields)
        self.record(
            EventKind.MOVED,
            from_status=before,
            to_status=status,
            actor=actor,
            actor_label=actor_label,
            reason=reason,
        )

    def mark_hold(self, *, released_at: datetime | None, reason: str) -> None:
        """Note on the row that its place was given back (a time) or taken again (None)."""
        self.hold_released_at = released_at
        self.save(update_fields=["hold_released_at", "updated_at"])
        kind = EventKind.HOLD_RELEASED if released_at else EventKind.HOLD_TAKEN
        self.record(kind, reason=reason)

    def record(
        self,
        kind: EventKind,
        *,
        from_status: str = "",
        to_status: str = "",
        actor: "AbstractBaseUser | None" = None,
        actor_label: str = "system",
        reason: str = "",
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> BookingEvent:
        """Add a row to the booking's history."""
        return BookingEvent.objects.create(
            booking=self,
            kind=kind,
            from_status=from_status,
            to_status=to_status,
            actor_id=actor.pk if actor else None,
            actor_label=actor_label,
            reason=reason,
            before=before or {},
            after=after or {},
        )

    def write_lines(self, lines: Sequence[Line]) -> None:
        """Replace the price lines of a booking that is not paid yet (rule R506)."""
        self.lines.all().delete()
        BookingLine.objects.bulk_create(
            BookingLine(
                booking=self,
                position=position,
                code=line.code,
                label=line.label,
                amount_cents=line.cents,
                note=line.note,
                reason=line.reason,
            )
            for position, line in enumerate(lines, start=1)
        )


def next_booking_number() -> str:
    """The next ``TT-000123`` from the database sequence; gaps are fine, repeats cannot be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('booking_number_seq')")
        (number,) = cursor.fetchone()
    return f"TT-{number:06d}"
