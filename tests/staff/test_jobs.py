"""The office's page of jobs and messages (rules R658 to R661)."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from staff.machinery import words
from staff.models import ActionType, StaffAction
from staff.navigation import machinery_troubles
from tests.staff.office import booked
from totetaxi.outbox import registry
from totetaxi.outbox.models import Job, Message
from totetaxi.outbox.scheduling import sync_jobs
from totetaxi.outbox.services import JOB_LOCKS
from totetaxi.outbox.testing import run_queue

JOBS, MESSAGES = reverse("staff:jobs"), reverse("staff:messages")
REFRESH = {"HX-Request": "true", "HX-Target": "jobs"}


@pytest.fixture
def office(staff_client, admin, settings):
    """An administrator at work, not counted."""
    settings.RATELIMIT_ENABLE = False
    return staff_client(admin)


def dead(key="one", handler="shop.mail", **fields):
    return Message.objects.create(
        event="paid",
        handler=handler,
        subject_id=str(uuid4()),
        key=key,
        attempts=5,
        dead_at=timezone.now(),
        last_error="TemporaryError: busy",
        **fields,
    )


def text_of(page):
    """What one reads, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def deeds():
    """(text, after) of what was noted about jobs."""
    noted = StaffAction.objects.filter(action_type=ActionType.MANAGE_JOBS).order_by("created_at")
    return [(deed.description, deed.after) for deed in noted]


# --- The page


def test_every_job_stands_on_the_page_with_its_cadence_and_next_run(office):
    sync_jobs()
    page = office.get(JOBS)
    rows = page.context["rows"]
    assert {row.job.name for row in rows} == {job.name for job in registry.jobs()}
    assert all(row.next_run for row in rows)
    read = text_of(page)
    for job in registry.jobs():
        assert job.label in read
    assert {row.cadence for row in rows} >= {"every minute", "every 5 minutes", "daily at 6 AM"}


def test_last_run_says_when_how_long_and_what(office):
    Job.objects.create(
        name="outbox.purge",
        last_started_at="2026-06-10T08:10:00Z",
        last_finished_at="2026-06-10T08:10:02Z",
        last_duration_ms=1_840,
        last_ok=True,
        last_result="7 messages",
    )
    read = text_of(office.get(JOBS))
    assert "Last Jun 10, 4:10 AM" in read
    assert "7 messages In 1.8 s" in read


NOW = timezone.now()
RAN = {"last_started_at": NOW, "last_finished_at": NOW + timedelta(seconds=1), "last_ok": True}


@pytest.mark.parametrize(
    ("fields", "word", "tone"),
    [
        ({}, "Not run yet", ""),
        (RAN, "On", "good"),
        (RAN | {"enabled": False}, "Off", ""),
        (RAN | {"last_ok": False, "last_error": "ValueError: x"}, "Failed", "bad"),
        (RAN | {"last_finished_at": None}, "Did not finish", "bad"),
        (RAN | {"last_finished_at": NOW - timedelta(hours=1)}, "Did not finish", "bad"),
        (RAN | {"last_started_at": NOW - timedelta(days=2)}, "Late", "warn"),
        (RAN | {"asked_at": NOW + timedelta(seconds=1)}, "Queued", "sea"),
    ],
)
def test_state_of_a_job_is_a_word(office, fields, word, tone):
    Job.objects.create(name="outbox.purge", **fields)
    (row,) = (row for row in office.get(JOBS).context["rows"] if row.job.name == "outbox.purge")
    assert (row.word, row.tone) == (word, tone)


def test_job_whose_lock_is_held_is_running(office):
    Job.objects.create(name="outbox.purge", **RAN | {"last_finished_at": None})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext('outbox.purge'))", [JOB_LOCKS])
    words_of = {row.job.name: row.word for row in office.get(JOBS).context["rows"]}
    assert {name for name, word in words_of.items() if word == "Running"} == {"outbox.purge"}


