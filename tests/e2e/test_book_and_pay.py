"""A guest books and pays each service; card, review, Stripe, booking and mail agree to the cent."""

import pytest
from playwright.sync_api import expect

from booking.models import Booking, BookingStatus
from tests.e2e import pages
from tests.e2e.pages import (
    FROM_AIRPORT,
    MINI_MOVE,
    SPECIALTY,
    STANDARD_DELIVERY,
    TO_AIRPORT,
)
from totetaxi.lib.money import usd

# $380 of items and $50 for the weekend; $1,200 of specialty items and $175 of distance; $1,725,
# $4,800 of organizing, $426 of tax, an included certificate and $175 for the hour; bags at $75.
PRICED = [
    pytest.param(STANDARD_DELIVERY, 430_00, id="standard delivery"),
    pytest.param(SPECIALTY, 1375_00, id="specialty items"),
    pytest.param(MINI_MOVE, 7126_00, id="mini move"),
    pytest.param(TO_AIRPORT, 150_00, id="to the airport"),
    pytest.param(FROM_AIRPORT, 225_00, id="from the airport"),
]


@pytest.mark.parametrize(("order", "total_cents"), PRICED)
def test_guest_books_and_pays(site, page, order, total_cents):
    total = usd(total_cents)
    pages.walk_to_review(page, order)
    expect(pages.card_total(page)).to_have_text(total)
    expect(pages.pay_button(page)).to_contain_text(total)

    pages.agree_and_pay(page)
    pages.at_stripe(page)
    assert pages.stripe_total(page) == total
    pages.pay_at_stripe(page)

    pages.at_confirmation(page)
    assert pages.confirmation_total(page) == total
    site.wait_for_quiet()
    booking = Booking.objects.get()
    assert booking.status == BookingStatus.PAID
    assert booking.total_price_cents == total_cents
    assert sum(line.cents for line in booking.lines.all()) == total_cents
    assert site.captured() == (1, total_cents)

    page.goto(f"/sandbox/mail/?to={order.email}")
    mails = page.locator("main li")
    expect(mails).to_have_count(1)
    expect(mails).to_contain_text(f"{booking.booking_number}.ics")
    mails.get_by_role("link").click()
    text = page.locator("pre").inner_text()
    assert f"Total: {total}\n" in text
    assert booking.booking_number in text


def test_card_follows_every_choice_before_anything_is_saved(site, page):
    page.goto("/book/")
    pages.answer(page, {"service_type": "standard_delivery"})
    expect(pages.card_total(page)).to_have_count(0)
    pages.answer(page, {"standard_delivery_item_count": "2"})
    expect(pages.card_total(page)).to_have_text("$285.00")
    pages.answer(page, {"standard_delivery_item_count": "4", "specialty_bicycle": "1"})
    expect(pages.card_total(page)).to_have_text("$630.00")
    pages.answer(page, {"coi_required": "on"})
    expect(pages.card_total(page)).to_have_text("$680.00")


def test_webhook_alone_books_when_the_browser_is_closed(site, visitor, ordered):
    page = visitor(draft=ordered())
    page.goto("/book/review/")
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    pages.scenario(page, "close")
    expect(page.locator("h1")).to_contain_text("You can close this window")
    page.context.close()

    booking = site.wait_for_status("paid")
    assert site.captured() == (1, booking.total_price_cents)
    assert [mail.to for mail in site.confirmations()] == [[booking.email]]


def test_return_page_confirms_before_a_late_webhook(site, visitor, ordered):
    page = visitor(draft=ordered())
    page.goto("/book/review/")
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    pages.scenario(page, "delay")

    pages.at_confirmation(page)
    assert site.stripe.state()["deliveries"].get("delivered", 0) == 0
    booking = Booking.objects.get()
    assert booking.status == BookingStatus.PAID
    assert len(site.confirmations()) == 1
    site.stripe.control("webhooks/flush")
    site.wait_for_quiet()
    assert len(site.confirmations()) == 1
    assert booking.events.filter(to_status=BookingStatus.PAID).count() == 1


def test_return_page_confirms_when_the_webhook_is_lost(site, visitor, ordered):
    page = visitor(draft=ordered())
    page.goto("/book/review/")
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    pages.scenario(page, "lose")

    pages.at_confirmation(page)
    assert Booking.objects.get().status == BookingStatus.PAID
    assert len(site.confirmations()) == 1


def test_mail_brings_the_pickup_for_the_calendar(site, visitor, ordered):
    page = visitor(draft=ordered())
    page.goto("/book/review/")
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    booking = site.wait_for_status("paid")

    (mail,) = site.confirmations()
    (attached,) = mail.attachments.all()
    calendar = bytes(attached.content).decode()
    assert calendar.count("BEGIN:VEVENT") == 1
    assert f"{booking.pickup_date:%Y%m%d}T" in calendar
    with page.expect_download() as download:
        page.get_by_role("link", name="Add to calendar").click()
    assert download.value.suggested_filename == f"{booking.booking_number}.ics"


def test_stranger_with_the_link_sees_four_facts(site, visitor, ordered):
    page = visitor(draft=ordered())
    page.goto("/book/review/")
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)

    stranger = visitor()
    stranger.goto(page.url)
    expect(stranger.locator("dt")).to_have_text(["Number", "Service", "Status", "Pickup date"])
    expect(stranger.locator("body")).not_to_contain_text("ada@example.com")
    expect(stranger.locator("body")).not_to_contain_text("Example Street")


def test_paid_order_starts_the_next_one_afresh(site, visitor, ordered):
    page = visitor(draft=ordered())
    page.goto("/book/review/")
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)

    page.goto("/book/")
    pages.at_step(page, "service")
    expect(page.locator('[name="service_type"]:checked')).to_have_count(0)
    expect(pages.card_total(page)).to_have_count(0)
    assert Booking.objects.count() == 1
