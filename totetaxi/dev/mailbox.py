"""An email backend that keeps mails in the database, to be read at /sandbox/mail/."""

from collections.abc import Sequence
from email import policy
from email.message import EmailMessage as MimeMessage
from email.parser import BytesParser

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from totetaxi.dev.models import Mail, MailAttachment


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
    return 1


def _body(mime: MimeMessage, kind: str) -> str:
    """The text of the body in plain or HTML form, empty if it has none."""
    part = mime.get_body(preferencelist=(kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
