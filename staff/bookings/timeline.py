"""Everything that happened to a booking, who did it and when, in one list (rule R924)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.dateformat import format as date_format

from booking.models import Booking, BookingEvent, BookingStatus, EventKind, InternalNote
from logistics.models import TaskKind, TaskStatus
from payments.models import AuditKind, PaymentAudit
from staff.bookings.mails import SentMail
from staff.models import ActionType, StaffAction
from totetaxi.lib import clock
from totetaxi.lib.money import usd
from totetaxi.outbox.models import MailState

LABELS: Final = {
    "customer": "Customer",
    "system": "System",
    "staff": "Office",
    "Onfleet": "Onfleet",
}
AUDIT_WORDS: Final = {
    AuditKind.PAYMENT_CREATED: "Payment of {} asked for",
    AuditKind.PAYMENT_SUCCEEDED: "Paid {}",
    AuditKind.PAYMENT_FAILED: "Payment of {} failed",
    AuditKind.PAYMENT_DECLINED: "Card declined for {}",
    AuditKind.SESSION_EXPIRED: "Payment page for {} ended unpaid",
    AuditKind.AMOUNT_MISMATCH: "Another amount than asked for arrived: {}",
    AuditKind.DUPLICATE_CHARGE_DETECTED: "Paid a second time, {}",
    AuditKind.UNFULFILLABLE: "Money that can buy nothing: {}",
    AuditKind.REFUND_REQUESTED: "Refund of {} asked for",
    AuditKind.REFUND_APPROVED: "Refund of {} approved",
    AuditKind.REFUND_DENIED: "Refund of {} denied",
    AuditKind.REFUND_COMPLETED: "Refund of {} done",
    AuditKind.REFUND_FAILED: "Refund of {} failed",
    AuditKind.DISPUTE_OPENED: "The bank disputes {}",
    AuditKind.DISPUTE_CLOSED: "The dispute over {} is closed",
}
GOOD: Final = frozenset({AuditKind.PAYMENT_SUCCEEDED, AuditKind.REFUND_COMPLETED})
BAD: Final = frozenset(
    {
        AuditKind.AMOUNT_MISMATCH,
        AuditKind.DUPLICATE_CHARGE_DETECTED,
        AuditKind.UNFULFILLABLE,
        AuditKind.REFUND_FAILED,
        AuditKind.DISPUTE_OPENED,
    }
)
# What staff did that leaves no other trace here. Looking is on the audit page.
SHOWN_ACTIONS: Final = (
    ActionType.SEND_NOTIFICATION,
    ActionType.EXPORT_DATA,
    ActionType.MANAGE_LOGISTICS,
)
MAIL_WORDS: Final = {
    "waiting": "{} is on its way",
    "retrying": "{} is tried again",
    "dead": "{} could not be sent",
    "spared": "{} was not needed any more",
    MailState.SENT: "{} sent",
    MailState.DEFERRED: "{} sent, and held up on its way",
    MailState.DELIVERED: "{} delivered",
    MailState.BOUNCED: "{} came back",
    MailState.REJECTED: "{} refused by the mail service",
    MailState.COMPLAINED: "{} marked as spam",
}


@dataclass(frozen=True)
class Change:
    """One value that changed, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One thing that happened; ``tone`` is "", "good", "sea" or "warn", ``note`` a colleague's."""

    at: datetime
    text: str
    who: str
    tone: str = ""
    detail: str = ""
    changes: tuple[Change, ...] = ()
    is_note: bool = False


