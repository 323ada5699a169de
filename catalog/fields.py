"""Money in forms: people type dollars, the database keeps whole cents."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

ST_contra = TypeVar("ST_contra", contravariant=True)
GT_co = TypeVar("GT_co", covariant=True)

if TYPE_CHECKING:
    WholeNumber = models.PositiveBigIntegerField
else:

    class WholeNumber(models.PositiveBigIntegerField):
        """Django's field, which type checkers take for a generic class, made to look like one."""

        def __class_getitem__(cls, _: object) -> type:
            return cls


above_zero = MinValueValidator(1, "Enter an amount above $0.")
# Far above every price, far below what a column of a total can hold.
MOST_DOLLARS = 1_000_000
TOO_MUCH = f"Enter at most ${MOST_DOLLARS:,}."
sane_amount = MaxValueValidator(MOST_DOLLARS * 100, TOO_MUCH)


class DollarsField(forms.DecimalField):
    """An amount typed as dollars ("175" or "175.50") whose value is whole cents."""

    # Without the limit "1E+999999" would become a number that fills the memory.
    default_error_messages = {
        "invalid": "Enter an amount such as 175 or 175.50.",
        "max_value": TOO_MUCH,
        "max_decimal_places": "Enter whole cents, such as 175.50.",
    }

    def __init__(self, **kwargs: Any) -> None:
        limits = {"min_value": Decimal(0), "max_value": Decimal(MOST_DOLLARS)}
        super().__init__(**{**limits, "decimal_places": 2, **kwargs})
        for validator in self.validators:
            # Not among the messages above: those replace what a model's own validator says.
            if isinstance(validator, MinValueValidator):
                validator.message = "Enter an amount of $0 or more."

    def clean(self, value: Any) -> Any:
        """Return whole cents, or None for an empty answer that may be empty."""
        if self.disabled:
            return value  # Stored cents already, nothing that anybody typed.
        dollars: Decimal | None = super().clean(value)
        return None if dollars is None else int(dollars * 100)

    def prepare_value(self, value: Any) -> Any:
        """Show stored cents as dollars; what a person typed stays as it was typed."""
        return Decimal(value) / 100 if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class CentsField(WholeNumber[ST_contra, GT_co]):
    """Whole US cents, typed and shown as dollars in every form made from the model."""

    default_validators = [sane_amount]

    def formfield(self, **kwargs: Any) -> Any:
        return models.Field.formfield(self, **{"form_class": DollarsField, **kwargs})
