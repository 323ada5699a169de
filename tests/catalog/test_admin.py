"""The catalog in Django admin: forms in dollars, friendly refusals, bulk actions."""

from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from catalog.models import (
    AirportTransferConfig,
    BookingPolicy,
    CapacityDay,
    ClosedDay,
    DiscountCode,
    MiniMovePackage,
    OrganizingService,
    ServiceZip,
    SpecialtyItem,
    StandardDeliveryConfig,
    SurchargeRule,
)
from tests.catalog.helpers import (
    JULY_4,
    make_capacity,
    make_closed_day,
    make_code,
    make_delivery,
    make_policy,
    make_rule,
    make_specialty,
    make_zip,
)

MODELS: list[type[Any]] = [
    AirportTransferConfig,
    BookingPolicy,
    CapacityDay,
    ClosedDay,
    DiscountCode,
    MiniMovePackage,
    OrganizingService,
    ServiceZip,
    SpecialtyItem,
    StandardDeliveryConfig,
    SurchargeRule,
]


@pytest.fixture
def office(admin_client: Client) -> Client:
    """The browser of a signed-in administrator."""
    return admin_client


def url(model: type[Any], page: str, *args: object) -> str:
    """The address of an admin page of a model."""
    return reverse(f"admin:catalog_{model._meta.model_name}_{page}", args=args)


