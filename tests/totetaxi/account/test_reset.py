"""Forgotten passwords, and changed addresses."""

import time

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client

from booking.models import CustomerProfile
from tests.totetaxi.account.conftest import MEMBER_PASSWORD
from tests.totetaxi.account.identity import (
    BEN,
    CHANGE_EMAIL,
    HOME,
    NEW_PASSWORD,
    RESET,
    SESSIONS,
    SIGN_UP,
    is_signed_in,
    link_in,
    sign_in,
    without_token,
)
from totetaxi.users.models import User

NEW = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
DAY = 24 * 60 * 60


@pytest.fixture
def mails(db, mailoutbox, run_queue):
    """Works off the queue; the mails sent since it was asked last."""

    def new_mails():
        before = len(mailoutbox)
        run_queue()
        return mailoutbox[before:]

    return new_mails


@pytest.fixture
def asked(member, mails):
    """The link that Ada was mailed when she asked for a new password."""
    Client().post(RESET, {"email": "Ada@example.com"})
    [mail] = mails()
    assert (mail.to, mail.subject) == (["ada@example.com"], "Choose a new password for ToteTaxi")
    return link_in(mail)


def use(link, client=None, **changes):
    """Open a link and send the new password; the answer to that, or to a link that is over."""
    client = client or Client()
    opened = client.get(link)
    return (
        client.post(opened["Location"], {**NEW, **changes}) if opened.status_code == 302 else opened
    )


def test_reset_sets_the_password_signs_in_here_and_out_elsewhere(asked, member, mails):
    here, phone = Client(), Client()
    sign_in(phone)
    # Signing in has ended the link, so ask once more.
    here.post(RESET, {"email": member.email})
    answer = use(link_in(mails()[0]), here)
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    assert is_signed_in(here)
    assert phone.get(SESSIONS).status_code == 302
    member.refresh_from_db()
    assert member.check_password(NEW_PASSWORD)
    assert [mail.subject for mail in mails()] == ["Your ToteTaxi password was changed"]


def test_reset_link_works_once(asked):
    assert use(asked).status_code == 302
    again = Client().get(asked)
    assert (again.status_code, "no longer valid" in again.text) == (410, True)


def test_newer_request_ends_the_older_link(asked, mails):
    Client().post(RESET, {"email": "ada@example.com"})
    newer = link_in(mails()[0])
    assert Client().get(asked).status_code == 410
    assert use(newer).status_code == 302


@pytest.mark.parametrize(("seconds", "status"), [(-1, 302), (0, 302), (1, 410)])
def test_reset_link_lives_24_hours(member, mails, seconds, status):
    start = int(time.time())
    with time_machine.travel(start, tick=False):
        Client().post(RESET, {"email": member.email})
        link = link_in(mails()[0])
    with time_machine.travel(start + DAY + seconds, tick=False):
        assert Client().get(link).status_code == status


def test_reset_checks_the_new_password(asked, member):
    browser = Client()
    page = use(asked, browser, password1="ada@example.com", password2="ada@example.com")
    assert (page.status_code, "too similar" in page.text) == (422, True)
    page = use(asked, browser, password2="another-one-9")
    assert (page.status_code, "differs" in page.text) == (422, True)
    member.refresh_from_db()
    assert member.check_password(MEMBER_PASSWORD)


def test_reset_request_answers_alike_and_mails_only_customers(member, mails):
    User.objects.create_user("boss@example.com", MEMBER_PASSWORD, is_staff=True)
    emails = ("ada@example.com", "boss@example.com", "nobody@example.com")
    answers = [Client().post(RESET, {"email": email}, follow=True) for email in emails]
    assert len({without_token(answer) for answer in answers}) == 1
    assert len({tuple(answer.redirect_chain) for answer in answers}) == 1
    assert [mail.to for mail in mails()] == [["ada@example.com"]]


def test_reset_link_of_somebody_who_joined_the_office_since_is_over(asked, member):
    CustomerProfile.objects.all().delete()
    User.objects.update(is_staff=True)
    assert Client().get(asked).status_code == 410


@pytest.mark.parametrize("uid", ["x", "00000000000000000000000000000000", "ä"])
def test_odd_reset_link_is_no_longer_valid(client, db, uid):
    assert client.get(f"/account/password/reset/key/{uid}/abc-def/").status_code == 410


