"""Money going back: created under the payment's lock, sent outside it, recorded after."""

from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from payments.gateway import RefundState, get_gateway
from payments.models import (
    STANDING_REFUNDS,
    AuditKind,
    Payment,
    PaymentStatus,
    Refund,
    RefundKind,
    RefundStatus,
)
from payments.services.locks import audit
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.outbox.services import announce


def remaining_cents(payment: Payment) -> int:
    """Cents of a captured payment that no refund, finished or under way, has claimed yet."""
    if not payment.is_captured:
        return 0
    claimed = payment.refunds.filter(status__in=STANDING_REFUNDS).aggregate(
        cents=Sum("amount_cents")
    )
    return payment.amount_cents - (claimed["cents"] or 0)


def refund_unfulfillable(payment: Payment, *, automatically: bool) -> Refund | None:
    """Open the refund of everything left of a locked payment that could buy nothing.

    ``automatically`` approves it at once; otherwise people find a request in their queue.
    """
    amount_cents = remaining_cents(payment)
    if amount_cents == 0:
        return None
    now = clock.now()
    refund = Refund.objects.create(
        payment=payment,
        kind=RefundKind.AUTOMATIC,
        amount_cents=amount_cents,
        reason=f"This payment could not be used: {payment.unfulfillable_reason}",
        status=RefundStatus.APPROVED if automatically else RefundStatus.REQUESTED,
        approved_at=now if automatically else None,
    )
    audit(payment, AuditKind.REFUND_REQUESTED, amount_cents=amount_cents, refund=refund)
    if automatically:
        audit(payment, AuditKind.REFUND_APPROVED, amount_cents=amount_cents, refund=refund)
        announce("refund_approved", refund.pk, booking_id=payment.booking_id)
    return refund


def send_refund(refund_id: UUID) -> None:
    """Send an approved refund to Stripe; a repeat finds the first one instead of making another.

    Raises TemporaryError while nobody knows whether it worked; the outbox tries again.
    """
    refund = _start(refund_id)
    if refund is None:
        return
    payment = refund.payment
    gateway = get_gateway()
    made = gateway.refunds_of_intent(payment.stripe_payment_intent_id)
    state = next((one for one in made if one.refund_id == str(refund.pk)), None)
    if state is None:
        try:
            state = gateway.create_refund(
                key=str(refund.pk),
                payment_id=str(payment.pk),
                intent_id=payment.stripe_payment_intent_id,
                amount_cents=refund.amount_cents,
            )
        except PermanentError as error:
            _finish(refund.pk, None, failure=str(error))
            return
    _finish(refund.pk, state, failure="")
    if state.status == "pending":
        raise TemporaryError("Stripe is still working on the refund")


@transaction.atomic
def _start(refund_id: UUID) -> Refund | None:
    """Mark a refund as being sent; None when there is nothing left to send."""
    refund = _lock(refund_id)
    if refund.status == RefundStatus.APPROVED:
        refund.move_to(RefundStatus.PROCESSING)
    return refund if refund.status == RefundStatus.PROCESSING else None


@transaction.atomic
def _finish(refund_id: UUID, state: RefundState | None, *, failure: str) -> None:
    """Record what became of a refund and bring the payment's state in line."""
    refund = _lock(refund_id)
    if refund.status != RefundStatus.PROCESSING:
        return
    if state is not None and state.status == "succeeded":
        refund.move_to(RefundStatus.COMPLETED, stripe_refund_id=state.id, completed_at=clock.now())
        kind = AuditKind.REFUND_COMPLETED
    elif state is None or state.status in ("failed", "canceled"):
        reason = failure or (state.failure_reason if state else "")
        refund.move_to(RefundStatus.FAILED, failure_reason=reason[:300])
        kind = AuditKind.REFUND_FAILED
        announce("refund_failed", refund.pk, booking_id=refund.payment.booking_id)
    else:
        return
    audit(refund.payment, kind, amount_cents=refund.amount_cents, refund=refund)
    if kind == AuditKind.REFUND_COMPLETED:
        announce("refund_completed", refund.pk, booking_id=refund.payment.booking_id)
    recompute(refund.payment)


def recompute(payment: Payment) -> None:
    """Set a locked payment's state from its completed refunds."""
    completed = payment.refunds.filter(status=RefundStatus.COMPLETED)
    cents = completed.aggregate(cents=Sum("amount_cents"))["cents"] or 0
    if cents == 0:
        status = PaymentStatus.SUCCEEDED
    elif cents < payment.amount_cents:
        status = PaymentStatus.PARTIALLY_REFUNDED
    else:
        status = PaymentStatus.REFUNDED
    if payment.status != status:
        payment.move_to(status)


def _lock(refund_id: UUID) -> Refund:
    """A refund with its payment, the payment locked first."""
    payment_id = Refund.objects.values_list("payment_id", flat=True).get(pk=refund_id)
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    refund.payment = payment
    return refund
