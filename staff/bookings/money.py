"""How a booking stands with money, in a word: one truth for rows, filters and pages (R922)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet

from booking.models import Booking, BookingStatus
from payments.models import (
    CAPTURED,
    Method,
    Payment,
    PaymentLink,
    PaymentStatus,
    Purpose,
    Refund,
    RefundStatus,
)
from totetaxi.lib import clock
from totetaxi.lib.money import usd_short


class MoneyState(StrEnum):
    """What the payment filter offers; a booking is in exactly one of them."""

    REFUND_WAITING = "refund_waiting"
    UNPAID = "unpaid"
    PAID = "paid"
    OUTSIDE = "outside"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    FREE = "free"
    NEVER_PAID = "never_paid"


LABELS = {
    MoneyState.UNPAID: "Unpaid",
    MoneyState.PAID: "Paid by card",
    MoneyState.OUTSIDE: "Paid outside Stripe",
    MoneyState.REFUND_WAITING: "Refund waiting",
    MoneyState.PARTLY_REFUNDED: "Partly refunded",
    MoneyState.REFUNDED: "Refunded",
    MoneyState.FREE: "Nothing to pay",
    MoneyState.NEVER_PAID: "Never paid",
}
#: States that ask somebody to do something.
URGENT = frozenset({MoneyState.REFUND_WAITING, MoneyState.UNPAID})


@dataclass(frozen=True)
class MoneyWord:
    """The state as a row shows it; ``urgent`` ones have a warning shape before the words."""

    state: MoneyState
    words: str
    urgent: bool


def with_money(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    """Bookings with what ``money_word`` reads, in three more queries for any number of rows."""
    return bookings.prefetch_related("payments__refunds", "payment_links")


def money_word(booking: Booking, now: datetime) -> MoneyWord:
    """How a booking from ``with_money`` stands at ``now``."""
    payments = list(booking.payments.all())
    state = _state(booking, payments)
    return MoneyWord(state, _words(booking, payments, state, now), state in URGENT)


def _state(booking: Booking, payments: Iterable[Payment]) -> MoneyState:
    kept = [one for one in payments if one.is_captured and not one.unfulfillable_reason]
    if any(
        refund.status == RefundStatus.REQUESTED
        for payment in payments
        for refund in payment.refunds.all()
    ):
        return MoneyState.REFUND_WAITING
    if not kept:
        over = booking.status == BookingStatus.CANCELLED
        return MoneyState.NEVER_PAID if over else MoneyState.UNPAID
    if all(one.method == Method.FREE for one in kept):
        return MoneyState.FREE
    if all(one.status == PaymentStatus.REFUNDED for one in kept):
        return MoneyState.REFUNDED
    if any(one.status != PaymentStatus.SUCCEEDED for one in kept):
        return MoneyState.PARTLY_REFUNDED
    outside = any(one.method == Method.OUTSIDE for one in kept)
    return MoneyState.OUTSIDE if outside else MoneyState.PAID


def _words(booking: Booking, payments: Iterable[Payment], state: MoneyState, now: datetime) -> str:
    match state:
        case MoneyState.UNPAID:
            return _unpaid_words(booking, now)
        case MoneyState.OUTSIDE:
            methods = (one.get_outside_method_display() for one in payments if one.outside_method)
            return str(next(methods))
        case MoneyState.PAID:
            return _difference_words(payments) or "Paid"
        case _:
            return LABELS[state]


def _difference_words(payments: Iterable[Payment]) -> str:
    """A change of a paid booking may still have something to pay."""
    waiting = (
        one.amount_cents
        for one in payments
        if one.purpose == Purpose.CHANGE and one.status == PaymentStatus.PENDING
    )
    cents = sum(waiting)
    return f"Paid, {usd_short(cents)} to come" if cents else ""


def _unpaid_words(booking: Booking, now: datetime) -> str:
    ends = [link.expires_at for link in booking.payment_links.all() if link.is_live(now)]
    if not ends:
        return "Unpaid"
    hours = int(clock.elapsed(now, max(ends)).total_seconds() // 3600)
    return f"Unpaid, {hours} h left" if hours else "Unpaid, under 1 h left"


def in_state(bookings: QuerySet[Booking], state: MoneyState) -> QuerySet[Booking]:
    """The bookings that are in a state, the same as ``money_word`` would say."""
    payments = Payment.objects.filter(booking=OuterRef("pk"))
    kept = payments.filter(status__in=CAPTURED, unfulfillable_reason="")
    waiting = Exists(
        Refund.objects.filter(payment__booking=OuterRef("pk"), status=RefundStatus.REQUESTED)
    )
    if state == MoneyState.REFUND_WAITING:
        return bookings.filter(waiting)
    bookings = bookings.filter(~waiting)
    cancelled = Q(status=BookingStatus.CANCELLED)
    if state == MoneyState.UNPAID:
        return bookings.filter(~cancelled, ~Exists(kept))
    if state == MoneyState.NEVER_PAID:
        return bookings.filter(cancelled, ~Exists(kept))
    paid = kept.exclude(method=Method.FREE)
    if state == MoneyState.FREE:
        return bookings.filter(Exists(kept), ~Exists(paid))
    bookings = bookings.filter(Exists(paid))
    not_refunded = kept.exclude(status=PaymentStatus.REFUNDED)
    touched = kept.exclude(status=PaymentStatus.SUCCEEDED)
    if state == MoneyState.REFUNDED:
        return bookings.filter(~Exists(not_refunded))
    if state == MoneyState.PARTLY_REFUNDED:
        return bookings.filter(Exists(touched), Exists(not_refunded))
    outside = Exists(kept.filter(method=Method.OUTSIDE))
    bookings = bookings.filter(~Exists(touched))
    return bookings.filter(outside if state == MoneyState.OUTSIDE else ~outside)


def link_of(booking: Booking) -> PaymentLink | None:
    """The newest standing link of a booking from ``with_money``, live or not."""
    return next((link for link in booking.payment_links.all() if link.revoked_at is None), None)
