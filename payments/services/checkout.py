"""From a reviewed draft to Stripe's page: the booking is stored, complete and priced, first.

One booking per draft and one payable session per booking (rules R505 and R606): a double click,
a second tab or the back button find what is there instead of making another.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from booking import services as bookings
from booking.models import Booking, BookingStatus, Draft
from booking.services import Acceptance, Shown
from payments.gateway import NewSession, SessionState, get_gateway
from payments.models import (
    LIVE_ATTEMPTS,
    AttemptStatus,
    AuditKind,
    CheckoutAttempt,
    Method,
    Payment,
    PaymentStatus,
    Purpose,
)
from payments.services.locks import Money, audit, lock_money
from payments.services.settlement import apply_state, remember_session
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.outbox.services import announce

SESSION_LIFE: Final = timedelta(minutes=60)
# A session that ends sooner than this is replaced: nobody should race its clock while typing.
MINIMUM_LEFT: Final = timedelta(minutes=2)
# Definite refusals by Stripe in a row before we stop asking (the seed's PAYMENT_RETRY_LIMIT).
PAYMENT_RETRY_LIMIT: Final = 3


class CheckoutResult(StrEnum):
    PAY = "pay"  # send the customer to ``url``
    BOOKED = "booked"  # paid already, or nothing to pay


@dataclass(frozen=True)
class Checkout:
    result: CheckoutResult
    booking_id: UUID
    url: str = ""


class CheckoutUnavailableError(Exception):
    """Stripe cannot be reached or refuses; the booking is stored, the click may be repeated."""


def begin_checkout(
    draft_id: UUID, shown: Shown, acceptance: Acceptance, *, base_url: str
) -> Checkout:
    """Store the draft's booking with its payment and open Stripe's page for it.

    ``base_url`` is where the customer is, without a final slash: the way back from Stripe.
    Raises NotBookableError, PriceChangedError or DraftChangedError with nothing written, and
    CheckoutUnavailableError with the booking stored and still payable.
    """
    for _ in range(3):
        done = _clear_way(draft_id, shown)
        if done is not None:
            return done
        opened = _open(draft_id, shown, acceptance, base_url)
        if isinstance(opened, Checkout):
            return opened
        if opened is not None:
            return _create_session(opened)
        # Another tab opened a session between the two steps: look again.
    raise CheckoutUnavailableError


# -- before: what an earlier click left open ------------------------------


def _clear_way(draft_id: UUID, shown: Shown) -> Checkout | None:
    """Reuse, settle or end the session an earlier click opened; None when the way is free.

    Stripe is asked outside any transaction. A session is ended only for an order that can be
    booked instead, and one that turns out paid is settled as sold (rule R608).
    """
    draft = Draft.objects.get(pk=draft_id)
    booking = Booking.objects.filter(draft=draft).first()
    if booking is None:
        return None
    attempt = _live_attempt(booking)
    if booking.status != BookingStatus.PENDING:
        return Checkout(CheckoutResult.BOOKED, booking.pk)
    if attempt is None:
        return None
    try:
        state = _state_of(attempt)
        if state is None:
            return None
        if state.status == "open":
            if _still_good(attempt, booking, draft, shown):
                apply_state(state)
                return Checkout(CheckoutResult.PAY, booking.pk, state.url)
            bookings.checked(draft, booking, shown)
            state = get_gateway().expire_session(state.id)
        apply_state(state, keep_hold=True)
    except (TemporaryError, PermanentError) as error:
        raise CheckoutUnavailableError from error
    booking.refresh_from_db()
    if booking.status != BookingStatus.PENDING:
        return Checkout(CheckoutResult.BOOKED, booking.pk)
    return None


def _live_attempt(booking: Booking) -> CheckoutAttempt | None:
    return CheckoutAttempt.objects.filter(
        payment__booking=booking,
        payment__purpose=Purpose.BOOKING,
        status__in=LIVE_ATTEMPTS,
    ).first()


def _state_of(attempt: CheckoutAttempt) -> SessionState | None:
    """What Stripe says about a live attempt now; None when Stripe definitely never opened it.

    An attempt whose answer was lost is asked again with its own key: the same session, or the
    first one.
    """
    gateway = get_gateway()
    if attempt.session_id:
        return gateway.get_session(attempt.session_id)
    try:
        return gateway.create_session(_new_session(attempt))
    except PermanentError as error:
        _refused(attempt, str(error))
        return None


def _still_good(attempt: CheckoutAttempt, booking: Booking, draft: Draft, shown: Shown) -> bool:
    """Whether the open session sells exactly what the customer was shown."""
    left = attempt.expires_at - clock.real_now()
    return (
        shown.draft_version == draft.version
        and bookings.is_current(booking, draft, shown.total_cents)
        and attempt.amount_cents == booking.total_price_cents
        and left >= MINIMUM_LEFT
    )


# -- the one transaction ---------------------------------------------------


@transaction.atomic
def _open(
    draft_id: UUID, shown: Shown, acceptance: Acceptance, base_url: str
) -> CheckoutAttempt | Checkout | None:
    """Booking, payment and attempt together; None when another session is open after all."""
    draft = Draft.objects.select_for_update().get(pk=draft_id)
    booking = Booking.objects.filter(draft=draft).first()
    if booking is None:
        money = Money(bookings.place(draft, shown, acceptance), ())
    else:
        money = lock_money(booking.pk)
        if money.booking.status != BookingStatus.PENDING:
            return Checkout(CheckoutResult.BOOKED, booking.pk)
        if _live_attempt(booking) is not None:
            return None
        bookings.rewrite(money.booking, draft, shown, acceptance)
    draft.expires_at = clock.now() + SESSION_LIFE + timedelta(hours=24)
    draft.save(update_fields=["expires_at", "updated_at"])
    if money.booking.total_price_cents == 0:
        return _nothing_to_pay(money)
    payment = _payment_for(money)
    return _new_attempt(payment, money.booking, base_url)


def _payment_for(money: Money) -> Payment:
    """The open payment of exactly this amount, or a new one; one of another amount fails."""
    booking = money.booking
    for payment in money.open_payments:
        if payment.purpose != Purpose.BOOKING:
            continue
        if payment.amount_cents == booking.total_price_cents:
            return payment
        payment.move_to(PaymentStatus.FAILED, failure_reason="replaced")
        audit(payment, AuditKind.PAYMENT_FAILED, detail="replaced by a changed order")
    payment = Payment.objects.create(
        booking=booking, customer=booking.customer, amount_cents=booking.total_price_cents
    )
    audit(payment, AuditKind.PAYMENT_CREATED)
    return payment


def _nothing_to_pay(money: Money) -> Checkout:
    """A total of 0, found by the server itself: paid at once, without Stripe (rule R616)."""
    for payment in money.open_payments:
        payment.move_to(PaymentStatus.FAILED, failure_reason="replaced")
        audit(payment, AuditKind.PAYMENT_FAILED, detail="replaced: nothing to pay")
    payment = Payment.objects.create(
        booking=money.booking,
        customer=money.booking.customer,
        method=Method.FREE,
        amount_cents=0,
        status=PaymentStatus.SUCCEEDED,
        processed_at=clock.now(),
    )
    audit(payment, AuditKind.PAYMENT_SUCCEEDED, detail="nothing to pay")
    bookings.mark_paid(money.booking, reason="nothing to pay")
    return Checkout(CheckoutResult.BOOKED, money.booking.pk)


def _new_attempt(payment: Payment, booking: Booking, base_url: str) -> CheckoutAttempt:
    last = payment.attempts.order_by("-number").first()
    success = f"{base_url}{reverse('payments:done')}?session_id={{CHECKOUT_SESSION_ID}}"
    return CheckoutAttempt.objects.create(
        payment=payment,
        number=last.number + 1 if last else 1,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        line_text=f"{booking.get_service_type_display()}, booking {booking.booking_number}",
        customer_email=booking.email,
        success_url=success,
        cancel_url=f"{base_url}{reverse('booking:review')}?cancelled=1",
        # Whole seconds, as Stripe counts; a little over the hour so that no clock skew cuts it.
        expires_at=clock.real_now().replace(microsecond=0) + SESSION_LIFE,
    )


# -- after: the session at Stripe -----------------------------------------


def _create_session(attempt: CheckoutAttempt) -> Checkout:
    """Ask Stripe for the attempt's session; a definite refusal starts the next attempt."""
    try:
        state = get_gateway().create_session(_new_session(attempt))
    except TemporaryError as error:
        # Perhaps it was made. The attempt stays as it is: the next click repeats it.
        raise CheckoutUnavailableError from error
    except PermanentError as error:
        following = _refused(attempt, str(error))
        if following is None:
            raise CheckoutUnavailableError from error
        return _create_session(following)
    return _opened(attempt.pk, state)


