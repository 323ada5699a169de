"""Customers in the office: found, looked at, noted about, and given their guest bookings."""

import csv
import io
from functools import partial
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from booking.models import BookingEvent, CustomerProfile, SavedAddress
from staff.models import ActionType, StaffAction
from tests.staff.helpers import make_staff
from tests.staff.office import at, booked, customer, gave_back, queries_of, took

LIST = "staff:customers"


def detail(user) -> str:
    return reverse("staff:customer", args=[user.pk])


def notes(user) -> str:
    return reverse("staff:customer_notes", args=[user.pk])


def stamp(page) -> str:
    return page.context["form"]["stamp"].value()


def shown(page) -> list[str]:
    return [profile.user.email for profile in page.context["page"].object_list]


def recorded(kind: ActionType) -> list[StaffAction]:
    return list(StaffAction.objects.filter(action_type=kind))


@pytest.fixture
def three(catalog):
    """Ada spent 185 net of a refund, Bob is VIP, Cat is new."""
    ada = customer("ada@example.com")
    bob = customer("bob@example.com", first_name="Bob", last_name="Other", profile={"is_vip": True})
    cat = customer("cat@example.com", first_name="Cat", last_name="Young", profile={"phone": "9"})
    order = booked(customer=ada, cents=285_00, made=at("2026-05-01"))
    gave_back(took(order, 285_00, at("2026-05-01"), status="partially_refunded"), 100_00)
    hidden = booked(customer=ada, cents=900_00, deleted_at=at("2026-05-02"))
    took(hidden, 900_00, at("2026-05-02"))
    booked(customer=bob, status="pending")
    return ada, bob, cat


def test_list_searches_filters_and_sorts(three, staff_client, manager):
    client = staff_client(manager)

    def listed(**query: str) -> list[str]:
        return shown(client.get(reverse(LIST), query))

    ada, bob, cat = (user.email for user in three)
    assert listed() == [bob, ada, cat]
    assert listed(q="sample") == [ada]
    assert listed(q="BOB@") == [bob]
    assert listed(q="(212) 555-0142") == [bob, ada]
    assert listed(vip="on") == [bob]
    assert listed(sort="-spent")[0] == ada
    assert listed(sort="-last") == [ada, cat, bob] or listed(sort="-last")[0] == ada
    assert listed(sort="nonsense") == [bob, ada, cat]
    assert listed(q="nobody") == []


def test_rows_are_shown_net_of_refunds(three, staff_client, manager):
    page = staff_client(manager).get(reverse(LIST), {"q": "ada@"})
    assert "$185.00" in page.text
    assert "$900" not in page.text


def test_a_search_by_htmx_answers_the_rows_alone(three, staff_client, operator):
    part = staff_client(operator).get(
        reverse(LIST), {"q": "ada@"}, headers={"HX-Request": "true", "HX-Target": "rows"}
    )
    assert "<html" not in part.text
    assert "1 customer found" in part.text


def test_the_list_as_a_file_runs_nothing(three, staff_client, manager):
    ada = three[0]
    ada.first_name = "=1+1"
    ada.save()
    response = staff_client(manager).get(reverse(LIST), {"format": "csv", "q": "ada@"})
    (row,) = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
    assert (row["Name"], row["Spent, net"]) == ("'=1+1 Sample", "185.00")
    assert len(recorded(ActionType.EXPORT_DATA)) == 1


def test_detail_shows_everything_and_is_on_record(three, staff_client, manager):
    ada = three[0]
    SavedAddress.objects.create(
        user=ada,
        nickname="Beach",
        address_line_1="9 Harbor Road",
        city="Montauk",
        state="NY",
        zip_code="11954",
    )
    guest = booked(email="ADA@example.com")
    page = staff_client(manager).get(detail(ada))
    for words in ("Beach", "9 Harbor Road", "$185.00", "$285.00 paid, $100.00 given back"):
        assert words in page.text
    assert [one.pk for one in page.context["guest_bookings"]] == [guest.pk]
    assert f"?customer={ada.pk}" in page.text
    (action,) = recorded(ActionType.VIEW_CUSTOMER)
    assert (action.customer, action.staff_user) == (ada, manager)


def test_nobody_is_not_found(catalog, staff_client, operator):
    client = staff_client(operator)
    assert client.get(reverse("staff:customer", args=[uuid4()])).status_code == 404
    assert client.get(reverse("staff:customer", args=[operator.pk])).status_code == 404
    assert client.post(reverse("staff:customer_notes", args=[uuid4()])).status_code == 404


