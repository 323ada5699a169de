"""A paid booking changed and cancelled by its customer, in a browser with and without scripts."""

import pytest
from playwright.sync_api import expect

from booking.models import Booking, BookingStatus
from tests.e2e import pages

WITH_AND_WITHOUT_JAVASCRIPT = pytest.mark.parametrize("js", [True, False])


def book(site, visitor, ordered, *, js=True, width=1280):
    """A page that shows a booking of this visitor's, paid through the stand-in."""
    page = visitor(js=js, draft=ordered(), width=width)
    page.goto("/book/review/")
    expect(page.get_by_text("Cancel until")).to_have_count(2)
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    site.wait_for_status("paid")
    return page


@WITH_AND_WITHOUT_JAVASCRIPT
def test_dearer_change_is_paid_at_stripe_then_the_booking_is_cancelled(site, visitor, ordered, js):
    page = book(site, visitor, ordered, js=js)
    before = Booking.objects.get()

    page.get_by_role("link", name="Change this booking").click()
    count = page.locator("#id_standard_delivery_item_count")
    count.fill(str((before.standard_delivery_item_count or 0) + 1))
    page.get_by_role("button", name="See the new price").last.click()
    expect(page.locator("h1")).to_have_text("Old and new")
    expect(page.get_by_text("You pay $95.00 more.")).to_be_visible()
    page.get_by_role("button", name="Pay $95.00 and change").click()
    pages.at_stripe(page)
    assert pages.stripe_total(page) == "$95.00"
    pages.pay_at_stripe(page)

    expect(page.get_by_text("Your change is made.")).to_be_visible()
    site.wait_for_quiet()
    booking = Booking.objects.get()
    assert booking.total_price_cents == before.total_price_cents + 95_00
    assert site.captured() == (2, booking.total_price_cents)

    page.get_by_role("link", name="Cancel this booking").click()
    back = f"${booking.total_price_cents // 100}.00"
    expect(page.locator("section .text-head")).to_have_text(back)
    page.get_by_role("button", name=f"Cancel the booking, {back} back").click()
    expect(page.get_by_text(f"{back} comes back to you.")).to_be_visible()
    assert Booking.objects.get().status == BookingStatus.CANCELLED


def test_leaving_stripe_keeps_the_booking_and_the_change_can_be_given_up(site, visitor, ordered):
    page = book(site, visitor, ordered, width=360)
    page.get_by_role("link", name="Change this booking").click()
    page.locator("#id_standard_delivery_item_count").fill("9")
    page.get_by_role("button", name="See the new price").last.click()
    page.get_by_role("button", name="and change").click()
    pages.at_stripe(page)
    page.go_back()
    page.goto(f"/booking/{Booking.objects.get().pk}/change/")
    expect(page.get_by_text("is still to pay")).to_be_visible()
    page.get_by_role("button", name="Leave it as it was").click()
    expect(page.get_by_text("Your booking stays as it is.")).to_be_visible()
    assert site.stripe.state()["sessions"].get("open", 0) == 0