@transaction.atomic
def _opened(attempt_id: UUID, state: SessionState) -> Checkout:
    attempt = CheckoutAttempt.objects.select_related("payment").get(pk=attempt_id)
    money = lock_money(attempt.payment.booking_id)
    attempt.refresh_from_db()
    remember_session(attempt, state)
    if not attempt.is_live:
        # Another tab ended it meanwhile; its session is known to Stripe under our key.
        raise CheckoutUnavailableError
    return Checkout(CheckoutResult.PAY, money.booking.pk, state.url)


@transaction.atomic
def _refused(attempt: CheckoutAttempt, error: str) -> CheckoutAttempt | None:
    """Note that Stripe said no; the next attempt, or None after too many in a row."""
    money = lock_money(attempt.payment.booking_id)
    attempt.refresh_from_db()
    payment = money.payment(attempt.payment_id)
    if attempt.is_live:
        attempt.end(AttemptStatus.FAILED, error=error)
    recent = payment.attempts.order_by("-number")[:PAYMENT_RETRY_LIMIT]
    refused = [one for one in recent if one.status == AttemptStatus.FAILED]
    if payment.status == PaymentStatus.PENDING and len(refused) < PAYMENT_RETRY_LIMIT:
        base_url = attempt.cancel_url.removesuffix(f"{reverse('booking:review')}?cancelled=1")
        return _new_attempt(payment, money.booking, base_url)
    if payment.status == PaymentStatus.PENDING:
        payment.move_to(PaymentStatus.FAILED, failure_reason=error[:300])
        audit(payment, AuditKind.PAYMENT_FAILED, detail=error)
        bookings.release_hold(money.booking, reason="the payment page could not be opened")
        announce("checkout_refused", payment.pk, booking_id=money.booking.pk)
    return None


def _new_session(attempt: CheckoutAttempt) -> NewSession:
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