def test_skipped_turn_is_said(office):
    Job.objects.create(
        name="outbox.purge",
        last_skipped_at=NOW + timedelta(minutes=1),
        last_skip="skipped: too late",
        **RAN,
    )
    assert "Skipped: too late" in text_of(office.get(JOBS))


def test_refresh_is_the_same_without_the_frame(office):
    page, part = office.get(JOBS), office.get(JOBS, headers=REFRESH)
    assert "<html" in page.text
    assert "<html" not in part.text
    assert "What runs by the clock" in part.text


def test_page_of_jobs_asks_as_often_with_many_tasks_and_messages(office):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            office.get(JOBS)
        return len(seen)

    queries()  # Once more for what a process learns once.
    sync_jobs()
    dead("first")
    few = queries()
    for number in range(100):
        dead(f"more {number}")
    OrmQ.objects.bulk_create(OrmQ(key="totetaxi", payload="", lock=NOW) for _ in range(100))
    assert queries() == few


@pytest.mark.parametrize(
    ("cron", "meant"),
    [
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("0 6 * * *", "daily at 6 AM"),
        ("10 4 * * *", "daily at 4:10 AM"),
        ("0 * * * *", "hourly"),
        ("30 * * * *", "hourly, 30 minutes past"),
        ("0 9-20 * * *", "hourly, 9 AM to 8 PM"),
        ("0 6 * * 1", "0 6 * * 1"),
        ("0,30 6 * * *", "0,30 6 * * *"),
        ("0 */2 * * *", "0 */2 * * *"),
    ],
)
def test_cadence_in_words(cron, meant):
    assert words.cadence(cron) == meant


def test_every_job_has_a_cadence_in_words():
    assert [job.name for job in registry.jobs() if words.cadence(job.cron) == job.cron] == []


@pytest.mark.parametrize(
    ("milliseconds", "meant"), [(None, ""), (49, "0.0 s"), (1_840, "1.8 s"), (65_000, "1 min 5 s")]
)
def test_duration_in_words(milliseconds, meant):
    assert words.duration(milliseconds) == meant


# --- The switch


def test_switching_needs_a_reason_and_is_on_record(office):
    url = reverse("staff:job_switch", args=["outbox.purge"])
    assert "Switch this job off?" in office.get(url).text

    refused = office.post(url, {"on": "no", "reason": " "})
    assert refused.context["form"].errors == {"reason": ["Say why."]}
    assert Job.objects.get().enabled is True

    answer = office.post(url, {"on": "no", "reason": "Too many rows"}, follow=True)
    assert answer.redirect_chain == [(JOBS, 302)]
    assert Job.objects.get().enabled is False
    assert "Switch this job on?" in office.get(url).text
    office.post(url, {"on": "yes", "reason": "Done"})
    assert Job.objects.get().enabled is True
    assert deeds() == [
        (
            "Switched off the job “Remove what nobody needs any more”",
            {"job": "outbox.purge", "on": False, "reason": "Too many rows"},
        ),
        (
            "Switched on the job “Remove what nobody needs any more”",
            {"job": "outbox.purge", "on": True, "reason": "Done"},
        ),
    ]


@pytest.mark.parametrize("name", ["reconcile_payments", "alert_money", "outbox.deliver_due"])
def test_job_about_money_is_switched_off_only_with_a_tick(office, name):
    url = reverse("staff:job_switch", args=[name])
    assert words.CONSEQUENCES[name] in office.get(url).text
    refused = office.post(url, {"on": "no", "reason": "Why not"})
    assert refused.context["form"].errors == {"sure": ["Tick that you have read it."]}
    assert Job.objects.get().enabled is True

    office.post(url, {"on": "no", "reason": "Why not", "sure": "on"})
    assert Job.objects.get().enabled is False
    office.post(url, {"on": "yes", "reason": "Well"})  # Going on needs none.
    assert Job.objects.get().enabled is True


def test_every_job_about_money_asks_for_a_tick():
    asked = {job.name for job in registry.jobs() if words.needs_confirmation(job)}
    assert asked == set(words.CONSEQUENCES)


