"""Discount codes; each use of one is a record of the booking that used it."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Upper

from catalog.choices import DiscountType, ServiceType
from catalog.fields import CentsField, above_zero
from catalog.models.base import CatalogRow
from totetaxi.lib import clock


class DiscountCode(CatalogRow):
    """A code that takes a share or an amount off the total; kept and compared in upper case."""

    code = models.CharField(
        max_length=50,
        validators=[RegexValidator(r"^[A-Za-z0-9_-]+$", "Use letters, digits, dashes only.")],
        help_text="Capital and small letters are the same.",
    )
    description = models.TextField(blank=True, help_text="For colleagues.")
    discount_type = models.CharField(
        "kind", max_length=20, choices=DiscountType, default=DiscountType.PERCENTAGE
    )
    percent = models.PositiveSmallIntegerField(
        "percentage",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="A whole number from 1 to 100. Empty for a fixed amount.",
    )
    amount_cents = CentsField(
        "fixed amount",
        null=True,
        blank=True,
        validators=[above_zero],
        help_text="In dollars. Empty for a percentage.",
    )
    maximum_discount_cents = CentsField(
        "at most",
        null=True,
        blank=True,
        validators=[above_zero],
        help_text="In dollars: the most a percentage takes off. Empty: no cap.",
    )
    minimum_order_cents = CentsField(
        "minimum order", default=0, help_text="In dollars, before the discount."
    )
    max_uses = models.PositiveIntegerField(
        "uses in all", null=True, blank=True, help_text="Empty: no limit."
    )
    max_uses_per_customer = models.PositiveIntegerField(
        "uses per customer",
        null=True,
        blank=True,
        default=1,
        help_text="Counted by email address. Empty: no limit.",
    )
    valid_from = models.DateTimeField(default=clock.now)
    valid_until = models.DateTimeField(null=True, blank=True, help_text="Empty: never ends.")
    service_types = ArrayField(
        models.CharField(max_length=20, choices=ServiceType),
        verbose_name="services",
        default=list,
        blank=True,
        help_text="None ticked: every service.",
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(Lower("code"), name="discount_code_once_in_any_case"),
            models.CheckConstraint(
                condition=Q(code=Upper("code")) & ~Q(code=""), name="discount_code_upper_case"
            ),
            models.CheckConstraint(
                # A comparison with NULL refuses nothing, so what must be there is asked for.
                condition=Q(
                    discount_type=DiscountType.PERCENTAGE,
                    percent__isnull=False,
                    percent__gte=1,
                    percent__lte=100,
                    amount_cents=None,
                )
                | Q(
                    discount_type=DiscountType.FIXED_AMOUNT,
                    amount_cents__isnull=False,
                    amount_cents__gt=0,
                    percent=None,
                    maximum_discount_cents=None,
                ),
                name="discount_amount_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(service_types__contained_by=ServiceType.values),
                name="discount_services_known",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="discount_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def value(self) -> int:
        """The percentage, or the amount in cents, by ``discount_type``."""
        return (self.percent if self.percent is not None else self.amount_cents) or 0

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the code in capitals, whatever was typed."""
        self.code = self.code.strip().upper()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Say beside each field what the constraints above refuse."""
        self.code = self.code.strip().upper()
        errors = self._amount_errors()
        if DiscountCode.objects.filter(code=self.code).exclude(pk=self.pk).exists():
            errors["code"] = "This code exists already."
        start: datetime | None = self.valid_from  # None where a form left it empty
        if self.valid_until and start and self.valid_until <= start:
            errors["valid_until"] = "The end must be after the start."
        if errors:
            raise ValidationError(errors)

    def _amount_errors(self) -> dict[str, str]:
        errors = {}
        if self.discount_type == DiscountType.PERCENTAGE:
            if not self.percent:
                errors["percent"] = "Enter a percentage from 1 to 100."
            if self.amount_cents is not None:
                errors["amount_cents"] = "Leave this empty for a percentage."
            return errors
        if not self.amount_cents:
            errors["amount_cents"] = "Enter an amount above $0."
        if self.percent is not None:
            errors["percent"] = "Leave this empty for a fixed amount."
        if self.maximum_discount_cents is not None:
            errors["maximum_discount_cents"] = "Only a percentage has a cap."
        return errors
