"""A minute before and after midnight in New York: a browser in Tokyo, a server in Greenwich.

For both of them it is already June 11, whichever day New York has.
"""

import time
from datetime import date, datetime

import pytest
from playwright.sync_api import expect

from booking.models import BookingStatus
from tests.booking.helpers import standard_answers
from tests.e2e.pages import agree_and_pay, at_confirmation, at_step, at_stripe, go_on, pay_at_stripe
from totetaxi.lib import clock


@pytest.fixture
def server_in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("moment", "closed", "first", "total"),
    [
        # Tomorrow closed at 6 PM.
        ("2026-06-10T23:59", ("2026-06-10", "2026-06-11"), "2026-06-12", "$285.00"),
        # Today is open until 10 AM, for the same-day charge.
        ("2026-06-11T00:01", ("2026-06-10",), "2026-06-11", "$645.00"),
    ],
)
def test_midnight_is_new_yorks_for_a_customer_in_tokyo(
    server_in_utc, site, visitor, ordered, business_time, moment, closed, first, total
):
    business_time(moment)
    draft = ordered(standard_answers(pickup_date=None))
    page = visitor(draft=draft, place="Asia/Tokyo")
    page.clock.set_fixed_time(clock.at(date.fromisoformat(moment[:10]), _time(moment)))
    page.goto("/book/schedule/")
    assert page.evaluate("new Date().toString()").startswith("Thu Jun 11 2026 1")
    for day in closed:
        # A day that is over may not be shown at all.
        expect(page.locator(f"#day-{day}:not([disabled])")).to_have_count(0)

    page.locator(f"#day-{first}").check()
    expect(page.locator("#summary .total b")).to_have_text(total)
    go_on(page)
    at_step(page, "addresses")  # answered already, as is the contact
    page.goto("/book/review/")
    agree_and_pay(page)
    at_stripe(page)
    pay_at_stripe(page)
    at_confirmation(page)

    booking = site.wait_for_status(BookingStatus.PAID)
    assert booking.pickup_date == date.fromisoformat(first)
    expect(page.locator("main")).to_contain_text(f"June {booking.pickup_date.day}")


def _time(moment: str):
    return datetime.fromisoformat(moment).time()
