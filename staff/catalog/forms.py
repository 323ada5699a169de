"""Forms of the catalog: dollars and plain words, errors beside the field they are about."""

from typing import Any, ClassVar

from crispy_forms.layout import HTML, Div, Layout
from django import forms
from django.utils.html import format_html

from catalog.choices import ServiceType
from catalog.models import (
    AirportTransferConfig,
    CapacityDay,
    ClosedDay,
    DiscountCode,
    MiniMovePackage,
    OrganizingService,
    ServiceZip,
    SpecialtyItem,
    StandardDeliveryConfig,
)
from totetaxi.lib import clock
from totetaxi.lib.forms import Helper

# (title, names of its fields): the groups of a form, in the order of the page.
Sections = tuple[tuple[str, tuple[str, ...]], ...]
LOCAL_MOMENT = "%Y-%m-%dT%H:%M"


class DateInput(forms.DateInput):
    """The browser's own calendar; years of more than four digits cannot be typed."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(attrs={"max": "9999-12-31"}, format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(attrs={"max": "9999-12-31T23:59"}, format=LOCAL_MOMENT)


def polish(form: forms.BaseForm) -> None:
    """Say of each field what to do about it, instead of that something is required or invalid."""
    for field in form.fields.values():
        label = str(field.label or "").lower()
        verb = "Choose" if isinstance(field, forms.ChoiceField) else "Enter"
        field.error_messages.setdefault("required", "")
        field.error_messages["required"] = f"{verb} the {label}." if label else "Fill this in."
        match field:
            case forms.DateTimeField():
                field.error_messages["invalid"] = "Enter a date and a time of day."
            case forms.DateField():
                field.error_messages["invalid"] = "Enter a date such as 2026-06-13."
            case forms.TimeField():
                field.error_messages["invalid"] = "Enter a time of day such as 18:00."


class RecordForm(forms.ModelForm[Any]):
    """A row of the catalog. ``sections`` groups the fields; ``fixed`` never change afterwards."""

    sections: ClassVar[Sections] = ()
    fixed: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fixed:
            if not self.instance._state.adding:
                self.fields[name].disabled = True
        polish(self)
        self.helper = Helper(self)
        self.helper.layout = layout_of(self, self.sections)


def layout_of(form: forms.BaseForm, sections: Sections) -> Layout:
    """Cards with a title each; long texts take the whole width."""
    cards = []
    for title, names in sections:
        fields = [
            Div(name, css_class="sm:col-span-2") if _is_wide(form.fields[name]) else name
            for name in names
            if name in form.fields
        ]
        if fields:
            heading = HTML(format_html('<h2 class="mb-3">{}</h2>', title))
            grid = Div(*fields, css_class="grid gap-4 sm:grid-cols-2 items-start")
            cards.append(Div(heading, grid, css_class="card p-4"))
    return Layout(*cards)


def _is_wide(field: forms.Field) -> bool:
    return isinstance(field.widget, forms.Textarea | forms.CheckboxSelectMultiple)


def text_area(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class MiniMoveForm(RecordForm):
    sections = (
        ("What it costs", ("name", "base_price_cents", "is_active")),
        (
            "What it includes",
            (
                *("description", "max_items", "max_weight_per_item_lbs"),
                *("coi_included", "coi_fee_cents"),
                *("priority_scheduling", "protective_wrapping", "is_most_popular"),
            ),
        ),
        ("Pickup window", ("offers_hour_window", "hour_window_free", "offers_flexible_time")),
    )

    class Meta:
        model = MiniMovePackage
        fields = (
            *("name", "base_price_cents", "is_active", "description", "max_items"),
            *("max_weight_per_item_lbs", "coi_included", "coi_fee_cents", "priority_scheduling"),
            *("protective_wrapping", "is_most_popular", "offers_hour_window", "hour_window_free"),
            "offers_flexible_time",
        )
        widgets = {"description": text_area()}


class OrganizingForm(RecordForm):
    sections = (
        ("What it costs", ("name", "price_cents", "is_active")),
        (
            "What it includes",
            ("description", "duration_hours", "organizer_count", "supplies_allowance_cents"),
        ),
    )

    class Meta:
        model = OrganizingService
        fields = (
            *("name", "price_cents", "is_active", "description", "duration_hours"),
            *("organizer_count", "supplies_allowance_cents"),
        )
        widgets = {"description": text_area()}


class DeliveryForm(RecordForm):
    sections = (
        (
            "What it costs",
            (
                *("price_per_item_cents", "minimum_charge_cents", "minimum_items"),
                *("same_day_surcharge_cents", "coi_fee_cents"),
            ),
        ),
        ("Limits", ("max_weight_per_item_lbs", "is_active")),
    )

    class Meta:
        model = StandardDeliveryConfig
        fields = (
            *("price_per_item_cents", "minimum_charge_cents", "minimum_items"),
            *("same_day_surcharge_cents", "coi_fee_cents", "max_weight_per_item_lbs", "is_active"),
        )


class AirportForm(RecordForm):
    sections = (
        ("What it costs", ("price_per_bag_cents", "minimum_bags", "minimum_charge_cents")),
        (
            "Billed after the day",
            ("max_weight_per_bag_lbs", "overweight_fee_cents", "waiting_fee_cents"),
        ),
        ("State", ("is_active",)),
    )

    class Meta:
        model = AirportTransferConfig
        fields = (
            *("price_per_bag_cents", "minimum_bags", "minimum_charge_cents"),
            *("max_weight_per_bag_lbs", "overweight_fee_cents", "waiting_fee_cents", "is_active"),
        )


class SpecialtyForm(RecordForm):
    fixed = ("type_key",)
    sections = (
        ("What it costs", ("name", "type_key", "base_price_cents", "is_active")),
        (
            "About it",
            ("description", "max_weight_lbs", "special_handling", "requires_disassembly"),
        ),
    )

    class Meta:
        model = SpecialtyItem
        fields = (
            *("name", "type_key", "base_price_cents", "is_active", "description"),
            *("max_weight_lbs", "special_handling", "requires_disassembly"),
        )
        widgets = {"description": text_area()}
        error_messages = {
            "type_key": {
                "unique": "Another item has this key: choose a different one.",
                "invalid": "Use small letters, digits, dashes and underscores only.",
            }
        }


class DiscountForm(RecordForm):
    """A code. Once it was used it keeps its letters, so that old bookings stay understandable."""

    sections = (
        ("The code", ("code", "is_active", "description")),
        (
            "What it takes off",
            ("discount_type", "percent", "amount_cents", "maximum_discount_cents"),
        ),
        ("For which orders", ("minimum_order_cents", "service_types")),
        ("How often and when", ("max_uses", "max_uses_per_customer", "valid_from", "valid_until")),
    )

    service_types = forms.MultipleChoiceField(
        label="Services",
        choices=ServiceType.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="None ticked: every service.",
    )

    class Meta:
        model = DiscountCode
        fields = (
            *("code", "is_active", "description", "discount_type", "percent", "amount_cents"),
            *("maximum_discount_cents", "minimum_order_cents", "service_types"),
            *("max_uses", "max_uses_per_customer", "valid_from", "valid_until"),
        )
        widgets = {
            "description": text_area(2),
            "valid_from": MomentInput(),
            "valid_until": MomentInput(),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.initial["valid_from"] = clock.now().replace(second=0, microsecond=0)
        elif self.instance.uses.exists():
            self.fields["code"].disabled = True
            self.fields["code"].help_text = "It was used, so it keeps its name."

    def clean_valid_from(self) -> Any:
        """Unchanged to the minute is unchanged: the form does not show seconds."""
        typed, stored = self.cleaned_data["valid_from"], self.instance.valid_from
        same = typed and stored and typed == stored.replace(second=0, microsecond=0)
        return stored if same and not self.instance._state.adding else typed


class ZipForm(RecordForm):
    fixed = ("zip_code",)
    sections = (("The ZIP code", ("zip_code", "zone", "state", "label", "place", "is_active")),)

    class Meta:
        model = ServiceZip
        fields = ("zip_code", "zone", "state", "label", "place", "is_active")
        widgets = {"zip_code": forms.TextInput(attrs={"inputmode": "numeric"})}
        error_messages = {"zip_code": {"unique": "This ZIP code is in the list already."}}


class ClosedDayForm(RecordForm):
    fixed = ("date",)
    sections = (("The day", ("date", "reason")),)

    class Meta:
        model = ClosedDay
        fields = ("date", "reason")
        widgets = {"date": DateInput()}
        error_messages = {"date": {"unique": "This day is closed already."}}


class CapacityForm(RecordForm):
    """The places of a day. The day itself is in the address of the page."""

    sections = (("Places", ("limit_is_own", "limit")),)

    class Meta:
        model = CapacityDay
        fields = ("limit_is_own", "limit")
