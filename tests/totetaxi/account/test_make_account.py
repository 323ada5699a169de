"""A guest who has ordered makes an account in one field, and the booking joins it."""

import pytest
from django.test import Client
from django.urls import reverse

from booking import services
from booking.ownership import SESSION_KEY
from tests.booking.helpers import make_booking
from tests.totetaxi.account.identity import (
    CHECK_MAIL,
    NEW_PASSWORD,
    is_signed_in,
    link_in,
    without_token,
)
from totetaxi.users.models import User

pytestmark = pytest.mark.usefixtures("catalog")
ONE_FIELD = {"password1": NEW_PASSWORD}


def placed(**changes):
    """A paid booking, and the browser that placed it."""
    booking = make_booking(**changes)
    services.mark_paid(booking)
    client = Client()
    session = client.session
    session[SESSION_KEY] = [str(booking.pk)]
    session.save()
    return booking, client


def booking_of(booking):
    """Whose it is by now, and whether it is a guest's."""
    booking.refresh_from_db()
    return booking.customer, booking.guest_checkout is not None


def url(booking):
    return reverse("account:make_account", args=[booking.pk])


def test_account_in_one_field_takes_the_rest_from_the_booking(mailoutbox, run_queue):
    booking, browser = placed(email="Ada@Example.com")
    answer = browser.post(url(booking), ONE_FIELD)
    assert (answer.status_code, answer["Location"]) == (302, CHECK_MAIL)
    user = User.objects.get()
    assert (user.get_full_name(), user.email) == ("Ada Sample", "ada@example.com")
    assert user.customer_profile.phone == "2125550142"
    assert booking_of(booking) == (None, True)

    run_queue()
    [mail] = [mail for mail in mailoutbox if "Confirm your email" in mail.subject]
    answer = browser.post(link_in(mail), follow=True)
    assert answer.redirect_chain[0][0] == reverse("account:status", args=[booking.pk])
    assert is_signed_in(browser)
    assert booking_of(booking) == (user, False)
    assert "is in your account now" in answer.text
    run_queue()
    [welcome] = [mail for mail in mailoutbox if "Welcome" in mail.subject]
    assert "The booking you made with this email before is in it now." in welcome.body


def test_known_address_is_answered_alike(member, mailoutbox, run_queue):
    answers = []
    for email in ("ada@example.com", "ben@example.com"):
        booking, browser = placed(email=email)
        answers.append(browser.post(url(booking), ONE_FIELD, follow=True))
    pages = {without_token(answer, "ada@example.com", "ben@example.com") for answer in answers}
    assert len(pages) == 1
    assert answers[0].redirect_chain == answers[1].redirect_chain
    run_queue()
    subjects = {mail.to[0]: mail.subject for mail in mailoutbox if "booked" not in mail.subject}
    assert "tried to make" in subjects["ada@example.com"]
    assert "Confirm" in subjects["ben@example.com"]


def test_only_the_browser_that_placed_it_may(client, member_client):
    booking, browser = placed()
    assert browser.get(url(booking)).status_code == 200
    for other in (client, member_client):
        assert other.get(url(booking)).status_code == 404
        assert other.post(url(booking), ONE_FIELD).status_code == 404
    assert User.objects.count() == 1


def test_booking_of_an_account_offers_none(member):
    booking, browser = placed()
    type(booking).objects.filter(pk=booking.pk).update(customer=member, guest_checkout=None)
    assert browser.post(url(booking), ONE_FIELD).status_code == 404


@pytest.mark.parametrize(
    ("password", "words"),
    [("", "Choose a password"), ("short", "too short"), ("ada@example", "too similar")],
)
def test_weak_password_is_refused_beside_its_field(password, words):
    booking, browser = placed()
    page = browser.post(url(booking), {"password1": password})
    assert (page.status_code, words in page.text) == (422, True)
    assert 'id="id_password1_error"' in page.text
    assert not User.objects.exists()


def test_it_is_limited_as_any_sign_up(settings):
    settings.RATES = {**settings.RATES, "sign_up": "2/h"}
    booking, browser = placed()
    codes = [browser.post(url(booking)).status_code for _ in range(3)]
    assert codes == [422, 422, 429]
    assert browser.post(reverse("account_signup")).status_code == 429
