"""One mail when something falls silent, one when it is well again, whoever and how many ask."""

import threading
from datetime import UTC, datetime, timedelta
from smtplib import SMTPConnectError

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from tests.totetaxi.outbox.helpers import schedule_beat, well
from totetaxi.outbox import health
from totetaxi.outbox.alarms import KINDS, LEASE, poll, tell
from totetaxi.outbox.beats import SCHEDULER, WATCH, WATCH_SINCE, WORKER, stamp
from totetaxi.outbox.models import Alarm, Mail, Message

NOW = datetime(2026, 6, 10, 19, 4, tzinfo=UTC)  # 3:04 PM in New York
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


class BrokenBackend(EmailBackend):
    """A mail server that cannot be reached."""

    def send_messages(self, messages):
        raise SMTPConnectError(421, "not now")


@pytest.fixture(autouse=True)
def limits(settings):
    settings.STAFF_ALERT_EMAILS = ["alerts@example.com"]
    settings.SITE_URL = "https://totetaxi.example"
    settings.HEALTH_SILENCE_SECONDS = 180
    settings.HEALTH_QUEUE_SECONDS = 900
    settings.HEALTH_WELL_SECONDS = 120


@pytest.fixture
def site(db):
    """A site that has been listened to for a day, and is well."""
    well(at=NOW, heard_since=NOW - DAY)


def make_message(**fields):
    key = str(Message.objects.count())
    return Message.objects.create(event="e", handler="h", subject_id="1", key=key, **fields)


def ask(now):
    """As whoever serves readiness; whether it was ready."""
    state, notices = poll(now)
    tell(notices)
    return state.ready


def ask_until(start, end, *, beating=False, every=MINUTE):
    """Ask each minute; the subjects of the mails of that time."""
    before = len(mail.outbox)
    while start <= end:
        if beating:
            stamp(SCHEDULER, WORKER, at=start)
        ask(start)
        start += every
    return [message.subject for message in mail.outbox[before:]]


ALARM = "Alarm: Mails and scheduled work stand still"
RECOVERED = "Recovered: Mails and scheduled work stand still"


def test_silence_is_mailed_once_within_five_minutes(site):
    assert ask_until(NOW, NOW + 3 * MINUTE) == []
    assert ask_until(NOW + 4 * MINUTE, NOW + 4 * MINUTE) == [ALARM]
    assert ask_until(NOW + 5 * MINUTE, NOW + 15 * MINUTE) == []


def test_alarm_says_what_since_when_what_it_means_and_what_to_do(site):
    ask_until(NOW, NOW + 4 * MINUTE)
    (message,) = mail.outbox
    assert message.to == ["alerts@example.com"]
    text = message.body
    assert text.startswith("Mails and scheduled work stand still, since 3:04 PM on June 10.\n")
    assert (
        "Scheduler: No sign of life since 3:04 PM. Worker: No sign of life since 3:04 PM." in text
    )
    assert "What it means: Customers can still book and pay." in text
    assert 'docs/operate.md, section "Alarm: scheduler or worker silent"' in text
    assert "https://totetaxi.example/staff/jobs/" in text
    html = str(message.alternatives[0][0])
    assert 'href="https://totetaxi.example/staff/jobs/"' in html
    assert Mail.objects.get().template == "outbox/alarm"


def test_recovery_is_mailed_once_after_all_was_well_for_a_while(site):
    ask_until(NOW, NOW + 10 * MINUTE)
    back = NOW + 11 * MINUTE
    assert ask_until(back, back + MINUTE, beating=True) == []
    assert ask_until(back + 2 * MINUTE, back + 2 * MINUTE, beating=True) == [RECOVERED]
    assert (
        "from 3:04 PM on June 10 until 3:15 PM on June 10, for 11 minutes." in mail.outbox[-1].body
    )
    assert ask_until(back + 3 * MINUTE, back + 10 * MINUTE, beating=True) == []
    alarm = Alarm.objects.get()
    assert (alarm.raised_at, alarm.told_at, alarm.detail) == (None, None, "")


