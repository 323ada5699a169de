"""Stripe's events: stored once, answered, and acted on afterwards (rules R613-R615)."""

from django.db import transaction

from payments.gateway import EventNotice, get_gateway
from payments.models import AuditKind, CheckoutAttempt, Payment, StripeEvent
from payments.services.locks import audit
from payments.services.settlement import Outcome, settle
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError
from totetaxi.outbox.services import announce


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
    if event.processed_at is not None:
        return
    event.mark_processed(_act_on(event), clock.now())


def _act_on(event: StripeEvent) -> str:
    if event.type.startswith("checkout.session."):
        return _settle_ours(event.object_id)
    if event.type == "payment_intent.succeeded":
        return _settle_intent(event.object_id)
    if event.type == "payment_intent.payment_failed":
        return _note_decline(event)
    return "acknowledged"


def _settle_ours(session_id: str) -> str:
    """Settle a session; one that Stripe does not know under our key is somebody else's."""
    try:
        return settle(session_id).outcome
    except PermanentError:
        known = CheckoutAttempt.objects.filter(session_id=session_id).exists()
        return "unreadable" if known else Outcome.NOT_OURS


def _settle_intent(intent_id: str) -> str:
    """The safety net: money arrived, whichever session it came through."""
    if Payment.objects.captured().filter(stripe_payment_intent_id=intent_id).exists():
        return Outcome.PAID
    outcomes = [
        settle(session.id).outcome for session in get_gateway().sessions_of_intent(intent_id)
    ]
    return outcomes[0] if outcomes else Outcome.NOT_OURS


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