def test_reset_also_confirms_the_address(mails):
    Client().post(SIGN_UP, BEN)
    mails()
    Client().post(RESET, {"email": BEN["email"]})
    browser = Client()
    use(
        link_in(mails()[0]),
        browser,
        password1="quiet-otters-at-noon",
        password2="quiet-otters-at-noon",
    )
    assert is_signed_in(browser)
    assert EmailAddress.objects.get().verified
    assert {mail.subject for mail in mails()} == {
        "Welcome to ToteTaxi",
        "Your ToteTaxi password was changed",
    }


def test_reset_is_limited_to_ten_an_hour(client, db):
    codes = [client.post(RESET, {"email": "a@example.com"}).status_code for _ in range(11)]
    assert codes == [302] * 10 + [429]


# -- another email


def change_to(client, email, password=MEMBER_PASSWORD):
    return client.post(CHANGE_EMAIL, {"email": email, "password": password})


def test_new_email_counts_once_its_link_is_used(member, member_client, mails):
    assert change_to(member_client, "Ada@new.example").status_code == 302
    assert "ada@new.example" in member_client.get(CHANGE_EMAIL).text
    sent = {mail.to[0]: mail for mail in mails()}
    assert sent["ada@example.com"].subject == "A new email was asked for on your ToteTaxi account"
    member.refresh_from_db()
    assert member.email == "ada@example.com"

    answer = member_client.post(link_in(sent["ada@new.example"]))
    assert (answer.status_code, answer["Location"]) == (302, CHANGE_EMAIL)
    member.refresh_from_db()
    assert member.email == "ada@new.example"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("ada@new.example", True, True)
    ]
    assert mails() == []  # no second welcome
    assert sign_in(Client(), "ada@example.com").status_code == 422
    assert sign_in(Client(), "ada@new.example").status_code == 302


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        ("ada@example.com", MEMBER_PASSWORD, "your email already"),
        ("ada", MEMBER_PASSWORD, "full email"),
        ("ada@new.example", "wrong", "not the password"),
        ("ada@new.example", "", "Enter your password"),
    ],
)
def test_new_email_is_refused_with_what_to_do(member_client, email, password, words):
    page = change_to(member_client, email, password)
    assert (page.status_code, words in page.text) == (422, True)
    assert EmailAddress.objects.count() == 1


def test_new_email_of_another_customer_is_answered_alike_and_never_taken(
    member, member_client, mails
):
    bob = User.objects.create_user("bob@example.com", NEW_PASSWORD)
    CustomerProfile.objects.create(user=bob)
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True, primary=True)
    free = change_to(member_client, "free@example.com")
    mails()
    taken = change_to(member_client, "bob@example.com")
    assert (taken.status_code, taken["Location"]) == (free.status_code, free["Location"])
    sent = {mail.to[0]: mail for mail in mails()}
    assert "tried to make" in sent["bob@example.com"].subject
    assert "/confirm-email/" not in sent["bob@example.com"].body


def test_email_that_became_somebody_elses_meanwhile_is_not_taken(member, member_client, mails):
    change_to(member_client, "bob@example.com")
    link = next(link_in(mail) for mail in mails() if mail.to == ["bob@example.com"])
    bob = User.objects.create_user("bob@example.com", NEW_PASSWORD)
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True, primary=True)
    assert member_client.post(link).status_code == 410
    member.refresh_from_db()
    assert member.email == "ada@example.com"


def test_unconfirmed_sign_up_does_not_keep_an_address_from_its_owner(member, member_client, mails):
    Client().post(SIGN_UP, BEN)
    mails()
    change_to(member_client, BEN["email"])
    link = next(link_in(mail) for mail in mails() if mail.to == [BEN["email"]])
    assert member_client.post(link).status_code == 302
    member.refresh_from_db()
    assert member.email == BEN["email"]
    assert list(User.objects.all()) == [member]


def test_wish_for_another_email_can_be_dropped(member, member_client, mails):
    change_to(member_client, "ada@new.example")
    link = next(link_in(mail) for mail in mails() if mail.to == ["ada@new.example"])
    member_client.post(CHANGE_EMAIL, {"drop": "1"})
    assert "ada@new.example" not in member_client.get(CHANGE_EMAIL).text
    assert member_client.post(link).status_code == 410
