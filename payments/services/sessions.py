"""Sessions at Stripe: tries to open one, each a stored row, and what became of them."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.urls import reverse

from booking.models import Booking
from catalog import price_book
from payments.gateway import NewSession, SameAnswerError, SessionState, get_gateway
from payments.models import (
    LIVE_ATTEMPTS,
    AttemptStatus,
    AuditKind,
    CheckoutAttempt,
    Payment,
    PaymentLink,
    PaymentStatus,
    Purpose,
)
from payments.services.changing import expire_change
from payments.services.locks import audit, lock_money
from payments.services.settlement import release_unpayable
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError
from totetaxi.outbox.services import announce

# Stripe keeps a failure under the key it failed with; until then it may have been a passing one.
SAME_KEY_PATIENCE: Final = timedelta(minutes=1)
# Definite refusals by Stripe in a row before we stop asking (the seed's PAYMENT_RETRY_LIMIT).
PAYMENT_RETRY_LIMIT: Final = 3


def live_attempt(booking: Booking, purpose: Purpose = Purpose.BOOKING) -> CheckoutAttempt | None:
    """The page that can be paid, or is being opened, for the booking or for a change of it."""
    return CheckoutAttempt.objects.filter(
        payment__booking=booking,
        payment__purpose=purpose,
        status__in=LIVE_ATTEMPTS,
    ).first()


def is_our_session(session_id: str) -> bool:
    """Whether we opened this session, whatever Stripe says of it now."""
    return bool(session_id) and CheckoutAttempt.objects.filter(session_id=session_id).exists()


def is_change_session(session_id: str) -> bool:
    """Whether a change of a booking is paid in it."""
    attempts = CheckoutAttempt.objects.filter(session_id=session_id)
    return attempts.filter(payment__purpose=Purpose.CHANGE).exists()


def session_life() -> timedelta:
    """How long an unpaid order keeps its place and its payment page (rule R604)."""
    return timedelta(minutes=price_book.load().policy.unpaid_hold_minutes)


def done_url(base_url: str) -> str:
    """Where Stripe sends who has paid; it fills in the session's id."""
    return f"{base_url}{reverse('payments:done')}?session_id={{CHECKOUT_SESSION_ID}}"


def new_attempt(
    payment: Payment,
    booking: Booking,
    *,
    success_url: str,
    cancel_url: str,
    life: timedelta | None = None,
    link: PaymentLink | None = None,
) -> CheckoutAttempt:
    """The next try of a payment, before Stripe knows of it; ``life`` is usually the policy's."""
    last = payment.attempts.order_by("-number").first()
    return CheckoutAttempt.objects.create(
        payment=payment,
        link=link,
        number=last.number + 1 if last else 1,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        line_text=f"{_line_words(payment, booking)} {booking.booking_number}",
        customer_email=booking.email,
        success_url=success_url,
        cancel_url=cancel_url,
        # Whole seconds, as Stripe counts.
        expires_at=clock.real_now().replace(microsecond=0) + (life or session_life()),
    )


def _line_words(payment: Payment, booking: Booking) -> str:
    if payment.purpose == Purpose.CHANGE:
        return "Change of booking"
    return f"{booking.get_service_type_display()}, booking"


def new_session(attempt: CheckoutAttempt) -> NewSession:
    """The request to Stripe, made from the attempt's row alone."""
    payment = attempt.payment
    return NewSession(
        key=str(attempt.pk),
        payment_id=str(payment.pk),
        booking_id=str(payment.booking_id),
        booking_number=payment.booking.booking_number,
        amount_cents=attempt.amount_cents,
        currency=attempt.currency,
        line_text=attempt.line_text,
        customer_email=attempt.customer_email,
        success_url=attempt.success_url,
        cancel_url=attempt.cancel_url,
        expires_at=attempt.expires_at,
    )


def state_of(attempt: CheckoutAttempt) -> SessionState | None:
    """What Stripe says about a live attempt now; None when Stripe definitely never opened it.

    An attempt whose answer was lost is asked again with its own key: the same session, or the
    first one.
    """
    gateway = get_gateway()
    if attempt.session_id:
        return gateway.get_session(attempt.session_id)
    try:
        created = gateway.create_session(new_session(attempt))
    except SameAnswerError as error:
        if clock.real_now() - attempt.created_at < SAME_KEY_PATIENCE:
            raise
        # The failure is kept under this key. A session, if there is one, nobody was ever sent to.
        refused(attempt, str(error))
        return None
    except PermanentError as error:
        refused(attempt, str(error))
        return None
    # A repeated request is answered as the first one was: what became of it since is asked for.
    return gateway.get_session(created.id)


@transaction.atomic
def refused(attempt: CheckoutAttempt, error: str) -> CheckoutAttempt | None:
    """Note that Stripe said no; the next attempt, or None after too many in a row."""
    money = lock_money(attempt.payment.booking_id)
    attempt.refresh_from_db()
    payment = money.payment(attempt.payment_id)
    if not attempt.is_live:
        # Another click was told the same, and went on.
        return live_attempt(money.booking, Purpose(payment.purpose))
    attempt.end(AttemptStatus.FAILED, error=error)
    recent = payment.attempts.order_by("-number")[:PAYMENT_RETRY_LIMIT]
    turned_down = [one for one in recent if one.status == AttemptStatus.FAILED]
    if payment.status == PaymentStatus.PENDING and len(turned_down) < PAYMENT_RETRY_LIMIT:
        return new_attempt(
            payment,
            money.booking,
            success_url=attempt.success_url,
            cancel_url=attempt.cancel_url,
            life=attempt.expires_at - attempt.created_at.replace(microsecond=0),
            link=attempt.link,
        )
    if payment.status == PaymentStatus.PENDING:
        payment.move_to(PaymentStatus.FAILED, failure_reason=error[:300])
        audit(payment, AuditKind.PAYMENT_FAILED, detail=error)
        expire_change(payment)
        release_unpayable(money)
        announce("checkout_refused", payment.pk, booking_id=money.booking.pk)
    return None
