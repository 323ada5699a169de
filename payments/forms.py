"""What the review page posts when the customer pays."""

from django import forms

from booking.services import Shown


class StartForm(forms.Form):
    """The terms, and what the page showed; prices themselves never come from the browser."""

    terms = forms.BooleanField(
        error_messages={"required": "Read the terms and tick the box, then pay."}
    )
    draft_version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    shown_total_cents = forms.IntegerField(min_value=0, max_value=2**53)

    @property
    def shown(self) -> Shown:
        return Shown(
            draft_version=self.cleaned_data["draft_version"],
            total_cents=self.cleaned_data["shown_total_cents"],
        )

    @property
    def first_error(self) -> str:
        if "terms" in self.errors:
            return str(self.errors["terms"][0])
        return "The page was out of date. Check your order and pay again."
