"""The booking policy: the one row of rules and facts about the company that staff can change."""

import uuid
from datetime import time
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import connection, models, transaction
from django.db.models import Q

from catalog.models.base import CatalogQuerySet
from catalog.models.days import CapacityDay, name_days
from totetaxi.lib import clock

THE_ONE = 1
UNITS_HELP = "Places of a day that one booking takes."


class BookingPolicy(models.Model):
    """Cut-offs, limits, rates and contact facts. Times are New York wall clock."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    same_day_enabled = models.BooleanField(
        "same-day orders online",
        default=True,
        help_text="Deliveries only, until the cut-off below. Switched off: by phone.",
    )
    same_day_cutoff = models.TimeField(
        default=time(10), help_text="From this minute on, today is by phone only."
    )
    tomorrow_cutoff = models.TimeField(
        default=time(18), help_text="From this minute on, tomorrow is by phone only."
    )
    horizon_days = models.PositiveSmallIntegerField(
        "days ahead",
        default=365,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
        help_text="How far ahead a customer can book.",
    )
    airport_earliest_departure = models.TimeField(
        default=time(8), help_text="Earlier departures are by phone only."
    )
    organizing_tax_percent = models.DecimalField(
        "sales tax on organizing",
        max_digits=6,
        decimal_places=3,
        default=Decimal("8.875"),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="In percent, for example 8.875.",
    )
    default_daily_limit = models.PositiveIntegerField(
        "places per day",
        null=True,
        blank=True,
        help_text="Empty: no limit. Days with a limit of their own keep it.",
    )
    units_mini_move = models.PositiveSmallIntegerField(
        "Mini Move takes", default=1, help_text=UNITS_HELP
    )
    units_standard_delivery = models.PositiveSmallIntegerField(
        "Standard Delivery takes", default=1, help_text=UNITS_HELP
    )
    units_specialty_item = models.PositiveSmallIntegerField(
        "specialty order takes", default=1, help_text=UNITS_HELP
    )
    units_blade_transfer = models.PositiveSmallIntegerField(
        "Airport Transfer takes", default=1, help_text=UNITS_HELP
    )
    unpaid_hold_minutes = models.PositiveSmallIntegerField(
        default=60,
        # The payment page lives at least half an hour and at most a day.
        validators=[MinValueValidator(30), MaxValueValidator(1440)],
        help_text="How long an unpaid order keeps its place.",
    )
    change_cutoff = models.TimeField(
        "change and cancel until",
        default=time(18),
        help_text="On the day before pickup. Later by phone only.",
    )
    peak_date_refund_percent = models.PositiveSmallIntegerField(
        "refund on peak dates",
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="In percent, whenever the customer cancels.",
    )
    two_person_refund_cents = models.PositiveIntegerField(
        "second person above (cents)",
        default=500_00,
        help_text="Refunds that staff ask for above this amount need another person’s approval.",
    )
    phone = models.CharField(
        max_length=20,
        default="(631) 595-5100",
        validators=[
            RegexValidator(r"^\([0-9]{3}\) [0-9]{3}-[0-9]{4}$", "Write it like (631) 595-5100.")
        ],
    )
    phone_hours = models.CharField(max_length=100, default="Every day, 9 AM–6 PM")
    email_info = models.EmailField("email for questions", default="info@totetaxi.com")
    email_orders = models.EmailField("email for orders", default="orders@totetaxi.com")
    office_address = models.CharField(
        max_length=200, default="395 County Road 39A, Southampton, NY 11968"
    )
    announcement = models.TextField(
        blank=True, max_length=300, help_text="Shown once to each visitor. Empty: nothing."
    )
    updated_at = models.DateTimeField(auto_now=True)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = "booking policy"
        verbose_name_plural = "booking policy"
        constraints = [
            models.CheckConstraint(condition=Q(id=THE_ONE), name="booking_policy_only_one"),
            models.CheckConstraint(
                condition=Q(organizing_tax_percent__gte=0, organizing_tax_percent__lte=100),
                name="booking_policy_tax_is_percent",
            ),
            models.CheckConstraint(
                condition=Q(peak_date_refund_percent__lte=100),
                name="booking_policy_refund_is_percent",
            ),
        ]

    def __str__(self) -> str:
        return "Booking policy"

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and give a new usual limit to the days from today on that follow it.

        Raises IntegrityError, and saves nothing, where more places than that are taken.
        """
        if not self._limit_changed():
            super().save(*args, **kwargs)
            return
        CapacityDay.objects.hold_still()
        super().save(*args, **kwargs)
        CapacityDay.objects.following_default(clock.today()).update(limit=self.default_daily_limit)

    @property
    def units(self) -> dict[str, int]:
        """Places of a day that one booking takes, by stored service type."""
        return {
            "mini_move": self.units_mini_move,
            "standard_delivery": self.units_standard_delivery,
            "specialty_item": self.units_specialty_item,
            "blade_transfer": self.units_blade_transfer,
        }

    def clean(self) -> None:
        """Name the days that have more places taken than the new usual limit.

        While a form saves it, places stand still until the limit is in force.
        """
        if not self._limit_changed():
            return
        if connection.in_atomic_block:
            CapacityDay.objects.hold_still()
        days = CapacityDay.objects.following_default(clock.today()).above(self.default_daily_limit)
        if named := name_days(days[:10]):
            message = f"More places are taken already on {named}. Give those days their own limit."
            raise ValidationError({"default_daily_limit": message})

    def _limit_changed(self) -> bool:
        stored = BookingPolicy.objects.filter(pk=self.pk).values_list(
            "default_daily_limit", flat=True
        )
        return list(stored) != [self.default_daily_limit]


class RefundRule(models.Model):
    """Cancelling so many hours before the pickup window, or earlier, gives back a percentage."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    policy = models.ForeignKey(
        BookingPolicy, models.CASCADE, default=THE_ONE, related_name="refund_rules"
    )
    hours_before = models.PositiveIntegerField(
        help_text="Before the start of the pickup window. 0: until the change cut-off."
    )
    percent = models.PositiveSmallIntegerField(
        "refund", validators=[MaxValueValidator(100)], help_text="In percent of what was paid."
    )

    objects = CatalogQuerySet.as_manager()

    class Meta:
        ordering = ["-hours_before"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "hours_before"],
                name="refund_rule_hours_once",
                violation_error_message="There is a rule for this many hours already.",
            ),
            models.CheckConstraint(condition=Q(percent__lte=100), name="refund_rule_is_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.hours_before} hours or more before: {self.percent} %"
