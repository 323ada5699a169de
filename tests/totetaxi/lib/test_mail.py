from smtplib import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPRecipientsRefused,
    SMTPServerDisconnected,
)

import pytest
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.core.mail.backends.base import BaseEmailBackend

from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.lib.mail import Attachment, send_templated

GET_CONNECTION = "django.core.mail.message.EmailMessage.get_connection"


@pytest.fixture
def templates(settings, tmp_path):
    folder = tmp_path / "emails"
    folder.mkdir()
    (folder / "hello.subject.txt").write_text("Hello {{ name }},\n  your booking\n")
    (folder / "hello.txt").write_text(
        '{% extends "emails/_layout.txt" %}'
        "{% block content %}Hello {{ name }}{% endblock content %}"
    )
    (folder / "hello.html").write_text(
        '{% extends "emails/_layout.html" %}'
        "{% block content %}<p>Hello {{ name }}</p>{% endblock content %}"
    )
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]
    settings.SITE_URL = "https://totetaxi.example"
    settings.REPLY_TO_EMAIL = "info@totetaxi.example"


def send(**options):
    context = {"name": "Ann O'Brien <ann>"}
    return send_templated(
        **{"template": "hello", "to": ["ann@example.com"], "context": context, **options}
    )


def test_send_templated_sends_text_and_html(templates, mailoutbox, settings):
    assert send() == ""

    [sent] = mailoutbox
    assert sent.subject == "Hello Ann O'Brien <ann>, your booking"
    assert sent.from_email == settings.DEFAULT_FROM_EMAIL
    assert (sent.to, sent.bcc) == (["ann@example.com"], [])
    assert sent.reply_to == ["info@totetaxi.example"]
    assert sent.body.startswith("Hello Ann O'Brien <ann>\n")
    assert "https://totetaxi.example" in sent.body
    [html] = sent.alternatives
    assert html.mimetype == "text/html"
    assert "<p>Hello Ann O&#x27;Brien &lt;ann&gt;</p>" in html.content
    assert "<title>Hello Ann O&#x27;Brien &lt;ann&gt;, your booking</title>" in html.content


def test_send_templated_passes_blind_copies_reply_address_and_files_on(templates, mailoutbox):
    calendar = Attachment("pickup.ics", b"BEGIN:VCALENDAR\r\n", "text/calendar; method=PUBLISH")

    send(bcc=["office@example.com"], reply_to="bob@example.com", attachments=[calendar])

    [sent] = mailoutbox
    assert sent.bcc == ["office@example.com"]
    assert sent.reply_to == ["bob@example.com"]
    assert sent.attachments[0].filename == "pickup.ics"
    mime = sent.message().as_string()
    assert 'Content-Type: text/calendar; method="PUBLISH"' in mime
    assert "office@example.com" not in mime


def test_subject_cannot_add_headers(templates, mailoutbox):
    send(context={"name": "Ann\r\nBcc: eve@example.com"})
    assert mailoutbox[0].subject == "Hello Ann Bcc: eve@example.com, your booking"


class FailingBackend(BaseEmailBackend):
    """A mail service that fails."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def send_messages(self, email_messages):
        raise self.error


class AcceptingBackend(BaseEmailBackend):
    """A mail service behind anymail."""

    def send_messages(self, email_messages):
        for message in email_messages:
            message.anymail_status = type("Status", (), {"message_id": "0100-abc"})()
        return len(email_messages)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (SMTPRecipientsRefused({"ann@example.com": (550, b"no such user")}), PermanentError),
        (AnymailRecipientsRefused("refused ann@example.com"), PermanentError),
        (SMTPDataError(552, b"too large"), PermanentError),
        (SMTPDataError(451, b"later"), TemporaryError),
        (SMTPAuthenticationError(535, b"bad password"), TemporaryError),
        (SMTPServerDisconnected("gone"), TemporaryError),
        (TimeoutError(), TemporaryError),
        (ConnectionRefusedError(), TemporaryError),
        (AnymailAPIError("ann@example.com", status_code=422), PermanentError),
        (AnymailAPIError("ann@example.com", status_code=503), TemporaryError),
        (AnymailAPIError("ann@example.com"), TemporaryError),
    ],
)
def test_failures_are_ours_and_name_nobody(templates, monkeypatch, error, raised):
    monkeypatch.setattr(GET_CONNECTION, lambda *args: FailingBackend(error))

    with pytest.raises(raised) as caught:
        send()

    assert "ann@example.com" not in str(caught.value)


def test_send_templated_returns_the_id_of_the_provider(templates, monkeypatch):
    monkeypatch.setattr(GET_CONNECTION, lambda *args: AcceptingBackend())
    assert send() == "0100-abc"
