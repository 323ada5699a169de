"""The booking steps in a browser: what refreshes, what stays, calendar, back button, two tabs."""

import re

import pytest
from playwright.sync_api import expect

from booking.models import Draft
from tests.booking.helpers import mini_move_answers, standard_answers
from tests.e2e import pages
from tests.e2e.pages import MINI_MOVE, STANDARD_DELIVERY, TO_AIRPORT


def test_price_bar_of_a_phone_opens_upwards(site, visitor, ordered):
    page = visitor(draft=ordered(mini_move_answers()), width=360)
    page.goto("/book/contact/")
    bar = page.locator(".pricebar")
    expect(bar.locator("#bar-total")).to_have_text(re.compile(r"Total\s*\$995\.00"))
    closed = bar.bounding_box()
    bar.locator("> summary").click()

    expect(bar.locator("#bar-panel")).to_contain_text("Mini Move: Petite")
    opened = bar.bounding_box()
    assert opened["y"] < closed["y"]
    assert opened["y"] + opened["height"] == closed["y"] + closed["height"]


# -- what refreshes, and what stays -------------------------------------------


def test_refresh_of_the_price_moves_nothing_and_keeps_folds_open(site, page):
    page.goto("/book/?service=mini_move&package=standard")
    page.goto("/book/schedule/")
    pages.at_step(page, "schedule")
    reasons = page.locator("#summary details")
    reasons.locator("summary").click()  # It is open in this step: close it.
    page.locator("#day-2026-06-13").scroll_into_view_if_needed()
    before = page.locator("#day-2026-06-13").bounding_box()
    page.locator("#day-2026-06-13").check()
    expect(pages.card_total(page)).to_have_text("$1,900.00")

    assert page.locator("#day-2026-06-13").bounding_box() == before
    expect(reasons).not_to_have_attribute("open", "")
    reasons.locator("summary").click()
    page.locator("#day-2026-06-10").check()
    expect(pages.card_total(page)).to_have_text("$1,725.00")
    expect(reasons).to_have_attribute("open", "")


def test_price_is_told_to_those_who_cannot_see_it_change(site, page):
    page.goto("/book/?service=standard_delivery")
    said = page.locator("#said")
    expect(said).to_have_attribute("role", "status")
    pages.answer(page, {"standard_delivery_item_count": "5"})
    expect(said).to_have_text("Total so far: $475.00.")


def test_changing_the_size_changes_its_organizing_and_keeps_what_was_ticked(site, page):
    page.goto("/book/?service=mini_move")
    pages.answer(page, {"package_type": "standard", "include_unpacking": "on"})
    expect(pages.card_total(page)).to_have_text("$4,191.02")
    pages.answer(page, {"package_type": "full"})

    expect(page.locator("#organizing")).to_contain_text("$4,525")
    expect(page.locator('[name="include_unpacking"]')).to_be_checked()
    expect(pages.card_total(page)).to_have_text("$7,416.59")
    expect(page.locator('[name="package_type"][value="full"]')).to_be_focused()


def test_changing_the_service_changes_its_fields_and_the_price(site, page):
    page.goto("/book/?service=mini_move&package=petite")
    page.goto("/book/service/")
    expect(pages.card_total(page)).to_have_text("$995.00")
    pages.answer(page, {"service_type": "standard_delivery"})
    expect(pages.card_total(page)).to_have_count(0)
    pages.answer(page, {"service_type": "mini_move"})

    expect(page.locator('[name="package_type"][value="petite"]')).to_be_checked()
    expect(pages.card_total(page)).to_have_text("$995.00")


def test_description_comes_with_regular_items_and_counts_its_characters(site, page):
    page.goto("/book/?service=standard_delivery")
    description = page.locator("#id_item_description")
    expect(description).to_be_hidden()
    pages.answer(page, {"standard_delivery_item_count": "2"})
    description.fill("Two suitcases")

    expect(page.locator("#description-left")).to_have_text("487 characters left")
    description.fill("x" * 501)
    expect(page.locator("#description-left")).to_have_text("1 character too many")
    pages.answer(page, {"standard_delivery_item_count": "0"})
    expect(description).to_be_hidden()


