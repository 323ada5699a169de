"""An email backend that keeps mails in the database, to be read at /sandbox/mail/.

It plays the mail service as well: each mail gets an id, and reports of it come when a button asks.
"""

from collections.abc import Sequence
from email import policy
from email.message import EmailMessage as MimeMessage
from email.parser import BytesParser
from email.utils import parseaddr

from anymail.message import AnymailRecipientStatus, AnymailStatus
from anymail.signals import AnymailTrackingEvent, tracking
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from totetaxi.dev.models import Mail, MailAttachment, Report

SAID = {
    Report.DELIVERED: "250 2.0.0 OK",
    Report.BOUNCED: "550 5.1.1 The email account that you tried to reach does not exist.",
    Report.COMPLAINED: "The recipient marked this mail as spam.",
}


class EmailBackend(BaseEmailBackend):
    """Builds the real MIME message of each mail, and takes it apart again as a mail reader does."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Store the mails; how many those were."""
        return sum(_store(message) for message in email_messages if message.recipients())


@transaction.atomic
def _store(message: EmailMessage) -> int:
    raw = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django adds it
    mime = BytesParser(policy=policy.default).parsebytes(raw)
    mail = Mail.objects.create(
        subject=mime["Subject"] or "",
        sender=mime["From"] or "",
        to=list(message.to),
        cc=list(message.cc),
        bcc=list(message.bcc),
        reply_to=list(message.reply_to),
        text=_body(mime, "plain"),
        html=_body(mime, "html"),
    )
    for position, part in enumerate(mime.iter_attachments()):
        MailAttachment.objects.create(
            mail=mail,
            position=position,
            filename=part.get_filename() or f"attachment-{position + 1}",
            mimetype=part.get_content_type(),
            content=part.get_payload(decode=True) or b"",
        )
    status = AnymailStatus()
    status.set_recipient_status(
        {
            parseaddr(address)[1]: AnymailRecipientStatus(str(mail.pk), "queued")
            for address in message.recipients()
        }
    )
    message.anymail_status = status  # type: ignore[attr-defined]  # As anymail's backends do.
    return 1


def report(mail: Mail, what: Report) -> None:
    """Tell the site what became of a mail, by the signal that anymail's webhooks send."""
    Mail.objects.filter(pk=mail.pk).update(report=what)
    for address in [*mail.to, *mail.cc, *mail.bcc]:
        event = AnymailTrackingEvent(
            event_type=what.value,
            message_id=str(mail.pk),
            recipient=parseaddr(address)[1],
            mta_response=SAID[what],
        )
        tracking.send(sender=EmailBackend, event=event, esp_name="Development mailbox")


def _body(mime: MimeMessage, kind: str) -> str:
    """The text of the body in plain or HTML form, empty if it has none."""
    part = mime.get_body(preferencelist=(kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
