"""An order taken by phone: one form, and what becomes of it (rules R930-R935)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID, uuid4

from crispy_forms.layout import Field
from django import forms
from django.urls import reverse_lazy

from booking.models import CustomerProfile
from booking.services import PhoneOrder
from booking.wizard.fields import WholeNumber, Words
from catalog.choices import Airport, Direction, PickupTime, ServiceType
from catalog.fields import DollarsField
from catalog.prices import PriceBook
from catalog.request import Contact, QuoteRequest
from payments.models import OutsideMethod
from payments.services.outside import LONGEST_REFERENCE
from staff.bookings.forms import OFF, OrderForm
from totetaxi.lib.forms import Helper
from totetaxi.users.models import User

LINK, OUTSIDE = "link", "outside"
WAYS: Final = [(LINK, "Mail a payment link"), (OUTSIDE, "Paid outside Stripe")]
MOST_FOUND: Final = 8
#: Searches while somebody types, and keeps the price from being asked for each letter.
SEARCH: Final = {
    "type": "search",
    "hx-post": reverse_lazy("staff:booking_new_customers"),
    "hx-trigger": "input changed delay:300ms consume",
    "hx-target": "#customers",
    "hx-include": "closest form",
    "hx-sync": "this:queue last",
}
#: What a new form starts with (domain: three items, two bags, to JFK).
START: Final = {
    "standard_delivery_item_count": 3,
    "blade_bag_count": 2,
    "blade_airport": Airport.JFK.value,
    "blade_direction": Direction.TO_AIRPORT.value,
    "pickup_time": PickupTime.MORNING.value,
    "service_type": ServiceType.STANDARD_DELIVERY.value,
    "payment": LINK,
}


class PhoneForm(OrderForm):
    """The order, for whom it is, its price and how it is paid."""

    token = forms.UUIDField(required=False, widget=forms.HiddenInput)
    shown_total_cents = WholeNumber(widget=forms.HiddenInput)
    find = Words(
        label="Find a customer",
        help_text="Name, email or phone of somebody with an account.",
        widget=forms.TextInput({**OFF, **SEARCH}),
    )
    customer = forms.UUIDField(required=False)
    discount_code = Words(
        label="Discount code", widget=forms.TextInput({**OFF, "autocapitalize": "characters"})
    )
    custom_total = DollarsField(
        label="Total set by hand, in dollars",
        required=False,
        help_text="Instead of a code. 0 books it at once.",
        widget=forms.TextInput({**OFF, "inputmode": "decimal"}),
    )
    custom_total_reason = Words(
        label="Why", help_text="For colleagues.", widget=forms.TextInput(OFF)
    )
    payment = forms.ChoiceField(
        label="Payment", choices=WAYS, required=False, widget=forms.RadioSelect
    )
    outside_how = Words(
        label="Paid by", widget=forms.Select(choices=[("", "Choose"), *OutsideMethod.choices])
    )
    outside_reference = Words(label="Reference", widget=forms.TextInput(OFF))

    def __init__(
        self, data: Mapping[str, Any] | None, *, book: PriceBook, takes_money: bool
    ) -> None:
        super().__init__(data, book=book)
        self.takes_money = takes_money
        if not takes_money:
            # Money outside Stripe is written down by those who may see figures.
            for name in ("payment", "outside_how", "outside_reference"):
                del self.fields[name]

    # -- for whom ----------------------------------------------------------

    @property
    def profile(self) -> CustomerProfile | None:
        """The chosen customer; None for a guest."""
        user_id = self.cleaned_data.get("customer")
        if user_id is None:
            return None
        return CustomerProfile.objects.select_related("user").filter(pk=user_id).first()

    def found(self) -> list[CustomerProfile]:
        """Customers that fit what was searched for; the chosen one always among them."""
        text, chosen = self.cleaned_data.get("find", ""), self.profile
        rows = CustomerProfile.objects.select_related("user").filter(user__is_active=True)
        found = list(rows.search(text).order_by("-user__date_joined")[:MOST_FOUND]) if text else []
        if chosen is not None and chosen not in found:
            found.insert(0, chosen)
        return found

    # -- the order ---------------------------------------------------------

    def order(self) -> PhoneOrder:
        """What was typed, as the booking service takes it."""
        request, profile = self.asked(), self.profile
        custom = self.cleaned_data.get("custom_total")
        return PhoneOrder(
            token=self.cleaned_data.get("token") or uuid4(),
            request=_with_contact_of(request, profile) if profile else request,
            customer=profile.user if profile else None,
            custom_total_cents=custom,
            reason=self.cleaned_data.get("custom_total_reason", ""),
        )

    @property
    def is_outside(self) -> bool:
        return self.takes_money and self.cleaned_data.get("payment") == OUTSIDE

    def check_payment(self) -> bool:
        """Whether what was said about the payment can be written down."""
        if self.cleaned_data.get("customer") and self.profile is None:
            self.add_error("find", "This customer is no longer there. Search again.")
        if self.is_outside and self.cleaned_data.get("outside_how") not in OutsideMethod.values:
            self.add_error("outside_how", "Choose how it was paid.")
        if len(self.cleaned_data.get("outside_reference") or "") > LONGEST_REFERENCE:
            message = f"Shorten the reference to {LONGEST_REFERENCE} characters."
            self.add_error("outside_reference", message)
        return not self.errors

    # -- looks -------------------------------------------------------------

    @property
    def find_helper(self) -> Helper:
        return self._helper("find", columns="")

    @property
    def price_helper(self) -> Helper:
        return self._helper("discount_code", "custom_total", "custom_total_reason", columns="")

    @property
    def payment_helper(self) -> Helper:
        return self._helper(
            "payment",
            Field("outside_how", wrapper_class="for-outside"),
            Field("outside_reference", wrapper_class="for-outside"),
            columns="",
        )


def first_inputs(*, customer: User | None, day: str) -> dict[str, Any]:
    """What a new form shows, with a token of its own; it makes one booking, however often sent."""
    inputs: dict[str, Any] = {**START, "token": str(uuid4())}
    if day:
        inputs |= {"pickup_date": day}
    if customer is not None:
        profile: CustomerProfile = customer.customer_profile
        inputs |= {
            "customer": str(customer.pk),
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "email": customer.email,
            "phone": profile.phone,
        }
    return inputs


def customer_of(text: str) -> User | None:
    """The customer whose id stands in an address; None for anything else."""
    try:
        user_id = UUID(text)
    except ValueError:
        return None
    return User.objects.filter(pk=user_id, customer_profile__isnull=False).first()


def _with_contact_of(request: QuoteRequest, profile: CustomerProfile) -> QuoteRequest:
    """What was left empty of the contact comes from the account."""
    typed, user = request.contact, profile.user
    return replace(
        request,
        contact=Contact(
            first_name=typed.first_name or user.first_name,
            last_name=typed.last_name or user.last_name,
            email=typed.email or user.email,
            phone=typed.phone or profile.phone,
        ),
    )
