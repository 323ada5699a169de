"""Mail from templates, through whatever backend the settings name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any, cast

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.backends.django import Template
from django.template.loader import get_template

from totetaxi.lib.errors import AwayError, PermanentError

# Answers of a mail service that will be the same tomorrow: refused as written, too large.
PERMANENT_STATUSES = {400, 413, 422}
# Of one recipient, while others were accepted; in anymail's words.
REFUSED = {"invalid", "rejected", "failed"}
# What a template leaves where it leaves something out.
BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


@dataclass(frozen=True)
class Attachment:
    """A file to send along."""

    filename: str
    content: bytes
    mimetype: str


@dataclass(frozen=True)
class Outcome:
    """What the mail service said of one recipient; ``provider_id`` is "" if it gives none."""

    provider_id: str = ""
    refused: bool = False


def send_templated(
    *,
    template: str,
    to: Sequence[str],
    context: Mapping[str, Any],
    attachments: Sequence[Attachment] = (),
    bcc: Sequence[str] = (),
    reply_to: str | None = None,
    message_id: str | None = None,
) -> dict[str, Outcome]:
    """Send emails/<template>.{subject.txt,txt,html}; what came of it for each address of ``to``.

    ``message_id`` becomes the header of that name, in angle brackets; ``reply_to`` defaults to
    REPLY_TO_EMAIL. Unless ``context`` says otherwise, templates also get ``site_url``,
    ``reply_to`` and ``phone`` (BUSINESS_PHONE); the HTML also gets ``subject``.
    Raises AwayError if the mail service has to be asked again, else PermanentError.
    """
    reply_to = reply_to or settings.REPLY_TO_EMAIL
    values = {
        "site_url": settings.SITE_URL,
        "phone": settings.BUSINESS_PHONE,
        "reply_to": reply_to,
        **context,
    }
    subject = " ".join(_render(f"emails/{template}.subject.txt", values).split())
    values["subject"] = subject
    message = EmailMultiAlternatives(
        subject=subject,
        body=BLANK_LINES.sub("\n\n", _render(f"emails/{template}.txt", values)).strip() + "\n",
        to=list(to),
        bcc=list(bcc),
        reply_to=[reply_to] if reply_to else [],
        headers={"Message-ID": message_id} if message_id else {},
    )
    message.attach_alternative(_render(f"emails/{template}.html", values), "text/html")
    for attachment in attachments:
        message.attach(attachment.filename, attachment.content, attachment.mimetype)
    return _send(message)


def _render(name: str, values: Mapping[str, Any]) -> str:
    """The template's text; HTML alone escapes what it shows (a subject has no entities)."""
    template = cast("Template", get_template(name)).template
    return str(template.render(Context(dict(values), autoescape=name.endswith(".html"))))


def _send(message: EmailMultiAlternatives) -> dict[str, Outcome]:
    """Send, with the errors of the backend turned into ours; messages name no address."""
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        # Codes below 500 ask to come back: the box is full, or the server does not know us yet.
        later = any(code < 500 for code, _ in error.recipients.values())
        kind = AwayError if later else PermanentError
        raise kind(f"{type(error).__name__}: every recipient refused") from error
    except AnymailRecipientsRefused as error:
        raise PermanentError(f"{type(error).__name__}: every recipient refused") from error
    except SMTPResponseException as error:
        # A refused sign-in or connection is ours to repair; refused content stays refused.
        refused = isinstance(error, SMTPDataError) and error.smtp_code >= 500
        kind = PermanentError if refused else AwayError
        raise kind(f"{type(error).__name__}: the mail server said {error.smtp_code}") from error
    except AnymailAPIError as error:
        kind = PermanentError if error.status_code in PERMANENT_STATUSES else AwayError
        raise kind(f"{type(error).__name__}: status {error.status_code}") from error
    except (SMTPException, AnymailError, OSError) as error:
        raise AwayError(type(error).__name__) from error
    return {address: _outcome(message, address) for address in message.to}


def _outcome(message: EmailMultiAlternatives, address: str) -> Outcome:
    """What the mail service's answer says of an address; plain SMTP says nothing."""
    answer = getattr(message, "anymail_status", None)
    status = answer.recipients.get(parseaddr(address)[1]) if answer is not None else None
    if status is None:
        return Outcome()
    return Outcome(str(status.message_id or ""), refused=status.status in REFUSED)
