"""What narrows the list of bookings. All of it combines and stands in the address (rule R920)."""

from typing import Any, ClassVar

import django_filters
from crispy_forms.layout import Layout
from django import forms
from django.db.models import QuerySet

from booking.models import Booking, BookingStatus
from booking.models.search import LONGEST
from catalog.choices import ServiceType
from staff.bookings.money import LABELS, MoneyState, in_state
from totetaxi.lib.forms import Helper

ANY = "Any"
DATE = {"type": "date"}
YES_NO = [("yes", "Yes"), ("no", "No")]
MADE_BY = [("staff", "The office"), ("customer", "Customers")]
MAIN = ("q", "status", "service", "payment", "date_from", "date_to")
SHOWN = [("hidden", "Hidden ones"), ("all", "All, hidden too")]


def _choice(label: str, choices: list[tuple[str, str]], **kwargs: Any) -> Any:
    kwargs = {"empty_label": ANY, **kwargs}
    return django_filters.ChoiceFilter(label=label, choices=choices, **kwargs)


class BookingFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types
    """Filters that cannot be read narrow nothing and say so beside their field."""

    q = django_filters.CharFilter(
        label="Number, name, email, phone, address",
        method="search",
        max_length=LONGEST,
        widget=forms.TextInput({"type": "search", "autocomplete": "off"}),
    )
    status = _choice("Status", list(BookingStatus.choices))
    service = _choice("Service", list(ServiceType.choices), field_name="service_type")
    payment = _choice("Payment", [(str(k), v) for k, v in LABELS.items()], method="paid")
    date_from = django_filters.DateFilter(
        label="Pickup from",
        field_name="pickup_date",
        lookup_expr="gte",
        widget=forms.DateInput(DATE),
    )
    date_to = django_filters.DateFilter(
        label="Pickup to",
        field_name="pickup_date",
        lookup_expr="lte",
        widget=forms.DateInput(DATE),
    )
    date = django_filters.DateFilter(
        label="Pickup on", field_name="pickup_date", widget=forms.DateInput(DATE)
    )
    coi = _choice("Certificate", YES_NO, method="certificate")
    made_by = _choice("Made by", MADE_BY, method="maker")
    unpaid = django_filters.BooleanFilter(
        label="Unpaid only", method="only_unpaid", widget=forms.CheckboxInput
    )
    shown = _choice("Hidden", SHOWN, method="show", empty_label="No")

    class Meta:
        model = Booking
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, may_see_hidden: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.may_see_hidden = may_see_hidden
        if not may_see_hidden:
            del self.filters["shown"]
        for field in self.form.fields.values():
            # Every filter is optional; saying so at each would be noise.
            vars(field)["hide_optional"] = True

    def filter_queryset(self, queryset: QuerySet[Booking]) -> QuerySet[Booking]:
        """Hidden bookings stay hidden unless somebody who may asks for them."""
        if not self.form.cleaned_data.get("shown"):
            queryset = queryset.filter(deleted_at=None)
        return super().filter_queryset(queryset)  # type: ignore[no-any-return]  # django-filter has no types

    @property
    def in_use(self) -> bool:
        """Whether anything narrows the list."""
        return any(value not in (None, "", False) for value in self.form.cleaned_data.values())

    # -- looks -------------------------------------------------------------

    @property
    def helper(self) -> Helper:
        """The filters that are always in sight."""
        return self._helper(*MAIN)

    @property
    def more_helper(self) -> Helper:
        """The others, behind a fold."""
        return self._helper(*(name for name in self.form.fields if name not in MAIN))

    @property
    def uses_more(self) -> bool:
        """Whether a filter behind the fold is set: then the fold is open."""
        read = self.form.cleaned_data
        return any(read.get(name) for name in self.form.fields if name not in MAIN)

    def _helper(self, *names: str) -> Helper:
        helper = Helper(self.form)
        helper.layout = Layout(*names)
        return helper

    # -- filters -----------------------------------------------------------

    def search(self, rows: Any, name: str, text: str) -> QuerySet[Booking]:
        return rows.search(text)  # type: ignore[no-any-return]  # django-filter has no types

    def paid(self, rows: QuerySet[Booking], name: str, state: str) -> QuerySet[Booking]:
        return in_state(rows, MoneyState(state))

    def certificate(self, rows: QuerySet[Booking], name: str, wanted: str) -> QuerySet[Booking]:
        return rows.filter(coi_required=wanted == "yes")

    def maker(self, rows: QuerySet[Booking], name: str, who: str) -> QuerySet[Booking]:
        return rows.filter(created_by__isnull=who == "customer")

    def only_unpaid(self, rows: QuerySet[Booking], name: str, wanted: bool) -> QuerySet[Booking]:
        return in_state(rows, MoneyState.UNPAID) if wanted else rows

    def show(self, rows: QuerySet[Booking], name: str, what: str) -> QuerySet[Booking]:
        return rows.filter(deleted_at__isnull=False) if what == "hidden" else rows
