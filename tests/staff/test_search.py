"""Search from anywhere: what is found, and that an index finds it."""

import json

import pytest
from django.urls import reverse

from booking.models import SavedAddress
from staff.office.finding import find, matching_bookings, matching_customers
from tests.staff.crowd import many_bookings, many_customers
from tests.staff.office import booked, customer


def plan_of(queryset) -> str:
    """The plan that the database makes for a query, as text."""
    return json.dumps(json.loads(queryset.explain(format="json")))


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    "text", ["Rosa", "rosa SAMPLE", "rosa@example", "(212) 555-0199", "555-0199", "20 example lane"]
)
def test_bookings_are_found_by_whatever_is_said_on_the_phone(text):
    booking = booked(name="Rosa Sample", email="rosa@example.com", phone="2125550199")
    booked(name="Otis Other", email="otis@example.org", phone="6465550100", zips=("10002", "11937"))

    found = [one.pk for one in find(text).bookings]

    assert found[:1] == [booking.pk] or booking.pk in found
    assert len(found) == (2 if text == "20 example lane" else 1)


@pytest.mark.usefixtures("catalog")
def test_bookings_are_found_by_number_and_deleted_ones_are_not():
    booking, deleted = booked(), booked(deleted_at="2026-03-01T12:00Z")
    assert [one.pk for one in find(booking.booking_number.lower()).bookings] == [booking.pk]
    assert find(deleted.booking_number).count == 0


@pytest.mark.parametrize("text", ["Ada Sample", "ADA@", "212-555-0142", "9 harbor"])
def test_customers_are_found_by_name_email_phone_and_saved_address(db, text):
    user = customer("ada@example.com")
    SavedAddress.objects.create(
        user=user,
        nickname="Beach",
        address_line_1="9 Harbor Road",
        city="Montauk",
        state="NY",
        zip_code="11954",
    )
    customer("otis@example.org", first_name="Otis", last_name="Other", profile={"phone": "1"})
    assert [one.pk for one in find(text).customers] == [user.pk]


def test_customers_are_found_by_what_they_are_called_now(db):
    user = customer("ada@example.com")
    user.last_name, user.email = "Changed", "new@example.com"
    user.save()
    assert [one.pk for one in find("changed new@").customers] == [user.pk]
    assert find("ada@example").customers == ()

    address = SavedAddress.objects.create(
        user=user,
        nickname="Old",
        address_line_1="1 Gone Way",
        city="A",
        state="NY",
        zip_code="11954",
    )
    assert find("gone way").count == 1
    address.is_active = False
    address.save()
    assert find("gone way").count == 0


def test_nothing_and_one_letter_find_nothing(db):
    customer()
    assert [find(text).count for text in ("", "   ", "a", " a ")] == [0, 0, 0, 0]
    assert find("a").is_too_short


@pytest.mark.parametrize("text", ["100%", "a_b", "\\", "'; DROP", "\0x", "🧳 bag", "x" * 500])
def test_odd_texts_find_nothing_and_break_nothing(db, text):
    customer()
    assert find(text).count == 0


def test_a_percent_sign_is_no_wildcard(db):
    customer("a%b@example.com")
    customer("axb@example.com")
    assert [one.user.email for one in find("a%b@").customers] == ["a%b@example.com"]


def test_more_than_eight_are_told_of(db):
    for number in range(9):
        customer(f"ada{number}@example.com")
    found = find("ada")
    assert (len(found.customers), found.more_customers, found.more_bookings) == (8, True, False)


def test_an_index_finds_bookings_and_customers(db):
    many_bookings(3000)
    many_customers(3000)
    assert [one.booking_number for one in find("number777").bookings] == ["TT-500777"]
    for queryset, index in (
        (matching_bookings("number777")[:9], "booking_search"),
        (matching_bookings("2120000777")[:9], "booking_search"),
        (matching_customers("family777")[:9], "customer_search"),
    ):
        assert index in plan_of(queryset)


@pytest.mark.parametrize("count", [1, 20])
def test_queries_do_not_grow_with_what_is_found(catalog, django_assert_num_queries, count):
    for number in range(count):
        booked("mini_move", name=f"Ada {number}", email=f"ada{number}@example.com")
        customer(f"ada{number}@example.com")
    with django_assert_num_queries(2):
        found = find("ada")
        for booking in found.bookings:
            assert booking.mini_move_package.name
            assert booking.delivery_address.city
        for profile in found.customers:
            assert profile.user.email


def test_the_page_and_its_part_group_what_is_found(catalog, staff_client, operator):
    client, booking, user = staff_client(operator), booked(), customer()
    page = client.get(reverse("staff:search"), {"q": "ada"})
    part = client.get(
        reverse("staff:search"),
        {"q": "ada"},
        headers={"HX-Request": "true", "HX-Target": "search-results"},
    )
    for text in (page.text, part.text):
        assert reverse("staff:booking", args=[booking.pk]) in text
        assert reverse("staff:customer", args=[user.pk]) in text
    assert "<html" not in part.text
    assert 'value="ada"' in page.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Type a number, a name"),
        ("a", "at least two letters"),
        ("nobody <b>", "Nothing holds “nobody &lt;b&gt;”"),
    ],
)
def test_the_page_says_what_to_do_when_nothing_is_found(db, staff_client, operator, text, words):
    assert words in staff_client(operator).get(reverse("staff:search"), {"q": text}).text
