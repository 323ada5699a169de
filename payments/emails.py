"""Mails about money: to staff when people must look, to the customer when money comes back."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from booking import describe
from catalog import price_book
from payments.models import Dispute, MoneyAlert, Payment, PaymentLink, Refund
from totetaxi.lib.mail import send_templated


def send_unfulfillable_alert(payment: Payment) -> None:
    _alert("payments/unfulfillable_alert", {"payment": payment, "booking": payment.booking})


def send_unfulfillable_apology(payment: Payment) -> None:
    """Tell the customer why their money comes back, in full and by itself."""
    send_templated(
        template="payments/unfulfillable_apology",
        to=[payment.booking.email],
        context={
            "payment": payment,
            "booking": payment.booking,
            "policy": price_book.load().policy,
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
    payment = refund.payment
    send_templated(
        template="payments/refund_completed",
        to=[payment.booking.email],
        context={
            "refund": refund,
            "payment": payment,
            "booking": payment.booking,
            "policy": price_book.load().policy,
        },
    )


def send_payment_link(link: PaymentLink) -> None:
    """Mail the customer the way to pay; its address is a key, so it stands nowhere else."""
    book = price_book.load()
    send_templated(
        template="payments/payment_link",
        to=[link.booking.email],
        bcc=settings.BOOKING_EMAIL_BCC,
        context={
            "link": link,
            "url": f"{settings.SITE_URL}{reverse('payments:link', args=[link.token])}",
            "booking": link.booking,
            "service": describe.service_words(link.booking),
            "window": describe.window_words(link.booking),
            "policy": book.policy,
            "phone": book.policy.phone,
        },
    )


def send_dispute_alert(dispute: Dispute) -> None:
    payment = dispute.payment
    _alert(
        "payments/dispute_alert",
        {"dispute": dispute, "payment": payment, "booking": payment.booking},
    )


def send_money_alerts(alerts: Sequence[MoneyAlert]) -> None:
    _alert("payments/money_alerts", {"alerts": alerts})


def _alert(template: str, context: dict[str, Any]) -> None:
    """Mail the people named in STAFF_ALERT_EMAILS; with none named there is nobody to tell."""
    if settings.STAFF_ALERT_EMAILS:
        send_templated(template=template, to=list(settings.STAFF_ALERT_EMAILS), context=context)
