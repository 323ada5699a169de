"""Payments whose browser and webhook both went silent, and bookings nobody will pay any more.

Every few minutes Stripe is asked about what is still open (rule R617); once a day bookings that
stayed unpaid are cancelled, after asking Stripe (rule R511).
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from booking import services as bookings
from booking.models import Booking, BookingChange, BookingStatus
from payments.gateway import NotFoundError, get_gateway
from payments.models import (
    LIVE_ATTEMPTS,
    UNDER_WAY_REFUNDS,
    AuditKind,
    CheckoutAttempt,
    PaymentLink,
    PaymentStatus,
    Purpose,
    Refund,
    RefundStatus,
)
from payments.services.changing import give_up_pending
from payments.services.locks import audit, lock_money
from payments.services.refunds import send_refund
from payments.services.runs import Run
from payments.services.sessions import live_attempt, state_of
from payments.services.settlement import apply_state, end_unknown, release_unpayable, settle
from totetaxi.lib import clock

logger = logging.getLogger(__name__)

# A refund that has just been sent is probably on its way.
REFUND_GRACE: Final = timedelta(minutes=3)
# A page whose address never reached the customer is ended; until then a second click finds it.
LOST_ANSWER_GRACE: Final = timedelta(minutes=10)
UNPAID_LIFE: Final = timedelta(hours=24)
BATCH: Final = 200


# -- every few minutes -----------------------------------------------------------


def reconcile(run: Run) -> str:
    """Ask Stripe about every open session and every refund under way, oldest first."""
    attempts = _due_attempts()
    if len(attempts) == BATCH:
        logger.critical("reconciliation is full: %d sessions wait, there may be more", BATCH)
    run.each(attempts, partial(_resolve, dry_run=run.dry_run))
    run.each(_due_refunds(), partial(_chase, dry_run=run.dry_run))
    run.each(_abandoned(), partial(_release, dry_run=run.dry_run))
    run.each(_stranded_changes(), partial(_strand, dry_run=run.dry_run))
    return run.summary("nothing open")


def _due_attempts() -> list[CheckoutAttempt]:
    """Younger ones are left to the customer, who is probably typing."""
    now = clock.real_now()
    grace = timedelta(minutes=settings.ORPHAN_RECOVERY_GRACE_MINUTES)
    asked = Q(created_at__lt=now - grace) & ~Q(session_id="")
    lost = Q(created_at__lt=now - LOST_ANSWER_GRACE, session_id="")
    due = CheckoutAttempt.objects.filter(asked | lost, status__in=LIVE_ATTEMPTS)
    return list(due.select_related("payment__booking").order_by("created_at")[:BATCH])


def _resolve(attempt: CheckoutAttempt, *, dry_run: bool) -> str:
    """Settle an attempt by what Stripe says; one whose answer was lost is found by its key."""
    if dry_run:
        if not attempt.session_id:
            return "would be asked for by our key"
        state = get_gateway().get_session(attempt.session_id)
        return f"at Stripe {'paid' if state.is_paid else state.status}"
    if attempt.session_id:
        try:
            return settle(attempt.session_id).outcome
        except NotFoundError:
            if attempt.expires_at > clock.real_now():
                raise
            return end_unknown(attempt)
    found = state_of(attempt)
    if found is None:
        return "never opened"
    if found.status == "open":
        found = get_gateway().expire_session(found.id)
    return apply_state(found).outcome


def _due_refunds() -> list[Refund]:
    """Refunds on their way for a while: perhaps a task or an event of theirs was lost."""
    before = clock.now() - REFUND_GRACE
    due = Refund.objects.filter(status__in=UNDER_WAY_REFUNDS)
    due = due.filter(Q(approved_at__lt=before) | Q(approved_at=None))
    return list(due.order_by("created_at")[:BATCH])


def _chase(refund: Refund, *, dry_run: bool) -> str:
    """Send it if it was not sent, and learn what became of it."""
    if dry_run:
        return f"refund {refund.status}"
    send_refund(refund.pk)
    refund.refresh_from_db()
    return f"refund {RefundStatus(refund.status)}"


def _abandoned() -> list[Booking]:
    """Pending bookings that hold a place and that nothing can pay any more (rule R604)."""
    live_links = PaymentLink.objects.live(clock.now()).filter(booking=OuterRef("pk"))
    links = PaymentLink.objects.filter(booking=OuterRef("pk"))
    stale = Booking.objects.filter(
        ~Exists(live_links),
        # The office makes the link of its own bookings; until then they are being worked on.
        Q(created_by=None) | Exists(links),
        status=BookingStatus.PENDING,
        hold_released_at=None,
        updated_at__lt=clock.real_now() - timedelta(minutes=60),
    ).exclude(payments__status=PaymentStatus.PENDING)
    return list(stale[:BATCH])


def _release(booking: Booking, *, dry_run: bool) -> str:
    if dry_run:
        return "place would be given back"
    with transaction.atomic():
        money = lock_money(booking.pk)
        release_unpayable(money)
        return "place kept" if money.booking.holds_place else "place given back"


def _stranded_changes() -> list[BookingChange]:
    """Pending changes without a page that could pay them: they would hold their place for ever."""
    live = CheckoutAttempt.objects.filter(payment__change=OuterRef("pk"), status__in=LIVE_ATTEMPTS)
    stale = BookingChange.objects.pending().filter(
        ~Exists(live), created_at__lt=clock.now() - timedelta(minutes=60)
    )
    return list(stale[:BATCH])


def _strand(change: BookingChange, *, dry_run: bool) -> str:
    if dry_run:
        return "second place would be given back"
    with transaction.atomic():
        money = lock_money(change.booking_id)
        if live_attempt(money.booking, Purpose.CHANGE) is None:
            give_up_pending(money, why="unpaid")
    return "second place given back"


# -- once a day --------------------------------------------------------------------


def cancel_unpaid(run: Run) -> str:
    """Cancel bookings still unpaid 24 hours after their last page or link ended (rule R511)."""
    pending = Booking.objects.filter(
        status=BookingStatus.PENDING,
        deleted_at=None,
        created_at__lte=clock.real_now() - UNPAID_LIFE,
    ).order_by("created_at")
    due = [booking for booking in pending.iterator() if _is_over(booking)]
    run.each(due, partial(_cancel, dry_run=run.dry_run))
    return run.summary("nothing unpaid")


def _is_over(booking: Booking) -> bool:
    """Whether 24 hours have passed since the booking could last be paid."""
    page, link = _last_page_end(booking), _last_link_end(booking)
    now, real_now = clock.now(), clock.real_now()
    return (page is None or page + UNPAID_LIFE <= real_now) and (
        link is None or link + UNPAID_LIFE <= now
    )


def _last_page_end(booking: Booking) -> datetime | None:
    """When its last payment page ended or will end (real time), None if there was none."""
    attempts = CheckoutAttempt.objects.filter(payment__booking=booking)
    ends = [
        attempt.expires_at if attempt.is_live else min(attempt.expires_at, attempt.updated_at)
        for attempt in attempts
    ]
    return max(ends, default=None)


def _last_link_end(booking: Booking) -> datetime | None:
    """When its last link ended or will end (business time), None if there was none."""
    return max((link.ended_at for link in booking.payment_links.all()), default=None)


def _cancel(booking: Booking, *, dry_run: bool) -> str:
    """Ask Stripe about every session of the booking; cancel it if none was paid (rule R609)."""
    if dry_run:
        return "would be cancelled, if Stripe agrees"
    attempts = CheckoutAttempt.objects.filter(payment__booking=booking).select_related(
        "payment__booking"
    )
    for attempt in attempts:
        # A live one without a session is asked for by our key, and ended.
        if attempt.session_id or attempt.is_live:
            _resolve(attempt, dry_run=False)
    with transaction.atomic():
        money = lock_money(booking.pk)
        if money.booking.status != BookingStatus.PENDING:
            return str(money.booking.status)
        if live_attempt(money.booking) is not None or not _is_over(money.booking):
            return "still open"
        for payment in money.open_payments:
            payment.move_to(PaymentStatus.FAILED, failure_reason="unpaid")
            audit(payment, AuditKind.PAYMENT_FAILED, detail="unpaid")
        bookings.cancel_unpaid(booking.pk, reason="unpaid")
    return "cancelled"
