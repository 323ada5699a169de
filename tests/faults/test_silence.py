"""The queue dies: the alarm comes, once; the queue is back: that is mailed as well.

The site is the whole one of ``make run``, so its supervisor starts the queue again after a second.
The limit of silence is 5 s. The scheduler looks at its schedules every half minute, so a queue
that is started again is silent for longer than that.
"""

import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.processes import kill_all
from tests.site import Shopper, Site, running_site

SILENCE_SECONDS = 5
# Half a minute until the scheduler looks for the first time, on a machine that is busy.
PATIENCE_SECONDS = 120
POLLERS = 4
# So often, by any of them, the answer is "not ready" before the mails are counted.
REFUSALS = 24
ALARM = "Alarm: Mails and scheduled work stand still"
RECOVERED = "Recovered: Mails and scheduled work stand still"
BANNER = 'id="standstill"'


@pytest.fixture
def short_site() -> Iterator[Site]:
    """A site that soon misses a sign of life, and soon believes in one."""
    with tempfile.TemporaryDirectory(
        prefix="totetaxi-silence-", ignore_cleanup_errors=True
    ) as name:
        home = Path(name)
        home.chmod(0o711)
        limits = {"HEALTH_SILENCE_SECONDS": str(SILENCE_SECONDS), "HEALTH_WELL_SECONDS": "1"}
        with running_site(home, **limits) as site:
            yield site


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killed_worker_is_an_alarm_and_its_return_is_told(short_site: Site) -> None:
    site = short_site
    office = Shopper(site.url, "10.78.0.1")
    office.get("/staff/login/")
    office.submit("/staff/login/", email="admin@example.com", password="totetaxi-demo")
    wait_until(lambda: beats(site) == 2, "the queue's first signs of life")
    beat_when_the_scheduler_looks(site)
    assert (ready(site), alarm_mails(site)) == (200, [])
    assert BANNER not in office.get("/staff/bookings/").text

    kill_all(site.process.pid, "worker")
    killed_at = time.monotonic()
    codes = poll_from_many_threads(site)
    print(f"{dict(codes)} answers, {time.monotonic() - killed_at:.0f} s after the kill")
    assert set(codes) == {200, 503}
    assert codes[503] >= REFUSALS
    assert alarm_mails(site) == [ALARM]
    assert BANNER in office.get("/staff/bookings/").text

    wait_until(lambda: ready(site) == 200, "the queue that was started again")
    assert BANNER not in office.get("/staff/bookings/").text
    wait_until(
        lambda: ready(site) > 0 and alarm_mails(site) == [ALARM, RECOVERED], "the second mail"
    )
    print(f"recovered {time.monotonic() - killed_at:.0f} s after the kill")


def ready(site: Site) -> int:
    """Ask as a platform does; the status."""
    return httpx.get(f"{site.url}/health/ready/", timeout=10).status_code


def poll_from_many_threads(site: Site) -> Counter[int]:
    """Ask from several threads at once until it was "not ready" often; how often came what."""
    codes: Counter[int] = Counter()
    counted = threading.Lock()
    deadline = time.monotonic() + PATIENCE_SECONDS

    def poll() -> None:
        while codes[503] < REFUSALS and time.monotonic() < deadline:
            code = ready(site)
            with counted:
                codes[code] += 1

    threads = [threading.Thread(target=poll) for _ in range(POLLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def beats(site: Site) -> int:
    """How many of scheduler and worker have given a sign of life."""
    count: int = site.value(
        "SELECT count(*) FROM outbox_beat WHERE name IN ('scheduler', 'worker')"
    )
    return count


def beat_when_the_scheduler_looks(site: Site) -> None:
    """Do not wait for the next full minute, at this start and the next."""
    site.query("UPDATE django_q_schedule SET next_run = now() WHERE name = 'outbox.beat'")


def alarm_mails(site: Site) -> list[str]:
    """The subjects of what the alert list got about the queue, oldest first."""
    rows = site.query(
        "SELECT subject FROM dev_mail WHERE subject LIKE %s ORDER BY sent_at", "%stand still"
    )
    return [subject for (subject,) in rows]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.2)
