import re

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from totetaxi.dev.models import Mail
from totetaxi.outbox import models as outbox
from totetaxi.outbox.mail import send_mail


@pytest.fixture
def send(db):
    """Sends a mail into the mailbox."""
    mailbox = get_connection("totetaxi.dev.mailbox.EmailBackend")

    def send(*, html="<html><head></head><body><p>Hello Ann</p></body></html>", **fields):
        message = EmailMultiAlternatives(
            connection=mailbox,
            **{
                "subject": "Your booking – TT-000123",
                "body": "Hello Ann,\nsee http://localhost:8000/booking/1/",
                "from_email": "ToteTaxi <bookings@totetaxi.example>",
                "to": ["ann@example.com"],
                **fields,
            },
        )
        if html:
            message.attach_alternative(html, "text/html")
        message.attach("pickup.ics", b"BEGIN:VCALENDAR\r\n", "text/calendar; method=PUBLISH")
        message.attach("receipt.pdf", b"%PDF-\x00\xff", "application/pdf")
        assert message.send() == 1
        return Mail.objects.latest("sent_at")

    return send


def test_mailbox_keeps_the_whole_mail(send):
    mail = send(cc=["bob@example.com"], bcc=["office@example.com"], reply_to=["info@example.com"])
    assert mail.subject == "Your booking – TT-000123"
    assert mail.sender == "ToteTaxi <bookings@totetaxi.example>"
    assert (mail.to, mail.cc, mail.bcc, mail.reply_to) == (
        ["ann@example.com"],
        ["bob@example.com"],
        ["office@example.com"],
        ["info@example.com"],
    )
    assert mail.text == "Hello Ann,\nsee http://localhost:8000/booking/1/"
    assert mail.html == "<html><head></head><body><p>Hello Ann</p></body></html>"
    files = [(file.filename, file.mimetype, bytes(file.content)) for file in mail.attachments.all()]
    assert files == [
        ("pickup.ics", "text/calendar", b"BEGIN:VCALENDAR\r\n"),
        ("receipt.pdf", "application/pdf", b"%PDF-\x00\xff"),
    ]


def test_mail_to_nobody_is_not_kept(db):
    mailbox = get_connection("totetaxi.dev.mailbox.EmailBackend")
    assert mailbox.send_messages([EmailMultiAlternatives("s", "b", "a@example.com", [])]) == 0
    assert not Mail.objects.exists()


def test_mailbox_lists_the_latest_first(client, send):
    send(subject="First")
    send(subject="Second", to=["bob@example.com"])

    page = client.get(reverse("dev:mailbox")).text
    assert page.index("Second") < page.index("First")
    assert "ann@example.com" in page
    assert "pickup.ics" in page

    filtered = client.get(reverse("dev:mailbox"), {"to": "bob@"}).text
    assert "Second" in filtered
    assert "First" not in filtered


def test_empty_mailbox_says_what_to_do(client, db):
    assert "No mail yet." in client.get(reverse("dev:mailbox")).text
    assert "No mail to eve yet." in client.get(reverse("dev:mailbox"), {"to": "eve"}).text


def test_mailbox_needs_as_many_queries_for_many_mails_as_for_one(
    client, send, django_assert_num_queries
):
    client.get(reverse("dev:mailbox"))  # Fills the caches.
    send()
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("dev:mailbox"))
    for _ in range(12):
        send()
    with django_assert_num_queries(len(one)):
        client.get(reverse("dev:mailbox"))


def test_mail_shows_its_heads_its_text_and_its_files(client, send):
    mail = send(
        bcc=["office@example.com"], body="<script>alert(1)</script> http://localhost:8000/x/"
    )
    page = client.get(reverse("dev:mail", args=[mail.pk])).text
    assert "office@example.com" in page
    assert "<script>alert" not in page
    assert '<a href="http://localhost:8000/x/" rel="nofollow">' in page
    assert reverse("dev:attachment", args=[mail.pk, 1]) in page
    [frame] = re.findall(r"<iframe[^>]*>", page)
    assert reverse("dev:mail_html", args=[mail.pk]) in frame
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame


def test_mail_without_html_has_no_frame(client, send):
    mail = send(html="")
    assert "<iframe" not in client.get(reverse("dev:mail", args=[mail.pk])).text


def test_html_of_a_mail_can_be_framed_but_can_do_nothing(client, send):
    mail = send(html="<html><head><title>x</title></head><body><script>1</script></body></html>")
    response = client.get(reverse("dev:mail_html", args=[mail.pk]))
    assert response.text.startswith('<html><head><base target="_blank"><title>')
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "sandbox allow-popups" in policy
    assert "script" not in policy


def test_attachment_is_saved_under_its_name(client, send):
    mail = send()
    response = client.get(reverse("dev:attachment", args=[mail.pk, 1]))
    assert response.content == b"%PDF-\x00\xff"
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="receipt.pdf"'
    assert client.get(reverse("dev:attachment", args=[mail.pk, 7])).status_code == 404


@pytest.mark.parametrize(
    ("what", "label", "detail"),
    [
        ("delivered", "Delivered", "250 2.0.0 OK"),
        (
            "bounced",
            "Bounced",
            "550 5.1.1 The email account that you tried to reach does not exist.",
        ),
        ("complained", "Spam complaint", "The recipient marked this mail as spam."),
    ],
)
def test_mailbox_reports_as_a_mail_service_does(client, db, settings, what, label, detail):
    settings.EMAIL_BACKEND = "totetaxi.dev.mailbox.EmailBackend"
    send_mail(
        template="contact_message",
        to=["Ann@example.com", "bob@example.com"],
        bcc=["office@example.com"],
        context={},
    )
    mail = Mail.objects.get()
    rows = outbox.Mail.objects.order_by("recipient")
    assert [(row.provider_id, row.state) for row in rows] == [(str(mail.pk), "sent")] * 2
    page = client.get(reverse("dev:mail", args=[mail.pk]))
    assert re.search(rf'<button[^>]*value="{what}">{label}</button>', page.text)

    page = client.post(reverse("dev:mail_report", args=[mail.pk]), {"what": what}, follow=True)

    assert f"The site was told: {label.lower()}." in page.text
    assert [(row.state, row.detail) for row in rows.all()] == [(what, detail)] * 2
    assert f">{label}</span>" in client.get(reverse("dev:mailbox")).text


def test_mailbox_reports_only_what_it_knows(client, send):
    url = reverse("dev:mail_report", args=[send().pk])
    for what in ("", "opened"):
        assert "Choose what became" in client.post(url, {"what": what}, follow=True).text
    assert client.get(url).status_code == 405


def test_mailbox_is_only_read(client, db):
    assert client.post(reverse("dev:mailbox")).status_code == 405
    missing = "00000000-0000-4000-8000-000000000000"
    assert client.get(reverse("dev:mail", args=[missing])).status_code == 404


def test_mailbox_does_not_exist_in_production(client, send, settings):
    mail = send()
    settings.ENVIRONMENT = "production"
    for url in (reverse("dev:mailbox"), reverse("dev:mail", args=[mail.pk])):
        assert client.get(url).status_code == 404
