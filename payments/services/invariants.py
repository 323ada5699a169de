"""What must always be true of money, places and tasks; docs/money.md says why (I1 to I6).

``check_all`` looks at our own rows. Given the books of Stripe it also compares those, all of them
and not only a day's. Demonstration data and money taken outside Stripe are counted apart.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from booking.models import Booking, BookingChange, BookingEvent, BookingStatus, ChangeStatus
from catalog.models import CapacityDay
from payments.models import (
    CAPTURED,
    STANDING_REFUNDS,
    AlertKind,
    AuditKind,
    Method,
    MoneyAlert,
    Payment,
    PaymentAudit,
    Purpose,
    Refund,
    RefundKind,
    RefundStatus,
    StripeEvent,
    StripeProof,
)
from payments.services.books import StripeBooks
from totetaxi.lib import clock
from totetaxi.outbox.models import Message

# A task or an event that moved so recently is still on its way.
PATIENCE: Final = timedelta(minutes=15)
BOOKED: Final = (BookingStatus.PAID, BookingStatus.COMPLETED)


@dataclass(frozen=True)
class Result:
    """One invariant: how much was looked at, what breaks it, what stands apart from it.

    ``proven_at`` is when it was last compared with Stripe; None where Stripe has no part in it.
    """

    number: str
    title: str
    checked: int
    offenders: tuple[str, ...]
    apart: dict[str, int] = field(default_factory=dict)
    proven_at: datetime | None = None

    @property
    def holds(self) -> bool:
        return not self.offenders


def check_all(
    books: StripeBooks | None = None, *, now: datetime | None = None
) -> tuple[Result, ...]:
    """Check I1 to I6 in one view of the database; each result says whether it holds.

    What is late is judged by ``now`` (real time; default: this moment).
    """
    with _one_view():
        return (
            one_charge_one_payment(books),
            paid_is_booked_or_given_back(),
            sums_agree(books),
            places_are_enough(),
            changes_are_on_record(),
            tasks_end(now or clock.real_now()),
        )


@contextmanager
def _one_view() -> Iterator[None]:
    """Let all queries see the same moment, unless the caller's transaction has begun already."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


# -- I1 --------------------------------------------------------------------------


def one_charge_one_payment(books: StripeBooks | None) -> Result:
    """Every Stripe charge of ours is one payment, and every such payment is one charge."""
    captured = Payment.objects.captured()
    stripe = captured.filter(method=Method.STRIPE)
    nameless = stripe.filter(Q(stripe_payment_intent_id="") | Q(stripe_charge_id=""))
    offenders = [f"payment {pk} names no charge" for pk in _ids(nameless)]
    others = dict(
        captured.exclude(method=Method.STRIPE).values_list("method").annotate(n=Count("pk"))
    )
    if books is None:
        offenders += _known_differences()
    else:
        offenders += _charges_against_payments(books, stripe)
    return Result(
        "I1",
        "Every Stripe charge of ours is one payment",
        stripe.count(),
        tuple(offenders),
        {f"{Method(name).label}": count for name, count in others.items()},
        _proven_at(books),
    )


def _known_differences() -> list[str]:
    """What the daily comparison with Stripe found and has not seen repaired."""
    kinds = (AlertKind.NOT_IN_BOOKS, AlertKind.NOT_AT_STRIPE, AlertKind.DIFFERS)
    return [str(alert) for alert in MoneyAlert.objects.standing().filter(kind__in=kinds)]


def _charges_against_payments(books: StripeBooks, payments: Iterable[Payment]) -> Iterator[str]:
    by_intent = {payment.stripe_payment_intent_id: payment for payment in payments}
    for intent_id, charge in books.charges.items():
        payment = by_intent.get(intent_id)
        ours = payment is not None or charge.payment_id or charge.booking_id
        if not ours or intent_id in books.moving:
            continue
        if payment is None:
            yield f"charge {charge.id} is in no payment"
        elif payment.amount_cents != charge.captured_cents:
            yield f"charge {charge.id} took {charge.captured_cents}, payment {payment.pk} says" + (
                f" {payment.amount_cents}"
            )
    for intent_id, payment in by_intent.items():
        if intent_id not in books.charges and payment.created_at < books.read_at:
            yield f"payment {payment.pk} has no charge at Stripe"


