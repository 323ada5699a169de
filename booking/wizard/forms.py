"""One form for each step. Forms read types and lengths; ``evaluate`` judges the answers.

Fields are named as in ``QuoteRequest``, with addresses and contact flattened, so that a problem of
the rules finds its field. A form is always bound: to what was posted, or to the saved answers.
"""

from datetime import date, timedelta
from typing import Any, Final, Self

from crispy_forms.layout import Div, Field, Layout
from django import forms

from booking.wizard.address_form import AddressesForm
from booking.wizard.basket import Basket
from booking.wizard.fields import ClockTime, Day, Quantities, WholeNumber, Words
from booking.wizard.form import StepForm, card_of, inputs_of, line
from booking.wizard.members import CONTACT_FROM, FROM_ORDER
from catalog.calendar_rules import earliest_day
from catalog.checks import MAX_BAGS, MAX_ITEMS
from catalog.choices import PICKUP_HOURS, PickupTime, ServiceType
from totetaxi.lib import clock, template_tags
from totetaxi.lib.forms import Helper

#: A one-hour window is one choice on the page and two answers.
WINDOWS: Final = {f"{PickupTime.MORNING_SPECIFIC.value}-{hour}": hour for hour in PICKUP_HOURS}
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

    @classmethod
    def from_answers(cls, basket: Basket) -> Self:
        """As saved; before the first choice with the window a member prefers (rule R843)."""
        inputs = inputs_of(basket.answers)
        if basket.member and not basket.answers.get("pickup_time"):
            package = basket.book.packages.get(basket.request.package_type)
            inputs["pickup_time"] = basket.member.window_for(package)
        return cls(inputs, basket)

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


class ContactForm(StepForm):
    """Whom to reach."""

    step = "contact"

    first_name = line("First name", "given-name")
    last_name = line("Last name", "family-name")
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

    @classmethod
    def from_answers(cls, basket: Basket) -> Self:
        """The form as the saved answers fill it, the number as people write it."""
        inputs = inputs_of(basket.answers)
        if number := inputs.get("phone"):
            inputs["phone"] = template_tags.phone(number)
        return cls(inputs, basket)

    def answers(self) -> dict[str, Any]:
        """The contact; a member's is from now on this order's own (rule R841)."""
        read = super().answers()
        saved = self.basket.answers.get("phone")
        if isinstance(saved, str) and read["phone"] == template_tags.phone(saved):
            read["phone"] = saved  # Written as we showed it: nothing was changed.
        own = {CONTACT_FROM: FROM_ORDER} if self.basket.member else {}
        return {**read, **own}

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


__all__ = [
    "FORMS",
    "OWN_FIELDS",
    "WINDOWS",
    "AddressesForm",
    "ContactForm",
    "DiscountForm",
    "ScheduleForm",
    "ServiceForm",
    "StepForm",
    "card_of",
    "inputs_of",
]
FORMS: Final[dict[str, type[StepForm]]] = {
    form.step: form for form in (ServiceForm, ScheduleForm, AddressesForm, ContactForm)
}
