"""Limits, refusals and the frame of the office's pages."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path, reverse

from staff.access import Capability, staff_page
from staff.capabilities import FLAG_OF, MATRIX, Flag, Role, flags_for, open_flags
from tests.staff.helpers import make_staff, signed_in
from totetaxi.users.models import User

HX = {"HX-Request": "true", "HX-Target": "rows"}


@staff_page(Capability.VIEW, rate="lists")
def list_view(request):
    return HttpResponse("list")


@staff_page(Capability.VIEW, rate="change")
def change_view(request):
    return HttpResponse("change")


@staff_page(Capability.VIEW, rate="refresh")
def preview_view(request):
    return HttpResponse("preview")


urlpatterns = [
    path("staff/test/list/", list_view),
    path("staff/test/change/", change_view),
    path("staff/test/preview/", preview_view),
    path("", include("totetaxi.urls")),
]


@pytest.fixture
def pages(settings):
    """Three views of their own limits, below /staff/."""
    settings.ROOT_URLCONF = "tests.staff.test_access"


def codes(call, number):
    return [call().status_code for _ in range(number)]


def set_rates(settings, **rates):
    settings.RATES = {**settings.RATES, **{f"staff_{name}": r for name, r in rates.items()}}


def test_page_loads_changes_and_refreshes_count_apart(pages, settings, operator):
    set_rates(settings, lists="2/h", change="1/h", refresh="3/h")
    client, page = signed_in(operator), "/staff/test/list/"
    assert codes(lambda: client.get(page), 3) == [200, 200, 429]
    assert codes(lambda: client.get(page, headers=HX), 4) == [200, 200, 200, 429]
    assert codes(lambda: client.post(page), 2) == [200, 429]
    # A boosted link is a page load.
    boosted = {**HX, "HX-Boosted": "true"}
    assert client.get(page, headers=boosted).status_code == 429
    # Another person, and another page, count for themselves.
    assert signed_in(make_staff()).get(page).status_code == 200
    assert client.get("/staff/test/change/").status_code == 200


def test_a_form_is_opened_as_a_record_and_sent_as_a_change(pages, settings, operator):
    set_rates(settings, detail="2/h", change="1/h")
    client, page = signed_in(operator), "/staff/test/change/"
    assert codes(lambda: client.get(page), 3) == [200, 200, 429]
    assert codes(lambda: client.post(page), 2) == [200, 429]


def test_a_posted_preview_is_a_refresh(pages, settings, operator):
    set_rates(settings, change="1/h", refresh="2/h")
    client = signed_in(operator)
    assert codes(lambda: client.post("/staff/test/preview/"), 3) == [200, 200, 429]


def test_the_refusal_says_when_to_try_again(pages, settings, operator, time_machine):
    time_machine.move_to("2026-06-02T16:00:10Z", tick=False)
    set_rates(settings, lists="1/m")
    client = signed_in(operator)
    client.get("/staff/test/list/")
    page = client.get("/staff/test/list/")
    seconds = int(page["Retry-After"])
    assert 0 < seconds <= 60
    assert f"in {seconds} second" in page.text
    again = 16 * 3600 + 10 + seconds - 4 * 3600
    assert f"{again // 3600}:{again // 60 % 60:02}:{again % 60:02} PM" in page.text
    assert "staff-search" in page.text


def test_a_refused_refresh_gets_a_line_among_the_messages(pages, settings, operator):
    set_rates(settings, refresh="1/h")
    client = signed_in(operator)
    client.get("/staff/test/list/", headers=HX)
    answer = client.get("/staff/test/list/", headers=HX)
    assert (answer.status_code, answer["HX-Retarget"]) == (429, "#messages")


def test_nothing_of_the_office_is_kept_by_browsers(pages, operator):
    answer = signed_in(operator).get("/staff/test/list/")
    assert set(answer["Cache-Control"].split(", ")) >= {"private", "no-store"}
    assert "no-store" in Client().get("/staff/test/list/")["Cache-Control"]


def test_signed_out_leads_to_the_sign_in_and_back(client, db):
    page = client.get("/staff/bookings/?q=ann&status=paid")
    assert page["Location"] == "/staff/login/?next=/staff/bookings/%3Fq%3Dann%26status%3Dpaid"
    posted = client.post(reverse("staff:member_new"))
    assert posted["Location"] == "/staff/login/?next=/staff/"


def test_a_refresh_of_an_ended_session_leads_back_to_the_page_in_view(client, db):
    shown = {**HX, "HX-Current-URL": "http://testserver/staff/bookings/?q=ann"}
    answer = client.get("/staff/bookings/", headers=shown)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/staff/login/?next=%2Fstaff%2Fbookings%2F%3Fq%3Dann"


def test_customers_are_told_where_theirs_is(client, db):
    client.force_login(User.objects.create_user("ann@example.com"))
    page = client.get(reverse("staff:dashboard"))
    assert page.status_code == 403
    assert "This page is for the office" in page.text
    assert reverse("account:dashboard") in page.text


def test_a_refused_page_says_who_can(operator):
    page = signed_in(operator).get(reverse("staff:team"))
    assert page.status_code == 403
    assert "Administrators can open it." in page.text


@pytest.mark.parametrize(
    ("role", "labels"),
    [
        ("operator", ["Today", "Bookings", "Calendar", "Logistics", "Customers", "Refunds"]),
        (
            "manager",
            [
                *(
                    "Today",
                    "Bookings",
                    "Calendar",
                    "Logistics",
                    "Customers",
                    "Payments",
                    "Reports",
                    "Catalog",
                )
            ],
        ),
        (
            "admin",
            [
                *(
                    "Today",
                    "Bookings",
                    "Calendar",
                    "Logistics",
                    "Customers",
                    "Payments",
                    "Reports",
                    "Catalog",
                ),
                *("Jobs", "Team", "Audit"),
            ],
        ),
    ],
)
def test_the_menu_shows_what_is_allowed(db, role, labels):
    page = signed_in(make_staff(role)).get(reverse("staff:own_account"))
    shown = [link.label for link in page.context["staff_nav"] if link.label != "Deliveries"]
    assert shown == labels


def test_the_menu_marks_the_page_it_belongs_to(admin):
    client = signed_in(admin)
    for url, label in (
        ("staff:team", "Team"),
        ("staff:member_new", "Team"),
        ("staff:audit", "Audit"),
        ("staff:links", "Payments"),
    ):
        page = client.get(reverse(url))
        current = [link.label for link in page.context["staff_nav"] if link.is_current]
        assert current == [label]


def test_new_booking_is_offered_to_those_who_may(db):
    new = reverse("staff:booking_new")
    own = reverse("staff:own_account")
    assert new in signed_in(make_staff()).get(own).text
    assert new not in signed_in(make_staff(can_modify_bookings=False)).get(own).text


def test_flags_decide_only_what_the_role_leaves_open():
    assert open_flags(Role.OPERATOR) == {Flag.MODIFY_BOOKINGS, Flag.VIEW_FINANCIALS}
    assert open_flags(Role.MANAGER) == {Flag.APPROVE_REFUNDS}
    assert open_flags(Role.ADMIN) == frozenset()
    assert flags_for(Role.OPERATOR) == {
        Flag.MODIFY_BOOKINGS: True,
        Flag.VIEW_FINANCIALS: False,
        Flag.APPROVE_REFUNDS: False,
    }
    assert set(MATRIX) == set(Capability)
    assert all(set(row) == set(Role.values) for row in MATRIX.values())
    assert set(FLAG_OF.values()) == set(Flag)
