"""What is wrong with money, found by looking at our own rows; mailed once each (section 12.5).

Only objects of ours alarm anybody: an alarm among strangers' invoices is not heard (rule R615).
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.core.cache import caches
from django.db import transaction
from django.db.models import Q

from booking.models import BookingStatus
from payments.models import (
    LIVE_ATTEMPTS,
    STANDING_REFUNDS,
    UNDER_WAY_REFUNDS,
    AlertKind,
    AuditKind,
    CheckoutAttempt,
    MoneyAlert,
    Payment,
    PaymentAudit,
    Refund,
    RefundStatus,
    StripeEvent,
)
from payments.services.runs import Run
from totetaxi.lib import clock
from totetaxi.outbox.models import Message
from totetaxi.outbox.services import announce

if TYPE_CHECKING:
    from totetaxi.users.models import User

logger = logging.getLogger(__name__)

# How long a thing may last before it is wrong.
PATIENCE: Final = timedelta(minutes=15)
REFUND_PATIENCE: Final = timedelta(minutes=30)
BANK_PATIENCE: Final = timedelta(days=10)
DECISION_PATIENCE: Final = timedelta(days=2)
# So many webhooks with a bad signature within an hour, and not one good one (incident of 2026-02).
REFUSALS: Final = 10
REFUSALS_KEY: Final = "stripe_webhooks_refused"
REFUSALS_SECONDS: Final = 60 * 60
# The kinds that ``look`` finds again each time; the others stand until a person or the
# comparison with Stripe resolves them.
LOOKED_FOR: Final = frozenset(
    {
        AlertKind.MISMATCH,
        AlertKind.PAID_NOT_BOOKED,
        AlertKind.NOT_GIVEN_BACK,
        AlertKind.REFUND_STUCK,
        AlertKind.REFUND_WAITING,
        AlertKind.SESSION_UNRESOLVED,
        AlertKind.WEBHOOK_BACKLOG,
        AlertKind.WEBHOOK_REFUSED,
        AlertKind.DEAD_TASK,
    }
)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong now."""

    kind: AlertKind
    subject: str
    detail: str = ""
    booking_id: UUID | None = None


def look(run: Run) -> str:
    """Find what is wrong, store it, resolve what is gone, and have the new ones mailed.

    A part that cannot be looked at, or a finding that cannot be stored, does not keep the others
    from being told (incident of 2026-06-07); it is raised at the end, and nothing is resolved on
    the word of the rest.
    """
    found: list[Finding] = []
    unseen: list[Exception] = []
    for finder in FINDERS:
        try:
            found.extend(finder())
        except Exception as error:
            logger.exception("could not look for %s", finder.__name__)
            unseen.append(error)
    for finding in found:
        run.say(f"{finding.kind.label}: {finding.subject} {finding.detail}".rstrip())
    if run.dry_run:
        return f"{len(found)} would stand"
    for finding in found:
        try:
            with transaction.atomic():
                store(finding)
        except Exception as error:
            logger.exception("could not store %s about %s", finding.kind, finding.subject)
            unseen.append(error)
    resolved = 0 if unseen else resolve_others(found, kinds=LOOKED_FOR)
    new = announce_untold()
    if unseen:
        raise ExceptionGroup("some alerts could not be looked for", unseen)
    return f"{len(found)} stand, {new} new, {resolved} resolved"


def raise_alert(kind: AlertKind, subject: str, detail: str, booking_id: UUID | None = None) -> None:
    """Store one alert and have it mailed, if it is news."""
    store(Finding(kind, subject, detail, booking_id))
    announce_untold()


def store(finding: Finding) -> None:
    """Note a finding; one that stands already, or was dismissed by a person, is not news."""
    subject = finding.subject[:200]
    alerts = MoneyAlert.objects.filter(kind=finding.kind, subject=subject)
    if alerts.exclude(dismissed_by=None).exists():
        return
    MoneyAlert.objects.update_or_create(
        kind=finding.kind,
        subject=subject,
        resolved_at=None,
        defaults={
            "detail": finding.detail[:300],
            "booking_id": finding.booking_id,
            "last_seen_at": clock.real_now(),
        },
    )


def resolve_others(found: Iterable[Finding], *, kinds: Iterable[AlertKind]) -> int:
    """Resolve standing alerts of ``kinds`` that are not among what was found; how many."""
    still = {(finding.kind, finding.subject[:200]) for finding in found}
    gone = [
        alert.pk
        for alert in MoneyAlert.objects.standing().filter(kind__in=list(kinds))
        if (alert.kind, alert.subject) not in still
    ]
    return MoneyAlert.objects.filter(pk__in=gone).update(resolved_at=clock.real_now())


@transaction.atomic
def announce_untold() -> int:
    """Have the alerts mailed that nobody was told about; how many there are."""
    untold = list(MoneyAlert.objects.untold().order_by("-first_seen_at").values_list("pk"))
    if untold:
        # One message for the newest: the mail tells of all that wait, and then marks them.
        announce("money_alerts", untold[0][0])
    return len(untold)


