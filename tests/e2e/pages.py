"""The pages as a visitor uses them: what to answer, where to look, which button to press.

Every helper works with and without JavaScript. Nothing here waits for a fixed time: playwright
waits for what is looked for, ``settle`` for HTMX to have put its answers into the page.
"""

import re
from dataclasses import dataclass
from datetime import date

from playwright.sync_api import Locator, Page, expect

Answers = dict[str, str]
QUIET_WEDNESDAY = date(2026, 6, 10)
SATURDAY = date(2026, 6, 13)
JULY_4 = date(2026, 7, 4)

UNDER_WAY = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"
PRICE = re.compile(r"\$[0-9,]+\.[0-9]{2}")
CONTACT: Answers = {
    "first_name": "Ada",
    "last_name": "Sample",
    "email": "ada@example.com",
    "phone": "(212) 555-0142",
}


def address(side: str, zip_code: str, *, state: str = "NY", city: str = "New York") -> Answers:
    """One end of the way."""
    return {
        f"{side}_address_line_1": f"{'100' if side == 'pickup' else '20'} Example Street",
        f"{side}_city": city,
        f"{side}_state": state,
        f"{side}_zip_code": zip_code,
    }


HERE = address("pickup", "10001")
THERE = address("delivery", "11968", city="Southampton")


@dataclass(frozen=True)
class Order:
    """What a visitor types, in the order of the pages; "on" ticks a box."""

    service: Answers
    addresses: Answers
    day: date | None = None
    schedule: Answers | None = None
    contact: Answers | None = None

    @property
    def email(self) -> str:
        return (self.contact or CONTACT)["email"]


STANDARD_DELIVERY = Order(
    service={
        "service_type": "standard_delivery",
        "standard_delivery_item_count": "4",
        "item_description": "Three suitcases and a box of books",
    },
    day=SATURDAY,
    addresses={**HERE, **THERE, "special_instructions": "Ring twice"},
)
SPECIALTY = Order(
    service={
        "service_type": "standard_delivery",
        "specialty_peloton": "1",
        "specialty_surfboard": "2",
    },
    day=SATURDAY,
    addresses={**HERE, **address("delivery", "11930", city="Amagansett")},
)
MINI_MOVE = Order(
    service={
        "service_type": "mini_move",
        "package_type": "standard",
        "include_packing": "on",
        "include_unpacking": "on",
        "coi_required": "on",
    },
    day=QUIET_WEDNESDAY,
    schedule={"pickup_time": "morning_specific-9"},
    addresses={**HERE, **address("delivery", "11937", city="East Hampton")},
)
TO_AIRPORT = Order(
    service={
        "service_type": "blade_transfer",
        "blade_direction": "to_airport",
        "blade_airport": "JFK",
        "blade_terminal": "4",
        "blade_flight_date": SATURDAY.isoformat(),
        "blade_flight_time": "12:59",
        "blade_bag_count": "2",
    },
    addresses=HERE,
)
FROM_AIRPORT = Order(
    service={
        "service_type": "blade_transfer",
        "blade_direction": "from_airport",
        "blade_airport": "EWR",
        "blade_terminal": "B",
        "blade_flight_date": QUIET_WEDNESDAY.isoformat(),
        "blade_flight_time": "22:15",
        "blade_bag_count": "3",
    },
    addresses=THERE,
)


def has_script(page: Page) -> bool:
    """Whether the page runs JavaScript of its own."""
    return bool(page.evaluate("'htmx' in window"))


def settle(page: Page) -> None:
    """Return once HTMX has nothing under way."""
    expect(page.locator(UNDER_WAY)).to_have_count(0)


# -- the wizard ------------------------------------------------------------


def at_step(page: Page, slug: str) -> None:
    """Fail unless the visitor is at this step."""
    expect(page).to_have_url(re.compile(rf"/book/{slug}/"))


def go_on(page: Page) -> None:
    """Press the big button at the end of the step."""
    page.locator("#actions .btn-primary").click()


def answer(page: Page, answers: Answers) -> None:
    """Fill in the fields of the page by name, in order.

    A field that only follows from an answer above it comes, without JavaScript, with the button
    that updates the page.
    """
    for name, value in answers.items():
        if page.locator(f'#main [name="{name}"]').count() == 0:
            press_update(page)
        _answer_one(page, name, value)


