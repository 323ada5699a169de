"""Catalog pages: what managers edit, how it is checked, kept apart and put on record."""

from datetime import timedelta

import pytest
from django.urls import reverse

from catalog.models import (
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
from staff.catalog.kinds import KINDS
from staff.models import ActionType, StaffAction
from tests.booking.helpers import make_booking, quiet_day
from tests.staff.forms import count_queries, fill, form_of
from totetaxi.lib import clock

DELIVERY = "/services/standard-delivery/"
pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


@pytest.fixture
def office(staff_client, manager):
    """A manager's browser."""
    return staff_client(manager)


def url(slug, *key):
    return reverse(f"staff:catalog_{'edit' if key else 'list'}", args=[slug, *key])


def edit(office, slug, row, **typed):
    """Open a row's page, type, and send it."""
    return fill(office, url(slug, row.pk), **typed)


def recorded():
    """(text, before, after) of what is on record about the catalog, oldest first."""
    rows = StaffAction.objects.filter(action_type=ActionType.MANAGE_CATALOGUE).order_by(
        "created_at"
    )
    return [(row.description, row.before, row.after) for row in rows]


# -- prices --------------------------------------------------------------------


def test_a_price_is_changed_recorded_and_public_at_once(office, client):
    petite = MiniMovePackage.objects.get(package_type="petite")
    public = reverse("catalog:services")
    assert "$995" in client.get(public).text

    answer = edit(office, "mini-moves", petite, base_price_cents="1,049.50".replace(",", ""))

    assert answer.status_code == 302
    assert "$1,049.50" in client.get(public).text
    assert recorded() == [
        (
            "Changed Mini Move Petite",
            {"id": str(petite.pk), "base_price_cents": 995_00},
            {"id": str(petite.pk), "base_price_cents": 1_049_50},
        )
    ]


def test_a_booking_keeps_its_price_when_the_catalog_changes(office):
    booking = make_booking()
    rate = StandardDeliveryConfig.objects.get()
    edit(office, "standard-delivery", rate, price_per_item_cents="120", minimum_charge_cents="360")
    booking.refresh_from_db()
    assert booking.total_price_cents == 285_00
    assert make_booking(email="b@example.com").total_price_cents == 360_00


def test_saving_without_a_change_leaves_no_record(office):
    petite = MiniMovePackage.objects.get(package_type="petite")
    assert edit(office, "mini-moves", petite).status_code == 302
    assert recorded() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0", "Enter an amount above $0."),
        ("-5", "Enter an amount of $0 or more."),
        ("", "Enter the price."),
        ("12.345", "Enter whole cents, such as 175.50."),
        ("1000001", "Enter at most $1,000,000."),
        ("1E+999999", "Enter at most $1,000,000."),
        ("NaN", "Enter an amount such as 175 or 175.50."),
        ("ten", "Enter an amount such as 175 or 175.50."),
    ],
)
def test_a_wrong_price_is_refused_beside_its_field_and_nothing_typed_is_lost(office, typed, said):
    petite = MiniMovePackage.objects.get(package_type="petite")
    page = edit(office, "mini-moves", petite, base_price_cents=typed, name="Very small")
    assert page.context["form"].errors == {"base_price_cents": [said]}
    assert 'value="Very small"' in page.text
    assert MiniMovePackage.objects.get(pk=petite.pk).base_price_cents == 995_00
    assert recorded() == []


def test_organizing_price_is_what_the_quote_then_says(office):
    row = OrganizingService.objects.get(service_type="petite_packing")
    edit(office, "organizing", row, price_cents="1500")
    assert OrganizingService.objects.get(pk=row.pk).price_cents == 1_500_00


def test_a_free_window_must_be_offered(office):
    petite = MiniMovePackage.objects.get(package_type="petite")
    page = edit(office, "mini-moves", petite, hour_window_free="on")
    assert list(page.context["form"].errors) == ["hour_window_free"]


def test_a_second_active_rate_is_refused(office):
    page = fill(
        office,
        reverse("staff:catalog_new", args=["standard-delivery"]),
        price_per_item_cents="100",
        minimum_charge_cents="300",
        same_day_surcharge_cents="360",
    )
    assert "Another rate is active" in page.text
    assert StandardDeliveryConfig.objects.count() == 1


