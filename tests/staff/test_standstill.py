"""The red banner: on every page of the office while the queue stands still, and gone after."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule

from staff.capabilities import Role
from tests.staff.helpers import make_staff, signed_in
from tests.totetaxi.outbox.helpers import well
from totetaxi.outbox.beats import SCHEDULER, WATCH, WORKER, stamp
from totetaxi.outbox.models import Message

BANNER = 'id="standstill"'
MINUTE = timedelta(minutes=1)


@pytest.fixture
def silent(catalog):
    now = timezone.now()
    well(at=now, heard_since=now - timedelta(days=1))
    stamp(SCHEDULER, WORKER, at=now - 10 * MINUTE)


@pytest.mark.parametrize("path", ["/staff/", "/staff/bookings/", "/staff/account/"])
def test_silence_is_on_every_page_until_it_is_over(silent, path):
    office = signed_in(make_staff(Role.OPERATOR))
    page = office.get(path).text
    assert page.count(BANNER) == 1
    assert "Scheduler: No sign of life since " in page
    assert "Worker: No sign of life since " in page

    stamp(SCHEDULER, WORKER, at=timezone.now())
    assert BANNER not in office.get(path).text


def test_administrators_are_led_to_the_jobs(silent):
    assert (
        'href="/staff/jobs/">See the jobs' in signed_in(make_staff(Role.ADMIN)).get("/staff/").text
    )
    page = signed_in(make_staff(Role.MANAGER)).get("/staff/").text
    assert "See the jobs" not in page
    assert "Tell an administrator." in page


def test_queue_that_does_not_keep_up_is_on_it(silent):
    stamp(SCHEDULER, WORKER, at=timezone.now())
    due = timezone.now() - 16 * MINUTE
    Message.objects.create(event="e", handler="h", subject_id="1", key="1", next_attempt_at=due)
    page = signed_in(make_staff(Role.OPERATOR)).get("/staff/bookings/").text
    assert "Queue: The oldest due message waits for 16 minutes." in page


def test_nothing_is_said_where_nobody_listens(silent):
    stamp(WATCH, at=timezone.now() - timedelta(days=1))
    Schedule.objects.all().delete()
    assert BANNER not in signed_in(make_staff(Role.OPERATOR)).get("/staff/bookings/").text


def test_customers_are_not_told(silent, client):
    assert BANNER not in client.get("/").text
    assert BANNER not in client.get("/staff/login/").text


def test_parts_of_pages_do_not_ask(silent):
    office = signed_in(make_staff(Role.OPERATOR))
    htmx = {"HX-Request": "true", "HX-Target": "search-results"}
    office.get("/staff/search/?q=a", headers=htmx)
    with CaptureQueriesContext(connection) as seen:
        office.get("/staff/search/?q=a", headers=htmx)
    assert not [query["sql"] for query in seen if "outbox_beat" in query["sql"]]