def test_specialty_items_show_their_subtotals(site, page):
    page.goto("/book/?service=standard_delivery")
    pages.answer(page, {"specialty_surfboard": "2"})
    expect(page.locator("#subtotal-surfboard")).to_have_text("$700")
    pages.answer(page, {"specialty_surfboard": ""})
    expect(page.locator("#subtotal-surfboard")).to_have_text("")


def test_flight_fields_follow_direction_and_airport(site, page):
    page.goto("/book/?service=blade_transfer")
    pages.answer(page, {"blade_airport": "JFK"})
    expect(page.locator("#id_blade_terminal option")).to_have_count(6)
    pages.answer(page, {"blade_terminal": "4", "blade_flight_time": "12:59"})
    expect(page.locator("#ready-note")).to_contain_text("5 AM")
    pages.answer(page, {"blade_flight_time": "13:00"})
    expect(page.locator("#ready-note")).to_contain_text("10 AM")

    pages.answer(page, {"blade_direction": "from_airport"})
    expect(page.locator("label[for=id_blade_flight_time]")).to_have_text(
        "Arrival time", use_inner_text=True
    )
    expect(page.locator("#id_blade_flight_time")).to_have_value("13:00")
    expect(page.locator("#ready-note")).to_have_text("")
    pages.answer(page, {"blade_airport": "EWR"})
    expect(page.locator("#id_blade_terminal")).to_have_value("")


def test_zip_is_answered_while_it_is_typed(site, visitor, ordered):
    page = visitor(draft=ordered(standard_answers(delivery_zip_code=None)))
    page.goto("/book/addresses/")
    zip_code = page.locator("#id_delivery_zip_code")
    zip_code.press_sequentially("1195")
    pages.settle(page)
    expect(page.locator("#delivery-zip-answer")).to_have_text("")
    zip_code.press_sequentially("4")

    expect(page.locator("#delivery-zip-answer")).to_contain_text("$175 once per booking")
    expect(page.locator("#summary")).to_contain_text("11954 Montauk")
    zip_code.fill("11101")
    expect(page.locator("#delivery-zip-answer")).to_contain_text("We don’t serve 11101 online")


def test_names_and_streets_are_never_in_an_address(site, page):
    urls = []
    page.on("request", lambda request: urls.append(request.url))
    pages.walk_to_review(page, MINI_MOVE)

    asked = [url for url in urls if "?" in url]
    assert any("/book/zip/" in url for url in asked)
    assert any("/book/quote/" in url for url in asked)
    secrets = ("Example", "Ada", "Sample", "ada%40", "555", "csrf", "Ring")
    assert [url for url in asked if any(secret in url for secret in secrets)] == []


# -- calendar ----------------------------------------------------------------


def test_calendar_is_moved_through_by_keyboard(site, page):
    page.goto("/book/?service=mini_move&package=standard")
    page.goto("/book/schedule/")
    page.locator("#day-2026-06-10").focus()
    for key, day in (
        ("Space", "2026-06-10"),
        ("ArrowRight", "2026-06-11"),
        ("ArrowLeft", "2026-06-10"),
        ("ArrowDown", "2026-06-17"),
        ("ArrowUp", "2026-06-10"),
    ):
        page.keyboard.press(key)
        expect(page.locator(f"#day-{day}")).to_be_checked()
        expect(page.locator(f"#day-{day}")).to_be_focused()
    expect(page.locator("#summary")).to_contain_text("Wednesday, June 10")


