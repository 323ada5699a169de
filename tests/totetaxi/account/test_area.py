"""The dashboard and the list of bookings."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from booking.models import Booking, BookingStatus, CustomerProfile, SavedAddress
from tests.booking.helpers import (
    airport_answers,
    make_booking,
    make_draft,
    mini_move_answers,
    place,
    specialty_answers,
)
from totetaxi.account.overview import counts
from totetaxi.lib import clock
from totetaxi.users.models import User

pytestmark = pytest.mark.usefixtures("catalog")
HX = {"HX-Request": "true", "HX-Target": "bookings"}
DASHBOARD, LIST = "/account/", "/account/bookings/"
PAGES = ("dashboard", "bookings", "profile", "preferences", "addresses", "addresses_new")


@pytest.fixture
def theirs(member):
    """Makes bookings of Ada's in any state, from any answers."""

    def make(status="paid", answers=None, **changes):
        booking = place(make_draft(answers)) if answers else make_booking()
        paid_at = clock.now() if status in ("paid", "completed") else None
        Booking.objects.filter(pk=booking.pk).update(
            customer=member, guest_checkout=None, status=status, paid_at=paid_at, **changes
        )
        booking.refresh_from_db()
        return booking

    return make


def copy(booking, times):
    """More of the same, free of charge: without lines, which no list shows."""
    fields = {field.attname: getattr(booking, field.attname) for field in Booking._meta.fields}
    same = {**fields, "draft_id": None, "total_price_cents": 0}
    Booking.objects.bulk_create(
        Booking(**{**same, "id": uuid.uuid4(), "booking_number": f"TT-9{number:05}"})
        for number in range(times)
    )


def save_address(user, nickname, times_used=0):
    return SavedAddress.objects.create(
        user=user,
        nickname=nickname,
        times_used=times_used,
        address_line_1="1 Example Road",
        city="Southampton",
        state="NY",
        zip_code="11968",
    )


def numbers(page):
    """What a search found, in the order of the page."""
    return [card.booking.booking_number for card in page.context["cards"]]


def queries_of(client, path):
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return len(queries)


# -- who may come in -------------------------------------------------------------


def test_signed_out_visitors_are_sent_to_sign_in(client):
    for name in PAGES:
        path = reverse(f"account:{name}")
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer.url == f"{reverse('account_login')}?next={path}"


def test_staff_have_no_such_area_and_get_no_profile(client):
    client.force_login(User.objects.create_user("olga@example.com", is_staff=True))
    for name in PAGES:
        assert client.get(reverse(f"account:{name}")).status_code == 403
    assert not CustomerProfile.objects.exists()


def test_account_without_a_profile_gets_one(client):
    user = User.objects.create_user("ann@example.com")
    client.force_login(user)
    assert client.get(DASHBOARD).status_code == 200
    assert CustomerProfile.objects.get().user == user


def test_wrong_method_is_refused(member_client):
    for path in (DASHBOARD, LIST, "/account/addresses/"):
        assert member_client.post(path).status_code == 405


def test_no_cache_may_keep_the_area(member_client):
    assert "no-store" in member_client.get(DASHBOARD)["Cache-Control"]


# -- the dashboard ---------------------------------------------------------------


def test_counts_are_those_of_the_rule(member, theirs):
    today = clock.today()
    theirs("paid", pickup_date=today)  # upcoming: today still is
    theirs("confirmed")
    theirs("paid", pickup_date=today - timedelta(days=1))  # over, and not completed
    theirs("completed", pickup_date=today - timedelta(days=9))
    theirs("pending")
    theirs("cancelled")
    theirs("paid", deleted_at=timezone.now())
    make_booking()  # somebody else's
    found = counts(member, today)
    assert (found.total, found.upcoming, found.completed) == (4, 2, 1)


def test_last_booked_is_the_newest_order_that_counts(member, theirs):
    day = clock.now() - timedelta(days=5)
    theirs("paid", created_at=day)
    theirs("cancelled", created_at=clock.now())
    assert counts(member, clock.today()).last_booked_at == day


