"""The mail server is down for an hour: afterwards every mail is out, none twice (rule R643).

A real SMTP server on a port of this machine, Django's SMTP backend, the site's own mails.
"""

import re
import socket
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser

import pytest
import time_machine
from aiosmtpd.controller import Controller
from django.db import transaction

from tests.staff.office import booked
from totetaxi.outbox.models import Mail, Message
from totetaxi.outbox.services import announce, queue_due
from totetaxi.pages.models import ContactMessage

START = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class MailServer:
    """Keeps what it is sent; ``hang_up`` drops that many connections instead of saying 250."""

    def __init__(self, port):
        self.mails = []
        self.hang_up = 0
        self.controller = Controller(self, hostname="127.0.0.1", port=port)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (aiosmtpd calls it)
        parsed = BytesParser(policy=policy.default).parsebytes(envelope.content)
        self.mails.append((sorted(envelope.rcpt_tos), parsed))
        if self.hang_up:
            self.hang_up -= 1
            server.transport.abort()
        return "250 OK"

    def arrived(self, *about):
        """Which of the words ``about`` each subject has, and to whom it went; in their order."""
        found = [(word, to) for to, mail in self.mails for word in about if word in mail["Subject"]]
        assert len(found) == len(self.mails)
        return sorted(found, key=lambda one: about.index(one[0]))

    def message_ids(self):
        return [mail["Message-ID"] for _, mail in self.mails]


@pytest.fixture
def server(settings):
    """A mail server that is not yet up; the settings name it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""
    settings.BOOKING_EMAIL_BCC = ["office@example.com"]
    server = MailServer(port)
    yield server
    if server.controller.server is not None:
        server.controller.stop()


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def minutes_pass(clock, run_queue):
    """minutes_pass(n): the worker at its queue, the sweep each minute."""

    def pass_by(minutes):
        for _ in range(minutes):
            queue_due()
            run_queue(errors_allowed=True)
            clock.shift(MINUTE)

    return pass_by


def write_to_us(subject):
    message = ContactMessage.objects.create(
        name="Ann", email="ann@example.com", subject=subject, message="Hello"
    )
    announce("contact_message", message.pk)


def confirm(booking):
    announce("confirmation_again", booking.pk, booking_id=booking.pk)


def test_every_mail_of_an_hour_without_a_server_arrives_once(catalog, server, clock, minutes_pass):
    first, second = booked(), booked(email="bob@example.com", made=START)
    confirm(first)
    write_to_us("One")
    with transaction.atomic():
        write_to_us("Never committed")
        confirm(second)
        transaction.set_rollback(True)
    minutes_pass(30)
    write_to_us("Two")
    with transaction.atomic():
        write_to_us("Rolled back")
        transaction.set_rollback(True)
    minutes_pass(29)
    confirm(second)
    minutes_pass(1)
    assert Mail.objects.count() == 0
    assert {message.state for message in Message.objects.all()} == {"retrying"}

    server.controller.start()
    minutes_pass(15)

    about = (first.booking_number, second.booking_number, "One", "Two", "Never", "Rolled")
    assert server.arrived(*about) == [
        (first.booking_number, ["ada@example.com", "office@example.com"]),
        (second.booking_number, ["bob@example.com", "office@example.com"]),
        ("One", ["info@totetaxi.com"]),
        ("Two", ["info@totetaxi.com"]),
    ]
    assert len(set(server.message_ids())) == 4
    assert {message.state for message in Message.objects.all()} == {"done"}
    assert Mail.objects.filter(state="sent").count() == 4

    clock.shift(timedelta(days=1))
    minutes_pass(1)
    assert len(server.mails) == 4


def test_server_that_takes_a_mail_and_hangs_up_gets_it_again_as_the_same_mail(
    catalog, server, minutes_pass
):
    """Nobody can know whether it was kept: at least once, and mail programs see one mail."""
    server.hang_up = 2
    server.controller.start()
    confirm(booked())
    minutes_pass(30)

    assert len(server.mails) == 3
    [message_id] = set(server.message_ids())
    assert re.fullmatch(r"<[0-9a-f-]{36}@totetaxi\.example>", message_id)
    assert len({mail.get_body(("plain",)).get_content() for _, mail in server.mails}) == 1
    assert Mail.objects.count() == 1
