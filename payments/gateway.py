"""The only place that knows Stripe: frozen data in and out, two errors of ours, nothing else.

``TemporaryError`` means that nobody knows whether it happened: repeat with the same key.
``PermanentError`` means that Stripe said no: the same request will never work.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeVar

import stripe
from django.conf import settings

from totetaxi.lib.errors import PermanentError, TemporaryError

API_VERSION: Final = "2026-10-28.endive"
TIMEOUT_SECONDS: Final = 10
MAX_NETWORK_RETRIES: Final = 2
EXPAND: Final = ["payment_intent.latest_charge"]

Answer = TypeVar("Answer")


class InvalidSignatureError(Exception):
    """The body was not signed by Stripe with one of our secrets, or too long ago."""


@dataclass(frozen=True)
class NewSession:
    """A checkout to open; ``key`` is the id of the attempt row and the idempotency key."""

    key: str
    payment_id: str
    booking_id: str
    booking_number: str
    amount_cents: int
    currency: str
    line_text: str
    customer_email: str
    success_url: str
    cancel_url: str
    expires_at: datetime


@dataclass(frozen=True)
class SessionState:
    """A Checkout Session as Stripe has it now; ids of ours are "" when it is not ours."""

    id: str
    url: str
    status: str  # open, complete or expired
    is_paid: bool
    amount_cents: int
    currency: str
    intent_id: str
    charge_id: str
    attempt_id: str
    payment_id: str
    booking_id: str


@dataclass(frozen=True)
class RefundState:
    """A refund as Stripe has it now; ``refund_id`` is our row's id, "" for one made there."""

    id: str
    status: str  # pending, succeeded, failed, canceled, requires_action
    amount_cents: int
    intent_id: str
    refund_id: str
    failure_reason: str


@dataclass(frozen=True)
class EventNotice:
    """A signed event: only which object it is about; its state is asked for afterwards."""

    id: str
    type: str
    object_id: str
    created_at: datetime


class StripeGateway:
    """Stripe over its own library; the address it talks to comes from the settings."""

    def __init__(self, api_key: str, api_base: str, webhook_secrets: Iterable[str]) -> None:
        self._secrets = tuple(secret for secret in webhook_secrets if secret)
        self._client = stripe.StripeClient(
            api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base} if api_base else None,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
            max_network_retries=MAX_NETWORK_RETRIES,
        )

    def create_session(self, new: NewSession) -> SessionState:
        """Open a Checkout Session, or get the one this key opened before."""
        metadata = {
            "attempt_id": new.key,
            "payment_id": new.payment_id,
            "booking_id": new.booking_id,
            "booking_number": new.booking_number,
        }
        params: Any = {
            "mode": "payment",
            "payment_method_types": ["card"],
            "client_reference_id": new.booking_id,
            "customer_email": new.customer_email,
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": new.currency,
                        "unit_amount": new.amount_cents,
                        "product_data": {"name": new.line_text},
                    },
                }
            ],
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata, "description": new.line_text},
            "success_url": new.success_url,
            "cancel_url": new.cancel_url,
            "expires_at": int(new.expires_at.timestamp()),
        }
        return self._session(
            lambda: self._client.v1.checkout.sessions.create(params, {"idempotency_key": new.key})
        )

    def get_session(self, session_id: str) -> SessionState:
        return self._session(
            lambda: self._client.v1.checkout.sessions.retrieve(session_id, {"expand": EXPAND})
        )

    def expire_session(self, session_id: str) -> SessionState:
        """Make a session unpayable, and say what it is now: it may have been paid before."""
        try:
            return self._session(lambda: self._client.v1.checkout.sessions.expire(session_id))
        except PermanentError:
            return self.get_session(session_id)

    def sessions_of_intent(self, intent_id: str) -> tuple[SessionState, ...]:
        """The sessions behind a payment intent: the way back from an event about the intent."""
        found = _ask(lambda: self._client.v1.checkout.sessions.list({"payment_intent": intent_id}))
        return tuple(self.get_session(session.id) for session in found.data)

    def create_refund(
        self, *, key: str, payment_id: str, intent_id: str, amount_cents: int
    ) -> RefundState:
        """Send ``amount_cents`` back, or get the refund this key made before."""
        params: Any = {
            "payment_intent": intent_id,
            "amount": amount_cents,
            "metadata": {"refund_id": key, "payment_id": payment_id},
        }
        return _refund_state(
            _ask(lambda: self._client.v1.refunds.create(params, {"idempotency_key": key}))
        )

    def refunds_of_intent(self, intent_id: str) -> tuple[RefundState, ...]:
        """Every refund of a payment, whoever made it."""
        found = _ask(
            lambda: self._client.v1.refunds.list({"payment_intent": intent_id, "limit": 100})
        )
        return tuple(_refund_state(refund) for refund in found.auto_paging_iter())

    def parse_event(self, body: bytes, signature: str) -> EventNotice:
        """The event in a signed webhook body; raises InvalidSignatureError for anything else."""
        for secret in self._secrets:
            try:
                event = stripe.Webhook.construct_event(body, signature, secret)
            except (stripe.SignatureVerificationError, ValueError):
                continue
            return _event_notice(event)
        raise InvalidSignatureError

    def _session(self, call: Callable[[], stripe.checkout.Session]) -> SessionState:
        return _session_state(_ask(call))


