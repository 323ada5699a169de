"""Every page for everybody: axe, small and large screens, light and dark, keyboard, weight.

``inspect`` looks at the page as it stands: axe in full on a wide light and on a small dark screen,
the rules about colors on the other two, and no sideways scrolling from 320 to 1600 pixels.
"""

import gzip
import json
import re
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Page, Response, Route, expect

from booking.models import Booking, BookingStatus
from catalog.models import DiscountCode
from tests.booking.helpers import (
    airport_answers,
    mini_move_answers,
    place,
    specialty_answers,
    standard_answers,
)
from tests.e2e import pages
from totetaxi.lib import clock

WIDTHS = (320, 360, 768, 1280, 1600)
HEIGHT = 900
COLORS = ("color-contrast", "link-in-text-block")
MAIL_RULES = (*COLORS, "document-title", "html-has-lang", "image-alt", "link-name")
KILOBYTE = 1024
PUBLIC_PAGES = (
    "/",
    "/services/",
    "/services/standard-delivery/",
    "/services/mini-moves/",
    "/services/airport-transfer/",
    "/service-area/",
    "/service-area/?zip=11937",
    "/service-area/?zip=11101",
    "/about/",
    "/faq/",
    "/terms/",
    "/privacy/",
    "/contact/",
    "/book/zip/?zip=07030",
    "/book/quote/",
    "/no/such/page/",
)
ANSWERS = {
    "standard delivery": standard_answers,
    "specialty items": specialty_answers,
    "mini move": mini_move_answers,
    "airport transfer": airport_answers,
}


