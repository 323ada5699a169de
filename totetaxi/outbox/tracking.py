"""What the mail service reports of a mail: the state of its row follows (rules R644, R645)."""

import logging
from collections.abc import Iterable
from email.utils import parseaddr
from hashlib import sha256
from typing import Any, Final

from anymail.signals import AnymailTrackingEvent, EventType
from django.core.cache import caches

from totetaxi.lib.clock import real_now
from totetaxi.lib.counters import CACHE_IS_DOWN
from totetaxi.lib.scrub import scrub
from totetaxi.outbox.models import ERROR_LENGTH, TROUBLE_STATES, Mail, MailState

logger = logging.getLogger(__name__)

STATES: Final = {
    EventType.SENT: MailState.SENT,
    EventType.DEFERRED: MailState.DEFERRED,
    EventType.DELIVERED: MailState.DELIVERED,
    EventType.REJECTED: MailState.REJECTED,
    EventType.FAILED: MailState.REJECTED,
    EventType.BOUNCED: MailState.BOUNCED,
    EventType.COMPLAINED: MailState.COMPLAINED,
}
# From which states a mail moves to each: reports come late, twice and in any order. A mail may
# come back after a server took it, and only who has it can complain about it.
BEFORE: Final = {
    MailState.SENT: (),
    MailState.DEFERRED: (MailState.SENT,),
    MailState.DELIVERED: (MailState.SENT, MailState.DEFERRED),
    MailState.REJECTED: (MailState.SENT, MailState.DEFERRED, MailState.DELIVERED),
    MailState.BOUNCED: (MailState.SENT, MailState.DEFERRED, MailState.DELIVERED),
    MailState.COMPLAINED: tuple(state for state in MailState if state != MailState.COMPLAINED),
}
# Seconds that a report is kept of a mail whose row is about to be made.
EARLY: Final = 600


def follow(sender: Any, event: AnymailTrackingEvent, **kwargs: Any) -> None:
    """Receiver of anymail's ``tracking`` signal. What is not about a mail of ours is ignored."""
    state = STATES.get(event.event_type)
    provider_id = _storable(event.message_id)
    if state is None or not provider_id:
        return
    recipient = parseaddr(_storable(event.recipient))[1].casefold()
    detail = _detail(event)
    if _move(provider_id, recipient, state, detail):
        return
    if not Mail.objects.of_provider(provider_id, recipient).exists():
        # The service can be faster than the worker that is about to store the mail's row. Kept
        # first and looked for again then: one of the two sees the other.
        caches["default"].set(_early_key(provider_id, recipient), (state.value, detail), EARLY)
        _move(provider_id, recipient, state, detail)


def catch_up(mails: list[Mail]) -> None:
    """Give rows just made the reports that were faster than they."""
    keys = {
        _early_key(mail.provider_id, mail.recipient.casefold()): mail
        for mail in mails
        if mail.provider_id
    }
    for key, (state, detail) in _kept(keys).items():
        mail = keys[key]
        _move(mail.provider_id, mail.recipient, MailState(state), detail)


def _kept(keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    """What was kept of these; nothing where there is no cache to ask, for the mail has gone out."""
    keys = list(keys)
    if not keys:  # Mails of a plain mail server; Redis refuses a question about nothing.
        return {}
    try:
        kept: dict[str, tuple[str, str]] = caches["default"].get_many(keys)
    except CACHE_IS_DOWN as error:
        logger.error("Early reports of mails not looked for: %s", type(error).__name__)
        return {}
    return kept


def _move(provider_id: str, recipient: str, state: MailState, detail: str) -> bool:
    """Move the mail to ``state`` if that is ahead of it, in one UPDATE."""
    behind = Mail.objects.of_provider(provider_id, recipient).filter(state__in=BEFORE[state])
    moved = behind.update(state=state, state_at=real_now(), detail=detail)
    if moved and state in TROUBLE_STATES:
        logger.warning("A mail is %s", state.value, extra={"mail": provider_id})
    return bool(moved)


def _detail(event: AnymailTrackingEvent) -> str:
    """What the receiving server or the service said, without addresses."""
    said = _storable(event.mta_response) or _storable(event.description)
    lines = (said or _storable(event.reject_reason)).strip().splitlines()
    return scrub(lines[0])[:ERROR_LENGTH] if lines else ""


def _storable(value: object) -> str:
    """``value`` as text that PostgreSQL takes; a report can hold anything."""
    text = "" if value is None else str(value)
    return text.encode("utf-8", "ignore").decode().replace("\0", "")


def _early_key(provider_id: str, recipient: str) -> str:
    digest = sha256(f"{provider_id}\n{recipient}".encode()).hexdigest()
    return f"mail-report:{digest}"
