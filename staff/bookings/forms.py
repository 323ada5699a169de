"""The form of an order, all on one page, for the phone and for changing what was ordered.

As in the wizard, forms read types and lengths; whether an answer can stand is asked of the rules.
"""

from collections.abc import Mapping
from datetime import date, time
from typing import Any, Final

from crispy_forms.layout import Div, Field, Layout
from django import forms

from booking.models.draft import request_from_answers
from booking.wizard.fields import ClockTime, Day, Quantities, WholeNumber, Words
from booking.wizard.form import SHOWN_WITH
from booking.wizard.forms import WINDOWS
from catalog.checks import MAX_BAGS, MAX_ITEMS
from catalog.choices import AIRPORTS, Direction, PickupTime, ServiceType, State
from catalog.prices import PriceBook
from catalog.request import Problem, QuoteRequest
from totetaxi.lib.forms import Helper
from totetaxi.lib.money import usd_short

STATES: Final = [("", "–"), *((state, state) for state in State.values)]
SERVICES: Final = [
    (ServiceType.STANDARD_DELIVERY.value, "Standard Delivery and specialty items"),
    (ServiceType.MINI_MOVE.value, "Mini Move"),
    (ServiceType.AIRPORT_TRANSFER.value, "Airport Transfer"),
]
WINDOW_CHOICES: Final = [
    (PickupTime.MORNING.value, "8–11 AM"),
    *((value, f"{hour}–{hour + 1} AM") for value, hour in WINDOWS.items()),
    (PickupTime.NO_TIME_PREFERENCE.value, "Flexible"),
]
TERMINALS: Final = [
    ("", "Not known"),
    *(
        (place.name, [(terminal, f"{code} {terminal}") for terminal in place.terminals])
        for code, place in AIRPORTS.items()
    ),
]
NUMBER: Final = {"inputmode": "numeric", "min": 0}
OFF: Final = {"autocomplete": "off"}


def _radio(choices: list[tuple[str, str]], label: str) -> Any:
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=forms.RadioSelect)


def _select(choices: Any, label: str) -> Words:
    return Words(label=label, widget=forms.Select(choices=choices))


