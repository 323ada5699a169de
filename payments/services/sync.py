"""Refunds and disputes of a payment brought up to what Stripe says now (rules R614, R622, R623).

A read of Stripe is believed only if nothing was changed by another read since it began: between
asking and writing the payment's ``stripe_version`` must stand still, else Stripe is asked again.
So an answer that was overtaken moves nothing backwards, and no call is made inside a transaction.
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from booking.models import EventKind
from payments.gateway import DisputeState, RefundState, get_gateway
from payments.models import (
    CLOSED_DISPUTES,
    REFUND_MOVES,
    UNDER_WAY_REFUNDS,
    AuditKind,
    Dispute,
    Payment,
    PaymentStatus,
    Refund,
    RefundKind,
    RefundStatus,
)
from payments.services.locks import audit
from totetaxi.lib import clock
from totetaxi.lib.errors import TemporaryError
from totetaxi.lib.money import usd
from totetaxi.outbox.services import announce

TRIES: Final = 5
DASHBOARD_REASON: Final = "Made at Stripe"
OUTCOMES: Final = {
    "succeeded": RefundStatus.COMPLETED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}

State = TypeVar("State")


def sync_refunds(payment_id: UUID) -> None:
    """Ask Stripe for every refund of a captured payment and bring our rows in line.

    A refund with the id of a row of ours updates that row; any other becomes a ``dashboard``
    row. Raises TemporaryError or PermanentError; then nothing was changed.
    """
    _sync(payment_id, get_gateway().refunds_of_intent, _apply_refund)


def sync_disputes(payment_id: UUID) -> None:
    """Ask Stripe for every dispute of a captured payment; raises as ``sync_refunds``."""
    _sync(payment_id, get_gateway().disputes_of_intent, _apply_dispute)


def recompute(payment: Payment) -> None:
    """Set a locked payment's state from its completed refunds (rule R612)."""
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


def _sync(
    payment_id: UUID,
    ask: Callable[[str], Iterable[State]],
    apply: Callable[[Payment, State], bool],
) -> None:
    for _ in range(TRIES):
        payment = Payment.objects.get(pk=payment_id)
        if not payment.stripe_payment_intent_id:
            return
        states = tuple(ask(payment.stripe_payment_intent_id))
        if _write(payment, states, apply):
            return
    raise TemporaryError("another process keeps changing the payment")


@transaction.atomic
def _write(
    asked: Payment, states: Iterable[State], apply: Callable[[Payment, State], bool]
) -> bool:
    """Apply what was read, unless the payment was changed since it was asked about."""
    payment = Payment.objects.select_for_update().get(pk=asked.pk)
    if payment.stripe_version != asked.stripe_version:
        return False
    changes = [apply(payment, state) for state in states]
    if any(changes):
        payment.stripe_version += 1
        payment.save(update_fields=["stripe_version", "updated_at"])
        recompute(payment)
    return True


# -- refunds ---------------------------------------------------------------


def _apply_refund(payment: Payment, state: RefundState) -> bool:
    """Bring one refund's row in line; whether anything changed. The payment is locked."""
    refund = _row_of(payment, state)
    before = (refund.status, refund.stripe_refund_id) if refund else None
    refund = refund or Refund.objects.create(
        payment=payment,
        kind=RefundKind.DASHBOARD,
        amount_cents=state.amount_cents,
        reason=DASHBOARD_REASON,
        status=RefundStatus.PROCESSING,
        stripe_refund_id=state.id,
    )
    if refund.stripe_refund_id != state.id:
        refund.stripe_refund_id = state.id
        refund.save(update_fields=["stripe_refund_id"])
    if refund.status == RefundStatus.APPROVED:
        refund.move_to(RefundStatus.PROCESSING)
    outcome = OUTCOMES.get(state.status)
    if outcome is not None and outcome in REFUND_MOVES[refund.status]:
        _conclude(refund, outcome, state.failure_reason)
    return (refund.status, refund.stripe_refund_id) != before


def _row_of(payment: Payment, state: RefundState) -> Refund | None:
    """The row behind a refund at Stripe: by our id in it, by its id, or None for one made there."""
    rows = Refund.objects.select_for_update().filter(payment=payment)
    known = rows.filter(stripe_refund_id=state.id).first()
    if known is not None or not state.is_ours:
        return known
    try:
        key = UUID(state.refund_id)
    except ValueError:
        return None
    sent = {*UNDER_WAY_REFUNDS, RefundStatus.FAILED}
    return rows.filter(pk=key, stripe_refund_id="", status__in=sent).first()


def _conclude(refund: Refund, outcome: RefundStatus, failure_reason: str) -> None:
    """Record how a refund ended, or that its end was undone by the bank."""
    payment = refund.payment
    if outcome == RefundStatus.COMPLETED:
        refund.move_to(outcome, completed_at=clock.now(), failure_reason="")
        kind, event = AuditKind.REFUND_COMPLETED, "refund_completed"
    else:
        refund.move_to(outcome, failure_reason=failure_reason[:300])
        kind, event = AuditKind.REFUND_FAILED, "refund_failed"
    audit(payment, kind, amount_cents=refund.amount_cents, refund=refund, detail=failure_reason)
    announce(event, refund.pk, booking_id=payment.booking_id)


# -- disputes ----------------------------------------------------------------


def _apply_dispute(payment: Payment, state: DisputeState) -> bool:
    """Bring one dispute's row in line; whether anything changed. The payment is locked."""
    dispute = Dispute.objects.select_for_update().filter(stripe_dispute_id=state.id).first()
    is_new = dispute is None
    dispute = dispute or Dispute(
        payment=payment, stripe_dispute_id=state.id, opened_at=state.opened_at
    )
    before = (dispute.status, dispute.amount_cents, dispute.evidence_due_at)
    was_open = is_new or dispute.is_open
    dispute.status, dispute.reason = state.status, state.reason
    dispute.amount_cents, dispute.currency = state.amount_cents, state.currency
    dispute.evidence_due_at = state.evidence_due_at
    closes = was_open and state.status in CLOSED_DISPUTES
    if closes:
        dispute.closed_at = clock.now()
    if not is_new and before == (dispute.status, dispute.amount_cents, dispute.evidence_due_at):
        return False
    dispute.save()
    if is_new:
        _tell_of_dispute(dispute, AuditKind.DISPUTE_OPENED)
    if closes:
        _tell_of_dispute(dispute, AuditKind.DISPUTE_CLOSED)
    return True


def _tell_of_dispute(dispute: Dispute, kind: AuditKind) -> None:
    """A row in both histories, and a mail to the office (rule R629)."""
    payment = dispute.payment
    detail = f"{dispute.stripe_dispute_id}: {dispute.reason}, {dispute.status}"
    audit(payment, kind, amount_cents=dispute.amount_cents, detail=detail)
    word = "opened" if kind == AuditKind.DISPUTE_OPENED else f"closed: {dispute.status}"
    payment.booking.record(
        EventKind.NOTE,
        actor_label="Stripe",
        reason=f"Dispute over {usd(dispute.amount_cents)} {word}",
    )
    announce(str(kind), dispute.pk, booking_id=payment.booking_id)
