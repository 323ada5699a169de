"""Making an account, confirming its email, and what strangers learn from it: nothing."""

import time
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from booking.models import CustomerProfile
from tests.booking.helpers import make_booking
from tests.totetaxi.account.conftest import MEMBER_PASSWORD
from tests.totetaxi.account.identity import (
    BEN,
    CHECK_MAIL,
    DRAFT,
    HOME,
    NEW_PASSWORD,
    RESEND,
    SIGN_UP,
    is_signed_in,
    link_in,
    sign_in,
    without_token,
)
from totetaxi.account.identity import forms
from totetaxi.account.identity.jobs import purge_claims
from totetaxi.outbox.models import Message
from totetaxi.users.models import User


@pytest.fixture
def mails(db, mailoutbox, run_queue):
    """Works off the queue; the mails sent since it was asked last."""

    def new_mails():
        before = len(mailoutbox)
        run_queue()
        return mailoutbox[before:]

    return new_mails


@pytest.fixture
def ben(client, db):
    """A browser in which Ben has signed up, but not confirmed yet."""
    assert client.post(SIGN_UP, BEN).status_code == 302
    return client


def test_sign_up_makes_user_profile_and_unconfirmed_address(client, db, mails):
    answer = client.post(SIGN_UP, {**BEN, "email": "Ben@Example.com"})
    assert (answer.status_code, answer["Location"]) == (302, CHECK_MAIL)
    user = User.objects.get()
    assert (user.email, user.get_full_name()) == ("ben@example.com", "Ben Shore")
    assert user.check_password(NEW_PASSWORD)
    assert CustomerProfile.objects.get().phone == "2125550142"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("ben@example.com", False, True)
    ]
    assert not is_signed_in(client)
    [mail] = mails()
    assert (mail.to, mail.subject) == (["ben@example.com"], "Confirm your email for ToteTaxi")


def test_opening_the_link_changes_nothing_and_the_button_signs_in(ben, mails):
    link = link_in(mails()[0])
    page = ben.get(link)
    assert "Confirm this email" in page.text
    assert not EmailAddress.objects.get().verified

    answer = ben.post(link)
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    assert EmailAddress.objects.get().verified
    assert is_signed_in(ben)
    assert [mail.subject for mail in mails()] == ["Welcome to ToteTaxi"]


def test_link_works_once(ben, mails):
    link = link_in(mails()[0])
    ben.post(link)
    for answer in (Client().get(link), Client().post(link)):
        assert answer.status_code == 410
        assert "no longer valid" in answer.text


def test_link_in_another_browser_asks_for_the_password(ben, mails):
    link = link_in(mails()[0])
    phone = Client()
    assert "not the browser the account was made in" in phone.get(link).text
    for wrong in ({}, {"password": "guess"}):
        assert phone.post(link, wrong).status_code == 422
    assert not EmailAddress.objects.get().verified

    assert phone.post(link, {"password": NEW_PASSWORD}).status_code == 302
    assert is_signed_in(phone)


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 200), (1, 410)])
def test_link_lives_48_hours(db, client, mails, seconds, status):
    # Signatures count whole seconds: on a whole one the boundary is exact.
    start = int(time.time())
    with time_machine.travel(start, tick=False):
        client.post(SIGN_UP, BEN)
        link = link_in(mails()[0])
    with time_machine.travel(start + timedelta(hours=48).total_seconds() + seconds, tick=False):
        assert Client().get(link).status_code == status


@pytest.mark.parametrize("key", ["nonsense", "MQ:1abc:def", "again-and-again"])
def test_odd_link_is_no_longer_valid(client, db, key):
    assert client.get(reverse("account_confirm_email", args=[key])).status_code == 410


def test_sign_up_answers_alike_for_a_known_address(member, mails):
    new, known = Client(), Client()
    answers = [
        browser.post(SIGN_UP, {**BEN, "email": email}, follow=True)
        for browser, email in ((new, "ben@example.com"), (known, "ADA@example.com"))
    ]
    assert [answer.redirect_chain for answer in answers] == [[(CHECK_MAIL, 302)]] * 2
    pages = [
        without_token(answer, "ben@example.com", "ada@example.com", "ADA@example.com")
        for answer in answers
    ]
    assert pages[0] == pages[1]
    assert {tuple(mail.to): mail.subject for mail in mails()} == {
        ("ben@example.com",): "Confirm your email for ToteTaxi",
        ("ada@example.com",): "Somebody tried to make a ToteTaxi account with your email",
    }
    member.refresh_from_db()
    assert member.check_password(MEMBER_PASSWORD)
    assert User.objects.count() == 2


def test_sign_up_with_the_address_of_the_office_tells_only_its_owner(client, mails):
    User.objects.create_user("boss@example.com", MEMBER_PASSWORD, is_staff=True)
    answer = client.post(SIGN_UP, {**BEN, "email": "boss@example.com"})
    assert (answer.status_code, answer["Location"]) == (302, CHECK_MAIL)
    [mail] = mails()
    assert mail.to == ["boss@example.com"]
    assert "account of the office" in mail.body
    assert not CustomerProfile.objects.exists()


