"""What mail services report moves the state of a mail (rules R644 and R645).

The payloads are those the services publish, with our ids and addresses.
"""

import hashlib
import hmac
import itertools
import json
from base64 import b64encode

import pytest
from anymail.signals import EventType
from django.conf import settings as site
from django.urls import NoReverseMatch, reverse

from totetaxi.outbox.models import Mail, MailState
from totetaxi.outbox.urls import urlpatterns

pytestmark = pytest.mark.django_db

SIGNING_KEY = "key-of-mailgun"
POSTMARK_DELIVERY = {
    "RecordType": "Delivery",
    "ServerID": 23,
    "MessageStream": "outbound",
    "MessageID": "00000000-0000-0000-0000-000000000000",
    "Recipient": "ann@example.com",
    "Tag": "welcome-email",
    "DeliveredAt": "2026-06-10T16:33:54.9070259Z",
    "Details": "Test delivery webhook details",
    "Metadata": {"example": "value"},
}
POSTMARK_BOUNCE = {
    "RecordType": "Bounce",
    "MessageStream": "outbound",
    "ID": 4323372036854775807,
    "Type": "HardBounce",
    "TypeCode": 1,
    "Name": "Hard bounce",
    "Tag": "Test",
    "MessageID": "00000000-0000-0000-0000-000000000000",
    "Metadata": {"a_key": "a_value"},
    "ServerID": 23,
    "Description": "The server was unable to deliver your message (ex: unknown user).",
    "Details": "smtp;550 5.1.1 <ann@example.com>: no such user",
    "Email": "ann@example.com",
    "From": "sender@example.com",
    "BouncedAt": "2026-06-10T16:34:54Z",
    "DumpAvailable": True,
    "Inactive": True,
    "CanActivate": True,
    "Subject": "Test subject",
    "Content": "<Full dump of bounce>",
}
POSTMARK_COMPLAINT = {
    **POSTMARK_BOUNCE,
    "RecordType": "SpamComplaint",
    "Type": "SpamComplaint",
    "TypeCode": 512,
    "Description": "",
    "Details": "Test spam complaint details",
}


def mailgun(event, **fields):
    """A signed report as Mailgun posts it."""
    signed = {"timestamp": "1781109294", "token": "a" * 50}
    digest = hmac.new(
        SIGNING_KEY.encode(), (signed["timestamp"] + signed["token"]).encode(), hashlib.sha256
    )
    data = {
        "event": event,
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "timestamp": 1781109294.1,
        "log-level": "info",
        "recipient": "ann@example.com",
        "recipient-domain": "example.com",
        "flags": {"is-routed": False, "is-authenticated": True, "is-test-mode": False},
        "message": {
            "headers": {"to": "ann@example.com", "message-id": "20260610.1@totetaxi.example"},
            "attachments": [],
            "size": 111,
        },
        "tags": [],
        "user-variables": {},
        **fields,
    }
    return {"signature": {**signed, "signature": digest.hexdigest()}, "event-data": data}


def ses(kind, **fields):
    """An SNS notification as Amazon posts it."""
    message = {
        "eventType": kind,
        "mail": {
            "timestamp": "2026-06-10T16:33:54.000Z",
            "messageId": "0100018f-ses",
            "source": "bookings@totetaxi.example",
            "destination": ["ann@example.com"],
            "tags": {},
        },
        **fields,
    }
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:mail",
        "Message": json.dumps(message),
        "Timestamp": "2026-06-10T16:33:55.000Z",
        "SignatureVersion": "1",
    }


@pytest.fixture(autouse=True)
def mail_service(settings):
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": ["mail:next", "mail:secret"],
        "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY,
    }
    return settings


@pytest.fixture
def post(client, settings):
    """post(service, payload, secret=...): the answer's status, as that service would see it."""

    def post(service, payload, *, secret="mail:secret", **headers):
        settings.EMAIL_BACKEND = f"anymail.backends.{service}.EmailBackend"
        if secret:
            headers["authorization"] = f"Basic {b64encode(secret.encode()).decode()}"
        body = payload if isinstance(payload, str | bytes) else json.dumps(payload)
        url = f"/webhooks/mail/{service}/tracking/"
        return client.post(url, body, "application/json", headers=headers).status_code

    return post


def sent(provider_id=POSTMARK_BOUNCE["MessageID"], recipient="ann@example.com", **fields):
    return Mail.objects.create(
        template="hello", provider_id=provider_id, recipient=recipient, **fields
    )