def test_next_silence_is_a_new_alarm(site):
    ask_until(NOW, NOW + 4 * MINUTE)
    ask_until(NOW + 5 * MINUTE, NOW + 10 * MINUTE, beating=True)
    assert ask_until(NOW + 11 * MINUTE, NOW + 20 * MINUTE) == [ALARM]


def test_what_flaps_is_one_alarm(site):
    ask_until(NOW, NOW + 4 * MINUTE)
    for beat in (5, 10, 15, 20):  # Well for some minutes of which too few are in a row.
        at = NOW + beat * MINUTE
        stamp(SCHEDULER, WORKER, at=at - 2 * MINUTE)
        assert ask_until(at, at + 4 * MINUTE) == []


def test_both_halves_are_one_alarm_whichever_falls_silent_first(site):
    assert ask_until(NOW, NOW + 2 * MINUTE) == []
    stamp(SCHEDULER, at=NOW + 2 * MINUTE)
    assert ask_until(NOW + 3 * MINUTE, NOW + 4 * MINUTE) == [ALARM]
    assert "Scheduler" not in mail.outbox[-1].body
    assert ask_until(NOW + 5 * MINUTE, NOW + 10 * MINUTE) == []
    assert "Scheduler: No sign of life since 3:06 PM." in Alarm.objects.get().detail


@pytest.mark.parametrize("beat", [None, NOW - DAY])
def test_start_is_no_alarm(db, beat):
    """Neither the first one ever nor that after a night, as on a laptop."""
    schedule_beat()
    if beat:
        stamp(SCHEDULER, WORKER, WATCH, WATCH_SINCE, at=beat)
    make_message(next_attempt_at=NOW - DAY)
    # The queue gives its first sign of life after almost three minutes.
    assert ask_until(NOW, NOW + 2 * MINUTE) == []
    assert ask_until(NOW + 3 * MINUTE, NOW + 14 * MINUTE, beating=True) == []


def test_start_with_a_queue_that_never_comes_is_an_alarm(db):
    schedule_beat()
    assert ask_until(NOW, NOW + 3 * MINUTE) == []
    assert ask_until(NOW + 4 * MINUTE, NOW + 4 * MINUTE) == [ALARM]


def test_deploy_is_no_alarm(site):
    """Web and queue are away for two minutes, and the queue needs another to beat."""
    ask_until(NOW, NOW)
    assert ask_until(NOW + 2 * MINUTE, NOW + 3 * MINUTE) == []
    assert ask_until(NOW + 3 * MINUTE, NOW + 10 * MINUTE, beating=True) == []


def test_alarm_does_not_end_because_nobody_asked_for_a_while(site):
    ask_until(NOW, NOW + 4 * MINUTE)
    assert ask_until(NOW + DAY, NOW + DAY + 10 * MINUTE) == []
    assert Alarm.objects.get().raised_at == NOW + 4 * MINUTE
    later = NOW + DAY + 11 * MINUTE
    assert ask_until(later, later + 5 * MINUTE, beating=True) == [RECOVERED]


def test_queue_that_does_not_keep_up(site):
    make_message(next_attempt_at=NOW)
    assert ask_until(NOW, NOW + 15 * MINUTE, beating=True) == []
    assert ask_until(NOW + 16 * MINUTE, NOW + 20 * MINUTE, beating=True) == [
        "Alarm: The queue does not keep up"
    ]
    Message.objects.update(done_at=NOW)
    assert ask_until(NOW + 31 * MINUTE, NOW + 40 * MINUTE, beating=True) == [
        "Recovered: The queue does not keep up"
    ]


def test_silent_queue_is_not_told_a_second_time_as_one_that_does_not_keep_up(site):
    make_message(next_attempt_at=NOW)
    assert ask_until(NOW, NOW + 60 * MINUTE, every=4 * MINUTE) == [ALARM]
    # Nor when it is back and has not got through what waited.
    assert ask_until(NOW + 61 * MINUTE, NOW + 62 * MINUTE, beating=True) == []
    Message.objects.update(done_at=NOW)
    assert ask_until(NOW + 63 * MINUTE, NOW + 70 * MINUTE, beating=True) == [RECOVERED]


