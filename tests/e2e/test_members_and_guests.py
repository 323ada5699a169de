"""A member and a guest from beginning to end, the guest without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from booking import services
from booking.models import Booking, BookingStatus, CustomerProfile, SavedAddress
from catalog.models import BookingPolicy
from tests.booking.helpers import place, standard_answers
from tests.e2e import pages
from tests.e2e.test_accessibility import inspect
from tests.totetaxi.account.conftest import MEMBER_PASSWORD
from totetaxi.dev.models import Mail
from totetaxi.users.models import User

HOME = {
    "address_line_1": "100 Example Street",
    "address_line_2": "Apt 4B",
    "city": "New York",
    "state": "NY",
    "zip_code": "10001",
}


@pytest.fixture
def ada(site):
    """A customer with an account and an address."""
    from allauth.account.models import EmailAddress

    user = User.objects.create_user(
        "ada@example.com", MEMBER_PASSWORD, first_name="Ada", last_name="Sample"
    )
    CustomerProfile.objects.create(user=user, phone="2125550142")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    SavedAddress.objects.create(user=user, nickname="Home", **HOME)
    return user


def test_member_signs_in_midway_and_books_with_a_saved_address(site, page, ada):
    page.goto("/book/")
    pages.answer_service(page, pages.STANDARD_DELIVERY)
    pages.go_on(page)
    pages.choose_day(page, pages.QUIET_WEDNESDAY)
    pages.go_on(page)
    pages.answer(page, {**pages.address("pickup", "10002"), **pages.THERE})
    pages.go_on(page)
    pages.at_step(page, "contact")
    page.locator("main").get_by_role("link", name="Sign in").click()
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(MEMBER_PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in").click()

    pages.at_step(page, "review")
    expect(page.locator("main")).to_contain_text("From your profile")
    inspect(page)
    page.get_by_role("link", name="Change contact").click()
    inspect(page)
    page.get_by_role("button", name="Use my profile").click()
    pages.at_step(page, "review")

    page.get_by_role("link", name="Change addresses").click()
    page.locator("#id_pickup_saved_1").check()
    expect(page.locator("[name=pickup_address_line_2]")).to_have_value("Apt 4B")
    expect(page.locator("#id_pickup_saved_1")).to_be_focused()
    pages.answer(page, {"delivery_save": "on", "delivery_nickname": "Beach"})
    inspect(page)
    pages.go_on(page)
    pages.at_step(page, "review")
    pages.agree_and_pay(page)
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)

    booking = site.wait_for_status(BookingStatus.PAID)
    assert (booking.customer_id, booking.pickup_address.zip_code) == (ada.pk, "10001")
    saved = ada.saved_addresses.active().values_list("nickname", "times_used")
    assert sorted(saved) == [("Beach", 1), ("Home", 1)]


def test_guest_finds_the_booking_by_mail_and_orders_it_again_without_javascript(
    site, visitor, ordered
):
    BookingPolicy.objects.update(announcement="No pickups on July 4 after noon.")
    booking = place(ordered(standard_answers()))
    services.mark_paid(booking)
    page = visitor(js=False)
    page.goto("/")
    expect(page.get_by_label("Announcement")).to_contain_text("No pickups on July 4")
    page.get_by_role("button", name="Close the announcement").click()
    expect(page.get_by_label("Announcement")).to_have_count(0)
    page.get_by_role("link", name="Find your booking").click()
    pages.answer(page, {"booking_number": booking.booking_number, "email": "ada@example.com"})
    page.get_by_role("button", name="Email me a link").click()
    expect(page.locator("h1")).to_have_text("Check your inbox")

    mails = Mail.objects.filter(subject__startswith="The link to your booking")
    site.wait_until(mails.exists, "a mail with a link")
    link = re.search(r"http\S+/booking/manage/\S+/", mails.get().text)[0]
    page.goto(link)
    page.get_by_role("button", name="Open my booking").click()
    expect(page.locator("main")).to_contain_text("100 Example Street")
    page.get_by_role("button", name="Book again").click()
    pages.at_step(page, "schedule")
    pages.choose_day(page, pages.SATURDAY)
    for step in ("addresses", "contact", "review"):
        pages.go_on(page)
        pages.at_step(page, step)
    pages.agree_and_pay(page)
    pages.pay_at_stripe(page)
    pages.at_confirmation(page)
    site.wait_for_quiet()
    assert set(Booking.objects.values_list("status", flat=True)) == {BookingStatus.PAID}

    other = visitor()
    for path in (link, "/booking/find/", "/booking/find/?sent=1"):
        other.goto(path)
        inspect(other)
    expect(other.locator("h1")).to_have_text("Check your inbox")


def test_label_of_the_flight_s_time_follows_the_direction_without_javascript(site, visitor):
    page = visitor(js=False)
    page.goto("/book/?service=blade_transfer")
    label = page.locator("label[for=id_blade_flight_time]")
    expect(label).to_have_text("Departure time", use_inner_text=True)
    pages.answer(page, {"blade_direction": "from_airport"})
    expect(label).to_have_text("Arrival time", use_inner_text=True)
