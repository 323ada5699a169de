"""One form for each step. Forms read types and lengths; ``evaluate`` judges the answers.

Fields are named as in ``QuoteRequest``, with addresses and contact flattened, so that a problem of
the rules finds its field. A form is always bound: to what was posted, or to the saved answers.
"""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any, ClassVar, Final, Self

from crispy_forms.layout import HTML, Div, Field, Layout
from django import forms
from django.urls import reverse

from booking.wizard.basket import Basket
from booking.wizard.fields import (
    SPECIALTY_PREFIX,
    ClockTime,
    Data,
    Day,
    Quantities,
    WholeNumber,
    Words,
)
from catalog.calendar_rules import earliest_day
from catalog.checks import MAX_BAGS, MAX_ITEMS
from catalog.choices import PICKUP_HOURS, PickupTime, ServiceType, State
from catalog.pricing import Evaluation
from totetaxi.lib import clock
from totetaxi.lib.forms import Helper

STATES: Final = [("", "Choose"), *State.choices]
#: A one-hour window is one choice on the page and two answers.
WINDOWS: Final = {f"{PickupTime.MORNING_SPECIFIC.value}-{hour}": hour for hour in PICKUP_HOURS}
#: Problems of a field that has no input of its own are shown with another one.
SHOWN_WITH: Final = {"specific_pickup_hour": "pickup_time"}
#: Which answers of the service step belong to which service; the others are cleared (rule R302).
OWN_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    ServiceType.MINI_MOVE.value: (
        "package_type",
        "include_packing",
        "include_unpacking",
        "coi_required",
    ),
    ServiceType.STANDARD_DELIVERY.value: (
        "standard_delivery_item_count",
        "item_description",
        "specialty_items",
        "coi_required",
    ),
    ServiceType.AIRPORT_TRANSFER.value: (
        "blade_direction",
        "blade_airport",
        "blade_terminal",
        "blade_flight_date",
        "blade_flight_time",
        "blade_bag_count",
    ),
}


def card_of(service_type: object) -> str:
    """The service card that stands for a service: specialty orders are deliveries (rule R303)."""
    if service_type == ServiceType.SPECIALTY_ITEM:
        return ServiceType.STANDARD_DELIVERY.value
    return service_type if isinstance(service_type, str) else ""


class StepForm(forms.Form):
    """What all steps share: from saved answers to inputs and back, and the problems beside them."""

    step: ClassVar[str]
    optional: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, data: Data, basket: Basket) -> None:
        self.basket = basket
        super().__init__(data)
        self.shape()
        for name, field in self.fields.items():
            # Nothing is required before the rules have spoken; people see what is optional.
            vars(field)["hide_optional"] = name not in self.optional

    @classmethod
    def from_answers(cls, basket: Basket) -> Self:
        """The form as the saved answers fill it."""
        return cls(inputs_of(basket.answers), basket)

    def shape(self) -> None:
        """Keep the fields that this order asks for."""

    def answers(self) -> dict[str, Any]:
        """What was read, as the draft stores it; None for what was empty or could not be read."""
        self.full_clean()
        return {name: _stored(self.cleaned_data.get(name)) for name in self.fields}

    def judge(self, evaluation: Evaluation) -> bool:
        """Put every problem of this step beside its field; whether there is none at all."""
        for problem in evaluation.problems_for(self.step):
            name = SHOWN_WITH.get(problem.field, problem.field)
            if name not in self.fields:
                self.add_error(None, problem.message)
            elif name not in self.errors:
                self.add_error(name, problem.message)
        return not self.errors

    def judge_answered(self, evaluation: Evaluation, answers: Mapping[str, Any]) -> None:
        """Show what is wrong with answers given earlier; what is still empty is no mistake yet."""
        problems = evaluation.problems_for(self.step)
        self.judge(
            Evaluation(
                evaluation.request,
                evaluation.quote,
                tuple(one for one in problems if answers.get(one.field)),
            )
        )


