"""Mails about a booking: which went out and how that ended, and which may be sent now (R942)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from booking import reminders
from booking.models import LIVE_STATUSES, Booking, BookingEvent, BookingStatus, EventKind
from booking.preferences import MailKind as Why
from booking.preferences import wants
from payments.models import Cancellation, Payment, Refund, RefundKind, RefundStatus
from payments.services import balance_cents, create_link, owed_change
from staff.bookings.moves import UNPAID
from totetaxi.lib import clock
from totetaxi.lib.money import usd
from totetaxi.outbox import models as outbox
from totetaxi.outbox.models import Message
from totetaxi.outbox.services import announce

if TYPE_CHECKING:
    from totetaxi.users.models import User

#: Handlers that mail the customer, in the customer's words for the mail.
MAILS: Final = {
    "booking.send_confirmation": "Confirmation",
    "booking.send_confirmation_by_office": "Confirmation",
    "payments.tell_customer_about_change": "Change notice",
    "payments.tell_customer_about_cancellation": "Cancellation",
    "booking.send_delivered": "Delivered",
    "booking.acknowledge_payment": "Payment received",
    "payments.send_payment_link": "Payment link",
    "payments.send_receipt": "Receipt",
    "payments.tell_customer_about_refund": "Refund",
    "payments.tell_customer_about_unfulfillable": "Apology, money on its way back",
    "booking.send_reminder": "Reminder",
    "booking.send_review_request": "Review request",
}
# Nobody is phoned because one of these came back: all is delivered.
NOT_MISSED: Final = ("booking.send_delivered", "booking.send_review_request")


class MailKind(StrEnum):
    CONFIRMATION = "confirmation"
    PAYMENT_LINK = "payment_link"
    CHANGE = "change"
    RECEIPT = "receipt"
    CANCELLATION = "cancellation"
    REFUND = "refund"
    PAYMENT_RECEIVED = "payment_received"
    APOLOGY = "apology"
    DELIVERED = "delivered"
    REMINDER = "reminder"


@dataclass(frozen=True)
class Mail:
    """One mail that may be sent now: what it says, and the id of what it is about."""

    kind: MailKind
    subject_id: UUID
    label: str
    hint: str


@dataclass(frozen=True)
class SentMail:
    """One mail on its way or gone, to one person: ``row`` is None until it went out."""

    message: Message
    label: str
    row: outbox.Mail | None

    @property
    def at(self) -> datetime:
        """In business time: when it went out, came back, was given up or was asked for."""
        message = self.message
        if self.row is None:
            when = message.done_at or message.dead_at or message.created_at
        else:
            when = self.row.state_at if self.is_in_trouble else self.row.sent_at
        return clock.in_business(when)

    @property
    def sent_at(self) -> datetime | None:
        """When it went out, in business time."""
        return clock.in_business(self.row.sent_at) if self.row else None

    @property
    def state(self) -> str:
        """The mail service's word (``MailState``) once it is out; before that ``waiting``,
        ``retrying``, ``dead``, or ``spared``: there was no reason any more to mail it."""
        if self.row is not None:
            return self.row.state
        return "spared" if self.message.state == "done" else self.message.state

    @property
    def is_in_trouble(self) -> bool:
        return self.row is not None and self.row.state in outbox.TROUBLE_STATES

    @property
    def recipient(self) -> str:
        """To whom it went, "" if that person was deleted or it has not gone yet."""
        return self.row.recipient if self.row else ""

    @property
    def reason(self) -> str:
        """What kept it from arriving, "" if nothing did."""
        if self.row is None:
            return self.message.last_error
        return "" if self.row.state == outbox.MailState.DELIVERED else self.row.detail


class MailRefusedError(Exception):
    """This mail is not for this booking as it stands."""


def mails_of(booking: Booking) -> list[SentMail]:
    """Mails to the customer, newest first; two queries."""
    messages = Message.objects.filter(booking_id=booking.pk, handler__in=MAILS)
    return [
        SentMail(message, MAILS[message.handler], row)
        for message in messages.order_by("-created_at").prefetch_related("mails")
        for row in message.mails.all() or [None]
    ]


def missed() -> outbox.MailQuerySet:
    """Mails that customers never got and must be told another way, of bookings that stand."""
    standing = Booking.objects.visible().filter(pk=OuterRef("booking_id"))
    telling = [handler for handler in MAILS if handler not in NOT_MISSED]
    mails = outbox.Mail.objects.to_be_settled().filter(message__handler__in=telling)
    return mails.filter(Exists(standing))


def missed_of(booking: Booking) -> list[str]:
    """The labels of the mails that this customer never got."""
    mails = missed().filter(booking_id=booking.pk).select_related("message").order_by("sent_at")
    return list(dict.fromkeys(MAILS[mail.message.handler] for mail in mails if mail.message))


def settle(booking: Booking) -> list[str]:
    """The customer was reached another way; the labels of the mails which that settles."""
    labels = missed_of(booking)
    missed().filter(booking_id=booking.pk).update(settled_at=clock.real_now())
    return labels


def sendable(booking: Booking) -> tuple[Mail, ...]:
    """The mails that make sense for a booking as it stands."""
    if booking.deleted_at is not None:
        return ()
    return (*_of_order(booking), *_of_money(booking))


def _of_order(booking: Booking) -> Iterator[Mail]:
    """What was agreed, and what became of it."""
    if booking.status in LIVE_STATUSES:
        hint = "Everything that was ordered, with the pickup for the calendar."
        yield Mail(MailKind.CONFIRMATION, booking.pk, "Confirmation", hint)
        if (change := _last_change(booking)) is not None:
            hint = "The last change: what it was, and what it is now."
            yield Mail(MailKind.CHANGE, change.pk, "Change notice", hint)
    if reminders.still_due(booking, booking.pickup_date):
        hint = "That the pickup is tomorrow, and what to have ready."
        yield Mail(MailKind.REMINDER, booking.pk, "Reminder", hint)
    # An order that merely ran out unpaid has none.
    if Cancellation.objects.filter(booking=booking).exists():
        hint = "The cancellation with what was decided about the money."
        yield Mail(MailKind.CANCELLATION, booking.pk, "Cancellation", hint)
    if booking.status == BookingStatus.COMPLETED and wants(booking, Why.STATUS_NOTE):
        hint = "That everything is there."
        yield Mail(MailKind.DELIVERED, booking.pk, "Delivered", hint)


def _of_money(booking: Booking) -> Iterator[Mail]:
    """What is to be paid, was paid and came back."""
    if booking.status in UNPAID and booking.total_price_cents:
        hint = "A new link, valid for 72 hours; the one before stops working."
        yield Mail(MailKind.PAYMENT_LINK, booking.pk, "Payment link", hint)
    elif owed_change(booking) is not None:
        cents = usd(balance_cents(booking))
        hint = f"For {cents} that a change left to be paid; the link before stops working."
        yield Mail(MailKind.PAYMENT_LINK, booking.pk, "Payment link", hint)
    captured = Payment.objects.captured().filter(booking=booking)
    if captured.exists():
        hint = "What was paid and given back, as a PDF."
        yield Mail(MailKind.RECEIPT, booking.pk, "Receipt", hint)
    if booking.paid_at and booking.was_promised:
        hint = "That the money has come, after the confirmation."
        yield Mail(MailKind.PAYMENT_RECEIVED, booking.pk, "Payment received", hint)
    if (refund := _last_refund(booking)) is not None:
        hint = "The last refund: how much, and when it arrives."
        yield Mail(MailKind.REFUND, refund.pk, "Refund", hint)
    unusable = captured.exclude(unfulfillable_reason="").order_by("-created_at").first()
    if unusable is not None:
        hint = "Why a payment could not be used, and that it goes back."
        yield Mail(MailKind.APOLOGY, unusable.pk, "Apology", hint)


def send(
    booking_id: UUID, kind: MailKind, *, token: UUID, by: "User", log: Callable[[Mail], None]
) -> Mail:
    """Have a mail sent, once for each ``token``, and ``log`` it in the same transaction.

    Raises MailRefusedError. A payment link is made anew, outside of any transaction:
    LinkRefusedError and CheckoutUnavailableError are those of ``create_link``.
    """
    booking = Booking.objects.get(pk=booking_id)
    mail = next((one for one in sendable(booking) if one.kind is kind), None)
    if mail is None:
        raise MailRefusedError("This mail is not for this booking as it stands now.")
    if kind is MailKind.PAYMENT_LINK:
        create_link(booking_id, by=by, also=lambda _: log(mail))
        return mail
    event = EVENTS[kind]
    with transaction.atomic():
        announce(event, mail.subject_id, booking_id=booking_id, key=f"{event}:{token}")
        log(mail)
    return mail


EVENTS: Final = {
    MailKind.CONFIRMATION: "confirmation_again",
    MailKind.RECEIPT: "receipt_requested",
    MailKind.CHANGE: "change_mail_again",
    MailKind.CANCELLATION: "cancellation_again",
    MailKind.REFUND: "refund_mail_again",
    MailKind.PAYMENT_RECEIVED: "payment_mail_again",
    MailKind.APOLOGY: "apology_again",
    MailKind.DELIVERED: "delivered_again",
    MailKind.REMINDER: "reminder_again",
}


def is_used(token: UUID) -> bool:
    """Whether a mail was sent from this very form before: a double click."""
    keys = [f"{event}:{token}" for event in EVENTS.values()]
    return Message.objects.filter(key__in=keys).exists()


def _last_refund(booking: Booking) -> Refund | None:
    """The newest refund that arrived and that the customer was told about."""
    refunds = Refund.objects.filter(payment__booking=booking, status=RefundStatus.COMPLETED)
    return refunds.exclude(kind=RefundKind.AUTOMATIC).order_by("-completed_at").first()


def _last_change(booking: Booking) -> BookingEvent | None:
    """The newest change that the customer was told about."""
    changes = BookingEvent.objects.filter(booking=booking, kind=EventKind.CHANGED)
    # Moving into an account is one, too, but has no price, and nobody is told.
    return changes.filter(after__has_key="lines").order_by("-created_at").first()
