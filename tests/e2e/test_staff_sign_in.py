"""Into the office on the keyboard alone: invitation, authenticator app, codes; its own pages."""

import os
import re
from pathlib import Path

from django.urls import reverse
from playwright.sync_api import Page, expect

from staff import second_factor
from staff.models import StaffAction, StaffProfile
from tests.e2e.test_accessibility import Keyboard, inspect
from tests.staff.helpers import PASSWORD, code_now, enrolled, make_staff, signed_in
from totetaxi.dev.models import Mail
from totetaxi.outbox.testing import run_queue

SHOTS = os.environ.get("SHOTS", "")
CHOSEN = "rivers tables nine clouds"


def look_at(page: Page, name: str) -> None:
    """Hold the page to the bars; with SHOTS set, also keep pictures of it."""
    inspect(page)
    if not SHOTS:
        return
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}-{scheme}.png")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def sign_in(keys: Keyboard, email: str, password: str) -> None:
    keys.type("#id_email", email)
    keys.type("#id_password", password)
    keys.press("Enter")


def test_a_colleague_comes_in_for_the_first_and_the_second_time(site, page, visitor):
    admin = make_staff("admin")
    office = visitor()
    cookie = signed_in(admin).cookies["sessionid"].value
    office.context.add_cookies([{"name": "sessionid", "value": cookie, "url": site.url}])
    keys = Keyboard(office)
    office.goto(reverse("staff:team"))
    look_at(office, "team")
    keys.press("Enter", "main a.btn-primary")
    expect(office.locator("h1")).to_have_text("Add somebody")
    look_at(office, "team-new")
    keys.press("Enter", "main form button")
    expect(office.locator("#error-summary")).to_be_focused()
    for name, value in (("first_name", "Olga"), ("last_name", "Sample")):
        keys.type(f"#id_{name}", value)
    keys.type("#id_email", "olga@office.example.com")
    keys.press("Enter")
    expect(office.locator("#messages")).to_contain_text("on its way to Olga Sample")
    look_at(office, "team-member")
    run_queue()

    keys = Keyboard(page)
    page.goto(re.search(r"http\S+/staff/password/\S+/", Mail.objects.get().text)[0])
    look_at(page, "choose-password")
    keys.type("#id_password", CHOSEN)
    keys.type("#id_again", CHOSEN)
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text("Office sign-in")
    look_at(page, "sign-in")
    sign_in(keys, "olga@office.example.com", CHOSEN)
    expect(page.locator("h1")).to_have_text("Set up your authenticator app")
    look_at(page, "set-up-app")
    secret = page.locator("#typed-key").inner_text().replace(" ", "")
    keys.type("#id_code", code_now(secret))
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text("Keep your recovery codes")
    look_at(page, "recovery-codes")
    recovery_code = page.locator("main ul li").first.inner_text()
    with page.expect_download() as download:
        keys.press("Enter", "main a.btn-second")
    assert recovery_code in Path(download.value.path()).read_text()
    keys.press("Enter", "main form button")
    expect(page).to_have_url(site.url + reverse("staff:dashboard"))

    page.keyboard.press("/")
    expect(page.locator("#staff-search")).to_be_focused()
    keys.press("Enter", "nav[aria-label=Staff] + div button")
    expect(page.locator("#messages")).to_contain_text("You are signed out.")
    sign_in(keys, "olga@office.example.com", CHOSEN)
    expect(page.locator("h1")).to_have_text("Enter your code")
    look_at(page, "code")
    keys.type("#id_code", "000000")
    keys.press("Enter")
    expect(page.locator("#error-summary")).to_be_focused()
    look_at(page, "code-wrong")
    keys.press("Enter", "a[href='/staff/login/recovery/']")
    expect(page.locator("h1")).to_have_text("Sign in with a recovery code")
    keys.type("#id_code", recovery_code)
    keys.press("Enter")
    expect(page.locator("#messages")).to_contain_text("You have 9 recovery codes left.")

    # An administrator shuts her out: the next thing she does leads to the sign-in.
    office.reload()
    keys = Keyboard(office)
    keys.press("Enter", "main .btn-bad")
    expect(office.locator("main .badge").first).to_have_text("Deactivated")
    page.goto(reverse("staff:own_account"))
    expect(page.locator("h1")).to_have_text("Office sign-in")


def test_ones_own_account_and_the_audit_suit_everybody(site, visitor):
    admin = make_staff("admin")
    enrolled(admin)
    page = visitor()
    cookie = signed_in(admin).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": site.url}])
    for name in ("own_account", "own_password", "recovery_new"):
        page.goto(reverse(f"staff:{name}"))
        look_at(page, name.replace("_", "-"))
    operator = make_staff()
    page.goto(reverse("staff:member", args=[operator.pk]))
    page.locator("#id_phone").fill("2125550142")
    page.locator("main form button").first.click()
    expect(page.locator("#messages")).to_contain_text("is changed")
    page.goto(reverse("staff:audit"))
    page.locator("main details summary").first.click()
    look_at(page, "audit")
    page.goto(reverse("staff:audit") + "?q=nothing")
    look_at(page, "audit-empty")


def test_the_office_works_without_javascript_on_a_phone(site, visitor, settings):
    operator = make_staff()
    secret = enrolled(operator)
    page = visitor(js=False, width=360)
    page.goto(reverse("staff:own_account"))
    page.locator("#id_email").fill(operator.email)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main form button").click()
    page.locator("#id_code").fill(code_now(secret))
    page.locator("main form button").click()
    # It leads on to the page first asked for.
    expect(page.locator("h1")).to_have_text("Your sign-in")
    page.locator("header summary").click()
    page.locator("nav[aria-label='Staff menu'] button").click()
    expect(page.locator("h1")).to_have_text("Office sign-in")
    assert StaffProfile.objects.get().last_login_ip == "127.0.0.1"
    assert second_factor.is_enrolled(operator)
    assert StaffAction.objects.filter(action_type="logout").count() == 1
