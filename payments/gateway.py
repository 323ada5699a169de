"""The only place that knows Stripe: frozen data in and out, two errors of ours, nothing else.

``TemporaryError`` means that nobody knows whether it happened: repeat with the same key.
``PermanentError`` means that Stripe said no: the same request will never work.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Final, TypeVar

import stripe
from django.conf import settings

from payments.stripe_data import (
    ChargeState,
    DisputeState,
    EventNotice,
    NewSession,
    RefundState,
    SessionState,
)
from totetaxi.lib.errors import PermanentError, TemporaryError

__all__ = [
    "ChargeState",
    "DisputeState",
    "EventNotice",
    "InvalidSignatureError",
    "NewSession",
    "NotFoundError",
    "RefundState",
    "SameAnswerError",
    "SessionState",
    "StripeGateway",
    "get_gateway",
]

API_VERSION: Final = "2026-10-28.endive"
TIMEOUT_SECONDS: Final = 10
MAX_NETWORK_RETRIES: Final = 2
PAGE: Final = 100
EXPAND: Final = ["payment_intent.latest_charge"]

Answer = TypeVar("Answer")


class NotFoundError(PermanentError):
    """Stripe has no such object in our account."""


class SameAnswerError(TemporaryError):
    """A repeat with this key may get the same failure for a day: Stripe keeps what it answered."""


class InvalidSignatureError(Exception):
    """The body was not signed by Stripe with one of our secrets, or too long ago."""


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
        state = self._session(
            lambda: self._client.v1.checkout.sessions.create(params, {"idempotency_key": new.key})
        )
        # Nobody is ever sent to a page that asks for somebody else's money.
        if state.attempt_id != new.key:
            raise TemporaryError("Stripe answered with another session than the one asked for")
        return state

    def get_session(self, session_id: str) -> SessionState:
        return self._session(
            lambda: self._client.v1.checkout.sessions.retrieve(session_id, {"expand": EXPAND}),
            expected_id=session_id,
        )

    def expire_session(self, session_id: str) -> SessionState:
        """Make a session unpayable, and say what it is now: it may have been paid before."""
        try:
            return self._session(
                lambda: self._client.v1.checkout.sessions.expire(session_id),
                expected_id=session_id,
            )
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
        found = _pages(self._client.v1.refunds.list, {"payment_intent": intent_id})
        return tuple(_refund_state(refund) for refund in found)

    def get_refund(self, refund_id: str) -> RefundState:
        return _refund_state(_ask(lambda: self._client.v1.refunds.retrieve(refund_id)))

    def get_charge(self, charge_id: str) -> ChargeState:
        return _charge_state(_ask(lambda: self._client.v1.charges.retrieve(charge_id)))

    def charges_of_intent(self, intent_id: str) -> tuple[ChargeState, ...]:
        """What a payment intent took: one charge that succeeded at most."""
        found = _ask(
            lambda: self._client.v1.charges.list({"payment_intent": intent_id, "limit": 100})
        )
        return tuple(_charge_state(charge) for charge in found.data if charge.paid)

    def get_dispute(self, dispute_id: str) -> DisputeState:
        return _dispute_state(_ask(lambda: self._client.v1.disputes.retrieve(dispute_id)))

    def disputes_of_intent(self, intent_id: str) -> tuple[DisputeState, ...]:
        found = _ask(
            lambda: self._client.v1.disputes.list({"payment_intent": intent_id, "limit": 100})
        )
        return tuple(_dispute_state(dispute) for dispute in found.data)

    def disputes_between(self, start: datetime, end: datetime) -> Iterator[DisputeState]:
        """Every dispute opened from ``start`` until before ``end``, newest first."""
        for dispute in _pages(self._client.v1.disputes.list, _created(start, end)):
            yield _dispute_state(dispute)

    def charges_between(self, start: datetime, end: datetime) -> Iterator[ChargeState]:
        """Every charge made from ``start`` until before ``end`` that took money, newest first."""
        for charge in _pages(self._client.v1.charges.list, _created(start, end)):
            if charge.paid:
                yield _charge_state(charge)

    def refunds_between(self, start: datetime, end: datetime) -> Iterator[RefundState]:
        """Every refund made from ``start`` until before ``end``, newest first."""
        for refund in _pages(self._client.v1.refunds.list, _created(start, end)):
            yield _refund_state(refund)

    def get_event(self, event_id: str) -> EventNotice:
        """An event that was not delivered, as Stripe keeps it for 30 days."""
        return _event_notice(_ask(lambda: self._client.v1.events.retrieve(event_id)))

    def parse_event(self, body: bytes, signature: str) -> EventNotice:
        """The event in a signed webhook body; raises InvalidSignatureError for anything else."""
        for secret in self._secrets:
            try:
                event = stripe.Webhook.construct_event(body, signature, secret)
            except (stripe.SignatureVerificationError, ValueError):
                continue
            return _event_notice(event)
        raise InvalidSignatureError

    def _session(
        self, call: Callable[[], stripe.checkout.Session], *, expected_id: str = ""
    ) -> SessionState:
        state = _session_state(_ask(call))
        if expected_id and state.id != expected_id:
            raise TemporaryError("Stripe answered with another session than the one asked for")
        return state


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
        if status >= 500 or isinstance(error, stripe.IdempotencyError):
            raise SameAnswerError(message) from error
        # Below 400: the work was done and its answer came garbled. 409: the same key is being
        # worked on by another request at this very moment.
        if status < 400 or status in (408, 409, 425, 429):
            raise TemporaryError(message) from error
        raise (NotFoundError if status == 404 else PermanentError)(message) from error


def _pages(listing: Callable[[Any], Any], params: dict[str, Any]) -> Iterator[Any]:
    """Every object of a list, page by page, each page asked for with our own errors."""
    params = {**params, "limit": PAGE}
    while True:
        page = _ask(partial(listing, dict(params)))
        yield from page.data
        if not page.has_more:
            return
        params["starting_after"] = page.data[-1].id


def _created(start: datetime, end: datetime) -> dict[str, Any]:
    return {"created": {"gte": int(start.timestamp()), "lt": int(end.timestamp())}}


def _session_state(session: stripe.checkout.Session) -> SessionState:
    metadata = _plain(session.metadata)
    intent = session.payment_intent
    charge_id = intent_status = ""
    if isinstance(intent, stripe.PaymentIntent):
        charge_id, intent_status = _id_of(intent.latest_charge), intent.status
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
        intent_status=intent_status,
    )


def _charge_state(charge: stripe.Charge) -> ChargeState:
    metadata = _plain(charge.metadata)
    return ChargeState(
        id=charge.id,
        intent_id=_id_of(charge.payment_intent),
        captured_cents=charge.amount_captured,
        currency=charge.currency,
        created_at=datetime.fromtimestamp(charge.created, UTC),
        payment_id=metadata.get("payment_id", ""),
        booking_id=metadata.get("booking_id", ""),
    )


def _dispute_state(dispute: stripe.Dispute) -> DisputeState:
    due = dispute.evidence_details.due_by
    return DisputeState(
        id=dispute.id,
        intent_id=_id_of(dispute.payment_intent),
        status=dispute.status,
        reason=dispute.reason,
        amount_cents=dispute.amount,
        currency=dispute.currency,
        opened_at=datetime.fromtimestamp(dispute.created, UTC),
        evidence_due_at=datetime.fromtimestamp(due, UTC) if due else None,
    )


def _refund_state(refund: stripe.Refund) -> RefundState:
    metadata = _plain(refund.metadata)
    return RefundState(
        id=refund.id,
        status=refund.status or "",
        amount_cents=refund.amount,
        intent_id=_id_of(refund.payment_intent),
        refund_id=metadata.get("refund_id", ""),
        failure_reason=getattr(refund, "failure_reason", None) or "",
        payment_id=metadata.get("payment_id", ""),
        created_at=datetime.fromtimestamp(refund.created, UTC),
    )


def _event_notice(event: stripe.Event) -> EventNotice:
    return EventNotice(
        id=event.id,
        type=event.type,
        # Some events are about nothing with an id, such as a balance: they are only acknowledged.
        object_id=str(getattr(event.data.object, "id", "") or ""),
        created_at=datetime.fromtimestamp(event.created, UTC),
    )


def _id_of(thing: Any) -> str:
    """The id of something Stripe gave as an id or, expanded, as an object; "" for nothing."""
    if thing is None:
        return ""
    return thing if isinstance(thing, str) else str(thing.id)


def _plain(metadata: Any) -> dict[str, str]:
    return dict(metadata.to_dict()) if metadata is not None else {}