# -- two people at once ----------------------------------------------------------


def test_who_saves_second_sees_the_first_and_loses_nothing(office):
    petite = MiniMovePackage.objects.get(package_type="petite")
    mine = form_of(office.get(url("mini-moves", petite.pk)))
    edit(office, "mini-moves", petite, base_price_cents="1000")

    page = office.post(url("mini-moves", petite.pk), {**mine, "base_price_cents": "1100"})

    assert page.status_code == 200
    assert "Price is stored as <b>$1,000.00</b>" in page.text
    assert 'value="1100"' in page.text
    assert MiniMovePackage.objects.get(pk=petite.pk).base_price_cents == 1_000_00
    # Sending what the page now holds is a decision, and goes through.
    again = office.post(url("mini-moves", petite.pk), form_of(page))
    assert again.status_code == 302
    assert MiniMovePackage.objects.get(pk=petite.pk).base_price_cents == 1_100_00


def test_a_change_that_the_form_does_not_show_is_no_conflict(office):
    day = quiet_day()
    make_booking()
    page = office.get(reverse("staff:catalog_capacity_day", args=[day]))
    make_booking(email="b@example.com")
    answer = office.post(page.request["PATH_INFO"], {**form_of(page), "limit_is_own": "on"})
    assert answer.status_code == 302
    assert CapacityDay.objects.get(pk=day).used == 2


# -- specialty items ---------------------------------------------------------------


def test_an_item_is_added_and_offered_to_customers(office, client):
    new = reverse("staff:catalog_new", args=["specialty-items"])
    answer = fill(office, new, name="Kayak", type_key="kayak", base_price_cents="400")
    assert answer.status_code == 302
    item = SpecialtyItem.objects.get(type_key="kayak")
    assert "Kayak" in client.get(DELIVERY).text
    ((text, before, after),) = recorded()
    assert text == "Added specialty item Kayak"
    assert before == {"id": str(item.pk)}
    assert after["base_price_cents"] == 400_00


def test_a_key_never_changes(office):
    item = SpecialtyItem.objects.get(type_key="bicycle")
    edit(office, "specialty-items", item, type_key="tandem", name="Tandem")
    item.refresh_from_db()
    assert (item.type_key, item.name) == ("bicycle", "Tandem")


def test_items_are_switched_off_and_on_in_bulk(office, client):
    items = list(SpecialtyItem.objects.filter(type_key__in=["bicycle", "crib"]))
    keys = [str(item.pk) for item in items]
    assert "Bicycle" in client.get(DELIVERY).text
    act = reverse("staff:catalog_act", args=["specialty-items"])
    office.post(act, {"row": keys, "act": "Stop offering"})
    assert not SpecialtyItem.objects.filter(pk__in=keys, is_active=True).exists()
    assert "Bicycle" not in client.get(DELIVERY).text
    assert sorted(text for text, _, _ in recorded()) == [
        "specialty item Bicycle: no longer offered",
        "specialty item Crib: no longer offered",
    ]
    office.post(act, {"row": keys, "act": "Offer"})
    assert SpecialtyItem.objects.filter(pk__in=keys, is_active=True).count() == 2


def test_bulk_says_what_it_could_not_do(office):
    rule = SurchargeRule.objects.get(surcharge_type="geographic")
    twin = SurchargeRule.objects.create(
        surcharge_type="geographic", name="Twin", fixed_amount_cents=1_00, is_active=False
    )
    assert rule.applies_to_service_type == twin.applies_to_service_type
    act = reverse("staff:catalog_act", args=["surcharges"])
    page = office.post(act, {"row": [str(twin.pk), "nonsense"], "act": "Switch on"}, follow=True)
    said = [str(message) for message in page.context["messages"]]
    assert "Twin: An active rule of this kind for this service exists." in said
    assert "A row is gone meanwhile." in said
    assert not SurchargeRule.objects.get(pk=twin.pk).is_active
    assert recorded() == []


def test_bulk_without_rows_or_with_an_unknown_act(office):
    act = reverse("staff:catalog_act", args=["specialty-items"])
    page = office.post(act, {"act": "Offer"}, follow=True)
    assert "Tick the rows" in page.text
    assert office.post(act, {"act": "Burn"}).status_code == 404


