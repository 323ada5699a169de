"""Accepted price cases through the running site, at the moment they speak of.

A customer without a browser walks the pages over HTTP; card, review, Stripe session, booking and
mail must all say the same figure. The engine's own test has all thirty cases.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from booking.models import Booking, BookingStatus
from catalog.models import DiscountCode, SurchargeRule
from tests.e2e.pages import CONTACT, Answers, address
from tests.site import Shopper
from totetaxi.lib.money import usd

MORNING = "2026-06-02T11:00"
WEDNESDAY, SATURDAY, SUNDAY, JULY_4 = "2026-06-10", "2026-06-13", "2026-06-14", "2026-07-04"
BAGS = {"standard_delivery_item_count": "3", "item_description": "Suitcases"}
TOTAL = re.compile(r'class="total">.*?<b>(\$[\d,.]+)</b>', re.DOTALL)


@dataclass(frozen=True)
class Case:
    """What is typed on each page and what it costs; ``lines`` are cents by code, discount aside."""

    number: str
    service: Answers
    lines: dict[str, int]
    total: int
    day: str = WEDNESDAY
    ends: tuple[str, str] = ("10001", "11968")
    schedule: Answers = field(default_factory=dict)
    code: dict[str, Any] = field(default_factory=dict)
    per_address: bool = False
    start: str = MORNING

    def answers(self) -> dict[str, Answers]:
        """As ``Shopper.book_until_review`` takes them."""
        return {
            "service": self.service,
            "schedule": {"pickup_date": self.day, **self.schedule},
            "addresses": {
                **address("pickup", self.ends[0], state=STATES.get(self.ends[0], "NY")),
                **address("delivery", self.ends[1], state=STATES.get(self.ends[1], "NY")),
            },
            "contact": CONTACT,
        }


STATES = {"07030": "NJ", "07302": "NJ", "06830": "CT"}


def mini_move(package: str, **more: str) -> Answers:
    return {"service_type": "mini_move", "package_type": package, **more}


def delivery(items: int, **more: str) -> Answers:
    count = {**BAGS, "standard_delivery_item_count": str(items)} if items else {}
    return {"service_type": "standard_delivery", **count, **more}


def airport(bags: int, day: str, at: str, **more: str) -> Answers:
    return {
        "service_type": "blade_transfer",
        "blade_direction": "to_airport",
        "blade_airport": "JFK",
        "blade_flight_date": day,
        "blade_flight_time": at,
        "blade_bag_count": str(bags),
        **more,
    }


BOTH = {"include_packing": "on", "include_unpacking": "on"}
CERTIFICATE = {"coi_required": "on"}
CASES = [
    Case(
        "2",
        mini_move("petite", **CERTIFICATE),
        {"base": 99500, "coi": 5000, "date_surcharge": 17500},
        122000,
        day=SATURDAY,
    ),
    Case(
        "4",
        mini_move("full"),
        {"base": 249000, "date_surcharge": 17500, "distance": 17500, "window": 0},
        284000,
        day=SUNDAY,
        ends=("10001", "11954"),
        schedule={"pickup_time": "morning_specific-9"},
    ),
    Case(
        "5",
        mini_move("standard", **BOTH),
        {"base": 172500, "organizing": 480000, "organizing_tax": 42600},
        695100,
    ),
    Case(
        "7",
        mini_move("petite"),
        {"base": 99500, "date_surcharge": 17500},
        117000,
        day=JULY_4,
    ),
    Case(
        "10",
        delivery(5, specialty_bicycle="1", **CERTIFICATE),
        {"base": 47500, "specialty": 25000, "coi": 5000, "distance": 17500},
        95000,
        ends=("10001", "06830"),
    ),
    Case(
        "12",
        delivery(0, specialty_peloton="1", specialty_surfboard="2"),
        {"specialty": 120000, "distance": 17500},
        137500,
        day=SATURDAY,
        ends=("10001", "11930"),
    ),
    Case(
        "14",
        airport(4, WEDNESDAY, "13:00", blade_airport="EWR"),
        {"base": 30000},
        30000,
        ends=("07030", ""),
    ),
    Case(
        "15",
        delivery(3),
        {"base": 28500},
        22800,
        code={"discount_type": "percentage", "percent": 20},
    ),
    Case(
        "16",
        airport(2, SATURDAY, "12:59", blade_terminal="4"),
        {"base": 15000},
        10000,
        code={"discount_type": "fixed_amount", "amount_cents": 5000},
    ),
    Case(
        "19",
        mini_move("full", **BOTH, **CERTIFICATE),
        {
            "base": 249000,
            "organizing": 959500,
            "organizing_tax": 85156,
            "coi": 0,
            "date_surcharge": 17500,
            "distance": 17500,
        },
        1328656,
        day=SATURDAY,
        ends=("07302", "11954"),
    ),
    Case(
        "19, each address",
        mini_move("full", **BOTH, **CERTIFICATE),
        {
            "base": 249000,
            "organizing": 959500,
            "organizing_tax": 85156,
            "coi": 0,
            "date_surcharge": 17500,
            "distance": 35000,
        },
        1346156,
        day=SATURDAY,
        ends=("07302", "11954"),
        per_address=True,
    ),
    Case(
        "20",
        delivery(3),
        {"base": 28500, "same_day": 36000},
        64500,
        start="2026-06-10T09:59",
    ),
    Case(
        "21",
        mini_move("standard", include_unpacking="on"),
        {"base": 172500, "organizing": 226500, "organizing_tax": 20102},
        356237,
        code={"discount_type": "percentage", "percent": 15},
    ),
]


@pytest.fixture
def shopper(site):
    """A customer without a browser."""
    shopper = Shopper(site.url, "203.0.113.1")
    yield shopper
    shopper.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.number)
def test_case_costs_the_same_everywhere(site, shopper, business_time, case):
    business_time(case.start)
    SurchargeRule.objects.filter(surcharge_type="geographic").update(per_address=case.per_address)
    book_until_review(shopper, case)
    if case.code:
        DiscountCode.objects.create(code="SUMMER", **case.code)
        shopper.submit("/book/review/", discount_code="summer", go="apply")

    assert total_on(shopper.page) == usd(case.total)
    assert f"Pay {usd(case.total)}" in shopper.page.text
    assert shopper.form("/pay/start/")["fields"]["shown_total_cents"] == str(case.total)
    review = shopper.page
    assert total_on(shopper.http.get("/book/quote/")) == usd(case.total)
    shopper.page = review

    at_stripe = shopper.pay().headers["location"]
    session = urlsplit(at_stripe).path.rsplit("/", 1)[-1]
    assert at_stripe.startswith(site.stripe.url)
    assert session_amount(site, session) == case.total

    site.stripe.control(f"sessions/{session}/pay")
    booking = site.wait_for_status("paid")
    lines = list(booking.lines.exclude(code="discount"))
    assert {line.code: cents(lines, line.code) for line in lines} == case.lines
    assert booking.total_price_cents == case.total
    assert booking.status == BookingStatus.PAID
    site.wait_for_quiet()
    assert site.captured() == (1, case.total)
    (mail,) = site.confirmations()
    assert f"Total: {usd(case.total)}\n" in mail.text
    assert usd(case.total) in mail.html


def book_until_review(shopper, case):
    """Walk the wizard; an hour window and organizing come on the pages that offer them."""
    answers = case.answers()
    if "blade_airport" in case.service:
        del answers["schedule"]
        answers["addresses"] = {
            name: value for name, value in answers["addresses"].items() if "pickup" in name
        }
    shopper.book_until_review(answers)


def total_on(page: httpx.Response) -> str:
    """The total of the ticket on a page."""
    found = TOTAL.findall(page.text)
    assert len(found) == 1, page.url
    return str(found[0])


def cents(lines, code: str) -> int:
    return sum(line.cents for line in lines if line.code == code)


def session_amount(site, session_id: str) -> int:
    """What the stand-in's API says the session asks for."""
    answer = httpx.get(
        f"{site.stripe.url}/v1/checkout/sessions/{session_id}",
        headers={"Authorization": "Bearer sk_test_of_the_tests"},
        timeout=30,
    )
    return int(answer.raise_for_status().json()["amount_total"])


def test_case_20_a_minute_later_is_refused(site, shopper, business_time):
    business_time("2026-06-10T10:00")
    with pytest.raises(AssertionError, match="/book/schedule/"):
        book_until_review(shopper, next(case for case in CASES if case.number == "20"))
    assert shopper.page.status_code == 422
    assert "today" in shopper.errors().lower()
    assert Booking.objects.count() == 0
