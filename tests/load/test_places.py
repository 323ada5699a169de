"""Many shoppers, few places: exactly as many are sold as there are (rules R430-R435)."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from tests.load.orders import standard_order
from tests.site import Shopper, Site
from totetaxi.lib import clock

SHOPPERS = 64
PLACES = 10
AT_ONCE = 32
ROUNDS = int(os.environ.get("LOAD_ROUNDS", "30"))

# The demo customer has bookings of their own.
DEMO = "customer@example.com"


def test_64_shoppers_on_10_places_sell_exactly_10_in_every_round(site: Site) -> None:
    first = clock.today() + timedelta(days=30)
    for number in range(ROUNDS):
        day = first + timedelta(days=number)
        site.query(
            'INSERT INTO catalog_capacityday (date, "limit", used, limit_is_own)'
            " VALUES (%s, %s, 0, TRUE)"
            ' ON CONFLICT (date) DO UPDATE SET "limit" = %s, used = 0, limit_is_own = TRUE',
            day,
            PLACES,
            PLACES,
        )
        sold = round_of(site, number, day)
        held = site.value("SELECT used FROM catalog_capacityday WHERE date = %s", day)
        booked = site.value(
            "SELECT count(*) FROM booking_booking WHERE pickup_date = %s"
            " AND hold_released_at IS NULL AND email <> %s",
            day,
            DEMO,
        )
        print(f"round {number + 1}: {sold} sent to Stripe, {held} places held, {booked} bookings")
        assert (sold, held, booked) == (PLACES, PLACES, PLACES)


def round_of(site: Site, number: int, day: date) -> int:
    """How many of the shoppers, all at the review page at once, reach the payment page."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        shoppers = list(
            pool.map(lambda place: at_review(site, number, place, day), range(SHOPPERS))
        )
        answers = list(pool.map(lambda shopper: shopper.pay(), shoppers))
    for shopper in shoppers:
        shopper.close()
    assert {answer.status_code for answer in answers} <= {302, 303}
    return sum(site.stripe_url in answer.headers["location"] for answer in answers)


def at_review(site: Site, number: int, place: int, day: date) -> Shopper:
    shopper = Shopper(site.url, f"10.{number}.{place // 250}.{place % 250 + 1}")
    shopper.book_until_review(standard_order(day, email=f"s{number}-{place}@example.com"))
    return shopper
