"""The forms of the customer's area: profile, preferences, saved addresses, the search."""

from typing import Any, Final

from crispy_forms.layout import Div, Field, Layout
from django import forms

from booking.models import CustomerProfile, SavedAddress
from booking.wizard.fields import Words
from catalog import coverage
from catalog.checks import MAX_ADDRESS_LINE, MAX_CITY, MAX_INSTRUCTIONS, MAX_NAME
from catalog.choices import PickupTime, State
from catalog.request import normalise_phone, normalise_zip
from totetaxi.account.finding import Filter
from totetaxi.lib.forms import Helper
from totetaxi.lib.template_tags import phone
from totetaxi.users.models import User

MAX_NICKNAME: Final = 50
NICKNAME_TAKEN: Final = "You have an address with this nickname already. Choose another one."


class Line(Words):
    """One line of text; with ``missing`` it must be there, and that is what to do about it."""

    def __init__(
        self, *, label: str, autocomplete: str, longest: int, missing: str = "", **attrs: Any
    ) -> None:
        widget = forms.TextInput(attrs={"autocomplete": autocomplete, **attrs})
        super().__init__(label=label, widget=widget)
        self.longest, self.missing = longest, missing
        self.hide_optional = bool(missing)

    def clean(self, value: Any) -> str:
        """The text without line breaks and double spaces. Raises ValidationError."""
        text = " ".join(super().clean(value).split())
        if not text and self.missing:
            raise forms.ValidationError(self.missing, code="required")
        if len(text) > self.longest:
            message = f"Shorten this to {self.longest} characters."
            raise forms.ValidationError(message, code="max_length")
        return text


class ProfileForm(forms.Form):
    """Who the customer is; the email is changed on a page of its own."""

    first_name = Line(
        label="First name",
        autocomplete="given-name",
        longest=MAX_NAME,
        missing="Enter your first name.",
    )
    last_name = Line(
        label="Last name",
        autocomplete="family-name",
        longest=MAX_NAME,
        missing="Enter your last name.",
    )
    phone = Line(label="Phone", autocomplete="tel", longest=20, type="tel")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].help_text = "We call it the day before a pickup."
        self.helper = Helper(self)
        names = Div("first_name", "last_name", css_class="grid gap-6 sm:grid-cols-2")
        self.helper.layout = Layout(names, Div("phone", css_class="sm:max-w-xs"))

    @classmethod
    def of(cls, user: User, profile: CustomerProfile) -> "ProfileForm":
        """The form as it is filled now."""
        return cls(
            initial={
                "first_name": user.first_name,
                "last_name": user.last_name,
                "phone": phone(profile.phone),
            }
        )

    def clean_phone(self) -> str:
        """Ten digits, or nothing."""
        typed = self.cleaned_data["phone"]
        number = normalise_phone(typed)
        if typed and not number:
            raise forms.ValidationError(
                "Enter a US phone number with ten digits, like (212) 555-0142."
            )
        return number