# -- surcharges ----------------------------------------------------------------------


def new_rule(office, kind, **typed):
    return fill(office, f"{reverse('staff:catalog_new', args=['surcharges'])}?kind={kind}", **typed)


def test_a_new_rule_asks_for_its_kind_first(office):
    page = office.get(reverse("staff:catalog_new", args=["surcharges"]))
    assert "?kind=weekend" in page.text
    assert "form" not in page.context


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("weekend", {"applies_saturday", "applies_sunday", "percentage"}),
        ("peak_date", {"specific_date", "start_date", "end_date", "percentage"}),
        ("geographic", {"per_address"}),
        ("time_window", set()),
    ],
)
def test_the_form_of_a_rule_has_the_fields_of_its_kind(office, kind, fields):
    page = office.get(f"{reverse('staff:catalog_new', args=['surcharges'])}?kind={kind}")
    special = {"applies_saturday", "applies_sunday", "specific_date", "start_date", "end_date"}
    special |= {"percentage", "per_address"}
    assert special & set(page.context["form"].fields) == fields
    services = dict(page.context["form"].fields["applies_to_service_type"].choices)
    assert "blade_transfer" not in services


def test_a_peak_range_is_added_and_its_days_shown_before(office):
    first = quiet_day()
    typed = {
        "name": "Film festival",
        "applies_to_service_type": "mini_move",
        "fixed_amount_cents": "90",
        "start_date": first.isoformat(),
        "end_date": (first + timedelta(days=2)).isoformat(),
    }
    page = new_rule(office, "peak_date", **typed, preview="1")
    assert page.context["hits"].days == tuple(first + timedelta(days=n) for n in range(3))
    assert not SurchargeRule.objects.filter(name="Film festival").exists()

    assert new_rule(office, "peak_date", **typed).status_code == 302
    rule = SurchargeRule.objects.get(name="Film festival")
    assert (rule.surcharge_type, rule.fixed_amount_cents) == ("peak_date", 90_00)
    assert recorded()[0][2]["start_date"] == first.isoformat()


def test_a_weekend_rule_shows_the_days_a_peak_takes_from_it(office):
    saturday = quiet_day() + timedelta(days=3)
    SurchargeRule.objects.create(
        surcharge_type="peak_date",
        name="Peak",
        applies_to_service_type="mini_move",
        fixed_amount_cents=1_00,
        specific_date=saturday,
    )
    rule = SurchargeRule.objects.get(surcharge_type="weekend", applies_to_service_type="mini_move")
    hits = office.get(url("surcharges", rule.pk)).context["hits"]
    assert saturday in hits.replaced
    assert saturday not in hits.days
    assert {day.weekday() for day in hits.days} == {5, 6}


@pytest.mark.parametrize(
    ("kind", "typed", "errors"),
    [
        ("weekend", {"fixed_amount_cents": "5"}, {"applies_saturday"}),
        ("peak_date", {"fixed_amount_cents": "5"}, {"specific_date"}),
        (
            "peak_date",
            {"fixed_amount_cents": "5", "start_date": "2027-02-02", "end_date": "2027-02-01"},
            {"end_date"},
        ),
        ("geographic", {"fixed_amount_cents": ""}, {"fixed_amount_cents"}),
        ("geographic", {"fixed_amount_cents": "5"}, {"__all__"}),
        (
            "weekend",
            {"calculation_type": "percentage", "percentage": "", "applies_saturday": "on"},
            {"percentage"},
        ),
        (
            "weekend",
            {"calculation_type": "percentage", "percentage": "1E+999999", "applies_sunday": "on"},
            {"percentage"},
        ),
    ],
)
def test_a_rule_that_does_not_fit_its_kind_is_refused(office, kind, typed, errors):
    page = new_rule(office, kind, name="New", **typed)
    assert set(page.context["form"].errors) == errors
    assert recorded() == []