def test_months_are_leafed_through_without_losing_the_day(site, page):
    page.goto("/book/?service=mini_move&package=standard&pickup_date=2026-06-13")
    page.goto("/book/schedule/")
    page.goto("/book/schedule/")
    page.locator("#month-chevron-right").click()
    expect(page.locator("#calendar h2")).to_have_text("July 2026")
    expect(page.locator("#month-chevron-right")).to_be_focused()
    expect(page.locator("#calendar")).to_contain_text("You chose Saturday, June 13, 2026")
    pages.go_on(page)

    pages.at_step(page, "addresses")
    # The browser of the test before may have left a draft of its own.
    assert Draft.objects.filter(answers__pickup_date="2026-06-13").exists()


# -- keyboard, back, refresh --------------------------------------------------


def test_enter_continues(site, visitor, ordered):
    page = visitor(draft=ordered(standard_answers()))
    for slug, field, following in (
        ("service", "standard_delivery_item_count", "schedule"),
        ("addresses", "pickup_city", "contact"),
        ("contact", "email", "review"),
    ):
        page.goto(f"/book/{slug}/")
        page.locator(f'[name="{field}"]').press("Enter")
        pages.at_step(page, following)


def test_error_summary_leads_to_the_field(site, page):
    page.goto("/book/?service=blade_transfer")
    pages.answer(page, {"blade_airport": "JFK", "blade_bag_count": "1"})
    pages.go_on(page)
    expect(page.locator("#error-summary")).to_be_focused()
    page.get_by_role("link", name="Enter at least 2 bags").click()
    expect(page.locator("#id_blade_bag_count")).to_be_focused()
    expect(page.locator("#id_blade_bag_count")).to_have_value("1")


def test_back_and_refresh_lose_nothing(site, page):
    pages.walk_to_review(page, MINI_MOVE)
    for slug in ("contact", "addresses", "schedule", "service"):
        page.go_back()
        pages.at_step(page, slug)
    expect(page.locator('[name="package_type"][value="standard"]')).to_be_checked()
    expect(page.locator('[name="include_packing"]')).to_be_checked()
    page.reload()
    expect(page.locator('[name="include_packing"]')).to_be_checked()
    page.goto("/book/")
    pages.at_step(page, "review")
    expect(pages.card_total(page)).to_have_text("$7,126.00")


def test_two_tabs_each_change_their_own_step(site, page):
    pages.walk_to_review(page, STANDARD_DELIVERY)
    contact, addresses = page.context.new_page(), page.context.new_page()
    contact.goto("/book/contact/?return=review")
    addresses.goto("/book/addresses/?return=review")
    pages.answer(contact, {"first_name": "Grace"})
    pages.answer(addresses, {"delivery_address_line_1": "7 Shore Road"})
    for tab in (contact, addresses):
        pages.go_on(tab)
        pages.at_step(tab, "review")

    expect(addresses.locator("main")).to_contain_text("Grace Sample")
    expect(addresses.locator("main")).to_contain_text("7 Shore Road")


@pytest.mark.parametrize("width", [360, 1280])
def test_start_over_clears_everything(site, visitor, ordered, width):
    page = visitor(draft=ordered(standard_answers()), width=width)
    page.goto("/book/review/")
    page.get_by_role("link", name="Start over").locator("visible=true").click()
    page.get_by_role("link", name="Keep my answers").click()
    pages.at_step(page, "review")
    page.get_by_role("link", name="Start over").locator("visible=true").click()
    page.get_by_role("button", name="Clear everything").click()

    pages.at_step(page, "service")
    expect(page.locator("[name=service_type]:checked")).to_have_count(0)
    expect(pages.alerts(page)).to_contain_text("Nothing was booked")


def test_airport_end_is_locked(site, page):
    page.goto("/book/")
    pages.answer_service(page, TO_AIRPORT)
    pages.go_on(page)
    pages.at_step(page, "schedule")
    expect(page.locator("main")).to_contain_text("5 AM on that day")
    pages.go_on(page)

    pages.at_step(page, "addresses")
    expect(page.locator("main")).to_contain_text("JFK International Airport")
    expect(page.locator('[name^="delivery_"]')).to_have_count(0)