def _answer_one(page: Page, name: str, value: str) -> None:
    field = page.locator(f'#main [name="{name}"]')
    kind = field.first.evaluate("field => field.type")
    if kind == "radio":
        field = page.locator(f'#main [name="{name}"][value="{value}"]')
    if kind in ("radio", "checkbox"):
        _tick(page, field)
    elif kind == "select-one":
        field.select_option(value)
    else:
        field.fill(value)


def _tick(page: Page, field: Locator) -> None:
    """Tick a box; where the page then loads more fields, they are in place afterwards."""
    if field.is_checked():
        return
    loads = field.get_attribute("hx-get")
    if loads and has_script(page):
        with page.expect_response(lambda response: loads in response.url):
            field.check()
        settle(page)
    else:
        field.check()


def answer_service(page: Page, order: Order) -> None:
    """Choose the service, then fill in what it asks for."""
    chosen = {"service_type": order.service["service_type"]}
    rest = {name: value for name, value in order.service.items() if name not in chosen}
    answer(page, chosen)
    fields_for = page.locator(f'input[name="fields_for"][value="{chosen["service_type"]}"]')
    if fields_for.count() == 0:
        go_on(page)  # without JavaScript the next page has the service's own fields
    expect(fields_for).to_have_count(1)
    answer(page, rest)


def press_update(page: Page) -> None:
    """The button that refreshes prices and choices where there is no JavaScript."""
    page.get_by_role("button", name="Update price").click()


def choose_day(page: Page, day: date) -> None:
    """Leaf through the calendar to ``day`` and choose it."""
    button = page.locator(f"#day-{day.isoformat()}")
    title = page.locator("#calendar h2")
    for _ in range(15):
        if button.count():
            break
        before = title.inner_text()
        page.locator("#month-chevron-right").click()
        expect(title).not_to_have_text(before)
    button.check()


def answer_schedule(page: Page, order: Order) -> None:
    """Choose day and window; a flight has said when already."""
    if order.day:
        choose_day(page, order.day)
    answer(page, order.schedule or {})


def walk_to_review(page: Page, order: Order) -> None:
    """From an empty wizard to the review page."""
    page.goto("/book/")
    at_step(page, "service")
    answer_service(page, order)
    go_on(page)
    at_step(page, "schedule")
    answer_schedule(page, order)
    go_on(page)
    at_step(page, "addresses")
    answer(page, order.addresses)
    go_on(page)
    at_step(page, "contact")
    answer(page, order.contact or CONTACT)
    go_on(page)
    at_step(page, "review")


def card_total(page: Page) -> Locator:
    """The total on the ticket at the side."""
    return page.locator("#summary .total b")


def apply_code(page: Page, code: str) -> None:
    """Type a discount code on the review page."""
    page.locator('#code [name="discount_code"]').fill(code)
    page.locator("#code").get_by_role("button", name="Apply").click()


def agree_and_pay(page: Page) -> None:
    """Tick the terms and press the last button of the review page."""
    page.locator('[name="terms"]').check()
    pay_button(page).click()


def pay_button(page: Page) -> Locator:
    """ "Pay $285.00", or "Book now, nothing to pay"."""
    return page.get_by_role("button", name=re.compile("^(Pay|Book now)"))


def alerts(page: Page) -> Locator:
    """What the page tells at its top."""
    return page.locator("#messages .alert")


# -- Stripe's page -----------------------------------------------------------


def at_stripe(page: Page) -> None:
    """Fail unless the visitor is on the stand-in's payment page."""
    expect(page).to_have_url(re.compile(r"/c/pay/cs_"))


def session_id(page: Page) -> str:
    """The checkout session of Stripe's page."""
    found = re.search(r"/c/\w+/(cs_\w+)", page.url)
    assert found, page.url
    return found[1]


def stripe_total(page: Page) -> str:
    """The amount that Stripe asks for."""
    found = PRICE.search(page.locator(".summary .total").inner_text())
    assert found
    return found[0]


def pay_at_stripe(page: Page) -> None:
    """Pay with the good card that is filled in."""
    page.locator('button[value="pay"]').click()


def scenario(page: Page, name: str) -> None:
    """Press one of the other buttons: decline, three_d_secure, close, delay, lose, ..."""
    page.locator(f'button[value="{name}"]').click()


# -- afterwards ----------------------------------------------------------------


def at_confirmation(page: Page) -> None:
    """Fail unless the visitor sees that the order is booked."""
    expect(page).to_have_url(re.compile(r"/booking/[0-9a-f-]{36}/"))
    expect(page.locator("h1")).to_contain_text("You’re booked")


def confirmation_total(page: Page) -> str:
    """What the confirmation says was paid."""
    return page.locator(".total b").inner_text()