def axe(page: Page, *, only: tuple[str, ...] = ()) -> list[str]:
    """What axe finds: rule, place and advice."""
    # The mail in its frame runs no script, and axe would wait for an answer from there.
    options: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False}
    if only:
        options["runOnly"] = {"type": "rule", "values": only}
    else:
        options["rules"] = {"target-size": {"enabled": True}}
    found = page.evaluate(f"axe.run({json.dumps(options)})")
    return [
        f"{violation['id']} at {node['target']}: {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def inspect(page: Page) -> None:
    """Fail unless the page suits everybody on every screen."""
    page.evaluate(AXE_SCRIPT)
    found = {}
    for scheme, width, only in (
        ("light", 1280, ()),
        ("dark", 1280, COLORS),
        ("light", 360, COLORS),
        ("dark", 360, ()),
    ):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if complaints := axe(page, only=only):
            found[f"{scheme}, {width} px"] = complaints
    assert found == {}, page.url
    assert [width for width in WIDTHS if overflow(page, width)] == [], page.url
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": HEIGHT})


def show(page: Page, html: str) -> None:
    """Open a page of the site that has just this on it."""

    def answer(route: Route) -> None:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")

    page.route("**/just/this/", answer)
    page.goto("/just/this/")
    page.unroute("**/just/this/")


def overflow(page: Page, width: int) -> int:
    """How many pixels the page is wider than a screen of ``width``."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def fail_step(page: Page, slug: str) -> None:
    """Send the step as it stands, which must not be enough; focus is on what to put right."""
    pages.go_on(page)
    pages.at_step(page, slug)
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))


# -- pages -------------------------------------------------------------------


@pytest.mark.parametrize("paths", [PUBLIC_PAGES[:8], PUBLIC_PAGES[8:]], ids=["first", "second"])
def test_public_pages(site, page, paths):
    for path in paths:
        page.goto(path)
        expect(page.locator("h1")).to_have_count(1)
        inspect(page)


def test_contact_form_with_mistakes(site, page):
    page.goto("/contact/")
    page.locator("main form button").last.click()
    expect(page.locator("#error-summary")).to_be_focused()
    inspect(page)


def test_error_pages(site, page):
    request = RequestFactory().get("/")
    for code in (400, 403, 429, 500):
        body = render_to_string(f"{code}.html", {"seconds": 60}, request)
        show(page, body)
        expect(page.locator("h1")).to_have_count(1)
        inspect(page)


# -- the wizard ----------------------------------------------------------------


def without(answers: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in answers.items() if not name.startswith(names)}


def test_first_page_of_the_wizard(site, page):
    page.goto("/book/service/")
    inspect(page)
    fail_step(page, "service")
    inspect(page)


@pytest.mark.parametrize("service", ["standard_delivery", "mini_move", "blade_transfer"])
def test_service_step(site, page, service):
    page.goto("/book/service/")
    pages.answer(page, {"service_type": service})
    inspect(page)
    fail_step(page, "service")
    inspect(page)


def test_service_step_with_everything_open(site, visitor, ordered):
    page = visitor(draft=ordered(mini_move_answers(include_packing=True, coi_required=True)))
    page.goto("/book/service/")
    page.locator("main details").evaluate_all("folds => folds.forEach(one => { one.open = true; })")
    inspect(page)


@pytest.mark.parametrize("service", ["standard delivery", "mini move", "airport transfer"])
def test_schedule_step(site, visitor, ordered, service):
    answers = without(ANSWERS[service](), "pickup_", "delivery_", "first", "last", "email", "phone")
    page = visitor(draft=ordered(answers))
    page.goto("/book/schedule/")
    inspect(page)
    if service != "airport transfer":
        fail_step(page, "schedule")
        inspect(page)


@pytest.mark.parametrize("service", ["standard delivery", "airport transfer"])
def test_addresses_step(site, visitor, ordered, service):
    answers = ANSWERS[service]()
    ends = ("pickup_address", "pickup_city", "pickup_state", "pickup_zip", "delivery_")
    page = visitor(draft=ordered(without(answers, *ends, "first", "last", "email", "phone")))
    page.goto("/book/addresses/")
    inspect(page)
    fail_step(page, "addresses")
    inspect(page)


def test_addresses_step_with_zip_answers(site, visitor, ordered):
    page = visitor(draft=ordered())
    page.goto("/book/addresses/")
    pages.answer(page, {"pickup_zip_code": "11101", "delivery_zip_code": "11954"})
    expect(page.locator("#pickup-zip-answer")).to_contain_text("We don’t serve")
    expect(page.locator("#delivery-zip-answer")).to_contain_text("we go there")
    pages.settle(page)
    inspect(page)


def test_contact_step(site, visitor, ordered):
    answers = without(standard_answers(), "first", "last", "email", "phone")
    page = visitor(draft=ordered(answers))
    page.goto("/book/contact/")
    inspect(page)
    fail_step(page, "contact")
    inspect(page)


@pytest.mark.parametrize("service", list(ANSWERS))
def test_review(site, visitor, ordered, service):
    page = visitor(draft=ordered(ANSWERS[service]()))
    page.goto("/book/review/")
    inspect(page)


def test_review_with_a_code_and_with_a_wrong_one(site, visitor, ordered):
    DiscountCode.objects.create(code="SUMMER", discount_type="percentage", percent=20)
    page = visitor(draft=ordered())
    page.goto("/book/review/")
    pages.apply_code(page, "winter")
    expect(page.locator("#error-summary")).to_be_focused()
    inspect(page)
    pages.apply_code(page, "summer")
    expect(pages.card_total(page)).to_have_text("$228.00")
    inspect(page)


def test_price_bar_of_a_phone_opens(site, visitor, ordered):
    page = visitor(draft=ordered(), width=360)
    page.goto("/book/review/")
    page.locator(".pricebar > summary").click()
    expect(page.locator("#bar-panel")).to_contain_text("Standard Delivery")
    page.evaluate(AXE_SCRIPT)
    assert axe(page) == []


# -- paying and afterwards -------------------------------------------------------


def test_stripes_pages_confirmation_and_mail(site, visitor, ordered):
    page = visitor(draft=ordered())
    page.goto("/book/review/")
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    inspect(page)
    pages.scenario(page, "decline")
    expect(page.get_by_role("alert")).to_be_visible()
    inspect(page)
    pages.scenario(page, "three_d_secure")
    expect(page.get_by_role("button", name="Yes, complete authentication")).to_be_visible()
    inspect(page)
    page.get_by_role("button", name="Yes, complete authentication").click()
    pages.at_confirmation(page)
    inspect(page)
    confirmation = page.url

    site.wait_for_quiet()
    page.goto("/sandbox/mail/")
    inspect(page)
    page.locator("main li a").click()
    expect(page.locator("iframe")).to_be_visible()
    inspect(page)
    # Where it is shown no script may run, axe neither; a mail has no landmarks.
    show(page, site.confirmations()[0].html)
    page.evaluate(AXE_SCRIPT)
    assert axe(page, only=MAIL_RULES) == []
    assert [width for width in WIDTHS if overflow(page, width)] == []

    stranger = visitor()
    stranger.goto(confirmation)
    inspect(stranger)


def test_booking_that_is_not_paid_and_stripes_other_pages(site, visitor, ordered):
    page = visitor(draft=ordered())
    page.goto("/book/review/")
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    session = pages.session_id(page)
    page.goto(f"/booking/{Booking.objects.get().pk}/")
    expect(page.locator("h1")).to_contain_text("isn’t paid yet")
    inspect(page)
    page.goto("/book/review/")
    inspect(page)
    site.stripe.control(f"sessions/{session}/expire")
    page.goto(f"{site.stripe.url}/c/pay/{session}")
    expect(page.locator("h1")).to_contain_text("expired")
    inspect(page)


def test_page_while_stripe_cannot_be_asked(site, visitor, ordered):
    page = visitor(draft=ordered())
    page.goto("/book/review/")
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    site.stripe.control("webhooks", paused=True)
    site.stripe.fault(match="GET /v1/checkout/sessions*", kind="error_500", times=None)
    pages.pay_at_stripe(page)
    expect(page.locator("h1")).to_contain_text("Your payment arrived")
    inspect(page)


def test_public_page_of_a_booking_in_every_state(site, page, ordered):
    booking = place(ordered())
    now = clock.now()
    for status in BookingStatus:
        Booking.objects.filter(pk=booking.pk).update(
            status=status, paid_at=now, completed_at=now, cancelled_at=now
        )
        page.goto(f"/booking/{booking.pk}/")
        inspect(page)


# -- the keyboard ------------------------------------------------------------------


class Keyboard:
    """A visitor who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, selector: str) -> None:
        """Press Tab until the focus is there; it can always be seen where it is."""
        target = self.page.locator(selector).first
        for _ in range(60):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {selector} on {self.page.url}")

    def press(self, key: str, selector: str = "") -> None:
        if selector:
            self.reach(selector)
        self.page.keyboard.press(key)

    def type(self, selector: str, text: str) -> None:
        self.reach(selector)
        self.page.keyboard.type(text)