def test_dashboard_shows_upcoming_soonest_first_with_its_progress(member_client, theirs):
    later = theirs("paid", pickup_date=clock.today() + timedelta(days=9))
    sooner = theirs("paid", pickup_date=clock.today() + timedelta(days=1))
    page = member_client.get(DASHBOARD)
    assert [card.booking for card in page.context["upcoming"]] == [sooner, later]
    assert "Tomorrow to Southampton" in page.text
    stops = [(stop.label, stop.state) for stop in page.context["upcoming"][0].stops]
    assert stops == [
        ("Booked", "done"),
        ("Paid", "done"),
        ("Driver", "now"),
        ("Pickup", "ahead"),
        ("Delivery", "ahead"),
    ]


def test_dashboard_shows_the_newest_three_and_the_most_used_three(member, member_client, theirs):
    made = [theirs(created_at=clock.now() - timedelta(hours=n)) for n in range(4)]
    for times, nickname in ((1, "Barn"), (9, "Home"), (5, "Office"), (0, "Boat")):
        save_address(member, nickname, times)
    page = member_client.get(DASHBOARD)
    assert [card.booking for card in page.context["newest"]] == made[:3]
    assert [one.nickname for one in page.context["addresses"]] == ["Home", "Office", "Barn"]
    assert page.context["address_count"] == 4


def test_welcome_comes_once(member_client):
    assert "Your account is ready" in member_client.get(DASHBOARD).text
    assert "Your account is ready" not in member_client.get(DASHBOARD).text


def test_empty_dashboard_says_what_to_do(member_client):
    page = member_client.get(DASHBOARD).text
    assert "Nothing is on its way" in page
    assert reverse("booking:start") in page
    assert "Save an address once" in page


def test_unpaid_order_is_spoken_of(member_client, theirs):
    theirs("pending")
    assert "One order is not paid yet" in member_client.get(DASHBOARD).text


def test_vip_is_shown_on_the_dashboard_and_in_the_header(member, member_client):
    assert "VIP</" not in member_client.get(DASHBOARD).text
    CustomerProfile.objects.update(is_vip=True)
    assert "<dd>VIP</dd>" in member_client.get(DASHBOARD).text
    assert "VIP</span>" in member_client.get("/").text


def test_dashboard_needs_as_many_queries_for_many_as_for_one(member, member_client, theirs):
    theirs(answers=mini_move_answers())
    save_address(member, "Home")
    member_client.get(DASHBOARD)
    one = queries_of(member_client, DASHBOARD)
    copy(theirs(answers=airport_answers()), times=98)
    for number in range(4):
        save_address(member, f"Place {number}")
    assert queries_of(member_client, DASHBOARD) == one


# -- the list --------------------------------------------------------------------


def test_list_is_newest_first_and_shows_nobody_elses(member_client, theirs):
    old = theirs(created_at=clock.now() - timedelta(days=2))
    new = theirs("cancelled")
    make_booking()
    theirs(deleted_at=timezone.now())
    page = member_client.get(LIST)
    assert numbers(page) == [new.booking_number, old.booking_number]
    assert "$285.00" in page.text


def test_list_is_narrowed_to_a_status(member_client, theirs):
    made = {status: theirs(status) for status in BookingStatus.values}
    for wanted, booking in made.items():
        page = member_client.get(LIST, {"status": wanted})
        assert numbers(page) == [booking.booking_number]
        assert f'value="{wanted}" selected' in page.text


def test_list_is_narrowed_to_upcoming(member_client, theirs):
    theirs("paid", pickup_date=clock.today() - timedelta(days=1))
    soon = theirs("paid", pickup_date=clock.today())
    assert numbers(member_client.get(LIST, {"status": "upcoming"})) == [soon.booking_number]


def test_list_finds_what_a_customer_remembers(member_client, theirs):
    day = clock.today().replace(year=2026, month=3, day=18)
    april = day.replace(month=4, day=2)
    move = theirs(answers=mini_move_answers(), pickup_date=day)
    theirs(answers=airport_answers(**OTHER_PLACE), pickup_date=april, blade_flight_date=april)
    for words in (
        *("mini move", "petite", "southampton MINI", "10001 petite", "(212) 555-0142"),
        *("march", "Mar 18", "3/18", "3/18/2026", "3/18/26", "2026-03-18", "2026 march"),
    ):
        assert numbers(member_client.get(LIST, {"q": words})) == [move.booking_number], words


