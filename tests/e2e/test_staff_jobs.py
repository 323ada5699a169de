"""The office's page of jobs in a browser: switch one off, run one, try a message again."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from staff.capabilities import Role
from tests.e2e.conftest import LiveSite, Visitor
from tests.e2e.test_accessibility import inspect
from tests.e2e.test_staff_office import come_in
from tests.staff.helpers import make_staff
from tests.staff.office import booked
from totetaxi.outbox.models import Job, Message
from totetaxi.outbox.scheduling import sync_jobs
from totetaxi.outbox.testing import run_queue
from totetaxi.users.models import User


@pytest.fixture
def admin(site: LiveSite) -> User:
    sync_jobs()
    now = timezone.now()
    ran = {"last_started_at": now, "last_finished_at": now, "last_duration_ms": 1_240}
    Job.objects.filter(name="alert_money").update(
        **ran, last_ok=False, last_error="OperationalError: the connection was closed"
    )
    Job.objects.filter(name="reconcile_payments").update(
        **ran, last_ok=True, last_result="1 expired, 2 paid"
    )
    Job.objects.filter(name="onfleet_sync").update(last_started_at=now)
    return make_staff(Role.ADMIN)


def test_jobs_are_switched_and_run_and_messages_tried_again(
    site: LiveSite, visitor: Visitor, admin: User
) -> None:
    message = Message.objects.create(
        event="booking_paid",
        handler="booking.send_confirmation",
        subject_id=str(booked().pk),
        key="of the test",
        attempts=5,
        dead_at=timezone.now(),
        last_error="TemporaryError: the mail server does not answer",
    )
    page = visitor()
    come_in(page.context, site.url, admin)
    page.goto("/staff/jobs/")
    inspect(page)

    page.get_by_role("link", name=re.compile("Switch off….*Remove what nobody")).click()
    inspect(page)
    page.get_by_label("Reason").fill("Too many rows at once")
    page.get_by_role("button", name="Switch it off").click()
    expect(page.get_by_text("“Remove what nobody needs any more” is off.")).to_be_visible()
    assert Job.objects.get(name="outbox.purge").enabled is False

    page.get_by_role("button", name=re.compile("Run now.*Delete drafts nobody")).click()
    expect(page.get_by_text("is queued. Its result appears here.")).to_be_visible()
    run_queue()
    page.locator("#refresh").click()
    expect(page.get_by_text("0 drafts deleted")).to_be_visible()

    Message.objects.filter(pk=message.pk).update(done_at=None, dead_at=timezone.now(), attempts=5)
    page.get_by_role("link", name="Messages, 1 given up").click()
    inspect(page)
    page.get_by_role("button", name=re.compile("Try again.*Mail: Confirmation")).click()
    expect(page.get_by_text("It is tried again now.")).to_be_visible()
    message.refresh_from_db()
    assert (message.dead_at, message.attempts) == (None, 0)
