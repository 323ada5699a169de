import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from booking import services
from booking.models import Booking
from booking.ownership import SESSION_KEY
from tests.booking.helpers import make_booking
from totetaxi.users.models import User

pytestmark = pytest.mark.usefixtures("catalog")
PRIVATE = ("Ada", "Sample", "ada@example.com", "Example Street", "285.00", "Three suitcases")


@pytest.fixture
def booking():
    booking = make_booking()
    services.mark_paid(booking)
    return booking


@pytest.fixture
def owner(booking):
    """The browser that placed the booking."""
    client = Client()
    session = client.session
    session[SESSION_KEY] = [str(booking.pk)]
    session.save()
    return client


def url(booking, name="status"):
    return reverse(f"account:{name}", args=[booking.pk])


def test_status_shows_the_owner_everything(owner, booking):
    page = owner.get(url(booking))
    assert page.status_code == 200
    for fact in (*PRIVATE, booking.booking_number, "(212) 555-0142", "8–11 AM"):
        assert fact in page.text


def test_status_shows_anyone_else_four_facts(client, booking):
    page = client.get(url(booking))
    assert page.status_code == 200
    assert booking.booking_number in page.text
    assert "Standard Delivery" in page.text
    assert "Paid" in page.text
    for fact in PRIVATE:
        assert fact not in page.text


def test_status_shows_the_customer_of_the_account_everything(client, booking):
    user = User.objects.create_user("ada@example.com", "a long password")
    Booking.objects.filter(pk=booking.pk).update(customer=user, guest_checkout=None)
    client.force_login(user)
    assert "Example Street" in client.get(url(booking)).text


def test_status_of_a_deleted_or_unknown_booking_is_not_found(owner, booking):
    Booking.objects.filter(pk=booking.pk).update(deleted_at=timezone.now())
    assert owner.get(url(booking)).status_code == 404
    assert owner.get(reverse("account:status", args=[uuid.uuid4()])).status_code == 404


def test_status_by_number_is_not_found(client, booking):
    assert client.get(f"/booking/{booking.booking_number}/").status_code == 404


def test_calendar_file_is_for_the_owner(owner, client, booking):
    answer = owner.get(url(booking, "calendar_file"))
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Type"].startswith("text/calendar")
    text = answer.content.decode()
    assert f"UID:{booking.booking_number}@totetaxi.com" in text
    assert f"DTSTART;TZID=America/New_York:{booking.pickup_date:%Y%m%d}T080000" in text
    assert client.get(url(booking, "calendar_file")).status_code == 404


def test_status_refuses_post(owner, booking):
    assert owner.post(url(booking)).status_code == 405


def test_status_may_not_be_kept_by_a_cache(owner, booking):
    assert "no-store" in owner.get(url(booking))["Cache-Control"]


def test_answers_changed_after_stripe_was_opened_are_spoken_of(owner, booking):
    booking.draft.update_answers({"standard_delivery_item_count": 5})
    assert "What you paid for is booked" in owner.get(url(booking)).text


def test_booking_for_today_is_not_called_the_day_before(owner, booking):
    Booking.objects.filter(pk=booking.pk).update(is_same_day_delivery=True)
    page = owner.get(url(booking)).text
    assert "agree when we come today" in page
    assert "The day before" not in page
