"""A customer's account from sign-up to a forgotten password, with the mails in between."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from playwright.sync_api import Page, expect

from booking.models import CustomerProfile
from tests.e2e.test_accessibility import inspect
from totetaxi.dev.models import Mail
from totetaxi.outbox.testing import run_queue
from totetaxi.users.models import User

EMAIL = "ben@example.com"
PASSWORD = "seven-lanterns-on-a-jetty"
NEW_PASSWORD = "quiet-otters-at-noon"
SIGN_IN_PAGES = (
    "/account/login/",
    "/account/signup/",
    "/account/confirm-email/",
    "/account/confirm-email/again/",
    "/account/confirm-email/no-such-link/",
    "/account/password/reset/",
    "/account/password/reset/done/",
)
SIGNED_IN_PAGES = (
    "/account/sessions/",
    "/account/password/change/",
    "/account/email/",
    "/account/logout/",
)


def open_mail(page: Page, subject: str) -> None:
    """Follow the first link of the newest mail with this subject."""
    run_queue()
    mail = Mail.objects.filter(subject=subject).order_by("sent_at").last()
    assert mail is not None, subject
    page.goto(f"/sandbox/mail/{mail.pk}/")
    text = page.locator("pre").inner_text()
    link = re.search(r"https?://\S+", text)
    assert link is not None
    page.goto(link[0])


def fill(page: Page, **fields: str) -> None:
    for label, text in fields.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(text)


def sign_in(page: Page, password: str) -> None:
    page.goto("/account/login/")
    fill(page, Email=EMAIL, Password=password)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("js", [True, False], ids=["with script", "without script"])
def test_account_from_sign_up_to_forgotten_password(site, visitor, js):
    desk, phone = visitor(js=js), visitor(js=js, width=360)
    desk.goto("/account/signup/")
    desk.get_by_role("button", name="Make my account").click()
    expect(desk.locator("#error-summary")).to_be_focused()
    fill(
        desk,
        First_name="Ben",
        Last_name="Shore",
        Email=EMAIL,
        Mobile_phone="(212) 555-0142",
        Password=PASSWORD,
        The_password_once_more=PASSWORD,
    )
    desk.get_by_role("button", name="Make my account").click()
    expect(desk.locator("h1")).to_have_text("Check your email")

    # The same mail on another device asks for the password, here the button is enough.
    open_mail(phone, "Confirm your email for ToteTaxi")
    expect(phone.get_by_label("Your password")).to_be_visible()
    open_mail(desk, "Confirm your email for ToteTaxi")
    desk.get_by_role("button", name="Confirm this email").click()
    desk.wait_for_url("**/account/")
    expect(desk.locator("#messages")).to_contain_text(f"{EMAIL} is confirmed.")

    sign_in(phone, PASSWORD)
    phone.wait_for_url("**/account/")
    desk.goto("/account/sessions/")
    desk.get_by_role("button", name="Sign out everywhere else").click()
    expect(desk.locator("#messages")).to_contain_text("You are signed out everywhere else.")
    phone.goto("/account/")
    phone.wait_for_url("**/account/login/?next=/account/")

    phone.get_by_role("link", name="Forgot your password?").click()
    fill(phone, Email=EMAIL)
    phone.get_by_role("button", name="Send the link").click()
    expect(phone.locator("h1")).to_have_text("Check your email")
    open_mail(phone, "Choose a new password for ToteTaxi")
    fill(phone, New_password=NEW_PASSWORD, The_new_password_once_more=NEW_PASSWORD)
    phone.get_by_role("button", name="Save and sign in").click()
    phone.wait_for_url("**/account/")
    desk.goto("/account/")
    desk.wait_for_url("**/account/login/?next=/account/")
    sign_in(desk, PASSWORD)
    expect(desk.locator("#error-summary")).to_contain_text("do not match")
    sign_in(desk, NEW_PASSWORD)
    desk.wait_for_url("**/account/")

    desk.goto("/account/logout/")
    desk.get_by_role("button", name="Sign out").click()
    expect(desk.locator("#messages")).to_contain_text("You are signed out.")


def test_pages_of_identity_are_for_everybody(site, page):
    for path in SIGN_IN_PAGES:
        page.goto(path)
        inspect(page)
    page.goto("/account/signup/")
    page.get_by_role("button", name="Make my account").click()
    inspect(page)
    sign_in_as_member(page, site.url)
    for path in SIGNED_IN_PAGES:
        page.goto(path)
        inspect(page)


def sign_in_as_member(page: Page, url: str) -> None:
    """Give the browser the session of a customer who is signed in on another device as well."""
    user = User.objects.create_user(EMAIL, PASSWORD, first_name="Ben", last_name="Shore")
    CustomerProfile.objects.create(user=user, phone="2125550142")
    EmailAddress.objects.create(user=user, email=EMAIL, verified=True, primary=True)
    for agent in ("Mozilla/5.0 (iPhone) Safari/604.1", "Mozilla/5.0 (X11; Linux) Chrome/156"):
        client = Client(headers={"User-Agent": agent})
        client.post("/account/login/", {"login": EMAIL, "password": PASSWORD})
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}]
    )
