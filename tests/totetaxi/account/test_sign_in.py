"""Signing in and out, and who may not."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.totetaxi.account.conftest import MEMBER_PASSWORD
from tests.totetaxi.account.identity import (
    CHANGE_PASSWORD,
    DRAFT,
    HOME,
    NEW_PASSWORD,
    SESSIONS,
    SIGN_IN,
    SIGN_OUT,
    SIGN_UP,
    is_signed_in,
    sign_in,
    without_token,
)
from totetaxi.account.identity.devices import device_words
from totetaxi.users.models import User

THIRTY_DAYS = 30 * 24 * 60 * 60


def test_sign_in_leads_to_the_account(client, member):
    answer = sign_in(client, "ADA@example.com")
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    assert client.session["_auth_user_id"] == str(member.pk)


def test_session_ends_with_the_browser_unless_remembered(member):
    forgetful, lasting = Client(), Client()
    sign_in(forgetful)
    sign_in(lasting, remember="on")
    assert forgetful.cookies["sessionid"]["max-age"] == ""
    assert lasting.cookies["sessionid"]["max-age"] == THIRTY_DAYS


def test_wrong_password_unknown_address_and_the_office_are_answered_alike(member):
    User.objects.create_user("boss@example.com", MEMBER_PASSWORD, is_staff=True)
    User.objects.create_user("nobody@example.com", MEMBER_PASSWORD)  # of Django admin
    gone = User.objects.create_user("gone@example.com", MEMBER_PASSWORD, is_active=False)
    tries = [
        ("ada@example.com", "wrong"),
        ("unknown@example.com", MEMBER_PASSWORD),
        ("boss@example.com", MEMBER_PASSWORD),
        ("nobody@example.com", MEMBER_PASSWORD),
        (gone.email, MEMBER_PASSWORD),
    ]
    pages = [sign_in(Client(), email, password) for email, password in tries]
    assert [page.status_code for page in pages] == [422] * 5
    assert len({without_token(page, *(email for email, _ in tries)) for page in pages}) == 1
    assert "do not match an account" in pages[0].text


def test_sign_in_is_limited_by_client_and_by_account(client, member, settings):
    settings.RATES = {**settings.RATES, "sign_in": "2/h"}
    codes = [sign_in(client, f"{n}@example.com", "guess").status_code for n in range(3)]
    assert codes == [422, 422, 429]
    settings.TRUSTED_PROXIES = 1
    codes = [
        Client(headers={"X-Forwarded-For": f"198.51.100.{n}"})
        .post(SIGN_IN, {"login": "Ada@example.com", "password": "guess"})
        .status_code
        for n in range(3)
    ]
    assert codes == [422, 422, 429]


def test_customers_page_asks_for_sign_in_and_comes_back(client, member):
    answer = client.get(CHANGE_PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, f"{SIGN_IN}?next={CHANGE_PASSWORD}")
    page = client.get(answer["Location"])
    assert f'name="next" value="{CHANGE_PASSWORD}"' in page.text
    assert f"{SIGN_UP}?next=" in page.text
    assert sign_in(client, next=CHANGE_PASSWORD)["Location"] == CHANGE_PASSWORD


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
    ],
)
def test_next_never_leads_to_another_site(client, member, elsewhere):
    assert sign_in(client, next=elsewhere)["Location"] == HOME
    client.post(SIGN_OUT)
    assert sign_in(Client(), next=elsewhere)["Location"] == HOME
    assert client.post(SIGN_OUT, {"next": elsewhere})["Location"] == "/"


def test_signing_in_keeps_the_order_and_signing_out_ends_it(client, member):
    session = client.session
    session["draft_id"], session["bookings"] = DRAFT, ["some-booking"]
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before
    assert (client.session["draft_id"], client.session["bookings"]) == (
        DRAFT,
        ["some-booking"],
    )
    client.post(SIGN_OUT)
    assert not {"draft_id", "bookings", "_auth_user_id"} & set(client.session.keys())


def test_sign_out_needs_a_button(member_client):
    assert "Sign out?" in member_client.get(SIGN_OUT).text
    assert is_signed_in(member_client)
    answer = member_client.post(SIGN_OUT, follow=True)
    assert "You are signed out." in answer.text
    assert not is_signed_in(member_client)


def test_who_is_signed_in_is_sent_on_from_sign_in_and_sign_up(member_client):
    for page in (SIGN_IN, SIGN_UP):
        assert member_client.get(page)["Location"] == HOME


def test_customers_pages_send_the_office_to_its_own(client, db):
    client.force_login(User.objects.create_user("boss@example.com", is_staff=True))
    page = client.get(SESSIONS)
    assert page.status_code == 403
    assert "This page is for customers" in page.text


def test_sessions_are_listed_and_all_others_ended(member):
    here, phone = Client(), Client(headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/604.1"})
    sign_in(here)
    sign_in(phone)
    page = here.get(SESSIONS)
    assert "Safari on iPhone" in page.text
    assert page.text.count("This device<") == 1

    answer = here.post(SESSIONS, follow=True)
    assert "You are signed out everywhere else." in answer.text
    assert "You are signed in nowhere else." in answer.text
    assert phone.get(SESSIONS).status_code == 302
    assert here.get(SESSIONS).status_code == 200


def test_new_password_needs_the_old_one_and_ends_other_sessions(member, mailoutbox, run_queue):
    here, phone = Client(), Client()
    sign_in(here)
    sign_in(phone)
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    wrong = here.post(CHANGE_PASSWORD, {"oldpassword": "wrong", **new})
    assert (wrong.status_code, "not your current password" in wrong.text) == (422, True)
    weak = {"oldpassword": MEMBER_PASSWORD, "password1": "12345678", "password2": "12345678"}
    assert here.post(CHANGE_PASSWORD, weak).status_code == 422

    answer = here.post(CHANGE_PASSWORD, {"oldpassword": MEMBER_PASSWORD, **new}, follow=True)
    assert "every other device is signed out" in answer.text
    assert here.get(SESSIONS).status_code == 200
    assert phone.get(SESSIONS).status_code == 302
    run_queue()
    assert [mail.subject for mail in mailoutbox] == ["Your ToteTaxi password was changed"]
    assert sign_in(Client(), password=NEW_PASSWORD).status_code == 302


def test_who_has_no_password_is_sent_to_get_one(client, member):
    member.set_unusable_password()
    member.save()
    client.force_login(member)
    assert client.get(CHANGE_PASSWORD)["Location"] == reverse("account_reset_password")


@pytest.mark.parametrize(
    "path",
    [
        *("inactive/", "password/set/", "reauthenticate/", "login/code/confirm/"),
        *("3rdparty/", "signup/passkey/", "phone/verify/", "2fa/"),
    ],
)
def test_pages_of_allauth_that_nobody_wants_do_not_exist(member_client, path):
    assert member_client.get(f"{HOME}{path}").status_code == 404


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/130 Safari/537 Edg/130",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/17 Safari/605", "Safari on Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko Firefox/130.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130 Mobile Safari", "Chrome on Android"),
        ("curl/8", "A browser"),
        ("", "A browser"),
    ],
)
def test_device_words(agent, words):
    assert device_words(agent) == words
