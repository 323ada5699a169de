from smtplib import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPRecipientsRefused,
    SMTPServerDisconnected,
)

import pytest
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from anymail.message import AnymailRecipientStatus, AnymailStatus
from django.core.mail.backends.base import BaseEmailBackend

from totetaxi.lib.errors import AwayError, PermanentError
from totetaxi.lib.mail import Attachment, Outcome, send_templated

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
    assert send() == {"ann@example.com": Outcome()}

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
    """A mail service behind anymail, which takes mails for some and not for others."""

    def __init__(self, statuses):
        super().__init__()
        self.statuses = statuses

    def send_messages(self, email_messages):
        for message in email_messages:
            message.anymail_status = AnymailStatus()
            message.anymail_status.set_recipient_status(
                {
                    address: AnymailRecipientStatus(message_id, status)
                    for address, (message_id, status) in self.statuses.items()
                }
            )
        return len(email_messages)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (SMTPRecipientsRefused({"ann@example.com": (550, b"no such user")}), PermanentError),
        (SMTPRecipientsRefused({"ann@example.com": (451, b"come back later")}), AwayError),
        (AnymailRecipientsRefused("refused ann@example.com"), PermanentError),
        (SMTPDataError(552, b"too large"), PermanentError),
        (SMTPDataError(451, b"later"), AwayError),
        (SMTPAuthenticationError(535, b"bad password"), AwayError),
        (SMTPServerDisconnected("gone"), AwayError),
        (TimeoutError(), AwayError),
        (ConnectionRefusedError(), AwayError),
        (AnymailAPIError("ann@example.com", status_code=422), PermanentError),
        (AnymailAPIError("ann@example.com", status_code=503), AwayError),
        (AnymailAPIError("ann@example.com"), AwayError),
    ],
)
def test_failures_are_ours_and_name_nobody(templates, monkeypatch, error, raised):
    monkeypatch.setattr(GET_CONNECTION, lambda *args: FailingBackend(error))

    with pytest.raises(raised) as caught:
        send()

    assert "ann@example.com" not in str(caught.value)


def test_outcome_has_the_id_of_the_mail_service_for_each_visible_recipient(templates, monkeypatch):
    service = AcceptingBackend(
        {
            "ann@example.com": ("0100-abc", "queued"),
            "bob@example.com": ("0100-def", "sent"),
            "eve@example.com": (None, "invalid"),
            "office@example.com": ("0100-ghi", "sent"),
        }
    )
    monkeypatch.setattr(GET_CONNECTION, lambda *args: service)

    to = ["ann@example.com", "Bob <bob@example.com>", "eve@example.com"]
    assert send(to=to, bcc=["office@example.com"]) == {
        "ann@example.com": Outcome("0100-abc"),
        "Bob <bob@example.com>": Outcome("0100-def"),
        "eve@example.com": Outcome("", refused=True),
    }


def test_message_id_is_the_one_that_is_given(templates, mailoutbox):
    send(message_id="<1@totetaxi.example>")
    assert mailoutbox[0].message()["Message-ID"] == "<1@totetaxi.example>"


def test_without_a_reply_address_there_is_no_such_header(templates, mailoutbox, settings):
    settings.REPLY_TO_EMAIL = ""
    send()
    assert mailoutbox[0].message()["Reply-To"] is None