# -- I2 --------------------------------------------------------------------------


def paid_is_booked_or_given_back() -> Result:
    """Captured money has a booking that stands, or refunds that cover it; and the reverse."""
    payments = Payment.objects.captured().filter(amount_cents__gt=0).exclude(method=Method.DEMO)
    covered = Coalesce(
        Subquery(
            Refund.objects.filter(payment=OuterRef("pk"), status__in=STANDING_REFUNDS)
            .values("payment")
            .annotate(cents=Sum("amount_cents"))
            .values("cents")
        ),
        0,
    )
    uncovered = payments.annotate(covered=covered).filter(covered__lt=F("amount_cents"))
    was_paid = BookingEvent.objects.filter(to_status=BookingStatus.PAID).values("booking_id")
    # A booking that people cancelled after it was paid keeps what the policy does not give back.
    decided = Q(booking__status=BookingStatus.CANCELLED, booking_id__in=was_paid)
    stands = Q(booking__status__in=BOOKED, booking__deleted_at=None) | decided
    # Nothing but a change that was made may keep a change's money.
    unmade = Q(purpose=Purpose.CHANGE) & ~Q(change__status=ChangeStatus.APPLIED)
    idle = uncovered.exclude(Q(unfulfillable_reason="") & stands & ~unmade)
    unpaid = (
        Booking.objects.filter(status__in=BOOKED)
        .exclude(payments__in=Payment.objects.captured().filter(unfulfillable_reason=""))
        .order_by()
    )
    return Result(
        "I2",
        "Paid money has a standing booking or a refund",
        payments.count(),
        (
            *(f"payment {pk} buys nothing and is not given back" for pk in _ids(idle)),
            *(f"booking {pk} is paid without a payment" for pk in _ids(unpaid)),
        ),
        {"kept after a cancellation": uncovered.filter(decided, unfulfillable_reason="").count()},
    )


# -- I3 --------------------------------------------------------------------------


def sums_agree(books: StripeBooks | None) -> Result:
    """What was taken less what was given back is one sum, for each booking, wherever it is kept."""
    rows, audits = _net_by_rows(), _net_by_audit()
    stripe = _net_at_stripe(books) if books else Counter()
    offenders = list(_prices_off_the_record())
    for booking_id in {*rows, *audits, *stripe}:
        sums = {"payments": rows[booking_id], "audit": audits[booking_id]}
        if booking_id in stripe:
            sums["Stripe"] = stripe[booking_id]
        if len(set(sums.values())) > 1:
            words = ", ".join(f"{cents} in {where}" for where, cents in sums.items())
            offenders.append(f"booking {booking_id}: {words}")
    return Result(
        "I3",
        "Taken less given back is the same everywhere",
        len(rows),
        tuple(sorted(offenders)),
        proven_at=_proven_at(books),
    )


def _prices_off_the_record() -> Iterator[str]:
    """A paid booking costs what was paid for it and what its changes made of that.

    And a change that waited for its payment was made for exactly that money.
    """
    differences: Counter[UUID] = Counter()
    changes = BookingChange.objects.applied()
    for booking_id, before, after in changes.values_list(
        "booking_id", "total_before_cents", "total_after_cents"
    ):
        differences[booking_id] += after - before
    paid = Payment.objects.captured().filter(
        purpose=Purpose.BOOKING, unfulfillable_reason="", booking__status__in=BOOKED
    )
    rows = paid.values_list("booking_id", "amount_cents", "booking__total_price_cents")
    for booking_id, paid_cents, total_cents in rows:
        if paid_cents + differences[booking_id] != total_cents:
            yield (
                f"booking {booking_id} costs {total_cents}, {paid_cents} was paid for it and"
                f" {differences[booking_id]} is the sum of its changes"
            )
    # The office's changes may be paid later, at what is owed by then.
    kept = Payment.objects.captured().filter(unfulfillable_reason="", purpose=Purpose.CHANGE)
    wrong = kept.filter(change__actor_label="customer").exclude(amount_cents=F("change__due_cents"))
    for pk in _ids(wrong):
        yield f"payment {pk} is not what its change costs"


