"""Checkouts for tests, begun the way the review page begins them."""

import hashlib
import hmac
import json
import time
from typing import Any

from booking.models import Booking, Draft
from payments.services import Checkout, begin_checkout
from tests.booking.helpers import ACCEPTANCE, make_draft, shown_of, standard_answers

BASE_URL = "http://testserver"


def begin(draft: Draft) -> Checkout:
    draft.refresh_from_db()
    return begin_checkout(draft.pk, shown_of(draft), ACCEPTANCE, base_url=BASE_URL)


def begin_booking(**changes: Any) -> Booking:
    """A pending booking with an open session at the stand-in."""
    checkout = begin(make_draft(standard_answers(**changes)))
    return Booking.objects.get(pk=checkout.booking_id)


def signed(payload: dict[str, Any], *, secret: str, at: float | None = None) -> dict[str, Any]:
    """Body and header of an event as Stripe sends it, for ``client.post(url, **signed(...))``."""
    body = json.dumps(payload).encode()
    moment = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {
        "data": body,
        "content_type": "application/json",
        "headers": {"Stripe-Signature": f"t={moment},v1={digest}"},
    }


def session_event(session_id: str, *, event_id: str = "evt_1", kind: str = "completed") -> Any:
    """An event about a Checkout Session, as far as we read it."""
    return {
        "id": event_id,
        "object": "event",
        "type": f"checkout.session.{kind}",
        "created": 1_780_000_000,
        "data": {"object": {"id": session_id, "object": "checkout.session"}},
    }