def test_booking_with_the_keyboard_alone(site, page):
    keys = Keyboard(page)
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.goto("/book/")

    keys.press("Space", '[name="service_type"]')
    expect(page.locator('[name="fields_for"][value="standard_delivery"]')).to_have_count(1)
    pages.settle(page)
    keys.reach("#id_standard_delivery_item_count")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("3")
    keys.type("#id_item_description", "Three suitcases")
    keys.press("Enter", "#actions .btn-primary")

    pages.at_step(page, "schedule")
    keys.press("Space", '.cal [name="pickup_date"]:not(:disabled)')
    chosen = page.locator('[name="pickup_date"]:checked')
    first = chosen.get_attribute("value")
    page.keyboard.press("ArrowDown")
    expect(chosen).not_to_have_value(first or "")
    page.keyboard.press("ArrowUp")
    expect(chosen).to_have_value(first or "")
    for _ in range(20):
        if chosen.get_attribute("value") == "2026-06-10":
            break
        page.keyboard.press("ArrowRight")
    expect(chosen).to_have_value("2026-06-10")
    keys.press("Enter", "#actions .btn-primary")

    pages.at_step(page, "addresses")
    for side, city, zip_code in (
        ("pickup", "New York", "10001"),
        ("delivery", "Southampton", "11968"),
    ):
        keys.type(f"#id_{side}_address_line_1", "1 Example Street")
        keys.type(f"#id_{side}_city", city)
        keys.type(f"#id_{side}_state", "New Y")
        keys.type(f"#id_{side}_zip_code", zip_code)
    page.keyboard.press("Enter")  # Enter in a field means Continue.

    pages.at_step(page, "contact")
    for name, text in pages.CONTACT.items():
        keys.type(f"#id_{name}", text)
    page.keyboard.press("Enter")

    pages.at_step(page, "review")
    expect(pages.card_total(page)).to_have_text("$285.00")
    keys.press("Space", '[name="terms"]')
    keys.press("Enter", "main form .btn-primary")
    pages.at_stripe(page)
    keys.press("Enter", 'button[value="pay"]')
    pages.at_confirmation(page)
    assert site.wait_for_status("paid").total_price_cents == 285_00


def test_menu_of_a_phone_opens_and_closes_with_the_keyboard(site, visitor):
    page = visitor(width=360)
    keys = Keyboard(page)
    page.goto("/")
    keys.press("Enter", "details.menu > summary")
    menu = page.locator("details.menu")
    expect(menu).to_have_attribute("open", "")
    page.evaluate(AXE_SCRIPT)
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(page.locator("details.menu > summary")).to_be_focused()


@pytest.mark.parametrize("js", [True, False], ids=["with script", "without script"])
def test_focus_lands_on_what_is_to_be_put_right(site, visitor, js):
    page = visitor(js=js)
    page.goto("/book/service/")
    fail_step(page, "service")
    page.locator("#error-summary a").first.click()
    expect(page.locator('[name="service_type"]').first).to_be_focused()


# -- weight --------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["service", "schedule", "addresses", "contact", "review"])
def test_step_is_light(site, visitor, ordered, slug):
    page = visitor(draft=ordered(mini_move_answers(include_packing=True)))
    answers: list[Response] = []

    def note(response: Response) -> None:
        answers.append(response)

    page.on("response", note)
    page.goto(f"/book/{slug}/", wait_until="networkidle")

    weight = dict.fromkeys(("document", "script", "stylesheet", "font", "image", "other"), 0)
    for response in answers:
        kind = response.request.resource_type
        body = response.body()
        packed = body if kind in ("font", "image") else gzip.compress(body)
        weight[kind if kind in weight else "other"] += len(packed)
    assert weight["document"] < 15 * KILOBYTE
    assert weight["script"] < 25 * KILOBYTE
    assert weight["stylesheet"] < 20 * KILOBYTE
    assert sum(weight.values()) < 100 * KILOBYTE, weight
