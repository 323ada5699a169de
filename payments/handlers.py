"""What happens after the fact: work that the outbox delivers, at least once."""

from uuid import UUID

from payments import emails, services
from payments.models import Payment, Refund
from totetaxi.outbox.registry import handles


@handles("stripe_event")
def process_stripe_event(subject_id: str) -> None:
    services.process_event(subject_id)


@handles("refund_approved")
def send_refund(subject_id: str) -> None:
    services.send_refund(UUID(subject_id))


@handles("payment_unfulfillable")
def tell_staff_about_unfulfillable(subject_id: str) -> None:
    emails.send_unfulfillable_alert(_payment(subject_id))


@handles("payment_unfulfillable")
def tell_customer_about_unfulfillable(subject_id: str) -> None:
    emails.send_unfulfillable_apology(_payment(subject_id))


@handles("payment_mismatch")
def tell_staff_about_mismatch(subject_id: str) -> None:
    emails.send_mismatch_alert(_payment(subject_id))


@handles("checkout_refused")
def tell_staff_about_refused_checkout(subject_id: str) -> None:
    emails.send_checkout_refused_alert(_payment(subject_id))


@handles("refund_failed")
def tell_staff_about_failed_refund(subject_id: str) -> None:
    refund = Refund.objects.select_related("payment__booking").get(pk=subject_id)
    emails.send_refund_failed_alert(refund)


def _payment(subject_id: str) -> Payment:
    return Payment.objects.select_related("booking").get(pk=subject_id)
