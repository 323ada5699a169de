"""Web and worker die at random moments while customers pay; money is never lost or taken twice.

In each run customers book and pay, some of them twice, while one process or a whole service is
ended with SIGKILL. The invariants hold at every moment, and in the end everyone is booked once
and has paid once. FAULT_RUNS sets the number of runs.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conftest import PROJECT
from tests.faults.processes import kill_all, kill_one
from tests.load.orders import standard_order
from tests.site import Shopper, Site
from totetaxi.lib import clock

RUNS = int(os.environ.get("FAULT_RUNS", "40"))
SHOPPERS = 2
# After so many runs a whole service dies; the supervisor gives up on one that dies too often.
WHOLE_SERVICE_EVERY = 10
PATIENCE_SECONDS = 60
# A message whose worker died is tried again after its lease (5 minutes) and the next sweep.
SETTLING_SECONDS = 8 * 60
CHECKER = """
import json, sys
import django
django.setup()
from datetime import timedelta
from django.db import connection
from payments.services.books import read_books
from payments.services.invariants import check_all
for line in sys.stdin:
    books = read_books(in_flight=timedelta()) if line.strip() == "stripe" else None
    print(json.dumps({r.number: list(r.offenders) for r in check_all(books)}), flush=True)
    connection.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_kill_9_of_web_or_worker_at_random_points_loses_no_money(site: Site) -> None:
    dice = random.Random(20_260)  # noqa: S311 (a test repeats itself)
    first = clock.today() + timedelta(days=60)
    with checker(site) as check:
        for number in range(RUNS):
            killed = one_run(site, number, first + timedelta(days=number % 200), dice)
            broken = {name: found for name, found in check("rows").items() if found}
            print(f"run {number + 1}: killed {killed}; {broken or 'holds'}")
            assert broken == {}
        settle(site)
        assert check("stripe") == {f"I{n}": [] for n in range(1, 7)}
    money = site.query(
        "SELECT count(*), count(DISTINCT booking_id) FROM payments_payment"
        " WHERE status = 'succeeded' AND unfulfillable_reason = '' AND method = 'stripe'"
    )
    assert money == [(RUNS * SHOPPERS, RUNS * SHOPPERS)]
    mails = site.query(
        "SELECT count(*) FROM outbox_message WHERE handler = 'booking.send_confirmation'"
        " AND done_at IS NOT NULL"
    )
    assert mails == [(RUNS * SHOPPERS,)]


def one_run(site: Site, number: int, day: date, dice: random.Random) -> str:
    """Customers pay while something dies; what died. Returns when everyone has paid."""
    failures: list[BaseException] = []

    def shop(place: int, twice: bool) -> None:
        try:
            buy(site, f"k{number}-{place}@example.com", day, twice=twice)
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=shop, args=(place, dice.random() < 0.3))
        for place in range(SHOPPERS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(dice.uniform(0, 3))
    service = dice.choice(("web", "worker"))
    if number % WHOLE_SERVICE_EVERY == WHOLE_SERVICE_EVERY - 1:
        killed = kill_all(site.process.pid, service)
    else:
        killed = kill_one(site.process.pid, service, dice)
    for thread in threads:
        thread.join(timeout=4 * PATIENCE_SECONDS)
    assert failures == []
    return killed


def buy(site: Site, email: str, day: date, *, twice: bool) -> None:
    """Book and pay as a person does: what fails is tried again, from the start if need be."""
    shopper, session_id = stubbornly(lambda: reach_stripe(site, email, day))
    if twice:
        # The page ends, the order is paid on a new one, and then on the old one as well.
        site.control(f"sessions/{session_id}/expire")
        again = stubbornly(lambda: pay_again(site, shopper))
        site.control(f"sessions/{again}/pay")
        site.control(f"sessions/{session_id}/pay", force=True)
        session_id = again
    else:
        site.control(f"sessions/{session_id}/pay")
    stubbornly(lambda: come_back(shopper, session_id))
    shopper.close()


def reach_stripe(site: Site, email: str, day: date) -> tuple[Shopper, str]:
    host = random.randrange(1, 2**16)  # noqa: S311 (an address)
    shopper = Shopper(site.url, f"10.77.{host // 256}.{host % 256}")
    shopper.book_until_review(standard_order(day, email=email))
    return shopper, stubbornly(lambda: press(site, shopper), seconds=20)


def pay_again(site: Site, shopper: Shopper) -> str:
    shopper.get("/book/review/")
    return press(site, shopper)


def press(site: Site, shopper: Shopper) -> str:
    """Press the pay button of the review page; the id of the session it leads to."""
    address = shopper.pay().headers["location"]
    if not address.startswith(site.stripe_url):
        shopper.get("/book/review/")
        raise AssertionError(f"sent to {address}")
    return urlsplit(address).path.rsplit("/", 1)[-1]


def come_back(shopper: Shopper, session_id: str) -> None:
    page = shopper.get(f"/pay/done/?session_id={session_id}")
    assert "You’re booked" in page.text, page.url


def stubbornly(work: Any, *, seconds: float = PATIENCE_SECONDS) -> Any:
    """Try again until it works; raise what it raised last when that takes too long."""
    until = time.monotonic() + seconds
    while True:
        try:
            return work()
        except (httpx.HTTPError, AssertionError, KeyError):
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


def settle(site: Site) -> None:
    """Wait until every event was delivered and every task was done."""
    pending = time.monotonic() + SETTLING_SECONDS
    while site.stripe_state()["deliveries"].get("pending", 0):
        assert time.monotonic() < pending, "webhooks are still pending"
        site.control("webhooks/flush")
        time.sleep(1)
    open_tasks = "SELECT count(*) FROM outbox_message WHERE done_at IS NULL"
    site.wait_until(open_tasks, 0, seconds=SETTLING_SECONDS)
    site.wait_until(
        "SELECT count(*) FROM payments_refund WHERE status <> 'completed'", 0, seconds=60
    )


@contextmanager
def checker(site: Site) -> Iterator[Any]:
    """A process beside the site that checks its invariants when asked to."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "totetaxi.settings",
        "ENVIRONMENT": "development",
        "DATABASE_URL": site.database_url,
        "STRIPE_API_BASE": site.stripe_url,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", CHECKER],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    ask, answers = process.stdin, process.stdout

    def check(what: str) -> dict[str, list[str]]:
        ask.write(f"{what}\n")
        ask.flush()
        found: dict[str, list[str]] = json.loads(answers.readline())
        return found

    try:
        yield check
    finally:
        ask.close()
        process.wait(timeout=30)