def test_notes_and_vip_are_saved_and_on_record(three, staff_client, operator):
    ada, client = three[0], staff_client(operator)
    page = client.get(detail(ada))
    sent = {"notes": "Prefers the side door", "is_vip": "on", "stamp": stamp(page)}
    assert client.post(notes(ada), sent).status_code == 302
    profile = CustomerProfile.objects.get(user=ada)
    assert (profile.notes, profile.is_vip) == ("Prefers the side door", True)
    (action,) = recorded(ActionType.MODIFY_CUSTOMER)
    assert action.before == {"notes": "", "is_vip": False}
    assert action.after == {"notes": "Prefers the side door", "is_vip": True}
    assert action.customer == ada


def test_saving_what_is_stored_is_no_change(three, staff_client, operator):
    ada, client = three[0], staff_client(operator)
    client.post(notes(ada), {"notes": "", "stamp": stamp(client.get(detail(ada)))})
    assert recorded(ActionType.MODIFY_CUSTOMER) == []


def test_notes_of_a_colleague_are_never_written_over_unseen(three, staff_client, operator):
    ada, client = three[0], staff_client(operator)
    page = client.get(detail(ada))
    CustomerProfile.objects.filter(user=ada).update(notes="Theirs")

    refused = client.post(notes(ada), {"notes": "Mine", "stamp": stamp(page)})

    assert refused.status_code == 422
    assert "Theirs" in refused.text
    assert "Mine" in refused.text
    assert CustomerProfile.objects.get(user=ada).notes == "Theirs"
    both = {"notes": "Mine and theirs", "stamp": stamp(refused)}
    assert client.post(notes(ada), both).status_code == 302
    assert CustomerProfile.objects.get(user=ada).notes == "Mine and theirs"


def test_notes_that_are_too_long_are_refused(three, staff_client, operator):
    ada, client = three[0], staff_client(operator)
    sent = {"notes": "x" * 5001, "stamp": stamp(client.get(detail(ada)))}
    page = client.post(notes(ada), sent)
    assert page.status_code == 422
    assert "Shorten the notes" in page.text


def test_who_may_not_change_bookings_only_looks(three, staff_client, operator):
    operator.staff_profile.can_modify_bookings = False
    operator.staff_profile.save()
    ada, client = three[0], staff_client(operator)
    guest = booked(email="ada@example.com")
    page = client.get(detail(ada))
    assert "Save notes" not in page.text
    assert "Attach" not in page.text
    assert client.post(notes(ada), {"notes": "x"}).status_code == 403
    attach = reverse("staff:customer_attach", args=[ada.pk, guest.pk])
    assert client.post(attach).status_code == 403


def test_a_guest_booking_is_put_into_the_account_on_record(three, staff_client, operator):
    ada, client = three[0], staff_client(operator)
    EmailAddress.objects.create(user=ada, email=ada.email, verified=True, primary=True)
    guest = booked(email="ADA@example.com")
    stranger = booked(email="eve@example.com")

    for booking, status in ((guest, 302), (stranger, 404)):
        attach = reverse("staff:customer_attach", args=[ada.pk, booking.pk])
        assert client.get(attach).status_code == 405
        assert client.post(attach).status_code == status

    guest.refresh_from_db()
    stranger.refresh_from_db()
    assert (guest.customer, stranger.customer) == (ada, None)
    (action,) = recorded(ActionType.MODIFY_BOOKING)
    assert (action.booking, action.customer) == (guest, ada)
    assert BookingEvent.objects.get(booking=guest).actor == operator


def test_an_email_that_is_not_confirmed_gets_no_booking(three, staff_client, operator):
    ada, client = three[0], staff_client(operator)
    guest = booked(email="ada@example.com")
    attach = reverse("staff:customer_attach", args=[ada.pk, guest.pk])
    page = client.post(attach, follow=True)
    assert "not confirmed their email" in page.text
    guest.refresh_from_db()
    assert guest.customer is None


def test_queries_do_not_grow_with_customers_and_bookings(catalog, staff_client, operator):
    client, ada = staff_client(operator), customer("ada@example.com")

    def fill(number: int, start: int) -> None:
        for count in range(start, start + number):
            took(booked("mini_move", customer=ada), 1_00, at("2026-05-01"))
            booked(email="ada@example.com")
            user = customer(f"one{count}@example.com")
            booked(customer=user)

    fill(1, 0)
    pages = (reverse(LIST), detail(ada))
    few = [queries_of(partial(client.get, page)) for page in pages]
    fill(99, 1)
    assert [queries_of(partial(client.get, page)) for page in pages] == few


def test_what_customers_spent_is_for_those_who_may_see_money(three, staff_client):
    ada = three[0]
    client = staff_client(make_staff(can_view_financials=False))
    assert "185.00" not in client.get(reverse(LIST)).text
    assert "185.00" not in client.get(detail(ada)).text
    file = client.get(reverse(LIST), {"format": "csv"}).content.decode("utf-8-sig")
    assert "Spent" not in file
    assert "185.00" not in file
    by_name = shown(client.get(reverse(LIST)))
    assert shown(client.get(reverse(LIST), {"sort": "-spent"})) == by_name