class OrderForm(forms.Form):
    """Contact, service, schedule, addresses and instructions of one order."""

    first_name = Words(label="First name", widget=forms.TextInput(OFF))
    last_name = Words(label="Last name", widget=forms.TextInput(OFF))
    email = Words(label="Email", widget=forms.EmailInput(OFF))
    phone = Words(label="Phone", widget=forms.TextInput({**OFF, "type": "tel"}))

    service_type = _radio(SERVICES, "Service")
    package_type = Words(label="Size")
    include_packing = forms.BooleanField(required=False, label="Packing")
    include_unpacking = forms.BooleanField(required=False, label="Unpacking")
    standard_delivery_item_count = WholeNumber(
        label="Regular items", widget=forms.NumberInput({**NUMBER, "max": MAX_ITEMS})
    )
    item_description = Words(label="What are they?", widget=forms.Textarea({"rows": 2}))
    blade_direction = _radio(list(Direction.choices), "Direction")
    blade_airport = _select(
        [("", "Choose"), *((code, place.name) for code, place in AIRPORTS.items())], "Airport"
    )
    blade_terminal = _select(TERMINALS, "Terminal")
    blade_flight_date = Day(label="Date of the flight", widget=forms.DateInput({"type": "date"}))
    blade_flight_time = ClockTime(
        label="Time of the flight", widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    blade_bag_count = WholeNumber(
        label="Bags", widget=forms.NumberInput({**NUMBER, "max": MAX_BAGS})
    )

    pickup_date = Day(label="Pickup date", widget=forms.DateInput({"type": "date"}))
    pickup_time = _select(WINDOW_CHOICES, "Pickup window")
    coi_required = forms.BooleanField(required=False, label="Certificate of Insurance")
    special_instructions = Words(
        label="Instructions for the driver", widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, data: Mapping[str, Any] | None, *, book: PriceBook, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.book = book
        packages = sorted(book.packages.values(), key=lambda one: one.price_cents)
        self.fields["package_type"].widget = forms.Select(
            choices=[
                ("", "Choose"),
                *((one.type, f"{one.name}, {usd_short(one.price_cents)}") for one in packages),
            ]
        )
        self.fields["specialty_items"] = Quantities(book.specialty)
        for side in ("pickup", "delivery"):
            self.fields.update(_address_fields(side))
        for name, field in self.fields.items():
            vars(field)["hide_optional"] = name not in OPTIONAL

    # -- reading -----------------------------------------------------------

    def answers(self) -> dict[str, Any]:
        """What was typed, as ``request_from_answers`` reads it."""
        self.full_clean()
        read = {name: _stored(self.cleaned_data.get(name)) for name in self.fields}
        hour = WINDOWS.get(read.get("pickup_time") or "")
        read["specific_pickup_hour"] = hour
        if hour is not None:
            read["pickup_time"] = PickupTime.MORNING_SPECIFIC.value
        return read

    def asked(self) -> QuoteRequest:
        """The order as typed."""
        return request_from_answers(self.answers())

    def judge(self, problems: tuple[Problem, ...]) -> bool:
        """Put every problem beside its field; whether there is none at all."""
        for problem in problems:
            name = SHOWN_WITH.get(problem.field, problem.field)
            if name not in self.fields:
                self.add_error(None, problem.message)
            elif name not in self.errors:
                self.add_error(name, problem.message)
        return not self.errors

    @property
    def specialty_rows(self) -> list[tuple[str, str, str, str]]:
        """(key, name, price, what was typed) of every specialty item sold."""
        typed = self["specialty_items"].value() or {}
        items = sorted(self.book.specialty.values(), key=lambda one: (one.price_cents, one.name))
        return [
            (one.key, one.name, usd_short(one.price_cents), str(typed.get(one.key, "")))
            for one in items
        ]

    # -- looks -------------------------------------------------------------

    def _helper(self, *names: object, columns: str = "sm:grid-cols-2") -> Helper:
        helper = Helper(self)
        helper.layout = Layout(Div(*names, css_class=f"grid gap-3 {columns}"))
        return helper

    @property
    def contact_helper(self) -> Helper:
        return self._helper(
            "first_name",
            "last_name",
            Field("email", wrapper_class="sm:col-span-2"),
            Field("phone", wrapper_class="sm:col-span-2"),
        )

    @property
    def service_helper(self) -> Helper:
        return self._helper("service_type", columns="")

    @property
    def package_helper(self) -> Helper:
        return self._helper(
            Field("package_type", wrapper_class="sm:col-span-2"),
            "include_packing",
            "include_unpacking",
        )

    @property
    def items_helper(self) -> Helper:
        return self._helper(
            "standard_delivery_item_count",
            "item_description",
            columns="sm:grid-cols-[8rem_minmax(0,1fr)]",
        )

    @property
    def flight_helper(self) -> Helper:
        return self._helper(
            Field("blade_direction", wrapper_class="sm:col-span-2"),
            "blade_airport",
            "blade_terminal",
            "blade_flight_date",
            "blade_flight_time",
            "blade_bag_count",
        )

    @property
    def schedule_helper(self) -> Helper:
        return self._helper("pickup_date", Field("pickup_time", wrapper_class="for-mini_move"))

    @property
    def certificate_helper(self) -> Helper:
        return self._helper("coi_required", columns="")

    @property
    def instructions_helper(self) -> Helper:
        return self._helper("special_instructions", columns="")

    @property
    def pickup_helper(self) -> Helper:
        return self._side_helper("pickup")

    @property
    def delivery_helper(self) -> Helper:
        return self._side_helper("delivery")

    def _side_helper(self, side: str) -> Helper:
        return self._helper(
            Field(f"{side}_address_line_1", wrapper_class="sm:col-span-2"),
            Field(f"{side}_address_line_2", wrapper_class="sm:col-span-2"),
            Field(f"{side}_city", wrapper_class="sm:col-span-2"),
            f"{side}_state",
            f"{side}_zip_code",
            columns="sm:grid-cols-2",
        )


OPTIONAL: Final = frozenset(
    {
        *("pickup_address_line_2", "delivery_address_line_2", "special_instructions"),
        *("item_description", "discount_code", "custom_total", "outside_reference"),
    }
)


def _address_fields(side: str) -> dict[str, forms.Field]:
    def line(label: str) -> Words:
        return Words(label=label, widget=forms.TextInput(OFF))

    return {
        f"{side}_address_line_1": line("Street address"),
        f"{side}_address_line_2": line("Apartment, floor or unit"),
        f"{side}_city": line("City"),
        f"{side}_state": _select(STATES, "State"),
        f"{side}_zip_code": line("ZIP code"),
    }


def _stored(value: Any) -> Any:
    """A cleaned value as JSON; None for an empty one, but not for a number of 0."""
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return None if value in ("", {}) else value