def test_newer_sign_up_replaces_one_that_was_not_confirmed(ben, mails):
    old = link_in(mails()[0])
    another = Client()
    another.post(SIGN_UP, {**BEN, "first_name": "Benjamin"})
    new = link_in(mails()[0])
    assert User.objects.get().first_name == "Benjamin"
    assert ben.get(old).status_code == 410
    # The browser of the older sign-up does not count as the newer account's.
    assert ben.post(new).status_code == 422
    assert another.post(new).status_code == 302


def test_sign_up_at_the_same_moment_as_another_is_answered_alike(client, db, monkeypatch, mails):
    def too_late(self, request, user):
        raise IntegrityError

    monkeypatch.setattr(forms.SignUpForm, "signup", too_late)
    answer = client.post(SIGN_UP, BEN)
    assert (answer.status_code, answer["Location"]) == (302, CHECK_MAIL)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"first_name": ""}, "first name"),
        ({"phone": "12345"}, "ten digits"),
        ({"email": "ben"}, "full email"),
        ({"password2": "something-else-9"}, "differs"),
        ({"password1": "short1", "password2": "short1"}, "too short"),
        ({"password1": "password123", "password2": "password123"}, "too common"),
        ({"password1": "8374628374", "password2": "8374628374"}, "entirely numeric"),
        ({"password1": "ben@example", "password2": "ben@example"}, "too similar to the email"),
        (
            {"last_name": "Ravensworth", "password1": "ravensworth", "password2": "ravensworth"},
            "too similar to the last name",
        ),
    ],
)
def test_sign_up_says_what_to_put_right(client, db, wrong, words):
    page = client.post(SIGN_UP, {**BEN, **wrong})
    assert page.status_code == 422
    assert "error-summary" in page.text
    assert words in page.text
    assert page.text.count('value="Ben"') == (0 if "first_name" in wrong else 1)
    assert not User.objects.exists()


def test_resend_answers_alike_and_mails_only_who_waits(ben, member, mails):
    first = link_in(mails()[0])
    stranger = Client()
    answers = [
        stranger.post(RESEND, {"email": email}, follow=True)
        for email in ("ben@example.com", "ada@example.com", "nobody@example.com")
    ]
    assert [answer.redirect_chain for answer in answers] == [[(CHECK_MAIL, 302)]] * 3
    known = ("ben@example.com", "ada@example.com", "nobody@example.com")
    assert len({without_token(answer, *known) for answer in answers}) == 1
    [mail] = mails()
    assert mail.to == ["ben@example.com"]
    # The one that was lost still works, too.
    assert ben.get(first).status_code == ben.get(link_in(mail)).status_code == 200


def test_resend_is_limited_to_three_an_hour(client, db):
    codes = [client.post(RESEND, {"email": "a@example.com"}).status_code for _ in range(4)]
    assert codes == [302, 302, 302, 429]
    assert client.get(RESEND).status_code == 200


def test_unconfirmed_customer_is_offered_the_link_after_the_right_password(ben, mails):
    link = link_in(mails()[0])
    phone = Client()
    wrong = sign_in(phone, "ben@example.com", "guess")
    assert (wrong.status_code, "not confirmed" in wrong.text) == (422, False)
    answer = sign_in(phone, "ben@example.com", NEW_PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, RESEND)
    page = phone.get(RESEND)
    assert "not confirmed yet" in page.text
    assert 'value="ben@example.com"' in page.text
    assert not is_signed_in(phone)
    assert mails() == []
    # The password was proof enough: now the button alone confirms here.
    assert phone.post(link).status_code == 302
    assert is_signed_in(phone)


def test_confirming_goes_on_where_sign_up_came_from_and_keeps_the_order(client, db, mails):
    session = client.session
    session["draft_id"], session["bookings"] = DRAFT, ["some-booking"]
    session.save()
    client.post(f"{SIGN_UP}?next=/book/review/", BEN)
    answer = client.post(link_in(mails()[0]))
    assert answer["Location"] == "/book/review/"
    assert client.session["draft_id"] == DRAFT
    assert client.session["bookings"] == ["some-booking"]


def test_outbox_holds_neither_address_nor_token(ben, mails):
    ben.post(RESEND, {"email": "nobody@example.com"})
    sent = link_in(mails()[0])
    for message in Message.objects.all():
        stored = f"{message.key} {message.subject_id} {message.last_error}"
        assert "@" not in stored
        assert sent.split("/")[-2] not in stored


def test_sign_ups_nobody_confirmed_are_deleted_after_30_days(ben, member):
    now = timezone.now()
    User.objects.update(date_joined=now - timedelta(days=30, seconds=1))
    young = User.objects.create_user("young@example.com")
    CustomerProfile.objects.create(user=young)
    User.objects.create_user(
        "boss@example.com", is_staff=True, date_joined=now - timedelta(days=99)
    )
    assert purge_claims() == "1 deleted"
    assert set(User.objects.values_list("email", flat=True)) == {
        "ada@example.com",
        "young@example.com",
        "boss@example.com",
    }


def test_claim_with_a_booking_is_kept(catalog, ben, mails):
    booking = make_booking()
    user = User.objects.get()
    type(booking).objects.filter(pk=booking.pk).update(customer=user, guest_checkout=None)
    answer = Client().post(SIGN_UP, BEN)
    assert answer["Location"] == CHECK_MAIL
    assert User.objects.get() == user
