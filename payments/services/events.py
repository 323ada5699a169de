"""Stripe's events: stored once, answered, and acted on afterwards (rules R613-R615)."""

from collections.abc import Callable

from django.db import transaction

from payments.gateway import EventNotice, NotFoundError, get_gateway
from payments.models import AlertKind, AuditKind, CheckoutAttempt, Payment, StripeEvent
from payments.services.alerts import raise_alert
from payments.services.locks import audit
from payments.services.settlement import Outcome, settle
from payments.services.sync import sync_disputes, sync_refunds
from totetaxi.lib import clock
from totetaxi.outbox.services import announce

ACKNOWLEDGED = "acknowledged"


@transaction.atomic
def record_event(notice: EventNotice) -> bool:
    """Store a signed event and the work it makes, together; False if it was here before."""
    _, created = StripeEvent.objects.get_or_create(
        event_id=notice.id,
        defaults={
            "type": notice.type,
            "object_id": notice.object_id,
            "created_at_stripe": notice.created_at,
        },
    )
    if created:
        announce("stripe_event", notice.id)
    return created


def process_event(event_id: str) -> None:
    """Act on a stored event by what Stripe says now, never by what the event said then.

    Raises TemporaryError while Stripe cannot be asked. A repeat does no harm.
    """
    event = StripeEvent.objects.get(pk=event_id)
    if event.processed_at is None:
        event.mark_processed(_act_on(event), clock.real_now())


def replay_event(event_id: str) -> str:
    """Act on an event again, now; one that never reached us is fetched from Stripe first.

    Returns what came of it. Raises TemporaryError, or PermanentError for one Stripe does not know.
    """
    event = StripeEvent.objects.filter(pk=event_id).first()
    if event is None:
        record_event(get_gateway().get_event(event_id))
        event = StripeEvent.objects.get(pk=event_id)
    result = _act_on(event)
    event.mark_processed(result, clock.real_now())
    return result


def _act_on(event: StripeEvent) -> str:
    for start, act in ACTIONS:
        if event.type.startswith(start):
            try:
                return act(event)
            except NotFoundError:
                # Stripe does not know it under our key: it is somebody else's.
                known = CheckoutAttempt.objects.filter(session_id=event.object_id).exists()
                return "unreadable" if known else Outcome.NOT_OURS
    return ACKNOWLEDGED


def _settle_session(event: StripeEvent) -> str:
    return settle(event.object_id).outcome


def _money_arrived(event: StripeEvent) -> str:
    """The safety net: money arrived, whichever session it came through."""
    return settle_intent(event.object_id)


def settle_intent(intent_id: str) -> str:
    """Settle whatever session an intent belongs to, so that its payment is known to us.

    Money with our marks that fits no row of ours is an alarm; without them it is not ours.
    """
    if payment_of_intent(intent_id) is not None:
        return Outcome.PAID
    gateway = get_gateway()
    outcomes = [settle(session.id).outcome for session in gateway.sessions_of_intent(intent_id)]
    known = [outcome for outcome in outcomes if outcome is not Outcome.NOT_OURS]
    if known:
        return known[0]
    for charge in gateway.charges_of_intent(intent_id):
        if charge.payment_id or charge.booking_id:
            raise_alert(AlertKind.NOT_IN_BOOKS, charge.id, f"{charge.captured_cents} cents")
            return "unmatched"
    return Outcome.NOT_OURS


def _note_decline(event: StripeEvent) -> str:
    """A card was declined: a line in the money's history, nothing more; the session stays open."""
    for session in get_gateway().sessions_of_intent(event.object_id):
        attempt = CheckoutAttempt.objects.filter(session_id=session.id).first()
        if attempt is None:
            continue
        declined = attempt.payment.audits.filter(kind=AuditKind.PAYMENT_DECLINED)
        if not declined.filter(detail=event.event_id).exists():
            audit(attempt.payment, AuditKind.PAYMENT_DECLINED, detail=event.event_id)
        return "declined"
    return Outcome.NOT_OURS


def _charge_refunded(event: StripeEvent) -> str:
    return _after_payment(get_gateway().get_charge(event.object_id).intent_id, sync_refunds)


def _refund_changed(event: StripeEvent) -> str:
    return _after_payment(get_gateway().get_refund(event.object_id).intent_id, sync_refunds)


def _dispute_changed(event: StripeEvent) -> str:
    return _after_payment(get_gateway().get_dispute(event.object_id).intent_id, sync_disputes)


def _after_payment(intent_id: str, sync: Callable[..., None]) -> str:
    """Bring what followed a payment up to date; the payment itself first, if it is news to us."""
    outcome = settle_intent(intent_id) if intent_id else Outcome.NOT_OURS
    payment = payment_of_intent(intent_id)
    if payment is None:
        return outcome
    sync(payment.pk)
    return "synced"


def payment_of_intent(intent_id: str) -> Payment | None:
    if not intent_id:
        return None
    return Payment.objects.captured().filter(stripe_payment_intent_id=intent_id).first()


# By the start of the type; whatever is not here is acknowledged.
ACTIONS: tuple[tuple[str, Callable[[StripeEvent], str]], ...] = (
    ("checkout.session.", _settle_session),
    ("payment_intent.succeeded", _money_arrived),
    ("payment_intent.payment_failed", _note_decline),
    ("charge.refunded", _charge_refunded),
    ("charge.refund.", _refund_changed),
    ("refund.", _refund_changed),
    ("charge.dispute.", _dispute_changed),
)
