"""Mails on record: what was sent for which message, to whom, and what became of it.

Sending is repeated at least until it worked once. So each mail has a Message-ID that comes from
its message (rule R641), and one that is on record is not sent again (rule R642).
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db import transaction

from totetaxi.lib.clock import real_now
from totetaxi.lib.mail import Attachment, Outcome, send_templated
from totetaxi.outbox.models import Mail, MailState, Message
from totetaxi.outbox.tracking import catch_up

_current: ContextVar[Message | None] = ContextVar("outbox_message", default=None)


@contextmanager
def on_behalf_of(message: Message) -> Iterator[None]:
    """Mails sent inside belong to ``message``."""
    token = _current.set(message)
    try:
        yield
    finally:
        _current.reset(token)


def send_mail(
    *,
    template: str,
    to: Sequence[str],
    context: Mapping[str, Any],
    attachments: Sequence[Attachment] = (),
    bcc: Sequence[str] = (),
    reply_to: str | None = None,
    part: str = "",
) -> None:
    """Send a mail as ``lib.mail.send_templated`` does, once for each message, and record it.

    ``part`` tells mails apart that one message sends from one template to one recipient. Within a
    message it must not be called in a transaction: a rollback would forget what has gone out, so
    that raises RuntimeError. Past the queue it records without a message. Raises TemporaryError or
    PermanentError.
    """
    message = _current.get()
    waiting = _not_mailed(message, template, part, to) if message else list(to)
    if not waiting:
        return
    outcomes = send_templated(
        template=template,
        to=waiting,
        context=context,
        attachments=attachments,
        bcc=bcc,
        reply_to=reply_to,
        message_id=message_id(message, template, part, to) if message else None,
    )
    _record(message, template, part, outcomes)


def message_id(message: Message, template: str, part: str, to: Sequence[str]) -> str:
    """The Message-ID header of a mail: the same however often it is sent."""
    what = "\n".join([template, part, *sorted(address.casefold() for address in to)])
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{uuid.uuid5(message.pk, what)}@{domain}>"


@transaction.atomic(durable=True)
def _not_mailed(message: Message, template: str, part: str, to: Sequence[str]) -> list[str]:
    """Those of ``to`` to whom this mail of the message has not gone out."""
    mails = Mail.objects.filter(message=message, template=template, part=part)
    done = {recipient.casefold() for recipient in mails.values_list("recipient", flat=True)}
    if "" in done:  # It went to somebody who was deleted since.
        return []
    return [address for address in to if address.casefold() not in done]


def _record(
    message: Message | None, template: str, part: str, outcomes: Mapping[str, Outcome]
) -> None:
    now = real_now()
    mails = [
        Mail(
            message=message,
            booking_id=message.booking_id if message else None,
            template=template,
            part=part,
            recipient=address,
            provider_id=outcome.provider_id,
            state=MailState.REJECTED if outcome.refused else MailState.SENT,
            state_at=now,
            sent_at=now,
        )
        for address, outcome in outcomes.items()
    ]
    # Another worker may have taken over from one that was thought dead, and sent it as well.
    Mail.objects.bulk_create(mails, ignore_conflicts=True)
    catch_up(mails)
