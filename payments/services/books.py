"""All the money at Stripe, read at once, to lay beside our own books."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from payments.gateway import ChargeState, get_gateway
from payments.models import Method, Payment
from totetaxi.lib import clock

# Money that arrived so recently may not have reached us yet.
IN_FLIGHT: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class StripeBooks:
    """All money at Stripe since our first payment, by payment intent.

    ``moving`` are the intents whose money moved so recently that we may not have heard of it.
    """

    charges: dict[str, ChargeState]
    refunded_cents: Counter[str]
    moving: frozenset[str]
    read_at: datetime


def read_books(*, in_flight: timedelta = IN_FLIGHT) -> StripeBooks:
    """Everything at Stripe since our first payment. Raises as the gateway.

    Money that moved within ``in_flight`` is left out of the comparison.
    """
    gateway, now = get_gateway(), clock.real_now()
    first = Payment.objects.filter(method=Method.STRIPE).order_by("created_at").first()
    start, end = first.created_at if first else now, now + timedelta(minutes=1)
    charges = list(gateway.charges_between(start.replace(microsecond=0), end))
    refunds = list(gateway.refunds_between(start.replace(microsecond=0), end))
    refunded: Counter[str] = Counter()
    for refund in refunds:
        if refund.status == "succeeded":
            refunded[refund.intent_id] += refund.amount_cents
    moves = [(one.intent_id, one.created_at) for one in charges]
    moves += [(one.intent_id, one.created_at) for one in refunds]
    moving = {intent_id for intent_id, at in moves if in_flight and at > now - in_flight}
    return StripeBooks(
        {charge.intent_id: charge for charge in charges},
        refunded,
        frozenset(moving),
        now,
    )
