"""What goes wrong between review and confirmation: one booking, one capture, the price shown.

Each test ends in ``assert_sold_once``: one booking, paid at the price the customer saw last, and
the stand-in Stripe has taken that amount once and nothing else.
"""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from booking.models import Booking, BookingStatus, DiscountUse
from catalog.models import CapacityDay, DiscountCode, StandardDeliveryConfig
from payments.models import Payment, PaymentStatus
from tests.booking.helpers import standard_answers
from tests.e2e import pages
from totetaxi.lib import clock
from totetaxi.lib.money import usd

TOTAL = 285_00


@pytest.fixture
def page(visitor, ordered):
    """A visitor at the review of three items for $285."""
    page = visitor(draft=ordered())
    page.goto("/book/review/")
    expect(pages.card_total(page)).to_have_text("$285.00")
    return page


@pytest.fixture
def at_stripe(page):
    """The same visitor on Stripe's page."""
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    assert pages.stripe_total(page) == "$285.00"
    return page


def make_code(**changes):
    return DiscountCode.objects.create(
        **{"code": "SUMMER", "discount_type": "percentage", "percent": 20, **changes}
    )


def second_tab(page, path="/book/review/"):
    """Another tab of the same browser."""
    tab = page.context.new_page()
    tab.goto(path)
    return tab


def assert_sold_once(site, total_cents=TOTAL):
    """One booking, paid, and Stripe took its price once; one confirmation mail."""
    booking = site.wait_for_status("paid")
    site.wait_for_quiet()
    assert booking.total_price_cents == total_cents
    assert site.captured() == (1, total_cents)
    assert site.stripe.state()["refunded_cents"] == 0
    paid = Payment.objects.filter(status=PaymentStatus.SUCCEEDED)
    assert [payment.amount_cents for payment in paid] == [total_cents]
    assert CapacityDay.objects.get(date=booking.pickup_date).used == booking.capacity_units
    (mail,) = site.confirmations()
    assert f"Total: {usd(total_cents)}\n" in mail.text


# -- the card ---------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["decline", "insufficient_funds"])
def test_declined_card_then_a_good_one(site, at_stripe, trouble):
    pages.scenario(at_stripe, trouble)
    expect(at_stripe.get_by_role("alert")).to_contain_text("Nothing was paid.")
    site.wait_for_status("pending")
    assert site.captured() == (0, 0)

    pages.pay_at_stripe(at_stripe)
    pages.at_confirmation(at_stripe)
    assert_sold_once(site)


def test_3d_secure_failed_then_passed(site, at_stripe):
    pages.scenario(at_stripe, "three_d_secure")
    at_stripe.get_by_role("button", name="No, fail authentication").click()
    expect(at_stripe.get_by_role("alert")).to_contain_text("Nothing was paid.")
    assert site.captured() == (0, 0)

    pages.scenario(at_stripe, "three_d_secure")
    at_stripe.get_by_role("button", name="Yes, complete authentication").click()
    pages.at_confirmation(at_stripe)
    assert_sold_once(site)


# -- leaving Stripe ----------------------------------------------------------


def test_cancelled_at_stripe_keeps_the_answers_and_the_booking(site, at_stripe):
    first = Booking.objects.get()
    at_stripe.get_by_role("link", name="Cancel and go back").click()

    pages.at_step(at_stripe, "review")
    expect(at_stripe.locator("main")).to_contain_text(f"{first.booking_number} is not paid yet")
    expect(at_stripe.locator("main")).to_contain_text("Three suitcases")
    assert site.captured() == (0, 0)
    pages.agree_and_pay(at_stripe)
    pages.at_stripe(at_stripe)
    pages.pay_at_stripe(at_stripe)
    pages.at_confirmation(at_stripe)
    assert_sold_once(site)
    assert Booking.objects.get().pk == first.pk


def test_expired_session_then_paid(site, at_stripe):
    expired = pages.session_id(at_stripe)
    site.stripe.control(f"sessions/{expired}/expire")
    site.wait_for_quiet()
    assert not Booking.objects.get().holds_place
    pages.pay_at_stripe(at_stripe)
    expect(at_stripe.locator("h1")).to_have_text("This checkout has expired")
    at_stripe.get_by_role("link", name="Back to").click()

    pages.at_step(at_stripe, "review")
    pages.agree_and_pay(at_stripe)
    pages.at_stripe(at_stripe)
    assert pages.session_id(at_stripe) != expired
    pages.pay_at_stripe(at_stripe)
    pages.at_confirmation(at_stripe)
    assert_sold_once(site)


def test_back_button_from_stripe_then_pay_again(site, at_stripe):
    session = pages.session_id(at_stripe)
    at_stripe.go_back()
    pages.at_step(at_stripe, "review")

    pages.agree_and_pay(at_stripe)
    pages.at_stripe(at_stripe)
    assert pages.session_id(at_stripe) == session
    pages.pay_at_stripe(at_stripe)
    pages.at_confirmation(at_stripe)
    assert_sold_once(site)