def state(mail):
    mail.refresh_from_db()
    return mail.state, mail.detail


def test_postmark_reports_delivery_bounce_and_complaint(post):
    mail = sent(recipient="Ann@Example.com")
    assert post("postmark", POSTMARK_DELIVERY) == 200
    assert state(mail) == ("delivered", "Test delivery webhook details")
    assert post("postmark", POSTMARK_BOUNCE) == 200
    assert state(mail) == ("bounced", "smtp;550 5.1.1 <...>: no such user")
    assert post("postmark", POSTMARK_COMPLAINT) == 200
    assert state(mail) == ("complained", "Test spam complaint details")


def test_mailgun_reports_delay_bounce_and_delivery(post):
    mail = sent("<20260610.1@totetaxi.example>")
    later = mailgun(
        "failed",
        severity="temporary",
        reason="generic",
        **{"delivery-status": {"code": 452, "message": "4.2.2 mailbox full", "attempt-no": 1}},
    )
    assert post("mailgun", later) == 200
    assert state(mail) == ("deferred", "4.2.2 mailbox full")
    assert post("mailgun", mailgun("delivered", **{"delivery-status": {"code": 250}})) == 200
    assert state(mail) == ("delivered", "")
    gone = mailgun(
        "failed",
        severity="permanent",
        reason="bounce",
        **{"delivery-status": {"code": 550, "message": "5.1.1 no such user"}},
    )
    assert post("mailgun", gone) == 200
    assert state(mail) == ("bounced", "5.1.1 no such user")


def test_mailgun_signature_is_asked_for_as_well(post):
    mail = sent("<20260610.1@totetaxi.example>")
    forged = mailgun("delivered")
    forged["signature"]["signature"] = "0" * 64
    assert post("mailgun", forged) == 400
    assert state(mail) == ("sent", "")


def test_amazon_reports_each_recipient(post):
    ann, bob = sent("0100018f-ses"), sent("0100018f-ses", "bob@example.com")
    bounce = ses(
        "Bounce",
        bounce={
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": "bob@example.com",
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
            "timestamp": "2026-06-10T16:33:55.000Z",
            "feedbackId": "0100018f-feedback",
        },
    )
    delivery = ses(
        "Delivery",
        delivery={
            "timestamp": "2026-06-10T16:33:55.000Z",
            "recipients": ["ann@example.com"],
            "smtpResponse": "250 ok",
        },
    )
    sns = {"x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": bounce["MessageId"]}
    assert [post("amazon_ses", payload, **sns) for payload in (bounce, delivery)] == [200, 200]
    assert state(bob) == ("bounced", "smtp; 550 5.1.1 user unknown")
    assert state(ann) == ("delivered", "250 ok")


# --- Who may report


def test_wrong_secret_is_refused_and_changes_nothing(post):
    mail = sent()
    for secret in ("", "mail:wrong", "other:secret", "mail:secret ", ":"):
        assert post("postmark", POSTMARK_BOUNCE, secret=secret) == 400
    assert state(mail) == ("sent", "")


def test_both_secrets_open_while_one_follows_the_other(post):
    mail = sent()
    assert post("postmark", POSTMARK_DELIVERY, secret="mail:next") == 200
    assert post("postmark", POSTMARK_BOUNCE, secret="mail:secret") == 200
    assert state(mail)[0] == "bounced"


def test_without_a_secret_there_is_no_door(post, mail_service):
    mail = sent()
    mail_service.ANYMAIL = {"WEBHOOK_SECRET": []}
    assert post("postmark", POSTMARK_BOUNCE) == 404
    assert post("postmark", POSTMARK_BOUNCE, secret="") == 404
    assert state(mail) == ("sent", "")


def test_other_services_than_ours_find_no_door(client, mail_service):
    opened = []
    for pattern in urlpatterns:
        url = f"/{pattern.pattern}"
        answer = client.post(url, "{}", "application/json")
        if answer.status_code != 404:
            opened.append((url, answer.status_code))
    assert opened == [("/webhooks/mail/postmark/tracking/", 400)]
    with pytest.raises(NoReverseMatch):
        reverse("outbox:postmark_inbound_webhook")
    assert client.get("/webhooks/mail/postmark/tracking/").status_code == 405


