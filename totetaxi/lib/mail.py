"""Mail from templates, through whatever backend the settings name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any, cast

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.backends.django import Template
from django.template.loader import get_template

from totetaxi.lib.errors import PermanentError, TemporaryError

# Answers of a mail service that will be the same tomorrow: refused as written, too large.
PERMANENT_STATUSES = {400, 413, 422}


@dataclass(frozen=True)
class Attachment:
    """A file to send along."""

    filename: str
    content: bytes
    mimetype: str


def send_templated(
    *,
    template: str,
    to: Sequence[str],
    context: Mapping[str, Any],
    attachments: Sequence[Attachment] = (),
    bcc: Sequence[str] = (),
    reply_to: str | None = None,
) -> str:
    """Send emails/<template>.{subject.txt,txt,html} and return the provider's id for it, if any.

    ``reply_to`` defaults to REPLY_TO_EMAIL. Unless ``context`` says otherwise, templates also get
    ``site_url``, ``reply_to`` and ``phone`` (BUSINESS_PHONE); the HTML also gets ``subject``.
    Raises TemporaryError or PermanentError.
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
        body=_render(f"emails/{template}.txt", values).strip() + "\n",
        to=list(to),
        bcc=list(bcc),
        reply_to=[reply_to] if reply_to else [],
    )
    message.attach_alternative(_render(f"emails/{template}.html", values), "text/html")
    for attachment in attachments:
        message.attach(attachment.filename, attachment.content, attachment.mimetype)
    return _send(message)


def _render(name: str, values: Mapping[str, Any]) -> str:
    """The template's text; HTML alone escapes what it shows (a subject has no entities)."""
    template = cast("Template", get_template(name)).template
    return str(template.render(Context(dict(values), autoescape=name.endswith(".html"))))


def _send(message: EmailMultiAlternatives) -> str:
    """Send, with the errors of the backend turned into ours; messages name no address."""
    try:
        message.send()
    except (SMTPRecipientsRefused, AnymailRecipientsRefused) as error:
        raise PermanentError(f"{type(error).__name__}: every recipient refused") from error
    except SMTPResponseException as error:
        # A refused sign-in or connection is ours to repair; refused content stays refused.
        refused = isinstance(error, SMTPDataError) and error.smtp_code >= 500
        kind = PermanentError if refused else TemporaryError
        raise kind(f"{type(error).__name__}: the mail server said {error.smtp_code}") from error
    except AnymailAPIError as error:
        kind = PermanentError if error.status_code in PERMANENT_STATUSES else TemporaryError
        raise kind(f"{type(error).__name__}: status {error.status_code}") from error
    except (SMTPException, AnymailError, OSError) as error:
        raise TemporaryError(type(error).__name__) from error
    message_id = getattr(getattr(message, "anymail_status", None), "message_id", None)
    return message_id if isinstance(message_id, str) else ""
