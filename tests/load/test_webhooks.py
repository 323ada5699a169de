"""Stripe says it three times, out of order, while the customer comes back: paid once (R610)."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

from tests.load.orders import standard_order
from tests.site import Shopper, Site
from totetaxi.lib import clock

BOOKINGS = int(os.environ.get("LOAD_BOOKINGS", "200"))
COPIES = 3
# The demo customer has paid bookings, too.
PAID = "SELECT count(*) FROM booking_booking WHERE status = 'paid' AND starts_with(email, 'w')"
AT_ONCE = 16


def test_200_bookings_paid_by_shuffled_webhooks_and_return_pages_at_once(site: Site) -> None:
    first = clock.today() + timedelta(days=120)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        shoppers = list(pool.map(lambda n: at_stripe(site, n, first), range(BOOKINGS)))
        before = site.value(PAID)
        assert before == 0
        site.control("webhooks", copies=COPIES, jitter_seconds=3.0)
        moments = list(shoppers)
        random.Random(7).shuffle(moments)  # noqa: S311 (an order, no secret)
        list(pool.map(lambda one: pay_and_return(site, *one), moments))
    site.wait_until(PAID, BOOKINGS)
    site.wait_until("SELECT count(*) FROM outbox_message WHERE done_at IS NULL", 0, seconds=180)

    transitions = site.query(
        "SELECT booking_id, count(*) FROM booking_bookingevent JOIN booking_booking b"
        " ON b.id = booking_id WHERE to_status = 'paid' AND starts_with(email, 'w')"
        " GROUP BY booking_id"
    )
    mails = site.query('SELECT "to", count(*) FROM dev_mail GROUP BY "to"')
    print(f"{len(transitions)} bookings paid, {len(mails)} people mailed")
    assert len(transitions) == BOOKINGS
    assert {count for _, count in transitions} == {1}
    assert len(mails) == BOOKINGS
    assert {count for _, count in mails} == {1}
    taken = "SELECT count(*) FROM payments_payment WHERE status = 'succeeded' AND method = 'stripe'"
    assert site.value(taken) == BOOKINGS
    assert site.value("SELECT count(*) FROM outbox_message WHERE dead_at IS NOT NULL") == 0


def at_stripe(site: Site, number: int, first: date) -> tuple[Shopper, str]:
    """A customer on Stripe's page, and the id of their session."""
    shopper = Shopper(site.url, f"10.200.{number // 250}.{number % 250 + 1}")
    day = first + timedelta(days=number % 60)
    shopper.book_until_review(standard_order(day, email=f"w{number}@example.com"))
    address = shopper.pay().headers["location"]
    assert address.startswith(site.stripe_url), address
    return shopper, urlsplit(address).path.rsplit("/", 1)[-1]


def pay_and_return(site: Site, shopper: Shopper, session_id: str) -> None:
    """Pay, and look at the return page in the moment in which the webhooks arrive."""
    site.control(f"sessions/{session_id}/pay")
    page = shopper.get(f"/pay/done/?session_id={session_id}")
    assert page.status_code == 200, (page.status_code, parse_qs(page.url.query.decode()))
    assert "You’re booked" in page.text
    shopper.close()
