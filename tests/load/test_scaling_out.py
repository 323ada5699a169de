"""Two web servers and two queues on different ports share everything that must be shared (R690).

Customers are sent to one server and then to the other, as a load balancer may do.
"""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.conftest import PROJECT, folder_for_servers, free_port, wait_for_port
from tests.load.orders import standard_order
from tests.payments.helpers import session_event, signed
from tests.site import Shopper, Site, running_site
from totetaxi.lib import clock

SHOPPERS = 30
PLACES = 20
AT_ONCE = 8
SCHEDULES = 100
# What a queue's worker says last when it has delivered a message.
DELIVERED = 'UPDATE "outbox_message" SET "done_at"%'
PAID = "SELECT count(*) FROM booking_booking WHERE status = 'paid' AND starts_with(email, 'scale')"
WAITING = "SELECT count(*) FROM outbox_message WHERE done_at IS NULL AND dead_at IS NULL"
# Who was sold a place, and how often each of these happened to them.
ORDERS = """
    SELECT email, count(*) FROM booking_booking
    WHERE status = 'paid' AND starts_with(email, 'scale') GROUP BY 1
"""
PAYMENTS = """
    SELECT booking_id, count(*)
    FROM booking_bookingevent JOIN booking_booking b ON b.id = booking_id
    WHERE to_status = 'paid' AND starts_with(email, 'scale') GROUP BY 1
"""
MAILS = """
    SELECT "to" ->> 0, count(*) FROM dev_mail WHERE starts_with("to" ->> 0, 'scale') GROUP BY 1
"""


@dataclass(frozen=True)
class Pair:
    """The site, and the second web server and queue beside it."""

    site: Site
    ports: tuple[int, int]

    def shopper(self, number: int) -> Shopper:
        return Shopper(self.site.url, f"10.99.0.{number + 1}", TakesTurns(self.ports, number))


class TakesTurns(httpx.BaseTransport):
    """Sends each request to the other server than the one before it."""

    def __init__(self, ports: tuple[int, int], first: int) -> None:
        self._ports = ports
        self._turn = count(first)
        self._wire = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(port=self._ports[next(self._turn) % 2])
        return self._wire.handle_request(
            httpx.Request(request.method, url, headers=request.headers, stream=request.stream)
        )

    def close(self) -> None:
        self._wire.close()


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with (
        folder_for_servers() as home,
        running_site(home, PGAPPNAME="first", RATE_CHECKOUT="1000/h") as site,
    ):
        port = free_port()
        environment = {**site.environment, "PORT": str(port), "SITE_URL": site.url}
        gunicorn = ["-m", "gunicorn", "--config", "totetaxi/deploy/gunicorn.conf.py"]
        web = start(gunicorn, {**environment, "PGAPPNAME": "second web"})
        queue = start(["manage.py", "qcluster"], {**environment, "PGAPPNAME": "second queue"})
        try:
            wait_for_port(port, web)
            yield Pair(site, (urlsplit(site.url).port or 0, port))
        finally:
            for process in (queue, web):
                process.terminate()
            assert [process.wait(timeout=60) for process in (queue, web)] == [0, 0]


def start(arguments: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=PROJECT, env=environment, start_new_session=True
    )