@cache
def get_gateway() -> StripeGateway:
    """The gateway of this process, as the settings want it."""
    return StripeGateway(
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_WEBHOOK_SECRETS
    )


def _ask(call: Callable[[], Answer]) -> Answer:
    """Make one call, with Stripe's errors turned into ours."""
    try:
        return call()
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise TemporaryError(f"Stripe: {type(error).__name__}") from error
    except stripe.StripeError as error:
        status = error.http_status or 500
        message = f"Stripe {status}: {error.code or type(error).__name__}"
        # 409: the same key is being worked on by another request at this very moment.
        if status >= 500 or status in (408, 409, 425, 429):
            raise TemporaryError(message) from error
        raise PermanentError(message) from error


def _session_state(session: stripe.checkout.Session) -> SessionState:
    metadata = _plain(session.metadata)
    intent = session.payment_intent
    charge_id = ""
    if isinstance(intent, stripe.PaymentIntent):
        charge_id = _id_of(intent.latest_charge)
    return SessionState(
        id=session.id,
        url=session.url or "",
        status=session.status or "",
        is_paid=session.payment_status == "paid",
        amount_cents=session.amount_total or 0,
        currency=session.currency or "",
        intent_id=_id_of(intent),
        charge_id=charge_id,
        attempt_id=metadata.get("attempt_id", ""),
        payment_id=metadata.get("payment_id", ""),
        booking_id=metadata.get("booking_id", ""),
    )


def _refund_state(refund: stripe.Refund) -> RefundState:
    return RefundState(
        id=refund.id,
        status=refund.status or "",
        amount_cents=refund.amount,
        intent_id=_id_of(refund.payment_intent),
        refund_id=_plain(refund.metadata).get("refund_id", ""),
        failure_reason=getattr(refund, "failure_reason", None) or "",
    )


def _event_notice(event: stripe.Event) -> EventNotice:
    return EventNotice(
        id=event.id,
        type=event.type,
        object_id=str(event.data.object["id"]),
        created_at=datetime.fromtimestamp(event.created, UTC),
    )


def _id_of(thing: Any) -> str:
    """The id of something Stripe gave as an id or, expanded, as an object; "" for nothing."""
    if thing is None:
        return ""
    return thing if isinstance(thing, str) else str(thing.id)


def _plain(metadata: Any) -> dict[str, str]:
    return dict(metadata.to_dict()) if metadata is not None else {}
