"""From a reviewed draft to Stripe's page: the booking is stored, complete and priced, first.

One booking per draft and one payable session per booking (rules R505 and R606): a double click,
a second tab or the back button find what is there instead of making another.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from booking import services as bookings
from booking.models import Booking, BookingStatus, Draft
from booking.services import (
    Acceptance,
    DraftChangedError,
    NotBookableError,
    PriceChangedError,
    Shown,
)
from payments.gateway import SessionState, get_gateway
from payments.models import (
    AttemptStatus,
    AuditKind,
    CheckoutAttempt,
    Method,
    Payment,
    PaymentStatus,
    Purpose,
)
from payments.services.locks import Money, audit, lock_money
from payments.services.sessions import (
    done_url,
    live_attempt,
    new_attempt,
    new_session,
    refused,
    session_life,
    state_of,
)
from payments.services.settlement import (
    Outcome,
    apply_state,
    release_unpayable,
    remember_session,
)
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError

SECONDS_FOR_THE_OTHER_CLICK: Final = 5
# A session that ends sooner than this is replaced: nobody should race its clock while typing.
MINIMUM_LEFT: Final = timedelta(minutes=2)


class CheckoutResult(StrEnum):
    PAY = "pay"  # send the customer to ``url``
    BOOKED = "booked"  # paid already, or nothing to pay
    LOOKED_AT = "looked_at"  # paid, but not what was asked: people look at it


@dataclass(frozen=True)
class Checkout:
    """Where the customer goes; ``url`` is Stripe's page, or the session that people look at."""

    result: CheckoutResult
    booking_id: UUID
    url: str = ""


class CheckoutUnavailableError(Exception):
    """Stripe cannot be reached or refuses; the booking is stored, the click may be repeated.

    ``maybe_paid`` is set when an earlier session could not be asked about: nobody may say then
    that nothing was charged.
    """

    def __init__(self, *, maybe_paid: bool = False) -> None:
        super().__init__()
        self.maybe_paid = maybe_paid


def begin_checkout(
    draft_id: UUID, shown: Shown, acceptance: Acceptance, *, base_url: str
) -> Checkout:
    """Store the draft's booking with its payment and open Stripe's page for it.

    ``base_url`` is where the customer is, without a final slash: the way back from Stripe.
    Raises NotBookableError, PriceChangedError or DraftChangedError with nothing written, and
    CheckoutUnavailableError with the booking stored and still payable.
    """
    for number in range(3):
        done = _clear_way(draft_id, shown, patient=number == 0)
        if done is not None:
            return done
        try:
            opened = _open(draft_id, shown, acceptance, base_url)
        except (DraftChangedError, NotBookableError, PriceChangedError):
            _give_up(draft_id)
            raise
        if isinstance(opened, Checkout):
            return opened
        if opened is not None:
            return create_session(opened)
        # Another tab opened a session between the two steps: look again.
    raise CheckoutUnavailableError


# -- before: what an earlier click left open ------------------------------


def _clear_way(draft_id: UUID, shown: Shown, *, patient: bool) -> Checkout | None:
    """Reuse, settle or end the session an earlier click opened; None when the way is free.

    Stripe is asked outside any transaction. ``patient`` waits for a click that is opening a
    session at this moment.
    """
    draft = Draft.objects.get(pk=draft_id)
    booking = Booking.objects.filter(draft=draft).first()
    if booking is None:
        return None
    if booking.deleted_at:
        raise CheckoutUnavailableError
    if booking.status != BookingStatus.PENDING:
        return Checkout(CheckoutResult.BOOKED, booking.pk)
    attempt = finished_attempt(booking) if patient else live_attempt(booking)
    if attempt is None:
        return None
    try:
        return _reuse_or_end(attempt, booking, draft, shown)
    except (TemporaryError, PermanentError) as error:
        raise CheckoutUnavailableError(maybe_paid=bool(attempt.session_id)) from error


