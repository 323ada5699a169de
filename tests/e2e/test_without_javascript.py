"""The whole booking with JavaScript off: pages, buttons and a server that keeps what was typed."""

import pytest
from playwright.sync_api import expect

from booking.models import Booking, BookingStatus
from catalog.models import DiscountCode
from tests.e2e import pages
from tests.e2e.pages import MINI_MOVE, STANDARD_DELIVERY, TO_AIRPORT
from totetaxi.lib.money import usd


@pytest.fixture
def page(visitor):
    """A visitor whose browser runs no script."""
    return visitor(js=False)


@pytest.mark.parametrize(
    ("order", "total_cents"),
    [
        pytest.param(STANDARD_DELIVERY, 430_00, id="standard delivery"),
        pytest.param(MINI_MOVE, 7126_00, id="mini move"),
        pytest.param(TO_AIRPORT, 150_00, id="to the airport"),
    ],
)
def test_whole_booking(site, page, order, total_cents):
    pages.walk_to_review(page, order)
    expect(pages.card_total(page)).to_have_text(usd(total_cents))
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    assert pages.stripe_total(page) == usd(total_cents)
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    site.wait_for_quiet()

    booking = Booking.objects.get()
    assert (booking.status, booking.total_price_cents) == (BookingStatus.PAID, total_cents)
    assert site.captured() == (1, total_cents)
    assert len(site.confirmations()) == 1


def test_calendar_is_leafed_through_and_keeps_the_chosen_day(site, page):
    at_schedule(page)
    title = page.locator("#calendar h2")
    expect(title).to_have_text("June 2026")
    page.locator("#day-2026-06-10").check()
    page.locator("#month-chevron-right").click()
    expect(title).to_have_text("July 2026")
    expect(page.locator("#calendar")).to_contain_text("Wednesday, June 10, 2026")
    # Saturday the 4th of July is a peak date, which replaces the weekend's charge.
    expect(page.locator("label:has(#day-2026-07-04)")).to_contain_text("+$50")
    page.locator("#month-chevron-right").click()
    expect(title).to_have_text("August 2026")
    page.locator("#month-chevron-left").click()
    expect(title).to_have_text("July 2026")

    pages.go_on(page)
    pages.at_step(page, "addresses")
    page.go_back()
    page.goto("/book/schedule/")
    expect(page.locator("#day-2026-06-10")).to_be_checked()


def at_schedule(page):
    page.goto("/book/")
    pages.answer_service(page, STANDARD_DELIVERY)
    pages.go_on(page)
    pages.at_step(page, "schedule")


def test_update_price_shows_the_price_of_what_was_typed(site, page):
    page.goto("/book/service/")
    pages.answer(page, {"service_type": "standard_delivery"})
    pages.go_on(page)
    pages.answer(page, {"standard_delivery_item_count": "2", "specialty_bicycle": "1"})
    pages.press_update(page)
    pages.at_step(page, "service")
    expect(pages.card_total(page)).to_have_text("$535.00")
    expect(page.locator('[name="standard_delivery_item_count"]')).to_have_value("2")

    pages.answer(page, {"item_description": "Two bags"})
    pages.go_on(page)
    pages.at_step(page, "schedule")
    pages.choose_day(page, pages.SATURDAY)
    pages.press_update(page)
    pages.at_step(page, "schedule")
    expect(pages.card_total(page)).to_have_text("$585.00")
    expect(page.locator("#day-2026-06-13")).to_be_checked()

    pages.go_on(page)
    pages.answer(page, {"pickup_zip_code": "10001", "delivery_zip_code": "11954"})
    pages.press_update(page)
    pages.at_step(page, "addresses")
    expect(pages.card_total(page)).to_have_text("$760.00")
    expect(page.locator('[name="delivery_zip_code"]')).to_have_value("11954")


def test_mistakes_are_named_and_nothing_typed_is_lost(site, page):
    page.goto("/book/service/")
    pages.answer(page, {"service_type": "standard_delivery"})
    pages.go_on(page)
    pages.answer(page, {"standard_delivery_item_count": "0", "item_description": "<b>Bags</b>"})
    pages.go_on(page)
    expect(page.locator("#error-summary")).to_be_visible()
    expect(page.locator('[name="item_description"]')).to_have_value("<b>Bags</b>")
    pages.answer(page, {"standard_delivery_item_count": "3"})
    pages.go_on(page)

    pages.go_on(page)
    expect(page.locator("#error-summary")).to_be_visible()
    pages.choose_day(page, pages.QUIET_WEDNESDAY)
    pages.go_on(page)

    wrong = {
        **pages.HERE,
        **pages.address("delivery", "11101", city="Queens"),
        "special_instructions": "Ring at “Ada”\nthen wait",
    }
    pages.answer(page, wrong)
    pages.go_on(page)
    summary = page.locator("#error-summary")
    expect(summary).to_be_visible()
    summary.get_by_role("link").first.click()
    expect(page.locator(":focus")).to_have_attribute("name", "delivery_zip_code")
    for name, value in wrong.items():
        expect(page.locator(f'[name="{name}"]')).to_have_value(value)
    pages.answer(page, pages.THERE)
    pages.go_on(page)

    pages.answer(page, {**pages.CONTACT, "email": "ada@", "phone": "555"})
    pages.go_on(page)
    expect(page.locator("#error-summary a")).to_have_count(2)
    expect(page.locator('[name="email"]')).to_have_value("ada@")
    expect(page.locator('[name="phone"]')).to_have_value("555")
    pages.answer(page, pages.CONTACT)
    pages.go_on(page)
    pages.at_step(page, "review")
    expect(pages.card_total(page)).to_have_text("$285.00")


def test_discount_code_is_applied_and_taken_out(site, visitor, ordered):
    DiscountCode.objects.create(code="SUMMER", discount_type="percentage", percent=20)
    page = visitor(js=False, draft=ordered())
    page.goto("/book/review/")
    pages.apply_code(page, "wrong")
    expect(page.locator("#error-summary")).to_be_visible()
    expect(page.locator('[name="discount_code"]')).to_have_value("wrong")
    pages.apply_code(page, "summer")
    expect(pages.card_total(page)).to_have_text("$228.00")
    page.get_by_role("button", name="Remove").click()
    expect(pages.card_total(page)).to_have_text("$285.00")
    pages.apply_code(page, "SUMMER")

    pages.agree_and_pay(page)
    pages.at_stripe(page)
    assert pages.stripe_total(page) == "$228.00"


def test_change_from_the_review_comes_back_to_it(site, visitor, ordered):
    page = visitor(js=False, draft=ordered())
    page.goto("/book/review/")
    page.get_by_role("link", name="Change service").click()
    pages.answer(page, {"standard_delivery_item_count": "5"})
    pages.go_on(page)
    pages.at_step(page, "review")
    expect(pages.card_total(page)).to_have_text("$475.00")


def test_terms_must_be_agreed_to(site, visitor, ordered):
    page = visitor(js=False, draft=ordered())
    page.goto("/book/review/")
    page.locator('[name="terms"]').evaluate("box => box.required = false")
    pages.pay_button(page).click()
    pages.at_step(page, "review")
    expect(pages.alerts(page)).to_be_visible()
    assert Booking.objects.count() == 0