def test_own_rules_can_be_deleted_but_not_those_the_site_came_with(office):
    mine = SurchargeRule.objects.create(
        surcharge_type="weekend", name="Mine", fixed_amount_cents=1_00, applies_sunday=True
    )
    seeded = SurchargeRule.objects.exclude(seed_key=None).first()
    gone = reverse("staff:catalog_delete", args=["surcharges", mine.pk])
    assert "Delete Mine?" in office.get(gone).text
    office.post(gone)
    assert not SurchargeRule.objects.filter(pk=mine.pk).exists()
    assert recorded()[0][0] == "Deleted surcharge rule Mine"
    assert recorded()[0][1]["fixed_amount_cents"] == 1_00
    assert (
        office.post(reverse("staff:catalog_delete", args=["surcharges", seeded.pk])).status_code
        == 404
    )
    item = SpecialtyItem.objects.first()
    assert (
        office.post(reverse("staff:catalog_delete", args=["specialty-items", item.pk])).status_code
        == 404
    )


# -- discount codes ------------------------------------------------------------------


def test_a_code_is_made_in_capitals_used_and_listed(office):
    new = reverse("staff:catalog_new", args=["discount-codes"])
    fill(office, new, code="summer", percent="20", max_uses="3")
    code = DiscountCode.objects.get()
    assert code.code == "SUMMER"
    booking = make_booking(discount_code="summer")

    page = office.get(reverse("staff:catalog_uses", args=[code.pk]))

    assert booking.booking_number in page.text
    assert "2 left" in page.text
    table = office.get(reverse("staff:catalog_uses", args=[code.pk]) + "?format=csv")
    assert f"{booking.booking_number},Awaiting payment,ada@example.com,$57.00" in table.text
    assert "2 left" in office.get(url("discount-codes", code.pk)).text


def test_a_used_code_keeps_its_letters_and_can_be_switched_off(office):
    code = DiscountCode.objects.create(code="SUMMER", discount_type="percentage", percent=20)
    make_booking(discount_code="SUMMER")
    edit(office, "discount-codes", code, code="WINTER", is_active=None)
    code.refresh_from_db()
    assert (code.code, code.is_active) == ("SUMMER", False)
    ((_, before, after),) = recorded()
    assert (before["is_active"], after["is_active"]) == (True, False)
    assert "valid_from" not in after


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"code": "SUMMER", "percent": "20"}, {"code"}),
        ({"code": "two words", "percent": "20"}, {"code"}),
        ({"code": "A", "percent": "101"}, {"percent"}),
        ({"code": "A", "percent": "20", "amount_cents": "5"}, {"amount_cents"}),
        ({"code": "A", "percent": "20", "valid_until": "2020-01-01T00:00"}, {"valid_until"}),
        ({"code": "A", "percent": "20", "service_types": "yacht"}, {"service_types"}),
        ({"code": "A", "percent": "20", "valid_until": "2027-03-14T02:30"}, {"valid_until"}),
    ],
)
def test_a_wrong_code_is_refused(office, typed, errors):
    DiscountCode.objects.create(code="SUMMER", discount_type="percentage", percent=20)
    page = fill(office, reverse("staff:catalog_new", args=["discount-codes"]), **typed)
    assert set(page.context["form"].errors) == errors
    assert DiscountCode.objects.count() == 1


# -- ZIPs and days ---------------------------------------------------------------------


def test_zips_are_found_moved_and_added(office):
    page = office.get(url("zips"), {"q": "11937"})
    assert [row.pk for row, _ in page.context["table"]] == ["11937"]
    act = reverse("staff:catalog_act", args=["zips"])
    office.post(act, {"row": ["11937"], "act": "Move to the extended area"})
    assert ServiceZip.objects.get(pk="11937").zone == "surcharge"
    assert recorded()[0][1:] == (
        {"id": "11937", "zone": "core"},
        {"id": "11937", "zone": "surcharge"},
    )
    new = reverse("staff:catalog_new", args=["zips"])
    fill(office, new, zip_code="10037", zone="core", state="NY", label="Manhattan")
    assert ServiceZip.objects.get(pk="10037").label == "Manhattan"
    page = fill(office, new, zip_code="1003", zone="core", state="NY", label="Manhattan")
    assert set(page.context["form"].errors) == {"zip_code"}


def test_a_closed_day_is_added_with_a_word_about_bookings_on_it(office):
    booking = make_booking()
    day = booking.pickup_date
    new = reverse("staff:catalog_new", args=["closed-days"])
    assert fill(office, new, date=day.isoformat(), reason="Storm").status_code == 302
    closed = ClosedDay.objects.get()
    assert "1 booking on this day already" in office.get(url("closed-days", closed.pk)).text
    page = fill(office, new, date=day.isoformat(), reason="Again")
    assert page.context["form"].errors == {"date": ["This day is closed already."]}
    office.post(reverse("staff:catalog_delete", args=["closed-days", closed.pk]))
    assert not ClosedDay.objects.exists()