class PreferencesForm(forms.ModelForm[CustomerProfile]):
    """How the customer likes it."""

    class Meta:
        model = CustomerProfile
        fields = ("preferred_pickup_time", "email_notifications", "sms_notifications")
        labels = {
            "preferred_pickup_time": "Preferred pickup time",
            "email_notifications": "Email me reminders, status notes and review requests",
            "sms_notifications": "Text me on the day of a pickup",
        }
        help_texts = {
            "preferred_pickup_time": "Chosen for you in a new order, where the service offers it.",
            "email_notifications": (
                "Confirmations, receipts and everything about money or your sign-in always come."
            ),
            "sms_notifications": "",
        }
        error_messages = {
            "preferred_pickup_time": {
                "required": "Choose a pickup time.",
                "invalid_choice": "Choose one of these pickup times.",
            }
        }
        widgets = {"preferred_pickup_time": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["preferred_pickup_time"].choices = PickupTime.choices  # type: ignore[attr-defined]  # A choice field
        for field in self.fields.values():
            vars(field)["hide_optional"] = True
        self.helper = Helper(self)
        switches = Div("email_notifications", "sms_notifications", css_class="grid gap-5")
        self.helper.layout = Layout("preferred_pickup_time", switches)


class AddressForm(forms.Form):
    """A saved address; it may lie where we do not go (yet), which the page says."""

    is_served = True

    nickname = Line(
        label="Nickname",
        autocomplete="off",
        longest=MAX_NICKNAME,
        missing="Give this address a nickname, such as Home.",
    )
    address_line_1 = Line(
        label="Street address",
        autocomplete="address-line1",
        longest=MAX_ADDRESS_LINE,
        missing="Enter the street address.",
    )
    address_line_2 = Line(
        label="Apartment, floor or unit", autocomplete="address-line2", longest=MAX_ADDRESS_LINE
    )
    city = Line(
        label="City", autocomplete="address-level2", longest=MAX_CITY, missing="Enter the city."
    )
    state = forms.ChoiceField(
        label="State",
        choices=[("", "Choose"), *State.choices],
        widget=forms.Select(attrs={"autocomplete": "address-level1"}),
        error_messages={
            "required": "Choose the state.",
            "invalid_choice": "Choose New York, New Jersey or Connecticut.",
        },
    )
    zip_code = Line(
        label="ZIP code",
        autocomplete="postal-code",
        longest=20,
        missing="Enter the ZIP code.",
        inputmode="numeric",
    )
    delivery_instructions = Words(
        label="Instructions for the driver",
        help_text="Buzzer, service entrance, where to leave things.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nickname"].help_text = "For yourself, such as Home, Office or Beach house."
        self.helper = Helper(self)
        self.helper.layout = Layout(
            Div("nickname", css_class="sm:max-w-xs"),
            "address_line_1",
            "address_line_2",
            Div(
                Field("city", wrapper_class="sm:col-span-3"),
                Field("state", wrapper_class="sm:col-span-2"),
                Field("zip_code", wrapper_class="sm:col-span-2"),
                css_class="grid gap-6 sm:grid-cols-7",
            ),
            "delivery_instructions",
        )

    @classmethod
    def of(cls, address: SavedAddress) -> "AddressForm":
        """The form as it is filled now."""
        return cls(initial={name: getattr(address, name) for name in cls.base_fields})

    def clean_zip_code(self) -> str:
        """Five digits, with or without four more."""
        typed = self.cleaned_data["zip_code"].replace(" ", "")
        if not normalise_zip(typed):
            raise forms.ValidationError("Enter the five digits of the ZIP, like 10001.")
        return str(typed)

    def clean_delivery_instructions(self) -> str:
        """At most as long as an order's."""
        text = str(self.cleaned_data["delivery_instructions"])
        if len(text) > MAX_INSTRUCTIONS:
            raise forms.ValidationError(f"Shorten this to {MAX_INSTRUCTIONS:,} characters.")
        return text

    def clean(self) -> dict[str, Any]:
        """A served ZIP says its state (rule R335)."""
        answers = super().clean() or {}
        zip_code, state = answers.get("zip_code"), answers.get("state")
        if zip_code and state:
            place = coverage.lookup([zip_code]).get(normalise_zip(zip_code))
            self.is_served = place is not None
            if place and place.state != state:
                message = f"ZIP {zip_code} is in {State(place.state).label}. Check the two."
                self.add_error("state", message)
        return answers

    def refuse_nickname(self) -> None:
        """Say beside the field that it is taken; what was typed stays."""
        self.add_error("nickname", NICKNAME_TAKEN)


class SearchForm(forms.Form):
    """What the list of bookings is narrowed to; odd values narrow nothing."""

    q = Words(label="Search")
    status = forms.ChoiceField(
        label="Status", choices=[("", "All"), *Filter.choices], required=False
    )

    def reading(self) -> tuple[str, str]:
        """Text and status; empty where what came is none."""
        self.full_clean()
        return str(self.cleaned_data.get("q", "")), str(self.cleaned_data.get("status", ""))