def test_back_button_after_paying_cannot_pay_again(site, at_stripe):
    pages.pay_at_stripe(at_stripe)
    pages.at_confirmation(at_stripe)
    confirmation = at_stripe.url
    stale = at_stripe.context.new_page()
    stale.goto(f"{site.stripe.url}/c/pay/{_only_session(site)}")

    # Stripe's own page sends whoever comes back to it on to the confirmation.
    expect(stale).to_have_url(confirmation)
    assert_sold_once(site)


def test_old_review_page_of_a_paid_order_leads_to_its_confirmation(site, page):
    old = second_tab(page)
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)

    pages.agree_and_pay(old)
    pages.at_confirmation(old)
    assert old.url == page.url
    assert_sold_once(site)


def _only_session(site):
    (attempt,) = Payment.objects.get().attempts.all()
    return attempt.session_id


# -- twice -------------------------------------------------------------------


@pytest.mark.parametrize("js", [True, False], ids=["with script", "without script"])
def test_double_click_on_pay(site, visitor, ordered, js):
    page = visitor(js=js, draft=ordered())
    page.goto("/book/review/")
    page.locator('[name="terms"]').check()
    pages.pay_button(page).dblclick()

    pages.at_stripe(page)
    assert site.stripe.state()["sessions"] == {"open": 1}
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    assert_sold_once(site)


def test_two_tabs_pay_at_the_same_moment(site, page):
    other = second_tab(page)
    for tab in (page, other):
        tab.locator('[name="terms"]').check()
    for tab in (page, other):
        pages.pay_button(tab).click(no_wait_after=True)
    for tab in (page, other):
        pages.at_stripe(tab)

    assert pages.session_id(page) == pages.session_id(other)
    assert site.stripe.state()["sessions"] == {"open": 1}
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    pages.pay_at_stripe(other)
    pages.at_confirmation(other)
    assert_sold_once(site)


# -- the order changes ---------------------------------------------------------


def change_items(tab, count):
    """Change the number of items and come back to the review."""
    tab.goto("/book/service/?return=review")
    pages.answer(tab, {"standard_delivery_item_count": str(count)})
    pages.go_on(tab)
    pages.at_step(tab, "review")


def test_order_changed_after_stripe_was_opened_sells_the_new_one_once(site, at_stripe):
    changing = second_tab(at_stripe)
    change_items(changing, 5)
    expect(pages.card_total(changing)).to_have_text("$475.00")
    pages.agree_and_pay(changing)
    pages.at_stripe(changing)
    assert pages.stripe_total(changing) == "$475.00"

    # The page for the old price takes no money any more.
    pages.pay_at_stripe(at_stripe)
    expect(at_stripe.locator("h1")).to_have_text("This checkout has expired")
    assert site.captured() == (0, 0)
    pages.pay_at_stripe(changing)
    pages.at_confirmation(changing)
    assert pages.confirmation_total(changing) == "$475.00"
    assert_sold_once(site, 475_00)


def test_order_paid_before_the_change_was_sent_is_sold_as_it_was(site, at_stripe):
    changing = second_tab(at_stripe)
    change_items(changing, 5)
    pages.pay_at_stripe(at_stripe)
    pages.at_confirmation(at_stripe)
    assert pages.confirmation_total(at_stripe) == "$285.00"

    pages.agree_and_pay(changing)
    pages.at_confirmation(changing)
    assert pages.confirmation_total(changing) == "$285.00"
    assert_sold_once(site)


def test_review_that_another_tab_made_stale_asks_again(site, page):
    change_items(second_tab(page), 5)
    pages.agree_and_pay(page)

    pages.at_step(page, "review")
    expect(pages.alerts(page)).to_contain_text("Your order changed in another tab")
    expect(pages.card_total(page)).to_have_text("$475.00")
    assert Booking.objects.count() == 0
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    assert_sold_once(site, 475_00)


# -- the catalog changes -------------------------------------------------------


def test_price_changed_meanwhile_is_told_and_asked_again(site, page):
    config = StandardDeliveryConfig.objects.get()
    config.minimum_charge_cents = 300_00
    config.save()
    pages.agree_and_pay(page)

    pages.at_step(page, "review")
    expect(pages.alerts(page)).to_have_count(1)
    expect(pages.alerts(page)).to_contain_text("changed from $285.00 to $300.00")
    expect(pages.card_total(page)).to_have_text("$300.00")
    assert Booking.objects.count() == 0
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    assert pages.stripe_total(page) == "$300.00"
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    assert_sold_once(site, 300_00)


def test_price_changed_after_stripe_was_opened_sells_what_was_shown(site, at_stripe):
    config = StandardDeliveryConfig.objects.get()
    config.minimum_charge_cents = 300_00
    config.save()

    pages.pay_at_stripe(at_stripe)
    pages.at_confirmation(at_stripe)
    assert_sold_once(site)


