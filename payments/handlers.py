"""What happens after the fact: work that the outbox delivers, at least once."""

from uuid import UUID

from booking.models import Booking, BookingEvent
from payments import emails, services
from payments.models import (
    Cancellation,
    Dispute,
    MoneyAlert,
    Payment,
    PaymentLink,
    Refund,
    RefundKind,
    RefundStatus,
)
from totetaxi.lib import clock
from totetaxi.outbox.registry import handles


@handles("stripe_event")
def process_stripe_event(subject_id: str) -> None:
    services.process_event(subject_id)


@handles("booking_paid")
def end_other_session(subject_id: str) -> None:
    """Paid through an older page: the newer one must not take the money again."""
    services.end_live_session(UUID(subject_id))


@handles("refund_approved")
def send_refund(subject_id: str) -> None:
    services.send_refund(UUID(subject_id))


@handles("payment_unfulfillable")
def tell_staff_about_unfulfillable(subject_id: str) -> None:
    emails.send_unfulfillable_alert(_payment(subject_id))


@handles("payment_unfulfillable", "apology_again")
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
    emails.send_refund_failed_alert(_refund(subject_id))


@handles("refund_completed", "refund_mail_again")
def tell_customer_about_refund(subject_id: str) -> None:
    """Unless the mail that said why the payment could not be used has told them already."""
    refund = _refund(subject_id)
    if refund.kind != RefundKind.AUTOMATIC and refund.status == RefundStatus.COMPLETED:
        emails.send_refund_completed(refund)


@handles("dispute_opened", "dispute_closed")
def tell_staff_about_dispute(subject_id: str) -> None:
    dispute = Dispute.objects.select_related("payment__booking").get(pk=subject_id)
    emails.send_dispute_alert(dispute)


@handles("money_alerts")
def tell_staff_about_alerts(subject_id: str) -> None:
    """One mail for all alerts that wait; they count as told only when it is out."""
    alerts = list(MoneyAlert.objects.untold().select_related("booking"))
    if alerts:
        emails.send_money_alerts(alerts)
        told = MoneyAlert.objects.filter(pk__in=[alert.pk for alert in alerts])
        told.update(told_at=clock.real_now())


@handles("payment_link_created")
def send_payment_link(subject_id: str) -> None:
    """Mail the link, unless it ended before its turn came; "sent" is noted when it is out."""
    link = PaymentLink.objects.select_related("booking__mini_move_package").get(pk=subject_id)
    if services.link_state(link) is services.LinkState.PAYABLE:
        emails.send_payment_link(link, services.link_cents(link))
        PaymentLink.objects.filter(pk=link.pk).update(sent_at=clock.now())


@handles("receipt_requested")
def send_receipt(subject_id: str) -> None:
    """Mail the receipt because the office was asked for it."""
    related = ("pickup_address", "delivery_address", "mini_move_package")
    emails.send_receipt(Booking.objects.select_related(*related).get(pk=subject_id))


@handles("booking_changed", "change_mail_again")
def tell_customer_about_change(subject_id: str) -> None:
    """The subject is the row of the history that says what was and what is."""
    related = ("booking__pickup_address", "booking__delivery_address", "booking__mini_move_package")
    emails.send_booking_changed(BookingEvent.objects.select_related(*related).get(pk=subject_id))


@handles("booking_cancelled", "cancellation_again")
def tell_customer_about_cancellation(subject_id: str) -> None:
    related = ("booking__pickup_address", "booking__delivery_address", "booking__mini_move_package")
    cancellation = Cancellation.objects.select_related("credit_code", *related)
    emails.send_booking_cancelled(cancellation.get(booking_id=subject_id))


@handles("booking_cancelled")
def tell_staff_about_cancellation(subject_id: str) -> None:
    """Of those by customers only: the office knows what it did itself."""
    cancellation = Cancellation.objects.select_related("booking").get(booking_id=subject_id)
    if cancellation.decided_by_id is None:
        emails.send_cancellation_alert(cancellation)


def _refund(subject_id: str) -> Refund:
    return Refund.objects.select_related("payment__booking").get(pk=subject_id)


def _payment(subject_id: str) -> Payment:
    return Payment.objects.select_related("booking").get(pk=subject_id)
