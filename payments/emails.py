"""Mails about money: to staff when people must look, to the customer when money comes back."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.urls import reverse

from booking import describe
from booking.compare import differences
from booking.ics import calendar_file
from booking.models import LIVE_STATUSES, Booking, BookingChange, BookingEvent
from booking.services import OFFICE
from catalog import price_book
from payments.models import (
    CAPTURED,
    Cancellation,
    Dispute,
    MoneyAlert,
    Payment,
    PaymentLink,
    Refund,
    RefundKind,
    RefundStatus,
)
from payments.receipts import receipt_of, receipt_pdf
from totetaxi.lib.mail import Attachment
from totetaxi.lib.money import usd
from totetaxi.outbox.mail import send_mail


def send_unfulfillable_alert(payment: Payment) -> None:
    _alert("payments/unfulfillable_alert", {"payment": payment, "booking": payment.booking})


def send_unfulfillable_apology(payment: Payment) -> None:
    """Tell the customer why their money comes back, in full and by itself."""
    policy = price_book.load().policy
    send_mail(
        template="payments/unfulfillable_apology",
        to=[payment.booking.email],
        context={
            "payment": payment,
            "booking": payment.booking,
            "policy": policy,
            "phone": policy.phone,
        },
    )


def send_mismatch_alert(payment: Payment) -> None:
    _alert("payments/mismatch_alert", {"payment": payment, "booking": payment.booking})


def send_checkout_refused_alert(payment: Payment) -> None:
    _alert("payments/checkout_refused_alert", {"payment": payment, "booking": payment.booking})


def send_refund_failed_alert(refund: Refund) -> None:
    _alert(
        "payments/refund_failed_alert",
        {"refund": refund, "payment": refund.payment, "booking": refund.payment.booking},
    )


def send_refund_completed(refund: Refund) -> None:
    """Tell the customer that their money is back (rule R628)."""
    payment, policy = refund.payment, price_book.load().policy
    send_mail(
        template="payments/refund_completed",
        to=[payment.booking.email],
        context={
            "refund": refund,
            "payment": payment,
            "booking": payment.booking,
            "policy": policy,
            "phone": policy.phone,
        },
    )


def send_payment_link(link: PaymentLink, cents: int) -> None:
    """Mail the customer the way to pay; its address is a key, so it stands nowhere else.

    Where an earlier link for the same money went out, it says that it is a reminder.
    """
    policy = price_book.load().policy
    earlier = link.booking.payment_links.filter(change=link.change, created_at__lt=link.created_at)
    send_mail(
        template="payments/payment_link",
        to=[link.booking.email],
        bcc=settings.BOOKING_EMAIL_BCC,
        context={
            "link": link,
            "is_again": earlier.exclude(sent_at=None).exists(),
            "cents": cents,
            "url": f"{settings.SITE_URL}{reverse('payments:link', args=[link.token])}",
            "booking": link.booking,
            "service": describe.service_words(link.booking),
            "window": describe.window_words(link.booking),
            "lines": list(link.booking.lines.all()),
            "policy": policy,
            "phone": policy.phone,
        },
    )


def send_receipt(booking: Booking) -> None:
    """Send what was ordered, paid and given back, as a PDF."""
    receipt, policy = receipt_of(booking), price_book.load().policy
    send_mail(
        template="payments/receipt",
        to=[booking.email],
        context={
            "booking": booking,
            "receipt": receipt,
            "policy": policy,
            "phone": policy.phone,
        },
        attachments=[
            Attachment(
                f"{booking.booking_number}-receipt.pdf", receipt_pdf(receipt), "application/pdf"
            )
        ],
    )


def send_booking_changed(event: BookingEvent) -> None:
    """What was and what is, the money that follows, and the pickup for the calendar (R879)."""
    booking, policy = event.booking, price_book.load().policy
    change = BookingChange.objects.filter(pk=event.after.get("change")).first()
    paid = change.payments.filter(status__in=CAPTURED, unfulfillable_reason="") if change else None
    calendar = calendar_file(booking, phone=policy.phone)
    send_mail(
        template="booking/changed",
        to=[booking.email],
        context={
            "booking": booking,
            "differences": differences(event.before, event.after),
            "before_cents": event.before["total_price_cents"],
            "after_cents": event.after["total_price_cents"],
            "lines": event.after["lines"],
            "paid_cents": sum(one.amount_cents for one in paid) if paid is not None else 0,
            "refund_cents": sum(
                one.amount_cents for one in change.refunds.exclude(status=RefundStatus.DENIED)
            )
            if change
            else 0,
            "by_hand_cents": change.by_hand_cents if change else 0,
            "by_office": event.actor_id is not None and event.actor_label == OFFICE,
            "attached": booking.status in LIVE_STATUSES,
            "policy": policy,
            "phone": policy.phone,
        },
        attachments=[
            Attachment(f"{booking.booking_number}.ics", calendar, "text/calendar; method=PUBLISH")
        ]
        if booking.status in LIVE_STATUSES
        else [],
    )


def send_booking_cancelled(cancellation: Cancellation) -> None:
    """The decision about the money, to the cent, and the pickup out of the calendar (R886)."""
    booking, policy = cancellation.booking, price_book.load().policy
    calendar = calendar_file(booking, phone=policy.phone, cancelled=True)
    send_mail(
        template="booking/cancelled",
        to=[booking.email],
        context={
            "booking": booking,
            "cancellation": cancellation,
            "was_paid": booking.paid_at is not None,
            "policy": policy,
            "phone": policy.phone,
        },
        attachments=[
            Attachment(f"{booking.booking_number}.ics", calendar, "text/calendar; method=CANCEL")
        ],
    )


def send_cancellation_alert(cancellation: Cancellation) -> None:
    """Tell the office what a customer did by themselves, and what waits for a decision (R886)."""
    booking = cancellation.booking
    refunds = Refund.objects.filter(payment__booking=booking, kind=RefundKind.POLICY)
    waiting = refunds.filter(status=RefundStatus.REQUESTED).exists()
    _alert(
        "payments/cancellation_alert",
        {
            "cancellation": cancellation,
            "booking": booking,
            "waiting": waiting,
            "refund_words": _refund_words(cancellation.refund_cents, waiting=waiting),
        },
    )


def _refund_words(cents: int, *, waiting: bool) -> str:
    if not cents:
        return "No money goes back to a card."
    if waiting:
        return f"By the policy {usd(cents)} go back: the refund waits to be approved."
    return f"By the policy {usd(cents)} go back, by themselves."


def send_dispute_alert(dispute: Dispute) -> None:
    payment = dispute.payment
    _alert(
        "payments/dispute_alert",
        {"dispute": dispute, "payment": payment, "booking": payment.booking},
    )


def send_money_alerts(alerts: Sequence[MoneyAlert]) -> None:
    # If more came up since a first try, what it sent was another mail.
    ids = " ".join(sorted(str(alert.pk) for alert in alerts))
    _alert("payments/money_alerts", {"alerts": alerts}, part=sha256(ids.encode()).hexdigest())


def _alert(template: str, context: dict[str, Any], *, part: str = "") -> None:
    """Mail the people named in STAFF_ALERT_EMAILS; with none named there is nobody to tell."""
    if settings.STAFF_ALERT_EMAILS:
        to = list(settings.STAFF_ALERT_EMAILS)
        send_mail(template=template, to=to, context=context, part=part)
