"""The customer's own area in a browser: by mouse and by axe, and with no script at all."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Page, expect

from booking import services as bookings
from booking.models import Booking, CustomerProfile, SavedAddress
from payments.models import Payment, PaymentStatus
from tests.booking.helpers import make_booking, mini_move_answers, standard_answers
from tests.e2e.test_accessibility import inspect
from totetaxi.lib import clock
from totetaxi.users.models import User

PASSWORD = "a-pier-and-two-gulls"
Member = Callable[[Page], Any]


@pytest.fixture
def member(site):
    """Ada, whose email is confirmed."""
    user = User.objects.create_user("ada@example.com", PASSWORD, first_name="Ada")
    CustomerProfile.objects.create(user=user, phone="2125550142")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def ordered(member, answers, status="paid"):
    """A booking of the member's; paid by card unless it is not."""
    booking = make_booking(**answers)
    Booking.objects.filter(pk=booking.pk).update(customer=member, guest_checkout=None)
    booking.refresh_from_db()
    if status == "paid":
        bookings.mark_paid(booking)
        Payment.objects.create(
            booking=booking,
            amount_cents=booking.total_price_cents,
            status=PaymentStatus.SUCCEEDED,
            processed_at=clock.now(),
            stripe_payment_intent_id=f"pi_{booking.pk}",
            stripe_charge_id=f"ch_{booking.pk}",
        )
    return booking


def sign_in(page: Page, path: str) -> None:
    page.goto(path)
    page.fill("[name=login]", "ada@example.com")
    page.fill("[name=password]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(f"**{path}")


def test_area_from_the_welcome_to_a_saved_address(site, page, member):
    move = ordered(member, mini_move_answers())
    suitcases = ordered(member, standard_answers(), status="pending")
    sign_in(page, "/account/")
    expect(page.get_by_role("heading", name="Your account is ready")).to_be_visible()
    inspect(page)

    page.get_by_role("link", name="All bookings").click()
    rows = page.locator(".bookrow")
    expect(rows).to_have_count(2)
    inspect(page)
    page.fill("#q", "petite")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=petite&status=$"))
    expect(page.locator("#q")).to_be_focused()
    page.select_option("#status", "pending")
    expect(page.locator("#bookings")).to_contain_text("No booking fits")
    page.fill("#q", "")
    expect(rows).to_contain_text([suitcases.booking_number])

    page.goto(f"/booking/{move.pk}/")
    expect(page.locator("main")).to_contain_text("What happened so far")
    inspect(page)
    page.get_by_role("link", name="Receipt").click()
    expect(page.locator(".receipt")).to_contain_text("Balance to pay")
    inspect(page)

    page.goto("/account/profile/")
    inspect(page)
    page.goto("/account/preferences/")
    inspect(page)

    page.get_by_role("link", name="Addresses", exact=True).click()
    expect(page.locator("main")).to_contain_text("No addresses yet")
    inspect(page)
    page.get_by_role("link", name="Save an address").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#error-summary")).to_be_focused()
    inspect(page)
    for name, text in (
        ("nickname", "Home"),
        ("address_line_1", "100 Example Street"),
        ("city", "New York"),
        ("zip_code", "10024"),
    ):
        page.fill(f"[name={name}]", text)
    page.select_option("[name=state]", "NY")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    inspect(page)
    page.get_by_role("link", name="Delete Home").click()
    inspect(page)

    page.locator("header details.menu:visible > summary").click()
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/")
    page.goto("/account/")
    expect(page).to_have_url(re.compile("/account/login/"))


def test_area_without_javascript(site, visitor, member):
    booking = ordered(member, mini_move_answers())
    ordered(member, standard_answers())
    page = visitor(js=False, width=360)
    sign_in(page, "/account/bookings/")
    page.fill("#q", "petite")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".bookrow")).to_have_count(1)
    page.locator(".bookrow a").click()
    expect(page.locator("main")).to_contain_text(booking.booking_number)
    page.get_by_role("link", name="Receipt").click()
    expect(page.get_by_role("link", name="PDF")).to_be_visible()

    page.goto("/account/preferences/")
    page.uncheck("[name=email_notifications]")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("Your preferences are saved")
    assert not CustomerProfile.objects.get(user=member).email_notifications

    saved = SavedAddress.objects.create(
        user=member,
        nickname="Home",
        address_line_1="100 Example Street",
        city="New York",
        state="NY",
        zip_code="10024",
    )
    page.goto("/account/addresses/")
    page.get_by_role("link", name="Delete Home").click()
    page.get_by_role("button", name="Delete this address").click()
    expect(page.locator("main")).to_contain_text("No addresses yet")
    saved.refresh_from_db()
    assert not saved.is_active

    page.locator("header details.menu:visible > summary").click()
    page.get_by_role("button", name="Sign out").last.click()
    expect(page.locator("h1")).to_be_visible()
    page.goto("/account/")
    expect(page).to_have_url(re.compile("/account/login/"))