def test_code_ended_meanwhile_is_told_and_asked_again(site, page):
    code = make_code(valid_from=clock.now() - timedelta(days=2))
    pages.apply_code(page, "summer")
    expect(pages.card_total(page)).to_have_text("$228.00")
    code.valid_until = clock.now() - timedelta(minutes=1)
    code.save()
    pages.agree_and_pay(page)

    pages.at_step(page, "review")
    expect(page.locator("body")).to_contain_text("This code has ended")
    expect(pages.pay_button(page)).to_have_count(0)
    assert Booking.objects.count() == 0
    page.get_by_role("button", name="Leave the code out").click()
    expect(pages.card_total(page)).to_have_text("$285.00")
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    assert_sold_once(site)
    assert DiscountUse.objects.count() == 0


def test_code_applied_on_the_review_is_charged(site, page):
    make_code()
    pages.apply_code(page, "no such code")
    expect(page.locator("#error-summary")).to_be_focused()
    expect(page.locator('[name="discount_code"]')).to_have_value("no such code")
    pages.apply_code(page, "summer")
    expect(pages.card_total(page)).to_have_text("$228.00")

    pages.agree_and_pay(page)
    pages.at_stripe(page)
    assert pages.stripe_total(page) == "$228.00"
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    assert_sold_once(site, 228_00)
    assert DiscountUse.objects.standing().count() == 1


# -- Stripe is away ------------------------------------------------------------


@pytest.mark.parametrize("fault", ["error_500", "reset", "error_500_after", "reset_after"])
def test_stripe_down_for_a_while_loses_nothing(site, page, fault):
    site.stripe.fault(match="POST /v1/checkout/sessions*", kind=fault, times=None)
    pages.agree_and_pay(page)

    pages.at_step(page, "review")
    expect(pages.alerts(page)).to_contain_text("We couldn’t reach the payment page")
    expect(pages.alerts(page)).to_contain_text("Nothing was charged")
    site.wait_for_status("pending")
    site.stripe.mend()
    pages.agree_and_pay(page)
    pages.at_stripe(page)
    assert site.stripe.state()["sessions"] == {"open": 1}
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    assert_sold_once(site)


def test_stripe_down_at_the_return_says_so_and_books_by_webhook(site, at_stripe):
    site.stripe.fault(match="GET /v1/checkout/sessions*", kind="error_500", times=None)
    site.stripe.control("webhooks", paused=True)
    pages.pay_at_stripe(at_stripe)

    expect(at_stripe.locator("h1")).to_contain_text("Your payment arrived")
    expect(at_stripe.locator("main")).to_contain_text("don’t pay again")
    site.stripe.mend()
    site.stripe.control("webhooks", paused=False)
    site.wait_for_status("paid")
    at_stripe.get_by_role("link", name="Look again").click()
    pages.at_confirmation(at_stripe)
    assert_sold_once(site)


# -- codes ---------------------------------------------------------------------


def test_code_for_one_use_goes_to_one_of_two_browsers(site, visitor, ordered):
    code = make_code(max_uses=1)
    shoppers = []
    for name in ("ada", "bob"):
        answers = standard_answers(email=f"{name}@example.com", discount_code="SUMMER")
        shopper = visitor(draft=ordered(answers))
        shopper.goto("/book/review/")
        expect(pages.card_total(shopper)).to_have_text("$228.00")
        shopper.locator('[name="terms"]').check()
        shoppers.append(shopper)
    for shopper in shoppers:
        pages.pay_button(shopper).click(no_wait_after=True)
    for shopper in shoppers:
        expect(shopper).to_have_url(re.compile(r"/c/pay/|/book/review/$"))
        expect(shopper.locator("h1, #error-summary").first).to_be_visible()
    expect(shoppers[0].locator("body")).not_to_be_empty()
    waiting = [shopper for shopper in shoppers if "/c/pay/" not in shopper.url]
    (loser,) = waiting
    (winner,) = [shopper for shopper in shoppers if shopper is not loser]

    expect(loser.locator("body")).to_contain_text("code")
    expect(pages.pay_button(loser)).to_have_count(0)
    assert pages.stripe_total(winner) == "$228.00"
    pages.pay_at_stripe(winner)
    pages.at_confirmation(winner)
    loser.get_by_role("button", name="Leave the code out").click()
    expect(pages.card_total(loser)).to_have_text("$285.00")
    pages.agree_and_pay(loser)
    pages.at_stripe(loser)
    pages.pay_at_stripe(loser)
    pages.at_confirmation(loser)

    site.wait_for_quiet()
    assert site.captured() == (2, 228_00 + 285_00)
    assert Booking.objects.filter(status=BookingStatus.PAID).count() == 2
    assert DiscountUse.objects.standing().filter(code=code).count() == 1


def test_code_that_takes_everything_books_without_stripe(site, page):
    make_code(percent=100)
    pages.apply_code(page, "summer")
    expect(pages.card_total(page)).to_have_text("$0.00")
    expect(pages.pay_button(page)).to_have_text("Book now, nothing to pay")
    pages.agree_and_pay(page)

    pages.at_confirmation(page)
    assert pages.confirmation_total(page) == "$0.00"
    booking = site.wait_for_status("paid")
    assert booking.total_price_cents == 0
    assert site.stripe.state()["sessions"] == {}
    assert site.captured() == (0, 0)
    assert len(site.confirmations()) == 1
