"""Reads for the pages about money: each list in a few queries, whatever its length."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse

from payments.models import (
    CAPTURED,
    STANDING_REFUNDS,
    AlertKind,
    Dispute,
    Method,
    MoneyAlert,
    Payment,
    PaymentLink,
    Refund,
    RefundStatus,
    StripeEvent,
)
from payments.services import LinkState, link_state

# Kinds of alerts whose subject is the id of a row with a page of its own.
SUBJECT_PAGES: Final[dict[str, tuple[str, str]]] = {
    AlertKind.REFUND_STUCK: ("Refund", "staff:refund"),
    AlertKind.REFUND_WAITING: ("Refund", "staff:refund"),
    AlertKind.MISMATCH: ("Payment", "staff:payment"),
    AlertKind.PAID_NOT_BOOKED: ("Payment", "staff:payment"),
    AlertKind.NOT_GIVEN_BACK: ("Payment", "staff:payment"),
}


def _refund_sum(*statuses: str) -> Coalesce:
    """Cents of a payment's refunds in these states."""
    refunds = Refund.objects.filter(payment=OuterRef("pk"), status__in=statuses)
    cents = refunds.values("payment").annotate(cents=Sum("amount_cents")).values("cents")
    return Coalesce(Subquery(cents), Value(0), output_field=BigIntegerField())


def payments() -> QuerySet[Payment]:
    """All payments, newest first, with what was given back and what is left of each.

    ``moved_at`` is when the money came, or when it was asked for while it has not.
    """
    return (
        Payment.objects.select_related("booking")
        .annotate(
            moved_at=Coalesce("processed_at", "created_at"),
            refunded_cents=_refund_sum(RefundStatus.COMPLETED),
            claimed_cents=_refund_sum(*STANDING_REFUNDS),
        )
        .order_by("-moved_at", "-pk")
    )


@dataclass(frozen=True)
class Totals:
    """Cents over a whole filtered list. Demonstration data is never counted with real money."""

    captured_cents: int
    refunded_cents: int
    demo_cents: int

    @property
    def net_cents(self) -> int:
        return self.captured_cents - self.refunded_cents


def totals(rows: QuerySet[Payment]) -> Totals:
    captured = Q(status__in=CAPTURED)
    demo = Q(method=Method.DEMO)
    sums = rows.order_by().aggregate(
        taken=Sum("amount_cents", filter=captured & ~demo),
        back=Sum("refunded_cents", filter=captured & ~demo),
        demo=Sum("amount_cents", filter=captured & demo),
    )
    return Totals(sums["taken"] or 0, sums["back"] or 0, sums["demo"] or 0)


def refunds() -> QuerySet[Refund]:
    """All refunds, the ones that wait longest first, then the newest."""
    return Refund.objects.select_related(
        "payment__booking", "requested_by", "approved_by", "denied_by"
    ).order_by("-created_at", "-pk")


def sum_cents(rows: QuerySet[Refund]) -> int:
    """Cents of all rows together."""
    return rows.order_by().aggregate(cents=Sum("amount_cents"))["cents"] or 0


def waiting_refunds() -> int:
    return Refund.objects.filter(status=RefundStatus.REQUESTED).count()


def links() -> QuerySet[PaymentLink]:
    """All of bookings that are not hidden, newest first; ``to_pay_cents`` is what each is for."""
    rows = PaymentLink.objects.filter(booking__deleted_at=None)
    return (
        rows.select_related("booking", "created_by", "change")
        .prefetch_related("change__payments")
        .annotate(to_pay_cents=Coalesce("change__due_cents", "booking__total_price_cents"))
        .order_by("-created_at", "-pk")
    )


def alerts() -> QuerySet[MoneyAlert]:
    return MoneyAlert.objects.select_related("booking", "dismissed_by").order_by(
        F("resolved_at").desc(nulls_first=True), "-first_seen_at"
    )


def disputes() -> QuerySet[Dispute]:
    return Dispute.objects.select_related("payment__booking").order_by("-opened_at", "-pk")


def events() -> QuerySet[StripeEvent]:
    return StripeEvent.objects.order_by("-received_at", "-pk")


def link_words(link: PaymentLink, now: datetime) -> tuple[str, str]:
    """What a link is now: a word, and the tone of its badge."""
    state = link_state(link)
    if state is LinkState.PAID:
        return "Paid", "good"
    if state is LinkState.PAYABLE:
        return ("Waiting for the customer", "sea") if link.sent_at else ("Not sent yet", "warn")
    if link.revoked_at is not None:
        return "Ended by us", ""
    return ("Time is over", "") if link.expires_at <= now else ("Booking cancelled", "bad")


def alert_link(alert: MoneyAlert) -> tuple[str, str] | None:
    """(words, address) of the page where the alert's cause can be looked at."""
    if alert.kind == AlertKind.WEBHOOK_BACKLOG:
        return "Events", f"{reverse('staff:events')}?state=waiting"
    if alert.kind in (AlertKind.NOT_IN_BOOKS, AlertKind.NOT_AT_STRIPE, AlertKind.DIFFERS):
        return "Invariants", reverse("staff:invariants")
    words, name = SUBJECT_PAGES.get(alert.kind, ("", ""))
    try:
        return (words, reverse(name, args=[UUID(alert.subject)])) if name else None
    except ValueError:
        return None


def events_of(payment: Payment) -> QuerySet[StripeEvent]:
    """What Stripe told us about a payment: its sessions, intent, charge, refunds and disputes."""
    ids = {
        payment.stripe_payment_intent_id,
        payment.stripe_charge_id,
        *_texts(payment.attempts.values_list("session_id", flat=True)),
        *_texts(payment.refunds.values_list("stripe_refund_id", flat=True)),
        *_texts(payment.disputes.values_list("stripe_dispute_id", flat=True)),
    }
    return StripeEvent.objects.filter(object_id__in=ids - {""}).order_by("-received_at")


def _texts(values: Iterable[str]) -> set[str]:
    return set(values)


def dashboard_url(payment: Payment) -> str:
    """The payment in Stripe's own dashboard; nothing where Stripe is a stand-in."""
    intent_id = payment.stripe_payment_intent_id
    if not intent_id or settings.STRIPE_API_BASE:
        return ""
    test = "test/" if settings.STRIPE_SECRET_KEY.startswith(("sk_test_", "rk_test_")) else ""
    return f"https://dashboard.stripe.com/{test}payments/{intent_id}"
