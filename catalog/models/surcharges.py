"""Surcharge rules: weekends, peak dates, the extended area, the one-hour window."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from catalog.choices import ALL_SERVICES, CalculationType, ServiceType, SurchargeType
from catalog.fields import CentsField, above_zero
from catalog.models.base import CatalogQuerySet, CatalogRow, known

SERVICE_FILTERS = [(ALL_SERVICES, "All services"), *ServiceType.choices]
NO_DATES = Q(specific_date=None, start_date=None, end_date=None)
NO_WEEKDAYS = Q(applies_saturday=False, applies_sunday=False)
ONE_DATE = Q(specific_date__isnull=False, start_date=None, end_date=None)
DATE_RANGE = Q(specific_date=None, start_date__isnull=False, end_date__isnull=False)
#: Rules that hold on any date; of these the engine needs an amount, not a share.
UNDATED = (SurchargeType.GEOGRAPHIC, SurchargeType.TIME_WINDOW)


class SurchargeRule(CatalogRow):
    """One reason to charge more.

    A weekend rule has weekday switches, a peak rule one date or a range with both ends included,
    the others neither. Airport transfers are never surcharged, whatever the filter says.
    """

    surcharge_type = models.CharField("kind", max_length=20, choices=SurchargeType)
    name = models.CharField(max_length=100, help_text="Customers read it beside the charge.")
    description = models.TextField(blank=True, help_text="For colleagues.")
    applies_to_service_type = models.CharField(
        "service", max_length=30, choices=SERVICE_FILTERS, default=ALL_SERVICES
    )
    calculation_type = models.CharField(
        "amount is", max_length=20, choices=CalculationType, default=CalculationType.FIXED_AMOUNT
    )
    percentage = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="Of the service price alone, for example 12.50. Empty for a fixed amount.",
    )
    fixed_amount_cents = CentsField(
        "fixed amount",
        null=True,
        blank=True,
        validators=[above_zero],
        help_text="In dollars. Empty for a percentage.",
    )
    specific_date = models.DateField(
        "date", null=True, blank=True, help_text="Peak dates: a single day, or the range below."
    )
    start_date = models.DateField("first day", null=True, blank=True)
    end_date = models.DateField("last day", null=True, blank=True, help_text="Included.")
    applies_saturday = models.BooleanField("Saturdays", default=False)
    applies_sunday = models.BooleanField("Sundays", default=False)
    per_address = models.BooleanField(
        "for each address",
        default=False,
        help_text="Extended area only: charge for each address in it, not once for the booking.",
    )
    # What seed_catalog made it for. Edits keep it, so that an edited rule is not made again.
    seed_key = models.CharField(max_length=100, null=True, blank=True, unique=True, editable=False)

    objects = CatalogQuerySet.as_manager()

    class Meta:
        ordering = ["surcharge_type", "specific_date", "start_date", "name"]
        constraints = [
            known("surcharge_type", SurchargeType, "surcharge_type_known"),
            models.CheckConstraint(
                condition=Q(applies_to_service_type__in=[key for key, _ in SERVICE_FILTERS]),
                name="surcharge_service_known",
            ),
            models.CheckConstraint(
                # A comparison with NULL refuses nothing, so what must be there is asked for.
                condition=Q(
                    calculation_type=CalculationType.PERCENTAGE,
                    percentage__isnull=False,
                    percentage__gt=0,
                    percentage__lte=100,
                    fixed_amount_cents=None,
                )
                | Q(
                    calculation_type=CalculationType.FIXED_AMOUNT,
                    fixed_amount_cents__isnull=False,
                    fixed_amount_cents__gt=0,
                    percentage=None,
                ),
                name="surcharge_amount_fits_calculation",
            ),
            models.CheckConstraint(
                condition=~Q(surcharge_type=SurchargeType.WEEKEND) | (NO_DATES & ~NO_WEEKDAYS),
                name="surcharge_weekend_has_weekdays_only",
            ),
            models.CheckConstraint(
                condition=~Q(surcharge_type=SurchargeType.PEAK_DATE)
                | (NO_WEEKDAYS & (ONE_DATE | DATE_RANGE)),
                name="surcharge_peak_has_date_or_range",
            ),
            models.CheckConstraint(
                condition=~Q(surcharge_type__in=UNDATED)
                | (NO_DATES & NO_WEEKDAYS & Q(calculation_type=CalculationType.FIXED_AMOUNT)),
                name="surcharge_undated_is_fixed",
            ),
            models.CheckConstraint(
                condition=Q(end_date=None) | Q(end_date__gte=F("start_date")),
                name="surcharge_range_in_order",
            ),
            models.CheckConstraint(
                condition=Q(per_address=False) | Q(surcharge_type=SurchargeType.GEOGRAPHIC),
                name="surcharge_per_address_is_geographic",
            ),
            models.UniqueConstraint(
                fields=["surcharge_type", "applies_to_service_type"],
                condition=Q(is_active=True, surcharge_type__in=UNDATED),
                name="surcharge_undated_once_per_service",
                violation_error_message="An active rule of this kind for this service exists.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Say beside each field what the constraints above refuse."""
        errors = {**self._amount_errors(), **self._date_errors()}
        if self.per_address and self.surcharge_type != SurchargeType.GEOGRAPHIC:
            errors["per_address"] = "Only an extended-area rule can charge for each address."
        if errors:
            raise ValidationError(errors)

    def _amount_errors(self) -> dict[str, str]:
        if self.calculation_type == CalculationType.PERCENTAGE:
            errors = {}
            if self.surcharge_type in UNDATED:
                errors["calculation_type"] = "This kind of rule needs a fixed amount."
            if not self.percentage:
                errors["percentage"] = "Enter a percentage above 0."
            if self.fixed_amount_cents is not None:
                errors["fixed_amount_cents"] = "Leave this empty for a percentage."
            return errors
        errors = {}
        if not self.fixed_amount_cents:
            errors["fixed_amount_cents"] = "Enter an amount above $0."
        if self.percentage is not None:
            errors["percentage"] = "Leave this empty for a fixed amount."
        return errors

    def _date_errors(self) -> dict[str, str]:
        if self.surcharge_type == SurchargeType.PEAK_DATE:
            return self._peak_errors()
        errors = {
            name: "Only a peak-date rule has dates."
            for name in ("specific_date", "start_date", "end_date")
            if getattr(self, name) is not None
        }
        weekend = self.surcharge_type == SurchargeType.WEEKEND
        if weekend and not (self.applies_saturday or self.applies_sunday):
            errors["applies_saturday"] = "Choose Saturdays, Sundays or both."
        return errors if weekend else {**errors, **self._weekday_errors()}

    def _weekday_errors(self) -> dict[str, str]:
        return {
            name: "Only a weekend rule has weekdays."
            for name in ("applies_saturday", "applies_sunday")
            if getattr(self, name)
        }

    def _peak_errors(self) -> dict[str, str]:
        errors = self._weekday_errors()
        if self.specific_date and (self.start_date or self.end_date):
            errors["specific_date"] = "Enter one date or a range, not both."
        elif not self.specific_date and not self.start_date and not self.end_date:
            errors["specific_date"] = "Enter a date, or a first and a last day."
        elif not self.specific_date and not self.start_date:
            errors["start_date"] = "Enter the first day of the range."
        elif not self.specific_date and not self.end_date:
            errors["end_date"] = "Enter the last day of the range."
        elif self.start_date and self.end_date and self.end_date < self.start_date:
            errors["end_date"] = "The last day is before the first."
        return errors
