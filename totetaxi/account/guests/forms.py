"""The form that finds a booking."""

import re
from typing import Final

from crispy_forms.layout import Layout
from django import forms

from booking.wizard.fields import Words
from catalog.checks import is_email
from totetaxi.lib.forms import Helper
from totetaxi.lib.traps import Trapped

NUMBER: Final = re.compile(r"(?:TT)?-?([0-9]{1,9})")


class FindForm(Trapped, forms.Form):
    """A booking's number and email. Only their form is judged, never whether they exist."""

    booking_number = Words(
        label="Booking number",
        help_text="It’s in your confirmation email, like TT-000123.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    email = Words(
        label="Email",
        help_text="The one you booked with.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        for field in self.fields.values():
            vars(field)["hide_optional"] = True
        self.helper = Helper(self)
        self.helper.layout = Layout("booking_number", "email")

    def clean_booking_number(self) -> str:
        """The number as it is stored, however it was typed."""
        typed = re.sub(r"\s", "", self.cleaned_data["booking_number"]).upper()
        match = NUMBER.fullmatch(typed)
        if match is None:
            raise forms.ValidationError("Enter the number of the booking, like TT-000123.")
        return f"TT-{int(match[1]):06d}"

    def clean_email(self) -> str:
        """An address in lower case."""
        email: str = self.cleaned_data["email"].lower()
        if not is_email(email):
            raise forms.ValidationError("Enter an email address such as ann@example.com.")
        return email
