"""Mails are on record, and a repeat sends none twice (rules R640 to R642)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from anymail.message import AnymailRecipientStatus, AnymailStatus
from django.core.cache import caches
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from totetaxi.lib.clock import real_now
from totetaxi.lib.errors import TemporaryError
from totetaxi.outbox import jobs, services
from totetaxi.outbox.mail import send_mail
from totetaxi.outbox.models import Mail, MailState, Message
from totetaxi.outbox.registry import handles
from totetaxi.outbox.services import announce, deliver, retry_dead

GONE = "AwayError: ConnectionRefusedError"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_registry", "hello")]


def handler(function, event="asked"):
    function.__module__ = "shop.handlers"
    handles(event)(function)


def mail(**options):
    send_mail(**{"template": "hello", "to": ["ann@example.com"], "context": {}, **options})


def again():
    """Deliver the only message once more, as a retry would."""
    message = Message.objects.get()
    Message.objects.update(done_at=None, dead_at=None, next_attempt_at=real_now())
    return deliver(message.pk)


def ids(mailoutbox):
    return [mail.message()["Message-ID"] for mail in mailoutbox]


class Service(BaseEmailBackend):
    """A mail service behind anymail: gives each mail an id, refuses whose name is Eve."""

    def send_messages(self, email_messages):
        for message in email_messages:
            message.anymail_status = AnymailStatus()
            message.anymail_status.set_recipient_status(
                {
                    address: AnymailRecipientStatus(
                        f"id-{address}", "rejected" if "eve" in address else "queued"
                    )
                    for address in message.recipients()
                }
            )
        return len(email_messages)


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setattr(
        "django.core.mail.message.EmailMessage.get_connection", lambda *args: Service()
    )


def test_each_visible_recipient_has_a_row_with_the_id_of_the_mail_service(run_queue, service):
    booking_id = uuid4()
    to = ["ann@example.com", "eve@example.com"]
    handler(lambda subject_id: mail(to=to, bcc=["office@example.com"]))
    announce("asked", "1", booking_id=booking_id)
    run_queue()

    message = Message.objects.get()
    rows = Mail.objects.order_by("recipient")
    assert [
        (one.recipient, one.provider_id, one.state, one.message, one.booking_id, one.template)
        for one in rows
    ] == [
        ("ann@example.com", "id-ann@example.com", "sent", message, booking_id, "hello"),
        ("eve@example.com", "id-eve@example.com", "rejected", message, booking_id, "hello"),
    ]


def test_mail_past_the_queue_is_on_record_without_a_message(mailoutbox):
    mail()
    mail()
    assert [(one.message, one.booking_id, one.state) for one in Mail.objects.all()] == [
        (None, None, "sent")
    ] * 2
    assert len(set(ids(mailoutbox))) == 2


def test_handler_that_fails_after_its_mail_went_out_does_not_mail_again(mailoutbox):
    failures = [TemporaryError("the row after it"), None]

    def act(subject_id):
        mail()
        if error := failures.pop(0):
            raise error

    handler(act)
    announce("asked", "1")

    assert [deliver(Message.objects.get().pk), again()] == [False, True]
    assert len(mailoutbox) == Mail.objects.count() == 1


def test_each_of_several_mails_of_a_handler_goes_out_once(mailoutbox):
    failures = [TemporaryError("between"), TemporaryError("at the end"), None]

    def act(subject_id):
        error = failures.pop(0)
        mail()
        mail(to=["bob@example.com"])
        if error and str(error) == "between":
            raise error
        mail(part="second half")
        mail(template="bye")
        if error:
            raise error

    handler(act)
    announce("asked", "1")
    deliver(Message.objects.get().pk)
    assert len(mailoutbox) == 2

    assert [again(), again()] == [False, True]
    assert [(sent.subject, sent.to) for sent in mailoutbox] == [
        ("Hello", ["ann@example.com"]),
        ("Hello", ["bob@example.com"]),
        ("Hello", ["ann@example.com"]),
        ("Bye", ["ann@example.com"]),
    ]
    assert len(set(ids(mailoutbox))) == 4


def test_retry_goes_to_those_alone_who_have_not_had_it(mailoutbox):
    to = ["ann@example.com"]
    handler(lambda subject_id: mail(to=to))
    announce("asked", "1")
    deliver(Message.objects.get().pk)
    to[:] = ["Ann@Example.com", "bob@example.com"]
    again()
    assert [sent.to for sent in mailoutbox] == [["ann@example.com"], ["bob@example.com"]]


def test_message_id_is_the_same_for_a_repeat_whose_record_was_lost(mailoutbox):
    handler(lambda subject_id: mail())
    announce("asked", "1")
    deliver(Message.objects.get().pk)
    Mail.objects.all().delete()  # The worker died before it could write.
    again()

    [first, second] = ids(mailoutbox)
    assert first == second
    assert first.endswith("@totetaxi.example>")


def test_dead_message_whose_mail_is_out_is_done_without_another(mailoutbox):
    handler(lambda subject_id: mail())
    announce("asked", "1")
    message = Message.objects.get()
    deliver(message.pk)
    Message.objects.update(done_at=None, dead_at=real_now())
    assert retry_dead(message)
    assert deliver(message.pk)
    assert len(mailoutbox) == 1


def test_mail_is_sent_anew_for_a_new_message(run_queue, mailoutbox):
    handler(lambda subject_id: mail())
    announce("asked", "1", key="first")
    announce("asked", "1", key="asked again")
    run_queue()
    assert len(mailoutbox) == len(set(ids(mailoutbox))) == 2


@pytest.mark.django_db(transaction=True)
def test_handler_cannot_mail_in_a_transaction(mailoutbox):
    def act(subject_id):
        with transaction.atomic():
            mail()

    handler(act)
    announce("asked", "1")
    assert deliver(Message.objects.get().pk) is False
    assert Message.objects.get().last_error.startswith("RuntimeError: A durable atomic block")
    assert mailoutbox == []


def test_forgotten_person_leaves_rows_without_an_address_and_gets_no_repeat(mailoutbox):
    handler(lambda subject_id: mail())
    announce("asked", "1")
    deliver(Message.objects.get().pk)
    mail(to=["bob@example.com"])

    assert Mail.objects.forget(" ANN@example.com") == 1
    assert Mail.objects.forget("") == 0
    assert sorted(Mail.objects.values_list("recipient", flat=True)) == ["", "bob@example.com"]
    again()
    assert len(mailoutbox) == 2


def test_purge_keeps_mails_of_bookings_and_young_ones(monkeypatch):
    handler(lambda subject_id: mail())
    announce("asked", "old")
    announce("asked", "of a booking", booking_id=uuid4())
    for pk in Message.objects.values_list("pk", flat=True):
        deliver(pk)
    mail(to=["young@example.com"])
    mail(to=["past.the.queue@example.com"])
    long_ago = real_now() - jobs.KEEP_DONE - timedelta(days=1)
    Message.objects.update(done_at=long_ago)
    Mail.objects.exclude(recipient="young@example.com").update(sent_at=long_ago)

    jobs.purge()

    kept = Mail.objects.order_by("recipient").values_list("recipient", "message__subject_id")
    assert list(kept) == [("ann@example.com", "of a booking"), ("young@example.com", None)]


def test_mail_that_went_out_is_no_failure_while_the_cache_is_away(service, monkeypatch):
    def down(*args, **kwargs):
        raise RedisConnectionError

    monkeypatch.setattr(type(caches["default"]), "get_many", down)
    mail()
    assert Mail.objects.get().state == MailState.SENT


def test_cache_is_not_asked_about_mails_that_nobody_reports_on(mailoutbox, monkeypatch):
    def refuse(*args, **kwargs):  # As Redis does, when asked about nothing.
        raise ResponseError

    monkeypatch.setattr("totetaxi.outbox.tracking.CACHE_IS_DOWN", ())
    monkeypatch.setattr(type(caches["default"]), "get_many", refuse)
    mail()
    assert Mail.objects.get().state == MailState.SENT


def test_report_that_is_faster_than_the_row_is_not_lost(run_queue, monkeypatch, service, report):
    caches["default"].clear()
    send = Service.send_messages

    def sent_and_reported(self, email_messages):
        count = send(self, email_messages)
        report("bounced", "id-ann@example.com", "ann@example.com", mta_response="550 no such user")
        return count

    monkeypatch.setattr(Service, "send_messages", sent_and_reported)
    handler(lambda subject_id: mail())
    announce("asked", "1")
    run_queue()

    row = Mail.objects.get()
    assert (row.state, row.detail) == (MailState.BOUNCED, "550 no such user")


# --- How long a mail is tried


@pytest.fixture
def clock():
    with time_machine.travel(datetime(2026, 6, 10, 12, 0, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def away(monkeypatch):
    """The mail service is away; when it was asked."""
    asked = []

    class Away(BaseEmailBackend):
        def send_messages(self, email_messages):
            asked.append(real_now())
            raise ConnectionRefusedError

    monkeypatch.setattr(
        "django.core.mail.message.EmailMessage.get_connection", lambda *args: Away()
    )
    return asked


def test_mail_service_that_is_away_is_asked_for_a_day(clock, away):
    handler(lambda subject_id: mail())
    announce("asked", "1")
    message = Message.objects.get()
    start = real_now()

    for _ in range(98):
        assert message.dead_at is None
        deliver(message.pk)
        message.refresh_from_db()
        assert (message.last_error, message.attempts <= 5) == (GONE, True)
        clock.move_to(message.next_attempt_at)

    assert message.state == "dead"
    waits = [(when - start) // timedelta(minutes=1) for when in away]
    assert waits[:7] == [0, 1, 6, 21, 36, 51, 66]
    assert (waits[-1], len(waits)) == (1431, 98)
    clock.shift(timedelta(hours=2))
    assert deliver(message.pk) is False
    assert len(away) == 98


def test_other_service_that_fails_is_not_asked_so_long(clock):
    def act(subject_id):
        raise TemporaryError("busy")

    handler(act)
    announce("asked", "1")
    message = Message.objects.get()
    for _ in range(services.MAX_ATTEMPTS):
        deliver(message.pk)
        message.refresh_from_db()
        clock.move_to(message.next_attempt_at)
    assert message.state == "dead"


def test_outage_does_not_shield_a_message_that_kills_its_worker(clock, away, monkeypatch):
    handler(lambda subject_id: mail())
    announce("asked", "1")
    message = Message.objects.get()
    for _ in range(8):
        deliver(message.pk)
        message.refresh_from_db()
        clock.move_to(message.next_attempt_at)
    assert message.state == "retrying"

    def killed(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("totetaxi.outbox.mail.send_templated", killed)
    with pytest.raises(KeyboardInterrupt):
        deliver(message.pk)
    clock.shift(services.LEASE)
    assert deliver(message.pk) is False
    message.refresh_from_db()
    assert (message.state, message.last_error) == (
        "dead",
        "The worker ended during the last attempt.",
    )
