"""Money and catalog in the office: a refund by two people, a price that customers see at once."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from catalog.models import DiscountCode, MiniMovePackage
from payments.models import AlertKind, Payment, Refund
from payments.services import create_link, request_refund
from payments.services.alerts import raise_alert
from staff.capabilities import Role
from tests.booking.helpers import make_booking
from tests.e2e.conftest import LiveSite, Visitor
from tests.e2e.test_accessibility import inspect
from tests.payments.money import at_stripe, paid
from tests.staff.helpers import make_staff, signed_in
from totetaxi.users.models import User

SHOTS = os.environ.get("SHOTS", "")


def come_in(context: BrowserContext, url: str, user: User) -> None:
    """Give a browser the session of somebody who signed in to the office."""
    session = signed_in(user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": url}])


@pytest.fixture
def desk(site: LiveSite, visitor: Visitor):
    """desk(role): the page of somebody in the office, and who it is."""

    def sit_down(role: str, **how) -> tuple[Page, User]:
        page, person = visitor(**how), make_staff(role)
        come_in(page.context, site.url, person)
        return page, person

    return sit_down


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


def test_refund_by_two_people(site, desk):
    payment = paid(site.stripe, standard_delivery_item_count=6)
    operator, _ = desk(Role.OPERATOR)
    operator.goto(f"/staff/payments/{payment.pk}/refund/")
    operator.get_by_label("Amount").fill("9999")
    operator.get_by_role("button", name="Ask for the refund").click()
    expect(operator.locator("#error-summary")).to_be_focused()
    look_at(operator, "refund-request")
    operator.get_by_label("Amount").fill("85.50")
    operator.get_by_label("Reason").fill("An hour late")
    operator.get_by_role("button", name="Ask for the refund").click()
    expect(operator.locator("h1")).to_have_text("Refund of $85.50")
    expect(operator.get_by_role("button", name="Approve")).to_have_count(0)

    admin, person = desk(Role.ADMIN)
    own = request_refund(payment.pk, amount_cents=450_00, reason="Everything broke", by=person)
    admin.goto("/staff/refunds/")
    look_at(admin, "refunds")
    # On the keyboard alone: choose both, approve both.
    for box in admin.locator('input[name="row"]').all():
        box.focus()
        admin.keyboard.press("Space")
    admin.get_by_role("button", name="Approve the chosen").focus()
    admin.keyboard.press("Enter")
    expect(admin.locator("#messages")).to_contain_text("$85.50: approved.")
    expect(admin.locator("#messages")).to_contain_text("another person approves it")
    admin.goto(f"/staff/refunds/{own.pk}/")
    expect(admin.get_by_role("button", name="Approve")).to_have_count(0)
    look_at(admin, "refund")
    site.wait_until(lambda: at_stripe(payment) == [("succeeded", 85_50)], "the refund is out")
    own.refresh_from_db()
    assert (own.two_person, own.status) == (True, "requested")


def test_price_changed_in_the_office_is_what_customers_see(site, desk, visitor):
    customer, (office, _) = visitor(), desk(Role.MANAGER, js=False)
    customer.goto("/services/mini-moves/")
    expect(customer.locator("main")).to_contain_text("$995")
    office.goto("/staff/catalog/")
    office.get_by_role("link", name="Mini Moves").click()
    office.get_by_role("link", name="Petite").click()
    office.get_by_label("Price").fill("1049")
    office.get_by_role("button", name="Save").click()
    expect(office.locator("#messages")).to_contain_text("Petite is saved.")
    customer.reload()
    expect(customer.locator("main")).to_contain_text("$1,049")
    expect(customer.locator("main")).not_to_contain_text("$995")
    assert MiniMovePackage.objects.get(package_type="petite").base_price_cents == 1_049_00


def test_pages_of_money_suit_everybody(site, desk):
    payment = paid(site.stripe)
    request_refund(payment.pk, amount_cents=5_00, reason="Late", by=make_staff(Role.OPERATOR))
    create_link(make_booking(email="bea@example.com").pk, by=None)
    raise_alert(AlertKind.NOT_IN_BOOKS, "ch_1", "28500 cents", payment.booking_id)
    site.wait_for_quiet()
    admin, _ = desk(Role.ADMIN)
    for name in ("payments", "links", "events", "alerts", "disputes", "invariants"):
        admin.goto(f"/staff/{name}/")
        look_at(admin, name)
    admin.goto(f"/staff/payments/{payment.pk}/")
    look_at(admin, "payment")
    assert Payment.objects.count() + Refund.objects.count() > 1


def test_pages_of_the_catalog_suit_everybody(site, desk):
    code = DiscountCode.objects.create(code="SUMMER", discount_type="percentage", percent=20)
    make_booking(discount_code="SUMMER")
    manager, _ = desk(Role.MANAGER)
    for name, path in (
        ("catalog", ""),
        ("zips", "zips/?q=119"),
        ("codes", "discount-codes/"),
        ("code", f"discount-codes/{code.pk}/"),
        ("uses", f"discount-codes/{code.pk}/uses/"),
        ("capacity", "capacity/"),
        ("policy", "policy/"),
        ("choose", "surcharges/new/"),
    ):
        manager.goto(f"/staff/catalog/{path}")
        look_at(manager, name)
    manager.goto("/staff/catalog/surcharges/new/?kind=peak_date")
    manager.get_by_role("button", name="Add it").click()
    expect(manager.locator("#error-summary")).to_be_focused()
    look_at(manager, "surcharge-errors")
    manager.get_by_label("Name").fill("Film festival")
    manager.get_by_label("Fixed amount").first.check()
    manager.locator("#id_fixed_amount_cents").fill("90")
    manager.locator("#id_specific_date").fill("2026-07-10")
    manager.get_by_role("button", name="Show the days").click()
    expect(manager.locator("#days").locator("..")).to_contain_text("Fri, Jul 10, 2026")
