"""Our books beside Stripe's, both ways: every charge, refund and dispute of a day (section 12.5).

What can be repaired by asking Stripe again is repaired on the way; what still differs then is an
alert. Days are real days in New York: Stripe does not know our shifted clock.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final

from payments.gateway import ChargeState, DisputeState, NotFoundError, RefundState, get_gateway
from payments.models import (
    AlertKind,
    AuditKind,
    Dispute,
    Method,
    MoneyAlert,
    Payment,
    PaymentAudit,
    Refund,
    RefundStatus,
    StripeProof,
)
from payments.services.alerts import Finding, announce_untold, store
from payments.services.events import payment_of_intent, settle_intent
from payments.services.runs import Run
from payments.services.sync import OUTCOMES, sync_disputes, sync_refunds
from totetaxi.lib import clock

COMPARED_KINDS: Final = (AlertKind.NOT_IN_BOOKS, AlertKind.NOT_AT_STRIPE, AlertKind.DIFFERS)
# Days that were missed (the scheduler stood still) are made up for, but not without end.
CATCH_UP: Final = 7
NOT_OURS: Final = "not ours"
EQUAL: Final = "equal"


@dataclass
class Comparison:
    """What a comparison has seen so far."""

    run: Run
    findings: list[Finding] = field(default_factory=list)
    equal: set[str] = field(default_factory=set)
    intents: set[str] = field(default_factory=set)
    refunds: set[str] = field(default_factory=set)

    def judge(self, subject: str, fault: Finding | None) -> str:
        """Note that ``subject`` is equal here and there, or what is wrong with it."""
        if fault is None:
            self.equal.add(subject)
            return EQUAL
        self.findings.append(fault)
        return fault.kind.label


def compare_missing_days(run: Run) -> str:
    """Compare yesterday, and the days before it that were missed since the last comparison."""
    yesterday = clock.real_now().date() - timedelta(days=1)
    last = StripeProof.objects.filter(day__lt=yesterday).order_by("-day").first()
    first = last.day + timedelta(days=1) if last else yesterday
    first = max(first, yesterday - timedelta(days=CATCH_UP - 1))
    days = [first + timedelta(days=n) for n in range((yesterday - first).days + 1)]
    return "; ".join(compare_day(run, day) for day in days)


def compare_day(run: Run, day: date) -> str:
    """Compare one real day both ways, store the proof, and alert what differs.

    A comparison that could not look at everything proves nothing and is not stored.
    """
    run = replace(run, seconds=None, counts=Counter())
    comparison = compare(run, clock.at(day, time()), clock.at(day + timedelta(days=1), time()))
    text = f"{day}: {run.summary('no money moved')}"
    if run.dry_run:
        return text
    _record(comparison)
    if run.gaps:
        return f"{text}; incomplete"
    StripeProof.objects.update_or_create(
        day=day,
        defaults={
            "proven_at": clock.real_now(),
            "charges": len(comparison.intents),
            "refunds": len(comparison.refunds),
            "differences": len(comparison.findings),
        },
    )
    return text


def compare(run: Run, start: datetime, end: datetime) -> Comparison:
    """Compare all money that moved from ``start`` until before ``end``. Raises as the gateway."""
    comparison, gateway = Comparison(run), get_gateway()
    run.each(gateway.charges_between(start, end), partial(_charge, comparison))
    run.each(gateway.refunds_between(start, end), partial(_refund, comparison))
    run.each(gateway.disputes_between(start, end), partial(_dispute, comparison))
    audits = PaymentAudit.objects.filter(created_at__gte=start, created_at__lt=end)
    taken = Payment.objects.filter(
        method=Method.STRIPE,
        pk__in=audits.filter(kind=AuditKind.PAYMENT_SUCCEEDED).values("payment_id"),
    ).exclude(stripe_payment_intent_id__in=comparison.intents)
    run.each(taken, partial(_payment, comparison))
    given = Refund.objects.filter(
        status=RefundStatus.COMPLETED,
        pk__in=audits.filter(kind=AuditKind.REFUND_COMPLETED).values("refund_id"),
    ).exclude(stripe_refund_id__in=comparison.refunds)
    run.each(given, partial(_refund_row, comparison))
    return comparison


def _record(comparison: Comparison) -> None:
    """Store what differs, and resolve older alerts about what is equal now."""
    for finding in comparison.findings:
        store(finding)
    standing = MoneyAlert.objects.standing().filter(kind__in=COMPARED_KINDS)
    standing.filter(subject__in=comparison.equal).update(resolved_at=clock.real_now())
    announce_untold()


# -- from Stripe to us ---------------------------------------------------------------


def _charge(comparison: Comparison, charge: ChargeState) -> str:
    """Every charge of ours is one payment of the same amount."""
    payment = payment_of_intent(charge.intent_id)
    if payment is None and not (charge.payment_id or charge.booking_id):
        return NOT_OURS
    if payment is None and not comparison.run.dry_run:
        settle_intent(charge.intent_id)
        payment = payment_of_intent(charge.intent_id)
    comparison.intents.add(charge.intent_id)
    return comparison.judge(charge.id, _charge_fault(charge, payment))


def _charge_fault(charge: ChargeState, payment: Payment | None) -> Finding | None:
    if payment is None:
        return Finding(AlertKind.NOT_IN_BOOKS, charge.id, f"{charge.captured_cents} cents")
    if (payment.amount_cents, payment.currency) == (charge.captured_cents, charge.currency):
        return None
    detail = f"{charge.captured_cents} {charge.currency} there, {payment.amount_cents} here"
    return Finding(AlertKind.DIFFERS, charge.id, detail, payment.booking_id)


def _refund(comparison: Comparison, refund: RefundState) -> str:
    """Every refund of our money is one row of the same amount and outcome."""
    payment = payment_of_intent(refund.intent_id)
    if payment is None and not (refund.is_ours or refund.payment_id):
        return NOT_OURS
    comparison.refunds.add(refund.id)
    fault = _refund_fault(refund, payment)
    if fault is not None and payment is not None and not comparison.run.dry_run:
        sync_refunds(payment.pk)
        fault = _refund_fault(get_gateway().get_refund(refund.id), payment)
    return comparison.judge(refund.id, fault)


def _refund_fault(refund: RefundState, payment: Payment | None) -> Finding | None:
    row = Refund.objects.filter(stripe_refund_id=refund.id).first()
    if row is None or payment is None:
        booking_id = payment.booking_id if payment else None
        detail = f"refund of {refund.amount_cents} cents"
        return Finding(AlertKind.NOT_IN_BOOKS, refund.id, detail, booking_id)
    expected = OUTCOMES.get(refund.status, RefundStatus.PROCESSING)
    if (row.amount_cents, row.status) == (refund.amount_cents, expected):
        return None
    detail = f"{refund.amount_cents} {refund.status} there, {row.amount_cents} {row.status} here"
    return Finding(AlertKind.DIFFERS, refund.id, detail, payment.booking_id)


def _dispute(comparison: Comparison, dispute: DisputeState) -> str:
    """Every dispute of our money is one row in the same state."""
    payment = payment_of_intent(dispute.intent_id)
    if payment is None:
        return NOT_OURS

    def is_equal() -> bool:
        return Dispute.objects.filter(stripe_dispute_id=dispute.id, status=dispute.status).exists()

    if not is_equal() and not comparison.run.dry_run:
        sync_disputes(payment.pk)
    booking_id = payment.booking_id
    fault = Finding(AlertKind.DIFFERS, dispute.id, dispute.status, booking_id)
    return comparison.judge(dispute.id, None if is_equal() else fault)


# -- from us to Stripe ---------------------------------------------------------------


def _payment(comparison: Comparison, payment: Payment) -> str:
    """A payment that the day's charges did not show: asked for by itself."""
    charges = get_gateway().charges_of_intent(payment.stripe_payment_intent_id)
    comparison.intents.add(payment.stripe_payment_intent_id)
    if charges:
        return comparison.judge(str(payment.pk), _charge_fault(charges[0], payment))
    fault = Finding(AlertKind.NOT_AT_STRIPE, str(payment.pk), booking_id=payment.booking_id)
    return comparison.judge(str(payment.pk), fault)


def _refund_row(comparison: Comparison, refund: Refund) -> str:
    """A completed refund that the day's list did not show: asked for by itself."""
    payment = refund.payment
    try:
        fault = _refund_fault(get_gateway().get_refund(refund.stripe_refund_id), payment)
    except NotFoundError:
        fault = Finding(
            AlertKind.NOT_AT_STRIPE, str(refund.pk), "refund", booking_id=payment.booking_id
        )
    comparison.refunds.add(refund.stripe_refund_id)
    return comparison.judge(str(refund.pk), fault)