def test_places_below_what_is_taken_are_refused_beside_the_field(office):
    day = quiet_day()
    make_booking()
    make_booking(email="b@example.com")
    page_url = reverse("staff:catalog_capacity_day", args=[day])
    page = fill(office, page_url, limit_is_own="on", limit="1")
    assert page.context["form"].errors == {"limit": ["2 places are taken that day already."]}
    assert fill(office, page_url, limit_is_own="on", limit="2").status_code == 302
    row = CapacityDay.objects.get(pk=day)
    assert (row.limit, row.used, row.limit_is_own) == (2, 2, True)
    assert recorded()[0][1:] == (
        {"id": str(day), "limit_is_own": False, "limit": None},
        {"id": str(day), "limit_is_own": True, "limit": 2},
    )


def test_a_day_without_a_row_gets_its_places(office):
    day = quiet_day() + timedelta(days=30)
    found = office.get(reverse("staff:catalog_capacity"), {"date": day.isoformat()})
    assert found.url == reverse("staff:catalog_capacity_day", args=[day])
    fill(office, found.url, limit_is_own="on", limit="4")
    assert CapacityDay.objects.get(pk=day).limit == 4


@pytest.mark.parametrize("day", ["2026-13-01", "yesterday", "0001-01-01", "9999-12-31"])
def test_no_page_for_a_day_that_is_none(office, day):
    assert office.get(f"/staff/catalog/capacity/{day}/").status_code == 404


# -- odd requests ------------------------------------------------------------------------


def test_unknown_kinds_and_rows_are_not_found(office):
    for path in (
        "/staff/catalog/unicorns/",
        "/staff/catalog/mini-moves/new/",
        "/staff/catalog/zips/99999/",
        "/staff/catalog/mini-moves/not-a-uuid/",
        "/staff/catalog/zips/%00/",
        "/staff/catalog/closed-days/1/delete/",
    ):
        assert office.get(path).status_code == 404, path
    assert office.get(reverse("staff:catalog_act", args=["zips"])).status_code == 405
    assert office.get(url("zips"), {"q": "\x00", "zone": "moon", "page": "x"}).status_code == 200


def test_operators_have_no_catalog(staff_client, operator):
    browser = staff_client(operator)
    petite = MiniMovePackage.objects.get(package_type="petite")
    for path in (reverse("staff:catalog"), url("zips"), url("mini-moves", petite.pk)):
        assert browser.get(path).status_code == 403
    assert browser.post(url("mini-moves", petite.pk), {"name": "x"}).status_code == 403
    assert MiniMovePackage.objects.get(pk=petite.pk).name == "Petite"


@pytest.mark.parametrize("slug", list(KINDS))
def test_every_list_and_its_first_row_open(office, slug):
    ClosedDay.objects.create(date=quiet_day(), reason="Storm")
    DiscountCode.objects.create(code="SUMMER", discount_type="percentage", percent=20)
    page = office.get(url(slug))
    assert page.status_code == 200
    row, _ = page.context["table"][0]
    assert office.get(url(slug, row.pk)).status_code == 200


def test_a_list_takes_as_many_queries_for_a_hundred_rows_as_for_one(office):
    def code(number):
        return DiscountCode(code=f"C{number}", discount_type="percentage", percent=5)

    day = clock.today()
    DiscountCode.objects.bulk_create([code(0)])
    ClosedDay.objects.create(date=day, reason="Storm")
    CapacityDay.objects.create(date=day, limit=3)
    paths = (url("discount-codes"), url("closed-days"), reverse("staff:catalog_capacity"))
    before = [count_queries(office, path) for path in paths]
    DiscountCode.objects.bulk_create(code(n) for n in range(1, 101))
    for n in range(1, 101):
        ClosedDay.objects.create(date=day + timedelta(days=n), reason="Storm")
        CapacityDay.objects.create(date=day + timedelta(days=n), limit=3)
    assert [count_queries(office, path) for path in paths] == before
