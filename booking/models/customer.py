"""Customers with an account: what we know about them, and the addresses they saved."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Lower

from booking.models.booking import LIVE_STATUSES, Booking, BookingStatus
from booking.models.search import matching
from catalog.choices import PickupTime, State
from totetaxi.lib import clock

# What a customer has ordered from us in earnest; an unpaid or cancelled order counts for nothing.
ORDERED_STATUSES = frozenset({*LIVE_STATUSES, BookingStatus.COMPLETED})
SPENT_STATUSES = frozenset({BookingStatus.PAID, BookingStatus.COMPLETED})
ZIP_CODE = r"^[0-9]{5}(-[0-9]{4})?$"


class CustomerProfileQuerySet(models.QuerySet["CustomerProfile"]):
    def search(self, text: str) -> "CustomerProfileQuerySet":
        """Customers whose name, email, phone or saved addresses contain every word (R954)."""
        return self.filter(matching(text))

    def with_totals(self) -> "CustomerProfileQuerySet":
        """Adds total_bookings, total_spent_cents and last_booking_at (None: never), derived.

        They count visible bookings that are confirmed, paid or completed; spent is the price of
        the paid and completed ones. Nothing is stored, so nothing can count twice (rule R814).
        """
        return self.annotate(  # type: ignore[no-redef]  # The model names them for readers.
            total_bookings=Coalesce(_of_bookings(Count("pk")), 0),
            total_spent_cents=Coalesce(
                _of_bookings(Sum("total_price_cents", filter=Q(status__in=SPENT_STATUSES))),
                0,
                output_field=models.BigIntegerField(),
            ),
            last_booking_at=_of_bookings(models.Max("created_at")),
        )


def _of_bookings(total: models.Aggregate) -> Subquery:
    """One aggregate over the bookings of the profile's user, as a subquery."""
    theirs = Booking.objects.visible().filter(
        customer=OuterRef("user"), status__in=ORDERED_STATUSES
    )
    return Subquery(theirs.order_by().values("customer").annotate(total=total).values("total"))


class CustomerProfile(models.Model):
    """A user who orders: phone, preferences, and what the office notes about them.

    A user is a customer or one of the staff, never both; the database refuses the second profile.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="customer_profile",
    )
    phone = models.CharField(max_length=20, blank=True)
    preferred_pickup_time = models.CharField(
        max_length=30, choices=PickupTime, default=PickupTime.MORNING
    )
    email_notifications = models.BooleanField(
        default=True, help_text="Reminders, status notes and review requests by email."
    )
    sms_notifications = models.BooleanField(default=False)
    is_vip = models.BooleanField("VIP", default=False)
    # When they first saw their dashboard, which welcomes them once.
    welcomed_at = models.DateTimeField(null=True, blank=True, editable=False)
    notes = models.TextField(blank=True, help_text="For the office; the customer never sees them.")
    # All that search() looks at; kept by triggers, so what is saved here is written over.
    search_text = models.TextField(default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    # Stubs cannot see what with_totals() adds.
    total_bookings: int
    total_spent_cents: int
    last_booking_at: datetime | None

    objects = CustomerProfileQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="customer_search"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(preferred_pickup_time__in=PickupTime.values),
                name="customer_profile_pickup_time_known",
            ),
        ]

    def __str__(self) -> str:
        return f"Customer {self.pk}"


class SavedAddressQuerySet(models.QuerySet["SavedAddress"]):
    def active(self) -> "SavedAddressQuerySet":
        """Addresses the customer has not deleted, the most used first."""
        return self.filter(is_active=True).order_by("-times_used", Lower("nickname"))


class SavedAddress(models.Model):
    """An address a customer kept under a nickname; bookings copy it, they never point to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_addresses"
    )
    nickname = models.CharField(max_length=50)
    address_line_1 = models.CharField(max_length=200)
    address_line_2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100)
    state = models.CharField(max_length=2, choices=State)
    zip_code = models.CharField(max_length=10)
    delivery_instructions = models.TextField(blank=True, max_length=1000)
    times_used = models.PositiveIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)
    # Deleting switches this off and so frees the nickname.
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SavedAddressQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "saved addresses"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                "user",
                Lower("nickname"),
                condition=Q(is_active=True),
                name="saved_address_nickname_once_per_customer",
                violation_error_message="You already have an address with this nickname.",
            ),
            models.CheckConstraint(
                condition=~Q(nickname=""), name="saved_address_nickname_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="saved_address_state_known"
            ),
            models.CheckConstraint(
                condition=Q(zip_code__regex=ZIP_CODE), name="saved_address_zip_code_form"
            ),
        ]

    def __str__(self) -> str:
        return f"Saved address {self.pk}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The address as it is written on an envelope, without empty lines."""
        street = self.address_line_1
        if self.address_line_2:
            street = f"{street}, {self.address_line_2}"
        return street, f"{self.city}, {self.state} {self.zip_code}"

    @property
    def formatted_address(self) -> str:
        """The address in one line, between commas."""
        return ", ".join(self.lines)

    def retire(self) -> None:
        """Delete it as the customer sees it: out of every list, its nickname free again."""
        self.is_active = False
        self.save(update_fields=["is_active", "updated_at"])

    def mark_used(self) -> None:
        """Count one more booking made with this address, now."""
        self.last_used_at = clock.now()
        SavedAddress.objects.filter(pk=self.pk).update(
            times_used=F("times_used") + 1, last_used_at=self.last_used_at
        )
        self.refresh_from_db(fields=["times_used"])
