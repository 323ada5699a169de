"""What narrows the lists of the catalog; every filter stands in the address of the page."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from catalog.choices import State, SurchargeType, Zone
from catalog.models.surcharges import SERVICE_FILTERS
from totetaxi.lib import clock
from totetaxi.lib.forms import Helper

ANY = ("", "Any")


class Filter(forms.Form):
    """Filters never complain: what cannot be understood narrows nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False
            vars(field)["hide_optional"] = True
        self.helper = Helper(self)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        self.is_valid()
        for name, value in self.cleaned_data.items():
            if value not in (None, ""):
                rows = self.apply(rows, name, value)
        return rows

    def apply(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """The rows that match one filter that was set."""
        if name == "active":
            return rows.filter(is_active=value == "yes")
        return rows.filter(**{name: value})

    @property
    def in_use(self) -> bool:
        """Whether anything narrows the list."""
        return any(value not in (None, "") for value in self.cleaned_data.values())


def search_field(label: str) -> forms.CharField:
    return forms.CharField(label=label, max_length=100, widget=forms.TextInput({"type": "search"}))


def active_field(yes: str, no: str) -> forms.ChoiceField:
    return forms.ChoiceField(label="State", choices=[ANY, ("yes", yes), ("no", no)])


class ItemFilter(Filter):
    q = search_field("Name or key")
    active = active_field("Offered", "Not offered")

    def apply(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        if name == "q":
            return rows.filter(Q(name__icontains=value) | Q(type_key__icontains=value))
        return super().apply(rows, name, value)


class RuleFilter(Filter):
    q = search_field("Name")
    surcharge_type = forms.ChoiceField(label="Kind", choices=[ANY, *SurchargeType.choices])
    applies_to_service_type = forms.ChoiceField(label="Service", choices=[ANY, *SERVICE_FILTERS])
    active = active_field("On", "Off")

    def apply(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        if name == "q":
            return rows.filter(Q(name__icontains=value) | Q(description__icontains=value))
        return super().apply(rows, name, value)


class CodeFilter(Filter):
    q = search_field("Code")
    active = active_field("On", "Off")

    def apply(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        if name == "q":
            return rows.filter(Q(code__icontains=value) | Q(description__icontains=value))
        return super().apply(rows, name, value)


class ZipFilter(Filter):
    q = search_field("ZIP, place or area")
    zone = forms.ChoiceField(label="Zone", choices=[ANY, *Zone.choices])
    state = forms.ChoiceField(label="State", choices=[ANY, *State.choices])
    active = forms.ChoiceField(label="Served", choices=[ANY, ("yes", "Served"), ("no", "Not")])

    def apply(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        if name == "q":
            return rows.filter(
                Q(zip_code__startswith=value)
                | Q(place__icontains=value)
                | Q(label__icontains=value)
            )
        return super().apply(rows, name, value)


class DayFilter(Filter):
    when = forms.ChoiceField(label="Days", choices=[("", "From today on"), ("all", "All")])

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        self.is_valid()
        if self.cleaned_data.get("when") == "all":
            return rows
        return rows.filter(date__gte=clock.today())