def test_switching_twice_changes_and_notes_it_once(office):
    url = reverse("staff:job_switch", args=["outbox.purge"])
    for _ in range(2):
        office.post(url, {"on": "no", "reason": "Twice"})
    assert Job.objects.get().enabled is False
    assert len(deeds()) == 1


def test_unknown_job_is_not_found(office):
    for page in ("job_switch", "job_run"):
        url = reverse(f"staff:{page}", args=["shop.gone"])
        assert office.post(url, {"on": "no", "reason": "x"}).status_code == 404


# --- Run now


def test_run_now_queues_one_run_whose_result_appears(office):
    url = reverse("staff:job_run", args=["purge_drafts"])
    assert office.get(url).status_code == 405

    first = office.post(url, follow=True)
    second = office.post(url, follow=True)

    assert "is queued. Its result appears here." in text_of(first)
    assert "is switched off, or queued already." in text_of(second)
    assert OrmQ.objects.count() == 1
    assert len(deeds()) == 1
    assert f'action="{url}"' not in second.text
    run_queue()
    assert "0 drafts deleted" in text_of(office.get(JOBS))


def test_job_that_is_off_cannot_be_run(office):
    Job.objects.create(name="purge_drafts", enabled=False)
    url = reverse("staff:job_run", args=["purge_drafts"])
    assert f'action="{url}"' not in office.get(JOBS).text
    office.post(url)
    assert (OrmQ.objects.count(), deeds()) == (0, [])


# --- Messages


@pytest.mark.usefixtures("catalog")
def test_message_says_what_for_which_booking_and_why(office):
    booking = booked()
    dead(handler="booking.send_confirmation", booking_id=booking.pk)
    page = office.get(MESSAGES)
    read = text_of(page)
    assert "Mail: Confirmation" in read
    assert reverse("staff:booking", args=[booking.pk]) in page.text
    assert booking.booking_number in read
    assert "5 of 5" in read
    assert "TemporaryError: busy" in read


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("", {"dead", "waiting", "retrying"}),
        ("dead", {"dead"}),
        ("waiting", {"waiting"}),
        ("retrying", {"retrying"}),
        ("dealt-with", {"dismissed"}),
        ("done", {"done"}),
        ("nonsense", {"dead", "waiting", "retrying"}),
    ],
)
def test_messages_by_state(office, state, shown):
    one_of_each()
    rows = office.get(MESSAGES, {"state": state}).context["table"]
    assert {row.message.key for row in rows} == shown


def one_of_each():
    fields = {"event": "paid", "handler": "shop.mail", "subject_id": "1"}
    dead("dead")
    dead("dismissed", dismissed_at=NOW, dismissed_by="Ann", dismissal_reason="Called")
    Message.objects.create(**fields, key="waiting")
    Message.objects.create(**fields, key="retrying", attempts=2, last_error="busy")
    Message.objects.create(**fields, key="done", done_at=NOW)


def test_messages_by_kind(office):
    dead("a", handler="shop.mail")
    dead("b", handler="shop.send_parcel")
    page = office.get(MESSAGES, {"handler": "shop.send_parcel"})
    assert [row.words for row in page.context["table"]] == ["Send parcel"]
    assert "Try all 1 “Send parcel” again" in text_of(page)


def test_messages_ask_as_often_for_1_and_100_and_show_50(office):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            page = office.get(MESSAGES)
        return len(seen), len(page.context["table"])

    dead("first", booking_id=uuid4())
    queries()  # Once more for what a process learns once.
    few = queries()
    for number in range(99):
        dead(f"more {number}", booking_id=uuid4())
    assert queries() == (few[0], 50)


def test_nothing_to_show_is_said(office):
    assert "Nothing waits and nothing was given up." in office.get(MESSAGES).text
    assert "No message fits." in office.get(MESSAGES, {"state": "done"}).text


