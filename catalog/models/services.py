"""What we sell: Mini Moves and their organizing services, deliveries, specialty items, airports."""

from functools import reduce
from operator import or_

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from catalog.choices import OrganizingKind, PackageType
from catalog.fields import CentsField, above_zero
from catalog.models.base import CatalogQuerySet, CatalogRow, known


class MiniMovePackage(CatalogRow):
    """One Mini Move tier; an inactive tier is not sold."""

    package_type = models.CharField("tier", max_length=20, choices=PackageType, unique=True)
    name = models.CharField(max_length=50)
    description = models.TextField(help_text="Shown on the package's card.")
    base_price_cents = CentsField("price", validators=[above_zero], help_text="In dollars.")
    max_items = models.PositiveIntegerField(
        null=True, blank=True, help_text="Shown, not counted. Empty: as much as the van holds."
    )
    max_weight_per_item_lbs = models.PositiveIntegerField("pounds per item", default=50)
    coi_included = models.BooleanField("certificate of insurance included", default=False)
    coi_fee_cents = CentsField(
        "certificate fee", default=50_00, help_text="In dollars. Not charged where it is included."
    )
    priority_scheduling = models.BooleanField(default=False)
    protective_wrapping = models.BooleanField(default=False)
    is_most_popular = models.BooleanField("“most popular” badge", default=False)
    offers_hour_window = models.BooleanField(
        "one-hour pickup window offered",
        default=False,
        help_text="Costs what the active one-hour-window surcharge says, unless it is free.",
    )
    hour_window_free = models.BooleanField("one-hour window is free", default=False)
    offers_flexible_time = models.BooleanField("flexible time offered", default=False)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        ordering = ["base_price_cents"]
        constraints = [
            known("package_type", PackageType, "mini_move_tier_known"),
            models.CheckConstraint(
                condition=Q(base_price_cents__gt=0), name="mini_move_price_above_zero"
            ),
            models.CheckConstraint(
                condition=Q(offers_hour_window=True) | Q(hour_window_free=False),
                name="mini_move_free_window_is_offered",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.hour_window_free and not self.offers_hour_window:
            raise ValidationError(
                {"hour_window_free": "Offer the one-hour window before making it free."}
            )


class OrganizingType(models.TextChoices):
    PETITE_PACKING = "petite_packing", "Petite Packing"
    PETITE_UNPACKING = "petite_unpacking", "Petite Unpacking"
    STANDARD_PACKING = "standard_packing", "Standard Packing"
    STANDARD_UNPACKING = "standard_unpacking", "Standard Unpacking"
    FULL_PACKING = "full_packing", "Full Packing"
    FULL_UNPACKING = "full_unpacking", "Full Unpacking"


class OrganizingService(CatalogRow):
    """Packing or unpacking, sold with the Mini Move of the same tier."""

    service_type = models.CharField("kind", max_length=30, choices=OrganizingType, unique=True)
    mini_move_tier = models.CharField("Mini Move tier", max_length=20, choices=PackageType)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    price_cents = CentsField(
        "price", validators=[above_zero], help_text="In dollars, before sales tax."
    )
    duration_hours = models.PositiveIntegerField("hours")
    organizer_count = models.PositiveIntegerField("organizers")
    supplies_allowance_cents = CentsField(
        "supplies allowance", default=0, help_text="In dollars. Information, not a charge."
    )
    is_packing_service = models.BooleanField("is packing")

    objects = CatalogQuerySet.as_manager()

    class Meta:
        ordering = ["mini_move_tier", "is_packing_service", "price_cents"]
        constraints = [
            models.CheckConstraint(
                condition=reduce(
                    or_,
                    (
                        Q(
                            service_type=f"{tier}_{kind}",
                            mini_move_tier=tier,
                            is_packing_service=kind == OrganizingKind.PACKING,
                        )
                        for tier in PackageType.values
                        for kind in OrganizingKind.values
                    ),
                ),
                name="organizing_kind_fits_tier",
            ),
            models.CheckConstraint(
                condition=Q(price_cents__gt=0), name="organizing_price_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> OrganizingKind:
        return OrganizingKind.PACKING if self.is_packing_service else OrganizingKind.UNPACKING

    def clean(self) -> None:
        tier, _, kind = self.service_type.partition("_")
        errors = {}
        if self.mini_move_tier != tier:
            errors["mini_move_tier"] = "Choose the tier that the kind names."
        if self.is_packing_service != (kind == OrganizingKind.PACKING):
            errors["is_packing_service"] = "Tick this for packing and only for packing."
        if errors:
            raise ValidationError(errors)


class StandardDeliveryConfig(CatalogRow):
    """The rate of Standard Delivery; specialty orders share its certificate and same-day fees."""

    price_per_item_cents = CentsField(
        "price per item", validators=[above_zero], help_text="In dollars."
    )
    minimum_charge_cents = CentsField(
        "minimum charge", help_text="In dollars, for the regular items of an order together."
    )
    minimum_items = models.PositiveIntegerField(
        default=3, help_text="Information: how many items the minimum charge covers."
    )
    same_day_surcharge_cents = CentsField("same-day surcharge", help_text="In dollars.")
    coi_fee_cents = CentsField(
        "certificate fee", default=50_00, help_text="In dollars, when a certificate is asked for."
    )
    max_weight_per_item_lbs = models.PositiveIntegerField("pounds per item", default=50)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = "standard delivery rate"
        ordering = ["-is_active", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"],
                condition=Q(is_active=True),
                name="standard_delivery_one_active",
                violation_error_code="unique",
                violation_error_message="Another rate is active: switch that one off first.",
            ),
            models.CheckConstraint(
                condition=Q(price_per_item_cents__gt=0), name="standard_delivery_price_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return "Standard Delivery rate" if self.is_active else "Standard Delivery rate, not in use"


class SpecialtyItem(CatalogRow):
    """One kind of bulky or delicate thing, priced by the piece."""

    type_key = models.SlugField(
        "key",
        max_length=50,
        unique=True,
        help_text="Short name used in links, for example “bicycle”. Never changes.",
    )
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    base_price_cents = CentsField("price", validators=[above_zero], help_text="In dollars each.")
    requires_disassembly = models.BooleanField(default=False)
    max_weight_lbs = models.PositiveIntegerField("pounds at most", null=True, blank=True)
    special_handling = models.BooleanField(default=True)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(type_key=""), name="specialty_key_not_empty"),
            models.CheckConstraint(
                condition=Q(base_price_cents__gt=0), name="specialty_price_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AirportTransferConfig(CatalogRow):
    """The rate of airport transfers, and the fees that may be billed after the day."""

    price_per_bag_cents = CentsField(
        "price per bag", validators=[above_zero], help_text="In dollars."
    )
    minimum_bags = models.PositiveIntegerField(default=2, validators=[MinValueValidator(1)])
    minimum_charge_cents = CentsField("minimum charge", help_text="In dollars.")
    max_weight_per_bag_lbs = models.PositiveIntegerField("pounds per bag", default=50)
    overweight_fee_cents = CentsField(
        "overweight fee",
        default=100_00,
        help_text="In dollars for each bag above that weight. Shown; billed after the day.",
    )
    waiting_fee_cents = CentsField(
        "waiting fee",
        default=50_00,
        help_text="In dollars per half hour after ten minutes. Shown; billed after the day.",
    )

    objects = CatalogQuerySet.as_manager()

    class Meta:
        verbose_name = "airport transfer rate"
        ordering = ["-is_active", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"],
                condition=Q(is_active=True),
                name="airport_transfer_one_active",
                violation_error_code="unique",
                violation_error_message="Another rate is active: switch that one off first.",
            ),
            models.CheckConstraint(
                condition=Q(price_per_bag_cents__gt=0), name="airport_transfer_price_above_zero"
            ),
            models.CheckConstraint(
                condition=Q(minimum_bags__gt=0), name="airport_transfer_minimum_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return "Airport Transfer rate" if self.is_active else "Airport Transfer rate, not in use"