def test_work_given_up_is_one_mail_for_a_series_and_none_at_its_end(site):
    for _ in range(3):
        make_message(dead_at=NOW - MINUTE)
    assert ask_until(NOW, NOW + 9 * MINUTE, beating=True) == ["Alarm: Work was given up"]
    assert "Given up: 3 given up, 3 of them within the last hour." in mail.outbox[-1].body
    assert "one more mail" not in mail.outbox[-1].body
    make_message(dead_at=NOW + 40 * MINUTE)
    assert ask_until(NOW + 41 * MINUTE, NOW + 3 * 60 * MINUTE, beating=True, every=9 * MINUTE) == []
    again = NOW + 4 * 60 * MINUTE
    make_message(dead_at=again)
    assert ask_until(again, again + 9 * MINUTE, beating=True) == ["Alarm: Work was given up"]


def test_missing_migrations(site, monkeypatch):
    monkeypatch.setattr(health._Migrations, "applied", False)
    monkeypatch.setattr(health, "_missing_migrations", lambda: 2)
    assert ask_until(NOW, NOW + 2 * MINUTE, beating=True) == [
        "Alarm: The database is older than the code"
    ]
    monkeypatch.setattr(health, "_missing_migrations", lambda: 0)
    assert ask_until(NOW + 3 * MINUTE, NOW + 9 * MINUTE, beating=True) == [
        "Recovered: The database is older than the code"
    ]


def test_failed_mail_is_tried_again_by_the_next_who_asks(site, settings, caplog):
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    ask_until(NOW, NOW + 5 * MINUTE)
    assert mail.outbox == []
    assert caplog.text.count("The mail about silence failed: AwayError") == 2
    assert "alerts@example.com" not in caplog.text

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert ask_until(NOW + 6 * MINUTE, NOW + 8 * MINUTE) == [ALARM]


def test_caller_that_died_over_the_mail_keeps_it_for_a_while_only(site):
    ask_until(NOW, NOW + 3 * MINUTE)
    start = NOW + 4 * MINUTE
    _, claimed = poll(start)
    assert [notice.kind.name for notice in claimed] == ["silence"]
    assert poll(start + LEASE - SECOND)[1] == []
    assert ask_until(start + LEASE, start + LEASE) == [ALARM]


def test_nobody_to_tell_is_said_in_the_log_once(site, settings, caplog):
    settings.STAFF_ALERT_EMAILS = []
    ask_until(NOW, NOW + 10 * MINUTE)
    assert mail.outbox == []
    assert caplog.text.count("STAFF_ALERT_EMAILS is empty") == 1
    assert "Alarm: Scheduler: No sign of life since 3:04 PM." in caplog.text


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_who_ask_at_once_one_sends_the_mail():
    well(at=NOW, heard_since=NOW - DAY)
    # Nobody has to wait for another: the row is there, and so soon nobody notes that they ask.
    Alarm.objects.create(name="silence")
    ask(NOW + 3 * MINUTE)
    start = threading.Barrier(16)
    failures: list[BaseException] = []

    def ask_at_once():
        try:
            for seconds in (1, 2, 60):
                start.wait(30)
                ask(NOW + 3 * MINUTE + seconds * SECOND)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask_at_once) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert [message.subject for message in mail.outbox] == [ALARM]


def test_every_alarm_has_its_section_in_the_runbook(settings):
    runbook = (settings.BASE_DIR / "docs" / "operate.md").read_text()
    assert [kind.section for kind in KINDS if f"## {kind.section}\n" not in runbook] == []


def test_asking_while_all_is_well_is_cheap(site, django_assert_num_queries):
    ask(NOW)
    with django_assert_num_queries(11):  # Three of them are the transaction and its limit.
        ask(NOW + SECOND)
