"""What people type about money: an amount and a reason."""

from typing import Any

from django import forms

from catalog.fields import DollarsField
from staff.catalog.forms import polish, text_area
from totetaxi.lib.forms import Helper
from totetaxi.lib.money import usd


class _Form(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        polish(self)
        self.helper = Helper(self)


class RefundRequestForm(_Form):
    """How much of a payment goes back, and why.

    ``left_cents`` is what no refund has claimed. Who may approve can do so at once, unless the
    amount needs a second person.
    """

    amount_cents = DollarsField(label="Amount")
    reason = forms.CharField(
        label="Reason", max_length=500, widget=text_area(2), help_text="Colleagues read it."
    )
    approve = forms.BooleanField(label="Approve it at once", required=False)

    def __init__(
        self, *args: Any, left_cents: int, two_person_above_cents: int, may_approve: bool, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.left_cents = left_cents
        self.fields["amount_cents"].help_text = f"In dollars, up to {usd(left_cents)}."
        self.fields["reason"].error_messages["required"] = "Say why the money goes back."
        limit = usd(two_person_above_cents)
        approve = self.fields["approve"]
        approve.help_text = f"Works up to {limit}. Above that another person approves."
        if not may_approve:
            del self.fields["approve"]
            self.helper.layout.fields.remove("approve")

    def clean_amount_cents(self) -> int:
        cents: int = self.cleaned_data["amount_cents"]
        if cents < 1:
            raise forms.ValidationError("Enter an amount of at least 1 cent.")
        if cents > self.left_cents:
            raise forms.ValidationError(f"Only {usd(self.left_cents)} of this payment is left.")
        return cents


class ReasonForm(_Form):
    """Why something is denied or dismissed."""

    reason = forms.CharField(label="Reason", max_length=500, widget=text_area(2))

    def __init__(self, *args: Any, max_length: int = 500, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["reason"]
        field.widget.attrs["maxlength"] = max_length
        field.error_messages["required"] = "Say why."
        self.max_length = max_length

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if len(reason) > self.max_length:
            raise forms.ValidationError(f"Keep it within {self.max_length} characters.")
        return reason


class EventForm(_Form):
    """An event that never reached us, to be fetched from Stripe."""

    event_id = forms.RegexField(
        r"^evt_[A-Za-z0-9_]{1,190}$",
        label="Event’s id at Stripe",
        error_messages={"invalid": "It starts with evt_; copy it from Stripe’s dashboard."},
    )