def test_retry_of_a_dead_message_happens_once(office):
    message = dead()
    url = reverse("staff:message_retry", args=[message.pk])
    first, second = office.post(url, follow=True), office.post(url, follow=True)
    assert "It is tried again now." in first.text
    assert "This message is not given up any more." in second.text
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("waiting", 0)
    assert OrmQ.objects.count() == 1
    assert deeds() == [
        (
            "Tried again a message that was given up: Mail",
            {"message": str(message.pk), "error": "TemporaryError: busy"},
        )
    ]


@pytest.mark.usefixtures("catalog")
def test_retry_stands_in_the_history_of_the_booking(office):
    booking = booked()
    office.post(reverse("staff:message_retry", args=[dead(booking_id=booking.pk).pk]))
    assert StaffAction.objects.of_booking(booking).count() == 1


def test_retry_of_all_of_a_kind_leaves_other_kinds_and_what_is_dealt_with(office):
    one_of_each()
    dead("second")
    dead("other", handler="shop.parcel")
    url = reverse("staff:messages_retry")
    first = office.post(url, {"handler": "shop.mail"}, follow=True)
    second = office.post(url, {"handler": "shop.mail"}, follow=True)
    assert "2 messages will be tried again now." in first.text
    assert "Nothing of this kind is given up any more." in second.text
    still = Message.objects.given_up().values_list("key", flat=True)
    assert set(still) == {"other", "dismissed"}
    assert OrmQ.objects.count() == 2
    assert deeds() == [
        (
            "Tried all messages “Mail” again that were given up",
            {"handler": "shop.mail", "messages": 2},
        )
    ]


@pytest.mark.parametrize("handler", ["", "shop.unknown", "shop\x00mail"])
def test_retry_of_a_kind_that_there_is_not_does_nothing(office, handler):
    message = dead()
    office.post(reverse("staff:messages_retry"), {"handler": handler})
    message.refresh_from_db()
    assert (message.state, deeds()) == ("dead", [])


def test_message_that_is_dealt_with_is_counted_no_more(office, admin):
    message = dead()
    url = reverse("staff:message_dismiss", args=[message.pk])
    assert machinery_troubles() == 1
    refused = office.post(url, {"reason": ""})
    assert refused.context["form"].errors == {"reason": ["Say why."]}

    for _ in range(2):
        office.post(url, {"reason": "Called the customer"})

    message.refresh_from_db()
    assert message.dismissed_by == admin.get_full_name()
    assert message.dismissal_reason == "Called the customer"
    assert machinery_troubles() == 0
    assert [text for text, _ in deeds()] == ["Dealt with a message that was given up: Mail"]
    office.post(reverse("staff:message_retry", args=[message.pk]))
    message.refresh_from_db()
    assert (message.state, message.dismissed_at, message.dismissal_reason) == ("waiting", None, "")


def test_message_that_waits_cannot_be_dismissed_and_an_unknown_one_is_not_found(office):
    message = Message.objects.create(event="e", handler="h.h", subject_id="1", key="k")
    url = reverse("staff:message_dismiss", args=[message.pk])
    assert office.get(url)["Location"] == MESSAGES
    for page in ("message_dismiss", "message_retry"):
        gone = reverse(f"staff:{page}", args=[uuid4()])
        assert office.post(gone, {"reason": "x"}).status_code == 404


# --- The menu


def test_menu_counts_what_needs_somebody(office):
    Job.objects.create(name="outbox.purge", **RAN | {"last_ok": False})
    Job.objects.create(name="purge_drafts", enabled=False, **RAN | {"last_ok": False})
    died = NOW - timedelta(minutes=3)
    Job.objects.create(name="outbox.beat", last_started_at=died)
    Job.objects.create(name="alert_money", last_started_at=timezone.now())  # Perhaps running.
    dead()
    page = office.get(JOBS)
    (link,) = (link for link in page.context["staff_nav"] if link.label == "Jobs")
    assert (link.count, link.count_label, link.is_current) == (3, "waiting for somebody", True)
