"""``settle()``: the one place where money makes a booking paid, whoever asks (rule R610)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import transaction

from booking import services as bookings
from booking.models import BookingStatus
from payments.gateway import SessionState, get_gateway
from payments.models import (
    LIVE_ATTEMPTS,
    AttemptStatus,
    AuditKind,
    CheckoutAttempt,
    Method,
    Payment,
    PaymentLink,
    PaymentStatus,
    Purpose,
)
from payments.services.changing import expire_change, fulfil_change
from payments.services.locks import Money, audit, lock_money
from payments.services.refunds import refund_unfulfillable
from totetaxi.lib import clock
from totetaxi.outbox.services import announce


class Outcome(StrEnum):
    PAID = "paid"  # the money is here and the booking stands
    OPEN = "open"  # not paid yet, and still can be
    EXPIRED = "expired"  # will never be paid
    GIVEN_BACK = "given_back"  # paid, but it can buy nothing: on its way back
    MISMATCH = "mismatch"  # paid, but not what was asked: people look at it
    NOT_OURS = "not_ours"


@dataclass(frozen=True)
class Settlement:
    outcome: Outcome
    booking_id: UUID | None = None


def settle(session_id: str) -> Settlement:
    """Ask Stripe what became of a session and act on it; any number of calls do it once.

    Webhook, return page, reconciliation and staff all call this one. Raises TemporaryError or
    PermanentError of the gateway; then nothing was changed.
    """
    return apply_state(get_gateway().get_session(session_id))


def settle_payment(payment_id: UUID) -> Settlement | None:
    """Settle by whatever session of a payment says most; None while it has no session."""
    attempts = CheckoutAttempt.objects.filter(payment_id=payment_id).exclude(session_id="")
    last = None
    for session_id in attempts.order_by("-number").values_list("session_id", flat=True):
        last = settle(session_id)
        if last.outcome is not Outcome.EXPIRED:
            return last
    return last


@transaction.atomic
def apply_state(state: SessionState, *, keep_hold: bool = False) -> Settlement:
    """Bring our rows up to what Stripe says about one session.

    ``keep_hold`` is for the checkout that ended the session itself and goes on at once: the
    place stays with the customer.
    """
    attempt = _attempt_of(state)
    if attempt is None:
        return Settlement(Outcome.NOT_OURS)
    money = lock_money(attempt.payment.booking_id)
    attempt.refresh_from_db()
    payment = money.payment(attempt.payment_id)
    remember_session(attempt, state)
    if state.is_paid:
        outcome = _paid(money, payment, attempt, state)
    elif state.is_over:
        outcome = _ended(money, payment, attempt, state, keep_hold=keep_hold)
    else:
        outcome = Outcome.OPEN
    return Settlement(outcome, money.booking.pk)


def remember_session(attempt: CheckoutAttempt, state: SessionState) -> None:
    """Note on a live attempt which session it became."""
    if attempt.status == AttemptStatus.CREATING:
        attempt.status, attempt.session_id = AttemptStatus.OPEN, state.id
        attempt.session_url = state.url
        attempt.save(update_fields=["status", "session_id", "session_url", "updated_at"])


def _attempt_of(state: SessionState) -> CheckoutAttempt | None:
    """The attempt behind a session: by its id, or by our key if the answer was lost on the way."""
    attempts = CheckoutAttempt.objects.select_related("payment")
    found = attempts.filter(session_id=state.id).first()
    if found is None and state.attempt_id:
        try:
            key = UUID(state.attempt_id)
        except ValueError:
            return None
        found = attempts.filter(pk=key, session_id="").first()
    return found


def _ended(
    money: Money,
    payment: Payment,
    attempt: CheckoutAttempt,
    state: SessionState,
    *,
    keep_hold: bool,
) -> Outcome:
    """The session ended unpaid: payment failed, and the place is free if nothing can pay it.

    A live link of the office keeps the place (rule R604).
    """
    reason = "expired" if state.status == "expired" else "refused by the bank"
    ended_now = attempt.is_live
    attempt.end(AttemptStatus.EXPIRED, error="" if reason == "expired" else reason)
    live = payment.attempts.filter(status__in=LIVE_ATTEMPTS).exists()
    if payment.status == PaymentStatus.PENDING and not live:
        payment.move_to(PaymentStatus.FAILED, failure_reason=reason)
        expired = reason == "expired"
        audit(payment, AuditKind.SESSION_EXPIRED if expired else AuditKind.PAYMENT_FAILED)
        expire_change(payment)
    # Only who ends the attempt decides about the place: a later word about the same session may
    # come while the next checkout is being opened on it.
    if ended_now and not keep_hold:
        release_unpayable(money)
    return Outcome.PAID if payment.is_captured else Outcome.EXPIRED


@transaction.atomic
def end_unknown(attempt: CheckoutAttempt) -> Outcome:
    """A session past its time that Stripe does not know, after a change of accounts, say."""
    money = lock_money(attempt.payment.booking_id)
    attempt.refresh_from_db()
    payment = money.payment(attempt.payment_id)
    attempt.end(AttemptStatus.EXPIRED, error="unknown at Stripe")
    if payment.status == PaymentStatus.PENDING:
        payment.move_to(PaymentStatus.FAILED, failure_reason="unknown at Stripe")
        audit(payment, AuditKind.PAYMENT_FAILED, detail="unknown at Stripe")
        expire_change(payment)
    # The payments were read before this one ended.
    release_unpayable(lock_money(money.booking.pk))
    return Outcome.EXPIRED


def release_unpayable(money: Money) -> None:
    """Give the place of a locked booking back unless a payment or a link can still pay it."""
    has_link = PaymentLink.objects.live(clock.now()).filter(booking=money.booking).exists()
    if not money.open_payments and not has_link:
        bookings.release_hold(money.booking, reason="checkout ended unpaid")


def _paid(money: Money, payment: Payment, attempt: CheckoutAttempt, state: SessionState) -> Outcome:
    if payment.is_captured and payment.stripe_payment_intent_id != state.intent_id:
        payment = _second_capture(payment, state)
    if payment.is_captured:
        return Outcome.GIVEN_BACK if payment.unfulfillable_reason else Outcome.PAID
    if (state.amount_cents, state.currency) != (payment.amount_cents, payment.currency):
        return _mismatch(payment, state)
    reason = _fulfil(money, payment)
    payment.move_to(
        PaymentStatus.SUCCEEDED,
        failure_reason="",
        unfulfillable_reason=reason,
        stripe_payment_intent_id=state.intent_id,
        stripe_charge_id=state.charge_id,
        processed_at=clock.now(),
    )
    _complete(attempt, state)
    audit(payment, AuditKind.PAYMENT_SUCCEEDED, detail=state.intent_id)
    if not reason:
        return Outcome.PAID
    _give_back(payment)
    return Outcome.GIVEN_BACK


def _complete(attempt: CheckoutAttempt, state: SessionState) -> None:
    """Whatever the attempt was, it is now proven paid."""
    attempt.status, attempt.error = AttemptStatus.COMPLETE, ""
    attempt.session_id = state.id
    attempt.save(update_fields=["status", "error", "session_id", "updated_at"])


def _second_capture(payment: Payment, state: SessionState) -> Payment:
    """Another session of a captured payment was paid, too: its money gets a row of its own."""
    extra = Payment.objects.filter(stripe_payment_intent_id=state.intent_id).first()
    return extra or Payment.objects.create(
        booking_id=payment.booking_id,
        customer_id=payment.customer_id,
        purpose=payment.purpose,
        change_id=payment.change_id,
        method=Method.STRIPE,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        # Born failed: the booking may have an open payment, and this one never waits.
        status=PaymentStatus.FAILED,
    )


def _fulfil(money: Money, payment: Payment) -> str:
    """Make the booking paid, or say in a word why this money can buy nothing (rule R611)."""
    booking = money.booking
    if booking.deleted_at or booking.status == BookingStatus.CANCELLED:
        return "cancelled"
    if payment.purpose == Purpose.CHANGE:
        return fulfil_change(money, payment)
    if booking.status in (BookingStatus.PAID, BookingStatus.COMPLETED):
        return "duplicate"
    if payment.amount_cents != booking.total_price_cents:
        return "superseded"
    if not bookings.retake_hold(booking, reason="paid after the checkout had ended"):
        return "full"
    bookings.mark_paid(booking, reason=f"payment {payment.pk}")
    return ""


def _give_back(payment: Payment) -> None:
    """Send money that buys nothing back by itself, on the record, with staff told (rule R611)."""
    reason = payment.unfulfillable_reason
    kind = AuditKind.DUPLICATE_CHARGE_DETECTED if reason == "duplicate" else AuditKind.UNFULFILLABLE
    audit(payment, kind, detail=reason)
    refund_unfulfillable(payment, automatically=settings.AUTO_REFUND_UNFULFILLABLE)
    announce("payment_unfulfillable", payment.pk, booking_id=payment.booking_id)


def _mismatch(payment: Payment, state: SessionState) -> Outcome:
    """Not what we asked for: never paid, and somebody is told once (rule R610)."""
    if not payment.audits.filter(kind=AuditKind.AMOUNT_MISMATCH).exists():
        audit(
            payment,
            AuditKind.AMOUNT_MISMATCH,
            amount_cents=state.amount_cents,
            detail=f"{state.currency} instead of {payment.amount_cents} {payment.currency}",
        )
        announce("payment_mismatch", payment.pk, booking_id=payment.booking_id)
    return Outcome.MISMATCH