def _reuse_or_end(
    attempt: CheckoutAttempt, booking: Booking, draft: Draft, shown: Shown
) -> Checkout | None:
    """The open session again if it sells what was shown; else it is ended, or settled as sold.

    A session is ended only for an order that can be booked instead (rule R608).
    """
    state = state_of(attempt)
    if state is None:
        return None
    if state.status == "open":
        if _still_good(attempt, booking, draft, shown):
            apply_state(state)
            return Checkout(CheckoutResult.PAY, booking.pk, state.url)
        bookings.checked(draft, booking, shown)
        state = get_gateway().expire_session(state.id)
    settlement = apply_state(state, keep_hold=True)
    if settlement.outcome is Outcome.MISMATCH:
        return Checkout(CheckoutResult.LOOKED_AT, booking.pk, state.id)
    booking.refresh_from_db()
    if booking.status != BookingStatus.PENDING:
        return Checkout(CheckoutResult.BOOKED, booking.pk)
    return None


def finished_attempt(
    booking: Booking, purpose: Purpose = Purpose.BOOKING
) -> CheckoutAttempt | None:
    """The live attempt; one that another click is opening right now gets a moment to finish."""
    attempt = live_attempt(booking, purpose)
    until = time.monotonic() + SECONDS_FOR_THE_OTHER_CLICK
    while attempt is not None and attempt.status == AttemptStatus.CREATING:
        age = clock.real_now() - attempt.created_at
        if time.monotonic() > until or age > timedelta(seconds=SECONDS_FOR_THE_OTHER_CLICK):
            break
        time.sleep(0.1)
        attempt = live_attempt(booking, purpose)
    return attempt


@transaction.atomic
def _give_up(draft_id: UUID) -> None:
    """The order cannot be sold as it is now: a place kept for it while it changed is free."""
    booking = Booking.objects.filter(draft=draft_id).first()
    if booking is not None:
        release_unpayable(lock_money(booking.pk))


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
        if money.booking.deleted_at:
            raise CheckoutUnavailableError
        if money.booking.status != BookingStatus.PENDING:
            return Checkout(CheckoutResult.BOOKED, booking.pk)
        if live_attempt(booking) is not None:
            return None
        bookings.rewrite(money.booking, draft, shown, acceptance)
    draft.expires_at = clock.after(clock.now(), session_life() + timedelta(hours=24))
    draft.save(update_fields=["expires_at", "updated_at"])
    if money.booking.total_price_cents == 0:
        return nothing_to_pay(money)
    payment = payment_for(money)
    return new_attempt(
        payment,
        money.booking,
        success_url=done_url(base_url),
        cancel_url=f"{base_url}{reverse('booking:review')}?cancelled=1",
    )


def payment_for(money: Money) -> Payment:
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


def nothing_to_pay(money: Money) -> Checkout:
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


def end_live_session(booking_id: UUID) -> None:
    """Make a session that a paid booking still has unpayable; one that was paid is settled.

    Raises TemporaryError while Stripe cannot be asked.
    """
    attempt = live_attempt(Booking.objects.get(pk=booking_id))
    if attempt is None:
        return
    state = state_of(attempt)
    if state is not None and state.status == "open":
        state = get_gateway().expire_session(state.id)
    if state is not None:
        apply_state(state)


# -- after: the session at Stripe -----------------------------------------


def create_session(attempt: CheckoutAttempt) -> Checkout:
    """Ask Stripe for the attempt's session; a definite refusal starts the next attempt."""
    try:
        state = get_gateway().create_session(new_session(attempt))
    except TemporaryError as error:
        # Perhaps it was made. The attempt stays as it is: the next click repeats it.
        raise CheckoutUnavailableError from error
    except PermanentError as error:
        following = refused(attempt, str(error))
        if following is None:
            raise CheckoutUnavailableError from error
        return create_session(following)
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
