"""Bookings in the office, whole: an order by phone paid by its link, a change with a difference."""

import re

import pytest
from django.db.models import F
from playwright.sync_api import BrowserContext, Locator, Page, expect

from booking.models import Booking, BookingStatus
from logistics.models import AlertKind, LogisticsAlert, TaskStatus
from payments.models import OutsideMethod
from payments.services import paid_outside
from staff.capabilities import Role
from tests.booking.helpers import make_booking
from tests.e2e import pages
from tests.e2e.conftest import LiveSite, Visitor
from tests.e2e.test_accessibility import inspect
from tests.staff.helpers import make_staff, signed_in
from tests.staff.test_logistics import make_task
from totetaxi.users.models import User


@pytest.fixture
def manager(site: LiveSite) -> User:
    return make_staff(Role.MANAGER)


def come_in(context: BrowserContext, url: str, user: User) -> None:
    """Give a browser the session of somebody who signed in to the office."""
    session = signed_in(user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": url}])


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[name="{name}"]')


ORDER = {
    "first_name": "Ada",
    "last_name": "Sample",
    "email": "ada@example.com",
    "phone": "(212) 555-0142",
    "pickup_date": "2026-06-10",
    "pickup_address_line_1": "100 Example Street",
    "pickup_city": "New York",
    "pickup_zip_code": "10001",
    "delivery_address_line_1": "20 Example Lane",
    "delivery_city": "Southampton",
    "delivery_zip_code": "11968",
}


def type_order(page: Page) -> None:
    for name, value in ORDER.items():
        field(page, name).fill(value)
    for side in ("pickup", "delivery"):
        field(page, f"{side}_state").select_option("NY")


def test_phone_order_is_paid_by_its_link(site: LiveSite, visitor: Visitor, manager: User) -> None:
    desk = visitor()
    come_in(desk.context, site.url, manager)
    desk.goto("/staff/bookings/new/")
    inspect(desk)
    desk.get_by_role("button", name="Make the booking").click()
    expect(desk.locator("#error-summary")).to_be_focused()
    inspect(desk)
    type_order(desk)
    field(desk, "standard_delivery_item_count").fill("4")
    expect(desk.locator("#price .total")).to_contain_text("$380.00")
    desk.get_by_label("Certificate of Insurance").check()
    expect(desk.locator("#price .total")).to_contain_text("$430.00")
    desk.get_by_role("button", name="Make the booking").click()
    expect(desk).to_have_url(re.compile(r"/staff/bookings/[0-9a-f-]{36}/$"))
    booking = Booking.objects.get()
    expect(desk.locator("h1")).to_have_text(booking.booking_number)
    inspect(desk)

    link = desk.get_by_label("Payment link").input_value()
    customer = visitor(width=360)
    customer.goto(link)
    customer.get_by_role("button", name="Pay $430.00").click()
    pages.at_stripe(customer)
    pages.pay_at_stripe(customer)
    expect(customer.locator("h1")).to_have_text("Thank you. You’re booked.")
    site.wait_for_quiet()
    site.wait_for_status(BookingStatus.PAID)
    assert site.captured() == (1, 430_00)
    desk.reload()
    expect(desk.locator("main .badge-good").first).to_have_text("Paid")
    expect(desk.get_by_role("link", name="Confirm…")).to_have_count(0)


def test_change_with_a_difference_is_seen_decided_and_paid_by_link(
    site: LiveSite, visitor: Visitor, manager: User
) -> None:
    booking = make_booking()
    paid_outside(booking.pk, how=OutsideMethod.CASH, reference="", amount_cents=285_00, by=manager)
    desk = visitor()
    come_in(desk.context, site.url, manager)
    desk.goto("/staff/bookings/")
    inspect(desk)
    desk.locator("#id_q").press_sequentially("sample ada")
    expect(desk).to_have_url(re.compile("q=sample"))
    desk.locator("#bookings").get_by_role("link", name=booking.booking_number).first.click()
    desk.get_by_role("link", name="Edit", exact=True).click()
    field(desk, "standard_delivery_item_count").fill("5")
    expect(desk.locator("#price")).to_contain_text("New price, $190.00 more")
    inspect(desk)
    desk.get_by_label("New price, $190.00 more").check()
    desk.get_by_role("button", name="Save the change").click()
    expect(desk.locator("#messages")).to_contain_text("A link for $190.00")
    inspect(desk)

    customer = visitor()
    customer.goto(desk.get_by_label("Payment link").input_value())
    customer.get_by_role("button", name="Pay $190.00").click()
    pages.pay_at_stripe(customer)
    expect(customer.locator("h1")).to_contain_text("Thank you")
    site.wait_for_quiet()
    assert site.captured() == (1, 190_00)
    booking.refresh_from_db()
    assert booking.total_price_cents == 475_00


def test_cancelling_by_keyboard_without_javascript(
    site: LiveSite, visitor: Visitor, manager: User
) -> None:
    booking = make_booking()
    desk = visitor(js=False)
    come_in(desk.context, site.url, manager)
    desk.goto(f"/staff/bookings/{booking.pk}/")
    desk.get_by_role("link", name="Cancel…").focus()
    desk.keyboard.press("Enter")
    desk.get_by_label("Reason").focus()
    desk.keyboard.type("Ordered twice")
    desk.get_by_role("button", name="Cancel the booking").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("main .badge-bad")).to_have_text("Cancelled")
    expect(desk.get_by_text("Ordered twice").first).to_be_visible()
    booking.refresh_from_db()
    assert booking.status == BookingStatus.CANCELLED


def test_acts_and_deliveries_of_a_booking_suit_everybody(
    site: LiveSite, visitor: Visitor, manager: User
) -> None:
    booking = make_booking(coi_required=True)
    paid_outside(booking.pk, how=OutsideMethod.CASH, reference="", amount_cents=335_00, by=manager)
    make_task(booking, status=TaskStatus.FAILED, failure_reason="RECIPIENT_UNAVAILABLE")
    make_task(booking, "dropoff", TaskStatus.ACTIVE, driver_name="Kim", tracking_url=site.url)
    LogisticsAlert.objects.create(kind=AlertKind.DELIVERY_FAILED, booking=booking, detail="Pickup")
    own = f"/staff/bookings/{booking.pk}/"
    desk = visitor()
    come_in(desk.context, site.url, manager)
    for path in ("/staff/logistics/", own, *(f"{own}{act}/" for act in ("cancel", "mail"))):
        desk.goto(path)
        inspect(desk)
    desk.goto(f"{own}customer/?q=nobody")
    inspect(desk)
    desk.goto(f"{own}documents/")
    desk.get_by_role("button", name="Add it").click()
    expect(desk.locator("#error-summary")).to_be_focused()
    inspect(desk)


def test_what_was_typed_survives_a_colleague_who_was_faster(
    site: LiveSite, visitor: Visitor, manager: User
) -> None:
    booking = make_booking()
    desk = visitor()
    come_in(desk.context, site.url, manager)
    desk.goto(f"/staff/bookings/{booking.pk}/edit/")
    Booking.objects.filter(pk=booking.pk).update(version=F("version") + 1)
    field(desk, "special_instructions").fill("Ring twice")
    desk.get_by_role("button", name="Save the change").click()
    expect(desk.locator("#error-summary")).to_be_focused()
    told = desk.get_by_role("region", name="What differs")
    expect(told.locator("tbody tr")).to_have_count(1)
    expect(told).to_contain_text("Ring twice")
    expect(field(desk, "special_instructions")).to_have_value("Ring twice")
    inspect(desk)