ODD = (
    *("", "nonsense", "[]", "null", "7", b"\xff\xfe{"),
    *({"RecordType": "Bounce"}, {"RecordType": ["Bounce"]}, {"RecordType": "Inbound"}),
    {"RecordType": "Bounce", "Type": {}, "Metadata": 3, "BouncedAt": 5},
    {**POSTMARK_BOUNCE, "Email": "\0ann", "MessageID": {"a": "\0\ud800"}},
    {**POSTMARK_BOUNCE, "BouncedAt": "soon"},
)


def test_odd_bodies_are_never_an_error_of_ours(post):
    mail = sent("another id")
    answers = [(body, post("postmark", body)) for body in ODD]
    assert [answer for answer in answers if answer[1] not in (200, 400)] == []
    assert state(mail) == ("sent", "")


def test_odd_bodies_at_other_services(post):
    answers = {
        (service, body): post(service, body)
        for service in ("amazon_ses", "mailgun", "sparkpost")
        for body in ("", "{}", "[]", '{"Type": "Notification"}', b"\xff")
    }
    assert {key: status for key, status in answers.items() if status not in (200, 400)} == {}


def test_report_of_a_megabyte_is_read(post):
    mail = sent()
    assert post("postmark", {**POSTMARK_BOUNCE, "Content": "x" * 1024 * 1024}) == 200
    assert state(mail)[0] == "bounced"


# --- What follows a report


def test_report_without_a_mail_of_ours_is_ignored(post):
    mails = [
        sent("another id"),
        sent(recipient="bob@example.com"),
        sent(recipient=""),
        sent("", recipient="ann@example.com"),
    ]
    assert post("postmark", POSTMARK_BOUNCE) == 200
    assert post("postmark", {**POSTMARK_BOUNCE, "MessageID": ""}) == 200
    assert [state(mail)[0] for mail in mails] == ["sent"] * 4


KINDS = ("sent", "deferred", "delivered", "rejected", "bounced", "complained")


def test_order_of_the_reports_does_not_matter(report):
    for n, order in enumerate(itertools.permutations(["deferred", "delivered", "sent"])):
        mail = sent(str(n))
        for event in order:
            report(event, str(n), "ann@example.com")
        assert state(mail)[0] == "delivered"


def test_state_never_goes_back(report):
    """Each report after each state: only what is further on in KINDS is taken."""
    for before, event in itertools.product(KINDS, [*KINDS, "failed"]):
        reported = "rejected" if event == "failed" else event
        after = max(before, reported, key=KINDS.index)
        if {before, reported} == {"rejected", "bounced"}:
            after = before  # The first reason stays.
        mail = sent(f"{before} {event}", state=before)
        report(event, f"{before} {event}", "ann@example.com")
        assert (before, event, state(mail)[0]) == (before, event, after)


def test_moment_and_reason_are_those_of_the_last_move(report):
    mail = sent("1")
    report("bounced", "1", "ann@example.com", description="no such user")
    at = Mail.objects.get().state_at
    report("bounced", "1", "ann@example.com", description="said again")
    report("delivered", "1", "ann@example.com", description="late")
    assert state(mail) == ("bounced", "no such user")
    assert (mail.state_at, at > mail.sent_at) == (at, True)


def test_reason_is_one_line_and_names_nobody(report):
    mail = sent("1")
    said = f"550 <ann@example.com> or +1 212 555 0142 unknown\nSecond line {'x ' * 400}"
    report("bounced", "1", "ann@example.com", mta_response=said)
    assert state(mail)[1] == "550 <...> or ... unknown"
    report("complained", "1", "ann@example.com", description="y " * 400)
    assert len(state(mail)[1]) == 300


def test_report_without_a_reason_says_the_kind_of_it(report):
    mail = sent("1")
    report("rejected", "1", "ann@example.com", reject_reason="blocked")
    assert state(mail) == ("rejected", "blocked")


def test_report_of_what_people_do_changes_nothing(report):
    mail = sent("1", state=MailState.DELIVERED)
    for event in (EventType.OPENED, EventType.CLICKED, EventType.QUEUED, EventType.UNSUBSCRIBED):
        report(event, "1", "ann@example.com")
    assert state(mail)[0] == "delivered"


def test_report_without_a_recipient_is_of_all_under_the_id(report):
    mails = [sent("1"), sent("1", "bob@example.com")]
    report("delivered", "1", None)
    assert [state(mail)[0] for mail in mails] == ["delivered"] * 2


def test_anymail_needs_no_place_among_the_apps():
    assert "anymail" not in site.INSTALLED_APPS
