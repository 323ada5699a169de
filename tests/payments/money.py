"""Paid bookings, refunds and people for tests about money."""

from typing import Any

from django.contrib.auth import get_user_model

from booking.models import Booking
from payments.gateway import EventNotice, get_gateway
from payments.models import Payment, StripeEvent
from payments.services import process_event, record_event, settle
from tests.payments.conftest import Stripe
from tests.payments.helpers import begin_booking
from totetaxi.lib import clock
from totetaxi.users.models import User


def person(name: str = "olga") -> User:
    """Somebody in the office."""
    return get_user_model().objects.create_user(f"{name}@example.com")


def paid_booking(stripe: Stripe, **changes: Any) -> Booking:
    """A booking of $285 that was paid, and settled by the return page."""
    booking = begin_booking(**changes)
    settle(stripe.pay(booking.pk, webhook="never"))
    booking.refresh_from_db()
    return booking


def paid(stripe: Stripe, **changes: Any) -> Payment:
    """The payment of such a booking."""
    return Payment.objects.get(booking=paid_booking(stripe, **changes))


def at_stripe(payment: Payment) -> list[tuple[str, int]]:
    """(status, cents) of the payment's refunds as Stripe has them, newest first."""
    refunds = get_gateway().refunds_of_intent(payment.stripe_payment_intent_id)
    return [(refund.status, refund.amount_cents) for refund in refunds]


def act(kind: str, object_id: str, event_id: str = "evt_1") -> str:
    """Store an event and act on it; what came of it."""
    record_event(EventNotice(event_id, kind, object_id, clock.real_now()))
    process_event(event_id)
    return StripeEvent.objects.get(pk=event_id).result
