"""Mails about a booking: which went out and how that ended, and which may be sent now (R942)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction

from booking.models import LIVE_STATUSES, Booking, BookingEvent, BookingStatus, EventKind
from booking.preferences import MailKind as Why
from booking.preferences import wants
from payments.models import Cancellation, Payment, Refund, RefundKind, RefundStatus
from payments.services import balance_cents, create_link, owed_change
from staff.bookings.moves import UNPAID
from totetaxi.lib import clock
from totetaxi.lib.money import usd
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
}


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


@dataclass(frozen=True)
class Mail:
    """One mail that may be sent now: what it says, and the id of what it is about."""

    kind: MailKind
    subject_id: UUID
    label: str
    hint: str


@dataclass(frozen=True)
class SentMail:
    """One mail on its way or gone: ``state`` as the outbox has it, ``error`` if it failed."""

    message: Message
    label: str

    @property
    def at(self) -> datetime:
        """When it went out or was asked for, in business time."""
        message = self.message
        return clock.in_business(message.done_at or message.dead_at or message.created_at)

    @property
    def state(self) -> str:
        return self.message.state


class MailRefusedError(Exception):
    """This mail is not for this booking as it stands."""


def mails_of(booking: Booking) -> list[SentMail]:
    """Mails to the customer, newest first."""
    messages = Message.objects.filter(booking_id=booking.pk, handler__in=MAILS)
    return [SentMail(one, MAILS[one.handler]) for one in messages.order_by("-created_at")]


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