class FormReader(HTMLParser):
    """What a browser would send of the form it was just shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.open_field = ""
        self.feed(page)

    def add(self, name: str | None, value: str | None) -> None:
        """Note a value of a named field."""
        if name and "__prefix__" not in name:
            self.values.setdefault(name, []).append(value or "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") not in ("submit", "search"):
            if found.get("type") not in ("checkbox", "radio"):
                self.add(found.get("name"), found.get("value"))
            elif "checked" in found:
                self.add(found.get("name"), found.get("value", "on"))
        elif tag in ("select", "textarea"):
            self.open_field = found.get("name") or ""
            if tag == "textarea":
                self.add(self.open_field, "")
        elif tag == "option" and "selected" in found:
            self.add(self.open_field, found.get("value"))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self.open_field = ""

    def handle_data(self, data: str) -> None:
        texts = self.values.get(self.open_field)
        if texts and self.lasttag == "textarea":
            texts[-1] = (texts[-1] + data).removeprefix("\n")


def send(office: Client, address: str, **changes: Any) -> dict[str, list[str]]:
    """Send a form back with changes; the errors beside its fields, none if it was saved."""
    answer = office.post(address, FormReader(office.get(address).text).values | changes)
    if answer.status_code == 302:
        return {}
    return dict(answer.context["adminform"].form.errors)


@pytest.mark.parametrize("model", MODELS)
def test_every_page_of_every_model_opens(office: Client, catalog: None, model: type[Any]) -> None:
    make_code()
    make_closed_day(JULY_4)
    make_capacity(JULY_4, limit=3)
    row = model.objects.first()
    assert office.get(url(model, "changelist"), {"q": "a"}, follow=True).status_code == 200
    assert office.get(url(model, "change", row.pk)).status_code == 200
    if model is not BookingPolicy:
        assert office.get(url(model, "add")).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_every_form_can_be_saved_as_it_is(office: Client, catalog: None, model: type[Any]) -> None:
    make_code(service_types=["mini_move"])
    make_closed_day(JULY_4)
    make_capacity(JULY_4, limit=3, used=2)
    row = model.objects.first()
    before = model.objects.filter(pk=row.pk).values().get()
    assert send(office, url(model, "change", row.pk)) == {}
    after = model.objects.filter(pk=row.pk).values().get()
    ignored = {"updated_at", "valid_from"}
    assert {k: v for k, v in after.items() if k not in ignored} == {
        k: v for k, v in before.items() if k not in ignored
    }


def test_price_is_typed_and_shown_in_dollars(office: Client, catalog: None) -> None:
    item = SpecialtyItem.objects.get(type_key="bicycle")
    address = url(SpecialtyItem, "change", item.pk)
    assert 'value="250"' in office.get(address).text
    assert send(office, address, base_price_cents="262.50") == {}
    item.refresh_from_db()
    assert item.base_price_cents == 262_50
    assert "$262.50" in office.get(url(SpecialtyItem, "changelist")).text


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("0", "Enter an amount above $0."),
        ("-5", "Enter an amount of $0 or more."),
        ("1.999", "Enter whole cents, such as 175.50."),
        ("lots", "Enter an amount such as 175 or 175.50."),
        ("", "This field is required."),
        ("99999999999", "Enter at most $1,000,000."),
        ("NaN", "Enter an amount such as 175 or 175.50."),
        ("1e5000", "Enter at most $1,000,000."),
    ],
)
def test_price_that_makes_no_sense_is_refused_beside_its_field(
    office: Client, db: None, typed: str, error: str
) -> None:
    item = make_specialty()
    address = url(SpecialtyItem, "change", item.pk)
    errors = send(office, address, base_price_cents=typed)
    assert list(errors) == ["base_price_cents"]
    assert error in errors["base_price_cents"]


def test_rule_that_does_not_fit_its_kind_is_refused_beside_its_fields(
    office: Client, db: None
) -> None:
    rule = make_rule("weekend")
    address = url(SurchargeRule, "change", rule.pk)
    errors = send(office, address, surcharge_type="peak_date", percentage="5")
    assert errors == {
        "percentage": ["Leave this empty for a fixed amount."],
        "specific_date": ["Enter a date, or a first and a last day."],
        "applies_saturday": ["Only a weekend rule has weekdays."],
    }


def test_rule_list_says_when_and_how_much(office: Client, db: None) -> None:
    make_rule("weekend", applies_sunday=True)
    make_rule("peak_date", calculation_type="percentage", percentage=15, fixed_amount_cents=None)
    make_rule(
        "peak_date",
        name="range",
        specific_date=None,
        start_date=date(2026, 9, 14),
        end_date=date(2026, 9, 22),
    )
    make_rule("geographic", per_address=True)
    page = office.get(url(SurchargeRule, "changelist")).text
    for words in ("Sat, Sun", "Jul 4, 2026", "15.00 %", "Sep 14 to Sep 22, 2026", "per address"):
        assert words in page


def test_seeded_rule_is_switched_off_not_deleted(office: Client, catalog: None) -> None:
    seeded = SurchargeRule.objects.get(seed_key="weekend:mini_move")
    own = make_rule("weekend")
    assert office.get(url(SurchargeRule, "delete", seeded.pk)).status_code == 403
    assert office.get(url(SurchargeRule, "delete", own.pk)).status_code == 200


def test_rules_switched_on_in_bulk_are_checked_one_by_one(office: Client, db: None) -> None:
    make_rule("geographic", is_active=False, name="first")
    make_rule("geographic", is_active=False, name="second")
    rules = SurchargeRule.objects.order_by("name")
    answer = office.post(
        url(SurchargeRule, "changelist"),
        {"action": "activate", "_selected_action": [rule.pk for rule in rules]},
        follow=True,
    )
    assert [rule.is_active for rule in rules.all()] == [True, False]
    assert "Second: An active rule of this kind for this service exists." in answer.text


def act(office: Client, model: type[Any], action: str, *rows: Any) -> str:
    """Do a bulk action on rows; the page that answers."""
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return office.post(url(model, "changelist"), data, follow=True).text


def test_specialty_items_are_offered_and_not_in_bulk(office: Client, db: None) -> None:
    items = [make_specialty(), make_specialty(type_key="crib", name="Crib")]
    other = make_specialty(type_key="piano", name="Piano")
    assert "2 items: no longer offered." in act(office, SpecialtyItem, "deactivate", *items)
    assert list(SpecialtyItem.objects.filter(is_active=True)) == [other]
    assert LogEntry.objects.count() == 2
    assert "1 item: offered." in act(office, SpecialtyItem, "activate", items[0])
    assert SpecialtyItem.objects.filter(is_active=True).count() == 2


def test_zips_move_between_zones_in_bulk(office: Client, db: None) -> None:
    code = make_zip()
    act(office, ServiceZip, "to_extended_area", code)
    assert ServiceZip.objects.get().zone == "surcharge"
    act(office, ServiceZip, "to_standard_area", code)
    act(office, ServiceZip, "stop_serving", code)
    assert ServiceZip.objects.values_list("zone", "is_active").get() == ("core", False)
    assert LogEntry.objects.count() == 3


def test_new_zip_is_checked(office: Client, db: None) -> None:
    address = url(ServiceZip, "add")
    fields = {"zone": "core", "state": "NY", "label": "Harlem"}
    errors = send(office, address, zip_code="1003", **fields)
    assert errors == {"zip_code": ["Enter the five digits of a ZIP code."]}
    assert send(office, address, zip_code="10037", **fields) == {}


def test_discount_code_form_ticks_services_and_refuses_a_double(office: Client, db: None) -> None:
    make_code(code="SUMMER")
    address = url(DiscountCode, "add")
    fields = {"percent": "10", "service_types": ["mini_move", "blade_transfer"]}
    errors = send(office, address, code="summer", **fields)
    assert errors == {"code": ["This code exists already."]}
    assert send(office, address, code="autumn", **fields) == {}
    assert DiscountCode.objects.get(code="AUTUMN").service_types == ["mini_move", "blade_transfer"]


def test_code_list_shows_how_often_a_code_was_used(office: Client, db: None) -> None:
    make_code(max_uses=5, maximum_discount_cents=100_00)
    make_code(code="GIFT", discount_type="fixed_amount", percent=None, amount_cents=50_00)
    page = office.get(url(DiscountCode, "changelist")).text
    for words in ("0 of 5", "20 %, at most $100.00", "$50.00"):
        assert words in page


def test_policy_opens_at_once_and_cannot_be_doubled_or_deleted(office: Client, db: None) -> None:
    assert office.get(url(BookingPolicy, "add")).status_code == 200
    policy = make_policy()
    page = url(BookingPolicy, "change", policy.pk)
    assert office.get(url(BookingPolicy, "changelist")).headers["Location"] == page
    assert office.get(url(BookingPolicy, "add")).status_code == 403
    assert office.get(url(BookingPolicy, "delete", policy.pk)).status_code == 403


def test_policy_refuses_a_limit_below_what_is_taken(office: Client, db: None) -> None:
    policy = make_policy(default_daily_limit=5)
    make_capacity(date(2099, 7, 4), limit=5, used=4, limit_is_own=False)
    address = url(BookingPolicy, "change", policy.pk)
    assert send(office, address, default_daily_limit="3") == {
        "default_daily_limit": [
            "More places are taken already on July 4, 2099 (4). Give those days their own limit."
        ]
    }
    assert send(office, address, default_daily_limit="4") == {}
    assert CapacityDay.objects.get().limit == 4


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        ("phone", "631 595 5100", "Write it like (631) 595-5100."),
        ("horizon_days", "0", "Ensure this value is greater than or equal to 1."),
        ("unpaid_hold_minutes", "5", "Ensure this value is greater than or equal to 30."),
        ("organizing_tax_percent", "101", "Ensure this value is less than or equal to 100."),
    ],
)
def test_policy_fields_are_checked(
    office: Client, db: None, field: str, typed: str, error: str
) -> None:
    address = url(BookingPolicy, "change", make_policy().pk)
    assert send(office, address, **{field: typed}) == {field: [error]}


def test_day_gets_its_own_limit_but_not_below_what_is_taken(office: Client, db: None) -> None:
    day = make_capacity(JULY_4, limit=5, used=3, limit_is_own=False)
    address = url(CapacityDay, "change", f"{day.pk:%Y-%m-%d}")
    assert send(office, address, limit_is_own="on", limit="2") == {
        "limit": ["3 places are taken that day already."]
    }
    assert send(office, address, limit_is_own="on", limit="3") == {}
    day.refresh_from_db()
    assert (day.limit, day.used, day.limit_is_own) == (3, 3, True)


def test_second_active_rate_is_refused_beside_its_switch(office: Client, db: None) -> None:
    make_delivery()
    spare = make_delivery(is_active=False)
    address = url(StandardDeliveryConfig, "change", spare.pk)
    assert send(office, address, is_active="on") == {
        "is_active": ["Another rate is active: switch that one off first."]
    }