@contextmanager
def watching(site: Site, seen: Counter[str]) -> Iterator[None]:
    """Count in whose connections a delivered message was seen."""
    over = threading.Event()

    def watch() -> None:
        with psycopg.connect(site.database_url, autocommit=True) as connection:
            while not over.wait(0.02):
                rows = connection.execute(
                    "SELECT application_name, pid FROM pg_stat_activity WHERE query LIKE %s",
                    [DELIVERED],
                )
                seen.update({name for name, _ in rows.fetchall()})

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_customers_book_and_pay_through_two_servers_and_two_queues(pair: Pair) -> None:
    site, day = pair.site, clock.today() + timedelta(days=40)
    site.query(
        'INSERT INTO catalog_capacityday (date, "limit", used, limit_is_own)'
        " VALUES (%s, %s, 0, TRUE)"
        ' ON CONFLICT (date) DO UPDATE SET "limit" = %s, used = 0, limit_is_own = TRUE',
        day,
        PLACES,
        PLACES,
    )
    seen: Counter[str] = Counter()
    begun = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool, watching(site, seen):

        def review(number: int) -> Shopper:
            shopper = pair.shopper(number)
            shopper.book_until_review(standard_order(day, email=f"scale{number}@example.com"))
            return shopper

        shoppers = list(pool.map(review, range(SHOPPERS)))
        answers = list(pool.map(lambda shopper: shopper.pay(), shoppers))
        led = [answer.headers["location"] for answer in answers]
        sold = [
            (shopper, urlsplit(where).path.rsplit("/", 1)[-1])
            for shopper, where in zip(shoppers, led, strict=True)
            if where.startswith(site.stripe_url)
        ]
        assert len(sold) == PLACES

        pages = list(pool.map(lambda one: pay_and_return(pair, *one), sold))
        assert pages == [True] * PLACES
        site.wait_until(PAID, PLACES)
        site.wait_until(WAITING, 0, seconds=120)
    print(f"{SHOPPERS} customers, {PLACES} sold and mailed in {time.monotonic() - begun:.0f} s")
    print("deliveries were seen in", dict(seen))

    # Nobody's order was lost between the servers, and nothing was done twice.
    assert once_each(site, ORDERS)
    assert once_each(site, PAYMENTS)
    assert once_each(site, MAILS)
    assert site.value("SELECT count(*) FROM outbox_message WHERE dead_at IS NOT NULL") == 0
    assert site.value("SELECT used FROM catalog_capacityday WHERE date = %s", day) == PLACES
    assert {"first", "second queue"} <= seen.keys()
    check = subprocess.run(
        [sys.executable, "manage.py", "check_invariants", "--stripe", "--settled"],
        cwd=PROJECT,
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    print(check.stdout)
    assert check.returncode == 0, check.stdout + check.stderr
    for shopper in shoppers:
        shopper.close()


def once_each(site: Site, sql: str) -> bool:
    """Whether the query counts 1 for each of those who were sold a place."""
    counts = [number for _, number in site.query(sql)]
    return counts == [1] * PLACES


def pay_and_return(pair: Pair, shopper: Shopper, session_id: str) -> bool:
    """Pay; the first server hears of it from Stripe, the second one at the same moment."""
    pair.site.control(f"sessions/{session_id}/pay")
    event = session_event(session_id, event_id=f"evt_of_{session_id}")
    given = signed(event, secret="whsec_sandbox")
    told = httpx.post(
        f"http://localhost:{pair.ports[1]}/webhooks/stripe/",
        content=given["data"],
        headers={"Content-Type": given["content_type"], **given["headers"]},
    )
    assert told.status_code == 200
    return "You’re booked" in shopper.get(f"/pay/done/?session_id={session_id}").text


def test_web_processes_keep_no_more_connections_than_they_have_threads(pair: Pair) -> None:
    mine = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'second web'"
    with ThreadPoolExecutor(32) as pool, httpx.Client() as client:
        address = f"http://localhost:{pair.ports[1]}/services/"
        answers = list(pool.map(lambda _: client.get(address, timeout=30).status_code, range(200)))
    assert set(answers) == {200}
    held = pair.site.value(mine)
    print(f"32 clients at once: {held} connections of 2 processes with 4 threads each")
    assert 2 <= held <= 8


def test_a_limit_counts_over_both_servers(pair: Pair) -> None:
    shopper = pair.shopper(200)
    answers = Counter(shopper.http.get("/book/zip/?zip=10001").status_code for _ in range(70))
    # A minute may have begun meanwhile.
    print(dict(answers))
    assert answers[200] + answers[429] == 70
    assert answers[200] == 60


def test_two_clusters_make_each_scheduled_task_once(pair: Pair) -> None:
    """Each queue looks twice a minute for what is due; both find the same rows."""
    site = pair.site
    site.query(
        "INSERT INTO django_q_schedule (name, func, schedule_type, repeats, next_run)"
        " SELECT 'once-' || n, 'time.sleep', 'O', -1, now() FROM generate_series(1, %s) AS n",
        SCHEDULES,
    )
    site.query("UPDATE django_q_schedule SET args = '(0,)' WHERE starts_with(name, 'once-')")
    left = "SELECT count(*) FROM django_q_schedule WHERE starts_with(name, 'once-')"
    site.wait_until(left, 0, seconds=70)
    ran = "SELECT count(*) FROM django_q_task WHERE func = 'time.sleep'"
    site.wait_until(ran, SCHEDULES, seconds=60)
    time.sleep(1)
    assert site.value(ran) == SCHEDULES
    assert site.value("SELECT count(*) FROM django_q_task WHERE NOT success") == 0
