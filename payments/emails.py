"""Mails about money: to staff when people must look, to the customer when money comes back."""

from typing import Any

from django.conf import settings

from catalog import price_book
from payments.models import Payment, Refund
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


def _alert(template: str, context: dict[str, Any]) -> None:
    """Mail the people named in STAFF_ALERT_EMAILS; with none named there is nobody to tell."""
    if settings.STAFF_ALERT_EMAILS:
        send_templated(template=template, to=list(settings.STAFF_ALERT_EMAILS), context=context)
