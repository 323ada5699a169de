"""The kinds of rows the catalog pages show: one list and one form page serve them all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, F, Model, Q, QuerySet
from django.http import QueryDict

from catalog.choices import CalculationType, Zone
from catalog.models import (
    AirportTransferConfig,
    ClosedDay,
    DiscountCode,
    MiniMovePackage,
    OrganizingService,
    ServiceZip,
    SpecialtyItem,
    StandardDeliveryConfig,
    SurchargeRule,
)
from staff.catalog import forms
from staff.catalog.filters import CodeFilter, DayFilter, Filter, ItemFilter, RuleFilter, ZipFilter
from staff.catalog.surcharge_forms import SurchargeForm
from totetaxi.lib import clock
from totetaxi.lib.money import usd, usd_short

# What a change of a price does (rule R112); said on the form.
PRICES: Final = (
    "A change shows from the next page view on. Bookings that are made already keep their price."
)


@dataclass(frozen=True)
class Column:
    """A column of a list: ``right`` for numbers, ``is_state`` for what is on or off."""

    title: str
    text: Callable[[Any], str]
    right: bool = False
    is_state: bool = False


@dataclass(frozen=True)
class Act:
    """Something done to all rows that are ticked: fields that are set, and what to call it."""

    label: str
    done: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of row: its words, its list, its form, and what may be done with it."""

    slug: str
    title: str
    noun: str
    model: type[Model]
    form: type[forms.RecordForm]
    columns: tuple[Column, ...]
    note: str
    effect: str = PRICES
    can_add: bool = False
    can_delete: bool = False
    acts: tuple[Act, ...] = ()
    filter: type[Filter] | None = None
    rows: Callable[[], QuerySet[Any]] | None = None

    def all_rows(self) -> QuerySet[Any]:
        return self.rows() if self.rows else self.model._default_manager.all()

    def filtered(self, data: QueryDict) -> tuple[QuerySet[Any], Filter | None]:
        """The rows that a list shows, and its filter form, if it has one."""
        if self.filter is None:
            return self.all_rows(), None
        form = self.filter(data)
        return form.narrow(self.all_rows()), form

    def form_for(self, row: Any) -> type[forms.RecordForm]:
        """The form that fits a row."""
        return self.form


class SurchargeKind(Kind):
    def form_for(self, row: SurchargeRule) -> type[forms.RecordForm]:
        from staff.catalog.surcharge_forms import FORMS

        return FORMS[row.surcharge_type]


def _cents(name: str) -> Callable[[Any], str]:
    return lambda row: usd_short(getattr(row, name))


def _state(yes: str, no: str) -> Column:
    return Column("State", lambda row: yes if row.is_active else no, is_state=True)


def _amount(rule: SurchargeRule) -> str:
    if rule.calculation_type == CalculationType.PERCENTAGE:
        return f"{(rule.percentage or 0):f}%"
    return usd(rule.fixed_amount_cents or 0) + (" per address" if rule.per_address else "")


def _day(value: Any) -> str:
    return f"{value:%a, %b} {value.day}, {value.year}"


def _when(rule: SurchargeRule) -> str:
    if rule.specific_date:
        return _day(rule.specific_date)
    if rule.start_date and rule.end_date:
        return f"{_day(rule.start_date)} to {_day(rule.end_date)}"
    days = (("Saturdays", rule.applies_saturday), ("Sundays", rule.applies_sunday))
    return ", ".join(name for name, on in days if on) or "Any day"


def _takes_off(code: DiscountCode) -> str:
    if code.percent is None:
        return usd(code.amount_cents or 0)
    cap = code.maximum_discount_cents
    return f"{code.percent}%" + (f", at most {usd_short(cap)}" if cap is not None else "")


def _used(code: DiscountCode) -> str:
    uses = getattr(code, "use_count", 0)
    return f"{uses} of {code.max_uses}" if code.max_uses is not None else f"{uses}, no limit"


def _life(code: DiscountCode) -> str:
    end = code.valid_until
    return f"until {_day(end.astimezone(clock.NEW_YORK))}" if end else "no end"


def codes_with_uses() -> QuerySet[DiscountCode]:
    """Codes with the uses that count: those not given back."""
    standing = Count("uses", filter=Q(uses__released_at=None))
    return DiscountCode.objects.annotate(use_count=standing).order_by("code")


OFFER = (
    Act("Offer", "offered", {"is_active": True}),
    Act("Stop offering", "no longer offered", {"is_active": False}),
)
SWITCH = (
    Act("Switch on", "switched on", {"is_active": True}),
    Act("Switch off", "switched off", {"is_active": False}),
)