def timeline(booking: Booking, mails: list[SentMail]) -> list[Entry]:
    """All of it, newest first; four queries whatever happened."""
    entries = [
        *_events(booking),
        *_notes(booking),
        *_money(booking),
        *_actions(booking),
        *(_mail(mail) for mail in mails),
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


# -- sources -----------------------------------------------------------------


def _events(booking: Booking) -> Iterator[Entry]:
    for event in BookingEvent.objects.filter(booking=booking).select_related("actor"):
        who = _name(event.actor) if event.actor else LABELS.get(event.actor_label, "System")
        tone = "good" if event.to_status in ("paid", "completed") else ""
        if event.to_status == BookingStatus.CANCELLED or event.kind == EventKind.HIDDEN:
            tone = "warn"
        words = _event_words(event)
        reason = event.reason if event.reason != words else ""
        yield Entry(event.created_at, words, who, tone, reason, _changes(event))


def _event_words(event: BookingEvent) -> str:
    if event.kind == EventKind.PLACED:
        return "Booking made by the office" if event.actor_id else "Booking made online"
    if event.kind == EventKind.MOVED:
        return f"Now {BookingStatus(event.to_status).label.lower()}"
    if event.kind == EventKind.DELIVERY:
        return _task_words(event.after)
    if event.kind == EventKind.DOCUMENT and event.reason:
        return event.reason
    return EventKind(event.kind).label


def _task_words(after: dict[str, Any]) -> str:
    """Of a task at Onfleet: "Pickup: awaiting a driver"."""
    kind, status = after.get("task"), after.get("status")
    if kind not in TaskKind.values or status not in TaskStatus.values:
        return str(EventKind.DELIVERY.label)
    return f"{TaskKind(kind).label}: {TaskStatus(status).label.lower()}"


def _notes(booking: Booking) -> Iterator[Entry]:
    for note in InternalNote.objects.filter(booking=booking).select_related("author"):
        yield Entry(note.created_at, note.text, _name(note.author), "sea", is_note=True)


def _money(booking: Booking) -> Iterator[Entry]:
    audits = PaymentAudit.objects.filter(payment__booking=booking)
    for audit in audits.select_related("refund__requested_by", "refund__approved_by"):
        kind = AuditKind(audit.kind)
        tone = "good" if kind in GOOD else "warn" if kind in BAD else ""
        words = AUDIT_WORDS[kind].format(usd(audit.amount_cents))
        yield Entry(clock.in_business(audit.created_at), words, _asker(audit), tone)


def _asker(audit: PaymentAudit) -> str:
    refund = audit.refund
    if refund is None:
        return "System"
    person = {
        AuditKind.REFUND_REQUESTED: refund.requested_by,
        AuditKind.REFUND_APPROVED: refund.approved_by,
    }.get(AuditKind(audit.kind))
    return _name(person) if person else "System"


def _actions(booking: Booking) -> Iterator[Entry]:
    actions = StaffAction.objects.filter(booking_id=booking.pk, action_type__in=SHOWN_ACTIONS)
    for action in actions.select_related("staff_user"):
        yield Entry(action.created_at, action.description, _name(action.staff_user))


def _mail(mail: SentMail) -> Entry:
    words = MAIL_WORDS[mail.state].format(mail.label)
    trouble = mail.is_in_trouble or mail.state == "dead"
    tone = "warn" if trouble else "good" if mail.state == MailState.DELIVERED else ""
    to = f"To {mail.recipient}" if mail.recipient else ""
    if mail.is_in_trouble and mail.sent_at is not None:
        to += f", sent {date_format(mail.sent_at, 'M j, g:i A')}"
    return Entry(mail.at, words, "System", tone, ": ".join(filter(None, (to, mail.reason))))


# -- words -------------------------------------------------------------------


def _name(person: Any) -> str:
    return str(person.get_full_name() or person.email)


def _changes(event: BookingEvent) -> tuple[Change, ...]:
    """Before and after of what changed, money in dollars."""
    names = [name for name in {**event.before, **event.after} if _is_shown(event, name)]
    return tuple(
        Change(
            name.removesuffix("_cents").replace("_", " ").capitalize(),
            _value(name, event.before.get(name)),
            _value(name, event.after.get(name)),
        )
        for name in names
    )


def _is_shown(event: BookingEvent, name: str) -> bool:
    if event.kind in (EventKind.PLACED, EventKind.DELIVERY, EventKind.DOCUMENT):
        return False
    return bool(event.before.get(name) != event.after.get(name))


def _value(name: str, value: object) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    if name.endswith("_cents") and isinstance(value, int):
        return usd(value)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)
