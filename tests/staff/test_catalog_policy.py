"""The booking policy in the office: one page, one record, and no step of the table lost."""

from datetime import time
from decimal import Decimal

import pytest
from django.urls import reverse

from catalog import price_book
from catalog.models import BookingPolicy, CapacityDay, RefundRule
from staff.models import ActionType, StaffAction
from tests.booking.helpers import make_booking, quiet_day
from tests.staff.forms import fill, form_of

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]
TABLE = "refund_rules"


@pytest.fixture
def office(staff_client, manager):
    return staff_client(manager)


@pytest.fixture
def url():
    return reverse("staff:catalog_policy")


def records():
    rows = StaffAction.objects.filter(action_type=ActionType.MANAGE_CATALOGUE)
    return [(row.before, row.after) for row in rows.order_by("created_at")]


def test_a_change_counts_at_once_and_is_on_record(office, url, client):
    answer = fill(
        office,
        url,
        tomorrow_cutoff="17:30",
        organizing_tax_percent="8.25",
        phone="(212) 555-0100",
        announcement="Closed on Monday.",
        same_day_enabled=None,
    )
    assert answer.status_code == 302
    policy = price_book.load().policy
    assert policy.tomorrow_cutoff == time(17, 30)
    assert policy.tax_percent == Decimal("8.25")
    assert not policy.same_day_enabled
    assert "(212) 555-0100" in client.get(reverse("catalog:home")).text
    ((before, after),) = records()
    assert before.pop("id") == after.pop("id")
    assert before == {
        "tomorrow_cutoff": "18:00:00",
        "organizing_tax_percent": "8.875",
        "phone": "(631) 595-5100",
        "announcement": "",
        "same_day_enabled": True,
    }
    assert after["organizing_tax_percent"] == "8.25"


def test_saving_it_unchanged_leaves_no_record(office, url):
    assert fill(office, url).status_code == 302
    assert records() == []


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("horizon_days", "0"),
        ("horizon_days", "731"),
        ("same_day_cutoff", "25:00"),
        ("organizing_tax_percent", "101"),
        ("organizing_tax_percent", "1E+999999"),
        ("phone", "555"),
        ("unpaid_hold_minutes", "29"),
        ("peak_date_refund_percent", "101"),
        ("email_info", "nobody"),
        ("announcement", "x" * 301),
        ("units_mini_move", "99999"),
    ],
)
def test_a_wrong_value_is_refused_beside_its_field(office, url, field, typed):
    page = fill(office, url, **{field: typed, "phone_hours": "Never"})
    assert field in page.context["form"].errors
    assert 'value="Never"' in page.text
    assert BookingPolicy.objects.get().phone_hours != "Never"
    assert records() == []


def steps():
    return [(step.hours_before, step.percent) for step in price_book.load().policy.refund_steps]


def test_the_refund_table_is_edited_with_it(office, url):
    assert steps() == [(48, 100), (0, 0)]
    line = f"{TABLE}-2"
    typed = {f"{TABLE}-0-percent": "90", f"{line}-hours_before": "24", f"{line}-percent": "50"}
    assert fill(office, url, **typed).status_code == 302
    assert steps() == [(48, 90), (24, 50), (0, 0)]
    ((before, after),) = records()
    assert before["refund_table"] == ["48 hours: 100 %", "0 hours: 0 %"]
    assert after["refund_table"] == ["48 hours: 90 %", "24 hours: 50 %", "0 hours: 0 %"]
    fill(office, url, **{f"{TABLE}-1-DELETE": "on"})
    assert steps() == [(48, 90), (0, 0)]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"hours_before": "48", "percent": "50"}, "There is a step for this many hours already."),
        ({"hours_before": "24", "percent": "101"}, "less than or equal to 100"),
        ({"hours_before": "24", "percent": ""}, "Enter the refund in percent."),
        ({"hours_before": "-1", "percent": "5"}, "greater than or equal to 0"),
    ],
)
def test_a_wrong_step_keeps_the_whole_page_from_being_saved(office, url, typed, said):
    step = {f"{TABLE}-2-{name}": value for name, value in typed.items()}
    page = fill(office, url, phone_hours="Never", **step)
    assert said in page.text
    assert "Error: " in page.text
    assert RefundRule.objects.count() == 2
    assert BookingPolicy.objects.get().phone_hours != "Never"


def test_a_broken_form_of_the_table_is_refused_and_no_error(office, url):
    held = form_of(office.get(url))
    for broken in ({f"{TABLE}-TOTAL_FORMS": "x"}, {f"{TABLE}-TOTAL_FORMS": "99999"}):
        assert office.post(url, {**held, **broken}).status_code == 200
    assert records() == []


def test_who_saves_second_sees_the_first(office, url, staff_client, admin):
    mine = form_of(office.get(url))
    fill(staff_client(admin), url, **{f"{TABLE}-0-percent": "80", "phone_hours": "Weekdays"})
    page = office.post(url, {**mine, "phone_hours": "Weekends"})
    assert "Phone hours is stored as <b>Weekdays</b>" in page.text
    assert 'value="Weekends"' in page.text
    assert BookingPolicy.objects.get().phone_hours == "Weekdays"
    assert steps()[0] == (48, 80)


def test_only_an_administrator_sets_when_two_people_are_needed(office, url, staff_client, admin):
    fill(office, url, two_person_refund_cents="9999")
    assert BookingPolicy.objects.get().two_person_refund_cents == 500_00
    fill(staff_client(admin), url, two_person_refund_cents="750.50")
    assert BookingPolicy.objects.get().two_person_refund_cents == 750_50
    page = fill(staff_client(admin), url, two_person_refund_cents="1E+99")
    assert list(page.context["form"].errors) == ["two_person_refund_cents"]


def test_a_usual_limit_below_what_is_taken_is_refused_naming_the_day(office, url):
    make_booking()
    make_booking(email="b@example.com")
    page = fill(office, url, default_daily_limit="1")
    (said,) = page.context["form"].errors["default_daily_limit"]
    assert f"{quiet_day():%B} {quiet_day().day}" in said
    assert fill(office, url, default_daily_limit="2").status_code == 302
    assert CapacityDay.objects.get(pk=quiet_day()).limit == 2