class ServiceForm(StepForm):
    """What is moved: the service, then its own part."""

    step = "service"
    optional = frozenset({"blade_terminal"})

    service_type = Words()
    package_type = Words()
    include_packing = forms.BooleanField(required=False)
    include_unpacking = forms.BooleanField(required=False)
    standard_delivery_item_count = WholeNumber(
        label="Regular items",
        widget=forms.NumberInput(attrs={"min": 0, "max": MAX_ITEMS, "inputmode": "numeric"}),
    )
    item_description = Words(label="What are they?", widget=forms.Textarea(attrs={"rows": 3}))
    blade_direction = Words()
    blade_airport = Words()
    blade_terminal = Words(label="Terminal")
    blade_flight_date = Day(label="Date of the flight")
    blade_flight_time = ClockTime(label="Time of the flight")
    blade_bag_count = WholeNumber(
        label="Bags", widget=forms.NumberInput(attrs={"max": MAX_BAGS, "inputmode": "numeric"})
    )
    coi_required = forms.BooleanField(required=False)

    def shape(self) -> None:
        """Read a quantity for each specialty item that is sold now."""
        self.fields["specialty_items"] = Quantities(self.basket.book.specialty)
        order = ["service_type", *dict.fromkeys(sum(OWN_FIELDS.values(), ()))]
        self.order_fields(order)

    @property
    def service(self) -> str:
        """The service chosen in this form, or ""."""
        return card_of(self["service_type"].value())

    @property
    def reveals(self) -> bool:
        """Whether a service was chosen whose fields the page did not show yet."""
        return self.service in OWN_FIELDS and self.data.get("fields_for") != self.service

    def answers(self) -> dict[str, Any]:
        """The chosen service's answers; those of the other services are cleared."""
        read = super().answers()
        own = OWN_FIELDS.get(read["service_type"] or "", ())
        return {
            name: value if name in own or name == "service_type" else None
            for name, value in read.items()
        }

    @property
    def flight_dates(self) -> tuple[date, date]:
        """First and last day that the date field offers."""
        policy, now = self.basket.book.policy, clock.now()
        first = earliest_day(ServiceType.AIRPORT_TRANSFER, policy, now)
        return first, now.date() + timedelta(days=policy.horizon_days)


class ScheduleForm(StepForm):
    """When: the day, the window where there is a choice, and the certificate once more."""

    step = "schedule"

    pickup_date = Day()
    pickup_time = Words()
    coi_required = forms.BooleanField(required=False)

    def shape(self) -> None:
        """A flight has its date already, and only a Mini Move has a choice of window."""
        request = self.basket.request
        if request.is_airport:
            self.fields.clear()
        elif request.service_type != ServiceType.MINI_MOVE:
            del self.fields["pickup_time"]

    def answers(self) -> dict[str, Any]:
        """The window as its two answers."""
        read = super().answers()
        if "pickup_time" in read:
            hour = WINDOWS.get(read["pickup_time"] or "")
            read["specific_pickup_hour"] = hour
            if hour is not None:
                read["pickup_time"] = PickupTime.MORNING_SPECIFIC.value
        return read


def _line(label: str, autocomplete: str, **attrs: Any) -> Words:
    return Words(label=label, widget=forms.TextInput(attrs={"autocomplete": autocomplete, **attrs}))


def _address_fields(side: str) -> dict[str, forms.Field]:
    token = f"section-{side}"
    zip_attrs = {
        "class": "priced",
        "inputmode": "numeric",
        "maxlength": 10,
        "hx-get": f"{reverse('booking:zip')}?side={side}",
        "hx-trigger": "change, input changed delay:500ms",
        "hx-target": f"#{side}-zip-answer",
        "hx-params": f"{side}_zip_code",
        "hx-sync": "this:replace",
    }
    return {
        f"{side}_address_line_1": _line("Street address", f"{token} address-line1"),
        f"{side}_address_line_2": _line("Apartment, floor or unit", f"{token} address-line2"),
        f"{side}_city": _line("City", f"{token} address-level2"),
        f"{side}_state": Words(
            label="State",
            widget=forms.Select(choices=STATES, attrs={"autocomplete": f"{token} address-level1"}),
        ),
        f"{side}_zip_code": _line("ZIP code", f"{token} postal-code", **zip_attrs),
    }