OTHER_PLACE = {"phone": "9175550199", "pickup_zip_code": "10024"}


def test_list_finds_by_number_in_full_or_short(member_client, theirs):
    theirs()
    wanted = theirs()
    short = f"tt-{int(wanted.booking_number[3:])}"
    for text in (wanted.booking_number, wanted.booking_number.lower(), short):
        assert numbers(member_client.get(LIST, {"q": text})) == [wanted.booking_number]


def test_list_finds_items_and_airports(member_client, theirs):
    bicycle = theirs(answers=specialty_answers())
    flight = theirs(answers=airport_answers())
    suitcases = theirs()
    for text, wanted in (("bicycle", bicycle), ("jfk", flight), ("suitcases", suitcases)):
        assert numbers(member_client.get(LIST, {"q": text})) == [wanted.booking_number]


def test_search_and_status_combine(member_client, theirs):
    wanted = theirs("paid", answers=mini_move_answers())
    theirs("cancelled", answers=mini_move_answers())
    theirs("paid")
    found = numbers(member_client.get(LIST, {"q": "mini", "status": "paid"}))
    assert found == [wanted.booking_number]


def test_odd_queries_are_answered(member_client, theirs):
    theirs()
    for query in (
        *({"q": text} for text in ("\0", "%_\\", "99/99/0000", "0000", "2026-02-31", "x" * 5000)),
        *({"page": page} for page in ("0", "last", "-3")),
        {"status": "shipped"},
    ):
        assert member_client.get(LIST, query).status_code == 200, query


def test_nothing_found_says_what_to_do(member_client, theirs):
    theirs()
    page = member_client.get(LIST, {"q": "zanzibar"}).text
    assert "No booking fits" in page
    assert "Show all bookings" in page


def test_empty_list_says_what_to_do(member_client):
    page = member_client.get(LIST).text
    assert "No bookings yet" in page
    assert "<form" not in page.split("<main")[1].split("</main")[0]


def test_list_has_20_a_page_and_keeps_what_was_asked(member_client, theirs):
    copy(theirs(), times=20)
    first = member_client.get(LIST, {"q": "suitcases", "status": "paid"})
    assert len(numbers(first)) == 20
    assert "21 bookings, page 1 of 2" in first.text
    assert "?q=suitcases&amp;status=paid&amp;page=2" in first.text
    second = member_client.get(LIST, {"q": "suitcases", "status": "paid", "page": 2})
    assert len(numbers(second)) == 1


def test_htmx_gets_only_the_list(member_client, theirs):
    booking = theirs()
    part = member_client.get(LIST, {"q": "suitcases"}, headers=HX)
    assert "<html" not in part.text
    assert 'id="bookings"' in part.text
    assert booking.booking_number in part.text
    assert "HX-Target" in part["Vary"]


def test_list_needs_as_many_queries_for_many_as_for_one(member_client, theirs):
    theirs(answers=mini_move_answers())
    member_client.get(LIST)
    one = queries_of(member_client, LIST)
    copy(theirs(answers=airport_answers()), times=98)
    assert queries_of(member_client, LIST) == one


# -- the header --------------------------------------------------------------------


def test_header_offers_the_account_and_signing_out(member_client):
    page = member_client.get("/").text
    assert f'action="{reverse("account_logout")}"' in page
    assert page.count(f'href="{DASHBOARD}"') == 2  # the menu of a wide screen, that of a phone
    assert ">Sign in<" not in page


def test_header_offers_signing_in(client):
    page = client.get("/").text
    assert ">Sign in<" in page
    assert "Sign out" not in page


def test_header_leads_staff_to_the_office(client):
    client.force_login(User.objects.create_user("olga@example.com", is_staff=True))
    page = client.get("/").text
    assert ">Office<" in page
    assert f'href="{DASHBOARD}"' not in page