KINDS: Final[dict[str, Kind]] = {
    kind.slug: kind
    for kind in (
        Kind(
            "mini-moves",
            "Mini Moves",
            "Mini Move",
            MiniMovePackage,
            forms.MiniMoveForm,
            (
                Column("Price", _cents("base_price_cents"), right=True),
                Column("Items", lambda row: str(row.max_items or "as many as fit"), right=True),
                Column("Certificate", lambda row: "Included" if row.coi_included else "Extra"),
                _state("Sold", "Not sold"),
            ),
            "The three tiers and what each includes.",
        ),
        Kind(
            "organizing",
            "Organizing",
            "organizing service",
            OrganizingService,
            forms.OrganizingForm,
            (
                Column("Price", _cents("price_cents"), right=True),
                Column("Hours", lambda row: str(row.duration_hours), right=True),
                Column("Organizers", lambda row: str(row.organizer_count), right=True),
                Column("Supplies", _cents("supplies_allowance_cents"), right=True),
                _state("Sold", "Not sold"),
            ),
            "Packing and unpacking, one price for each tier, before sales tax.",
            rows=lambda: OrganizingService.objects.order_by("price_cents"),
        ),
        Kind(
            "standard-delivery",
            "Standard Delivery",
            "Standard Delivery rate",
            StandardDeliveryConfig,
            forms.DeliveryForm,
            (
                Column("Per item", _cents("price_per_item_cents"), right=True),
                Column("Minimum", _cents("minimum_charge_cents"), right=True),
                Column("Same day", _cents("same_day_surcharge_cents"), right=True),
                Column("Certificate", _cents("coi_fee_cents"), right=True),
                _state("In use", "Not in use"),
            ),
            "The rate for regular items; specialty orders share its certificate and same-day fees.",
            can_add=True,
        ),
        Kind(
            "specialty-items",
            "Specialty items",
            "specialty item",
            SpecialtyItem,
            forms.SpecialtyForm,
            (
                Column("Price each", _cents("base_price_cents"), right=True),
                Column("Key", lambda row: row.type_key),
                _state("Offered", "Not offered"),
            ),
            "Bulky and delicate things, priced by the piece.",
            can_add=True,
            acts=OFFER,
            filter=ItemFilter,
        ),
        Kind(
            "airport-transfer",
            "Airport Transfer",
            "Airport Transfer rate",
            AirportTransferConfig,
            forms.AirportForm,
            (
                Column("Per bag", _cents("price_per_bag_cents"), right=True),
                Column("Bags at least", lambda row: str(row.minimum_bags), right=True),
                Column("Minimum", _cents("minimum_charge_cents"), right=True),
                _state("In use", "Not in use"),
            ),
            "The rate per bag, and what may be billed after the day.",
            can_add=True,
        ),
        SurchargeKind(
            "surcharges",
            "Surcharges",
            "surcharge rule",
            SurchargeRule,
            SurchargeForm,
            (
                Column("Kind", lambda row: row.get_surcharge_type_display()),
                Column("Service", lambda row: row.get_applies_to_service_type_display()),
                Column("When", _when),
                Column("Amount", _amount, right=True),
                _state("On", "Off"),
            ),
            "Weekends, peak dates, the extended area and the one-hour window.",
            can_add=True,
            can_delete=True,
            acts=SWITCH,
            filter=RuleFilter,
        ),
        Kind(
            "discount-codes",
            "Discount codes",
            "discount code",
            DiscountCode,
            forms.DiscountForm,
            (
                Column("Takes off", _takes_off),
                Column("Uses", _used, right=True),
                Column("Life", _life),
                _state("On", "Off"),
            ),
            "Codes customers type on the review page.",
            effect="A change counts for orders placed from now on. Bookings keep their discount.",
            can_add=True,
            acts=SWITCH,
            filter=CodeFilter,
            rows=codes_with_uses,
        ),
        Kind(
            "zips",
            "Service area",
            "ZIP code",
            ServiceZip,
            forms.ZipForm,
            (
                Column("Area", lambda row: row.label),
                Column("In", lambda row: row.state),
                Column("Zone", lambda row: row.get_zone_display()),
                _state("Served", "Not served"),
            ),
            "Every ZIP code we serve, and in which zone it is priced.",
            can_add=True,
            acts=(
                Act("Move to the standard area", "in the standard area", {"zone": Zone.CORE}),
                Act("Move to the extended area", "in the extended area", {"zone": Zone.SURCHARGE}),
                Act("Serve", "served", {"is_active": True}),
                Act("Stop serving", "no longer served", {"is_active": False}),
            ),
            filter=ZipFilter,
        ),
        Kind(
            "closed-days",
            "Closed days",
            "closed day",
            ClosedDay,
            forms.ClosedDayForm,
            (Column("Reason", lambda row: row.reason),),
            "Days we do not drive. Customers read the reason in the calendar.",
            effect="Customers cannot choose the day from now on. Bookings on it stay: call them.",
            can_add=True,
            can_delete=True,
            filter=DayFilter,
            rows=lambda: ClosedDay.objects.order_by(F("date").asc()),
        ),
    )
}
