"""Surcharge rules: a form for each kind, with only the fields that kind can have (rule R108)."""

from typing import Any

from django import forms

from catalog.choices import CalculationType, ServiceType, SurchargeType
from catalog.models import SurchargeRule
from staff.catalog.forms import DateInput, RecordForm, text_area

ABOUT = ("name", "applies_to_service_type", "is_active", "description")
AMOUNT = ("calculation_type", "fixed_amount_cents", "percentage")
WIDGETS: dict[str, forms.Widget | type[forms.Widget]] = {
    "description": text_area(2),
    "calculation_type": forms.RadioSelect,
    "specific_date": DateInput(),
    "start_date": DateInput(),
    "end_date": DateInput(),
}


class SurchargeForm(RecordForm):
    """What every rule has. The kind is fixed when a rule is made."""

    kind: SurchargeType

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.surcharge_type = self.kind
        services = self.fields["applies_to_service_type"]
        # A rule for airport transfers would never charge anything (rule R215).
        if self.instance.applies_to_service_type != ServiceType.AIRPORT_TRANSFER:
            services.choices = [  # type: ignore[attr-defined]  # A choice field
                choice
                for choice in SurchargeRule._meta.get_field("applies_to_service_type").choices or ()
                if choice[0] != ServiceType.AIRPORT_TRANSFER
            ]
        services.help_text = "Airport transfers are never surcharged."


class WeekendForm(SurchargeForm):
    kind = SurchargeType.WEEKEND
    sections = (
        ("The rule", ABOUT),
        ("Amount", AMOUNT),
        ("When", ("applies_saturday", "applies_sunday")),
    )

    class Meta:
        model = SurchargeRule
        fields = (*ABOUT, *AMOUNT, "applies_saturday", "applies_sunday")
        widgets = WIDGETS


class PeakForm(SurchargeForm):
    kind = SurchargeType.PEAK_DATE
    sections = (
        ("The rule", ABOUT),
        ("Amount", AMOUNT),
        ("When", ("specific_date", "start_date", "end_date")),
    )

    class Meta:
        model = SurchargeRule
        fields = (*ABOUT, *AMOUNT, "specific_date", "start_date", "end_date")
        widgets = WIDGETS


class UndatedForm(SurchargeForm):
    """Rules without dates need an amount, not a share."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.calculation_type = CalculationType.FIXED_AMOUNT
        self.instance.percentage = None
        self.fields["fixed_amount_cents"].help_text = "In dollars."


class GeographicForm(UndatedForm):
    kind = SurchargeType.GEOGRAPHIC
    sections = (("The rule", ABOUT), ("Amount", ("fixed_amount_cents", "per_address")))

    class Meta:
        model = SurchargeRule
        fields = (*ABOUT, "fixed_amount_cents", "per_address")
        widgets = WIDGETS


class WindowForm(UndatedForm):
    kind = SurchargeType.TIME_WINDOW
    sections = (("The rule", ABOUT), ("Amount", ("fixed_amount_cents",)))

    class Meta:
        model = SurchargeRule
        fields = (*ABOUT, "fixed_amount_cents")
        widgets = WIDGETS


FORMS: dict[str, type[SurchargeForm]] = {
    form.kind.value: form for form in (WeekendForm, PeakForm, GeographicForm, WindowForm)
}