class AddressesForm(StepForm):
    """Where: both ends, save the one that is the airport, and what the driver should know."""

    step = "addresses"
    optional = frozenset(
        {"pickup_address_line_2", "delivery_address_line_2", "special_instructions"}
    )

    special_instructions = Words(
        label="Instructions for the driver",
        help_text="Front desk, gate code, where to leave things. Up to 1,000 characters.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def shape(self) -> None:
        """Ask for the ends that are not an airport."""
        instructions = self.fields.pop("special_instructions")
        for side in self.sides:
            self.fields.update(_address_fields(side))
        self.fields["special_instructions"] = instructions

    @property
    def sides(self) -> tuple[str, ...]:
        """The ends to fill in."""
        airport = self.basket.request.airport_side
        return tuple(side for side in ("pickup", "delivery") if side != airport)

    def side_helper(self, side: str) -> Helper:
        """The fields of one end."""
        helper = Helper(self)
        answer = f'<div id="{side}-zip-answer" class="sm:col-span-6 text-fine" role="status"></div>'
        helper.layout = Layout(
            Field(f"{side}_address_line_1", wrapper_class="sm:col-span-6"),
            Field(f"{side}_address_line_2", wrapper_class="sm:col-span-6"),
            Field(f"{side}_city", wrapper_class="sm:col-span-2"),
            Field(f"{side}_state", wrapper_class="sm:col-span-2"),
            Field(f"{side}_zip_code", wrapper_class="sm:col-span-2"),
            HTML(answer),
        )
        return helper

    @property
    def instructions_helper(self) -> Helper:
        """The instructions."""
        helper = Helper(self)
        helper.layout = Layout("special_instructions")
        return helper


class ContactForm(StepForm):
    """Whom to reach."""

    step = "contact"

    first_name = _line("First name", "given-name")
    last_name = _line("Last name", "family-name")
    email = Words(
        label="Email",
        help_text="Your confirmation and receipt go here.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = Words(
        label="Mobile phone",
        help_text="The driver calls or texts this number. Ten digits, with the area code.",
        widget=forms.TextInput(attrs={"autocomplete": "tel-national", "type": "tel"}),
    )

    @property
    def helper(self) -> Helper:
        """Names side by side, the rest below."""
        helper = Helper(self)
        helper.layout = Layout(
            Div(
                "first_name",
                "last_name",
                Field("email", wrapper_class="sm:col-span-2"),
                Field("phone", wrapper_class="sm:col-span-2"),
                css_class="grid gap-6 sm:grid-cols-2",
            )
        )
        return helper


class DiscountForm(StepForm):
    """The code on the review page."""

    step = "review"
    optional = frozenset({"discount_code"})

    discount_code = Words(
        label="Code",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    @property
    def helper(self) -> Helper:
        """The one field."""
        return Helper(self)


FORMS: Final[dict[str, type[StepForm]]] = {
    form.step: form for form in (ServiceForm, ScheduleForm, AddressesForm, ContactForm)
}


def inputs_of(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Saved answers as a browser would send them."""
    inputs: dict[str, Any] = {}
    for name, value in answers.items():
        if name == "specialty_items" and isinstance(value, dict):
            inputs |= {f"{SPECIALTY_PREFIX}{key}": quantity for key, quantity in value.items()}
        elif value is True:
            inputs[name] = "on"
        elif value is not None and value is not False:
            inputs[name] = value
    inputs["service_type"] = card_of(answers.get("service_type"))
    hour = answers.get("specific_pickup_hour")
    if answers.get("pickup_time") == PickupTime.MORNING_SPECIFIC and hour in PICKUP_HOURS:
        inputs["pickup_time"] = f"{PickupTime.MORNING_SPECIFIC.value}-{hour}"
    return inputs


def _stored(value: Any) -> Any:
    """A cleaned value as JSON; None for an empty one, but not for a number of 0."""
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return None if value in ("", {}) else value
