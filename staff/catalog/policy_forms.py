"""The booking policy and its refund table, edited as one."""

from typing import Any

from django import forms

from catalog.fields import DollarsField
from catalog.models import BookingPolicy, RefundRule
from staff.catalog.forms import RecordForm, TimeInput, polish, text_area
from totetaxi.lib.forms import Helper

BOOKING = (
    *("same_day_enabled", "same_day_cutoff", "tomorrow_cutoff", "horizon_days"),
    *("airport_earliest_departure", "unpaid_hold_minutes"),
)
PLACES = (
    *("default_daily_limit", "units_mini_move", "units_standard_delivery"),
    *("units_specialty_item", "units_blade_transfer"),
)
REFUNDS = ("change_cutoff", "peak_date_refund_percent", "two_person_refund_cents")
COMPANY = (
    *("phone", "phone_hours", "email_info", "email_orders", "office_address", "announcement"),
)
TIMES = (*("same_day_cutoff", "tomorrow_cutoff", "airport_earliest_departure", "change_cutoff"),)
# How many empty lines the refund table has for new steps.
SPARE_LINES = 2


class PolicyForm(RecordForm):
    """Everything but the table. Who may approve refunds does not also set who must (R985)."""

    sections = (
        ("When customers can book", BOOKING),
        ("Places of a day", PLACES),
        ("Tax", ("organizing_tax_percent",)),
        ("The company", COMPANY),
        ("Changes and refunds", REFUNDS),
    )

    two_person_refund_cents = DollarsField(
        label="Second person above",
        help_text="In dollars. A refund that staff ask for above this needs another person’s "
        "approval.",
    )

    class Meta:
        model = BookingPolicy
        fields = (*BOOKING, *PLACES, "organizing_tax_percent", *COMPANY, *REFUNDS)
        widgets = {"announcement": text_area(2), **{name: TimeInput() for name in TIMES}}

    def __init__(self, *args: Any, may_set_two_person: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit = self.fields["two_person_refund_cents"]
        if not may_set_two_person:
            limit.disabled = True
            limit.help_text = "In dollars. Only an administrator changes this."


class RefundRuleForm(forms.ModelForm[RefundRule]):
    class Meta:
        model = RefundRule
        fields = ("hours_before", "percent")
        labels = {"hours_before": "Hours before pickup", "percent": "Refund in percent"}
        help_texts = {"hours_before": "", "percent": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        polish(self)
        self.helper = Helper(self)
        self.helper.layout.fields = ["hours_before", "percent"]


class RefundTable(forms.BaseInlineFormSet[RefundRule, BookingPolicy, RefundRuleForm]):
    """Steps of the table; two of the same hours are refused beside the second."""

    def clean(self) -> None:
        super().clean()
        seen: set[int] = set()
        for form in self.forms:
            hours = getattr(form, "cleaned_data", {}).get("hours_before")
            if hours is None or self._should_delete_form(form):  # type: ignore[attr-defined]  # Missing in the stubs
                continue
            if hours in seen:
                form.add_error("hours_before", "There is a step for this many hours already.")
            seen.add(hours)

    def validate_unique(self) -> None:
        """Said beside the field by ``clean``."""


RefundFormSet = forms.inlineformset_factory(
    BookingPolicy,
    RefundRule,
    form=RefundRuleForm,
    formset=RefundTable,
    extra=SPARE_LINES,
    can_delete=True,
    max_num=20,
    validate_max=True,
    # However many lines somebody claims to send.
    absolute_max=30,
)