def _net_by_rows() -> Counter[UUID]:
    net: Counter[UUID] = Counter()
    payments = Payment.objects.captured().filter(method=Method.STRIPE)
    for booking_id, cents in payments.values_list("booking_id", "amount_cents"):
        net[booking_id] += cents
    refunds = Refund.objects.filter(
        status=RefundStatus.COMPLETED, payment__method=Method.STRIPE
    ).values_list("payment__booking_id", "amount_cents")
    for booking_id, cents in refunds:
        net[booking_id] -= cents
    return net


def _net_by_audit() -> Counter[UUID]:
    """The sum the history tells: a refund that failed after it was completed came back."""
    net: Counter[UUID] = Counter()
    audits = PaymentAudit.objects.filter(payment__method=Method.STRIPE)
    taken = audits.filter(kind=AuditKind.PAYMENT_SUCCEEDED)
    for booking_id, cents in taken.values_list("payment__booking_id", "amount_cents"):
        net[booking_id] += cents
    ends = audits.filter(kind__in=[AuditKind.REFUND_COMPLETED, AuditKind.REFUND_FAILED])
    last = ends.order_by("refund_id", "-created_at", "-kind").distinct("refund_id")
    for booking_id, kind, cents in last.values_list("payment__booking_id", "kind", "amount_cents"):
        if kind == AuditKind.REFUND_COMPLETED:
            net[booking_id] -= cents
    return net


def _net_at_stripe(books: StripeBooks) -> Counter[UUID]:
    """The sum of each booking none of whose money is moving."""
    net: Counter[UUID] = Counter()
    payments = Payment.objects.captured().filter(method=Method.STRIPE, created_at__lt=books.read_at)
    bookings = dict(payments.values_list("stripe_payment_intent_id", "booking_id"))
    for intent_id, booking_id in bookings.items():
        charge = books.charges.get(intent_id)
        taken_cents = charge.captured_cents if charge else 0
        net[booking_id] += taken_cents - books.refunded_cents[intent_id]
    for intent_id in books.moving:
        if intent_id in bookings:
            net.pop(bookings[intent_id], None)
    return net


# -- I4 --------------------------------------------------------------------------


def places_are_enough() -> Result:
    """What each day counts as taken is what its bookings hold, and no more than there is."""
    held: Counter[date] = Counter()
    holding = Booking.objects.filter(hold_released_at=None).exclude(status=BookingStatus.CANCELLED)
    for day, units in holding.values_list("pickup_date", "capacity_units"):
        held[day] += units
    waiting = BookingChange.objects.pending()
    for day, units in waiting.values_list("day", "held_units"):
        held[day] += units
    days = {day.date: day for day in CapacityDay.objects.all()}
    offenders = []
    for day in sorted({*held, *days}):
        row = days.get(day)
        used, limit = (row.used, row.limit) if row else (0, None)
        if used != held[day]:
            offenders.append(f"{day}: {used} counted as taken, {held[day]} held")
        if limit is not None and held[day] > limit:
            offenders.append(f"{day}: {held[day]} held of {limit}")
    return Result("I4", "No day has more bookings than places", len(days), tuple(offenders))


# -- I5 --------------------------------------------------------------------------

