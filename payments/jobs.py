"""Work on the clock: payments whose browser and webhook both went silent."""

import logging
from datetime import timedelta

from django.db import transaction

from booking import services as bookings
from booking.models import Booking, BookingStatus
from payments.models import LIVE_ATTEMPTS, CheckoutAttempt, PaymentStatus
from payments.services import Outcome, settle
from payments.services.locks import lock_money
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.outbox.registry import job

logger = logging.getLogger(__name__)

# Younger sessions are left to the customer, who is probably typing.
GRACE = timedelta(minutes=3)
BATCH = 200


@job("reconcile_payments", cron="*/5 * * * *", label="Ask Stripe about open payments")
def reconcile_payments() -> str:
    """Settle every open session older than three minutes, oldest first, each on its own (R617)."""
    due = CheckoutAttempt.objects.filter(
        status__in=LIVE_ATTEMPTS, created_at__lt=clock.real_now() - GRACE
    ).exclude(session_id="")
    counts: dict[str, int] = {}
    for attempt in due.order_by("created_at")[:BATCH]:
        try:
            outcome = str(settle(attempt.session_id).outcome)
        except (TemporaryError, PermanentError):
            logger.warning("could not ask Stripe", extra={"attempt_id": str(attempt.pk)})
            outcome = "unanswered"
        counts[outcome] = counts.get(outcome, 0) + 1
    released = release_abandoned_holds()
    summary = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return f"{summary or 'nothing open'}; {released} places given back"


def release_abandoned_holds() -> int:
    """Give back places of pending bookings that nothing can pay any more (rule R604)."""
    stale = Booking.objects.filter(
        status=BookingStatus.PENDING,
        hold_released_at=None,
        created_by=None,
        updated_at__lt=clock.real_now() - timedelta(minutes=60),
    ).exclude(payments__status=PaymentStatus.PENDING)
    released = 0
    for booking_id in stale.values_list("pk", flat=True)[:BATCH]:
        with transaction.atomic():
            money = lock_money(booking_id)
            if not money.open_payments and money.booking.holds_place:
                bookings.release_hold(money.booking, reason="nothing open to pay it with")
                released += 1
    return released


__all__ = ["Outcome", "reconcile_payments", "release_abandoned_holds"]