def dismiss_alert(alert_id: UUID, *, reason: str, by: "User") -> bool:
    """A person has looked: resolved, and the same thing is no news again.

    False for one that is resolved already. Raises ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("A dismissal needs a reason")
    return bool(
        MoneyAlert.objects.standing()
        .filter(pk=alert_id)
        .update(
            resolved_at=clock.real_now(),
            dismissed_by_id=by.pk,
            dismissal_reason=reason.strip()[:300],
        )
    )


# -- what may be wrong ---------------------------------------------------------


def _mismatches() -> Iterator[Finding]:
    mismatches = PaymentAudit.objects.filter(kind=AuditKind.AMOUNT_MISMATCH)
    for audit in mismatches.select_related("payment"):
        if not audit.payment.is_captured:
            yield Finding(
                AlertKind.MISMATCH,
                str(audit.payment_id),
                f"{audit.amount_cents} {audit.detail}",
                audit.payment.booking_id,
            )


def _paid_not_booked() -> Iterator[Finding]:
    """Usable money on a booking that still waits for it."""
    waiting = Payment.objects.captured().filter(
        unfulfillable_reason="",
        amount_cents__gt=0,
        booking__status__in=[BookingStatus.PENDING, BookingStatus.CONFIRMED],
        processed_at__lt=clock.now() - PATIENCE,
    )
    for payment in waiting:
        yield Finding(AlertKind.PAID_NOT_BOOKED, str(payment.pk), booking_id=payment.booking_id)


def _not_given_back() -> Iterator[Finding]:
    """Money that could buy nothing, without refunds that cover it."""
    unusable = Payment.objects.captured().exclude(unfulfillable_reason="")
    for payment in unusable.exclude(status="refunded").prefetch_related("refunds"):
        covered = sum(r.amount_cents for r in payment.refunds.all() if r.status in STANDING_REFUNDS)
        if covered < payment.amount_cents:
            yield Finding(
                AlertKind.NOT_GIVEN_BACK,
                str(payment.pk),
                payment.unfulfillable_reason,
                payment.booking_id,
            )


def _stuck_refunds() -> Iterator[Finding]:
    now = clock.now()
    unsent = Q(stripe_refund_id="", approved_at__lt=now - REFUND_PATIENCE)
    pending = Q(approved_at__lt=now - BANK_PATIENCE)
    stuck = Refund.objects.filter(unsent | pending, status__in=UNDER_WAY_REFUNDS)
    waiting = Refund.objects.filter(
        status=RefundStatus.REQUESTED, created_at__lt=clock.real_now() - DECISION_PATIENCE
    )
    for kind, refunds in ((AlertKind.REFUND_STUCK, stuck), (AlertKind.REFUND_WAITING, waiting)):
        for refund in refunds.select_related("payment"):
            yield Finding(kind, str(refund.pk), refund.status, refund.payment.booking_id)


def _unresolved_sessions() -> Iterator[Finding]:
    """Payment pages past their end that nobody could ask Stripe about."""
    over = CheckoutAttempt.objects.filter(
        status__in=LIVE_ATTEMPTS, expires_at__lt=clock.real_now() - REFUND_PATIENCE
    ).exclude(payment__audits__kind=AuditKind.AMOUNT_MISMATCH)
    for attempt in over.select_related("payment"):
        yield Finding(
            AlertKind.SESSION_UNRESOLVED,
            str(attempt.pk),
            attempt.error,
            attempt.payment.booking_id,
        )


def _machinery() -> Iterator[Finding]:
    """Events that wait, webhooks that are refused, tasks about money that were given up."""
    now = clock.real_now()
    backlog = StripeEvent.objects.filter(processed_at=None, received_at__lt=now - PATIENCE).count()
    if backlog:
        yield Finding(AlertKind.WEBHOOK_BACKLOG, "stripe", f"{backlog} events")
    refused = int(caches["counters"].get(REFUSALS_KEY, 0))
    heard = StripeEvent.objects.filter(
        received_at__gt=now - timedelta(seconds=REFUSALS_SECONDS)
    ).exists()
    if refused >= REFUSALS and not heard:
        yield Finding(AlertKind.WEBHOOK_REFUSED, "stripe", f"{refused} in a row")
    for message in Message.objects.dead().filter(handler__startswith="payments."):
        yield Finding(AlertKind.DEAD_TASK, str(message.pk), message.handler, message.booking_id)


FINDERS: tuple[Callable[[], Iterable[Finding]], ...] = (
    _mismatches,
    _paid_not_booked,
    _not_given_back,
    _stuck_refunds,
    _unresolved_sessions,
    _machinery,
)


def count_refused_webhook() -> None:
    """Count a webhook with a bad signature; many of them mean a wrong secret of ours."""
    counters = caches["counters"]
    if not counters.add(REFUSALS_KEY, 1, REFUSALS_SECONDS):
        counters.incr(REFUSALS_KEY)