# What the history must hold for a row that is in this state.
REFUND_MARKS: Final = {
    RefundStatus.DENIED: AuditKind.REFUND_DENIED,
    RefundStatus.COMPLETED: AuditKind.REFUND_COMPLETED,
    RefundStatus.FAILED: AuditKind.REFUND_FAILED,
}


def changes_are_on_record() -> Result:
    """Every state that a booking, payment or refund is in was written into its history."""
    offenders = [
        *(f"booking {pk} is not where its history ends" for pk in _bookings_off_the_record()),
        *(f"payment {pk} has no single capture on record" for pk in _captures_off_the_record()),
        *_refunds_off_the_record(),
    ]
    checked = Booking.objects.count() + Payment.objects.count() + Refund.objects.count()
    return Result("I5", "Every change is on record", checked, tuple(offenders))


def _bookings_off_the_record() -> list[str]:
    """Bookings whose moves do not follow each other, or do not end at their status."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH moves AS (
                SELECT booking_id, from_status, to_status, created_at,
                    LAG(to_status) OVER steps AS before,
                    ROW_NUMBER() OVER (PARTITION BY booking_id ORDER BY created_at DESC) AS newest
                FROM booking_bookingevent WHERE to_status <> ''
                WINDOW steps AS (PARTITION BY booking_id ORDER BY created_at)
            )
            SELECT booking.id FROM booking_booking AS booking
                LEFT JOIN moves ON moves.booking_id = booking.id AND newest = 1
                WHERE moves.to_status IS DISTINCT FROM booking.status
            UNION
            SELECT booking_id FROM moves WHERE from_status <> COALESCE(before, '')
            """
        )
        return [str(pk) for (pk,) in cursor.fetchall()]


def _captures_off_the_record() -> list[str]:
    captures = Count("audits", filter=Q(audits__kind=AuditKind.PAYMENT_SUCCEEDED))
    payments = Payment.objects.exclude(method=Method.DEMO).annotate(captures=captures)
    wrong = payments.filter(
        Q(status__in=CAPTURED) & ~Q(captures=1) | ~Q(status__in=CAPTURED) & ~Q(captures=0)
    )
    return _ids(wrong)


def _refunds_off_the_record() -> Iterator[str]:
    asked = Count("audits", filter=Q(audits__kind=AuditKind.REFUND_REQUESTED))
    unasked = Refund.objects.exclude(kind=RefundKind.DASHBOARD).annotate(asked=asked)
    for pk in _ids(unasked.exclude(asked=1)):
        yield f"refund {pk} was never asked for on record"
    for status, kind in REFUND_MARKS.items():
        marks = Count("audits", filter=Q(audits__kind=kind))
        for pk in _ids(Refund.objects.filter(status=status).annotate(marks=marks).filter(marks=0)):
            yield f"refund {pk} is {status} without a record"


# -- I6 --------------------------------------------------------------------------


def tasks_end(now: datetime) -> Result:
    """Every task and every event of Stripe's is done, on its way, or visibly given up."""
    late = Message.objects.waiting().filter(next_attempt_at__lt=now - PATIENCE)
    unread = StripeEvent.objects.filter(processed_at=None, received_at__lt=now - PATIENCE)
    lost = unread.exclude(
        event_id__in=Message.objects.filter(event="stripe_event", done_at=None).values("subject_id")
    )
    return Result(
        "I6",
        "Every task is done or visibly failed",
        Message.objects.count() + StripeEvent.objects.count(),
        (
            *(f"task {message.pk} ({message.handler}) is late" for message in late),
            *(f"event {event.pk} waits for nobody" for event in lost),
        ),
        {"given up, on the list": Message.objects.dead().count()},
    )


def _proven_at(books: StripeBooks | None) -> datetime | None:
    if books is not None:
        return books.read_at
    proof = StripeProof.objects.filter(differences=0).order_by("-proven_at").first()
    return proof.proven_at if proof else None


def _ids(rows: QuerySet[Any]) -> list[str]:
    return [str(pk) for pk in rows.values_list("pk", flat=True)]
