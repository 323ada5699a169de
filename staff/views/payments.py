"""Payments in the office: the list, one payment with all that happened to it, asking Stripe."""

from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from payments import services
from payments.models import CAPTURED, Method, Payment
from payments.services import Outcome
from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.exports import csv_response
from staff.models import ActionType
from staff.money import queries
from staff.money.filters import PaymentFilter
from staff.tables import ordering, page_of
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.lib.money import usd

SORTS = {
    "when": ("moved_at",),
    "booking": ("booking__booking_number",),
    "amount": ("amount_cents",),
    "status": ("status",),
}
HEADER = (
    *("When", "Booking", "Customer", "For", "Method", "State", "Amount", "Given back", "Left"),
    *("Stripe’s payment", "Reference"),
)
OUTCOMES = {
    Outcome.PAID: "Stripe says that it is paid; it is booked.",
    Outcome.OPEN: "It is not paid yet, and its page at Stripe can still be paid.",
    Outcome.EXPIRED: "It was not paid, and its page at Stripe has ended.",
    Outcome.GIVEN_BACK: "It was paid, but can buy nothing: the money is on its way back.",
    Outcome.MISMATCH: "It was paid, but not what was asked. Look at it at Stripe.",
    Outcome.NOT_OURS: "Stripe knows nothing of it.",
}


@staff_page(Capability.VIEW_FINANCIALS, rate="lists")
@require_safe
def payments(request: StaffRequest) -> HttpResponse:
    """All payments, newest first; the sums are of everything that the filters leave."""
    narrowed = PaymentFilter(request.GET)
    rows = narrowed.narrow(queries.payments())
    if request.GET.get("format") == "csv":
        return csv_response(
            request, "payments.csv", HEADER, map(_cells, rows.iterator()), text="Payments"
        )
    sort = ordering(request, SORTS, "-when")
    context = {
        "filter": narrowed,
        "sort": sort,
        "page": page_of(request, rows.order_by(*sort.order_by, "-pk")),
        "totals": queries.totals(rows),
    }
    return render(request, "staff/money/payments.html", context)


def _cells(payment: Payment) -> Iterator[object]:
    row = payment
    yield f"{row.moved_at.astimezone(clock.NEW_YORK):%Y-%m-%d %H:%M}"  # type: ignore[attr-defined]  # Annotated
    yield row.booking.booking_number
    yield row.booking.get_customer_name()
    yield row.get_purpose_display()
    yield row.get_method_display()
    yield row.get_status_display()
    yield usd(row.amount_cents)
    yield usd(row.refunded_cents)  # type: ignore[attr-defined]  # Annotated
    left = row.amount_cents - row.claimed_cents  # type: ignore[attr-defined]  # Annotated
    yield usd(left if row.status in CAPTURED else 0)
    yield row.stripe_payment_intent_id
    yield row.outside_reference


@staff_page(Capability.VIEW_FINANCIALS, rate="detail")
@require_safe
def payment(request: StaffRequest, payment_id: UUID) -> HttpResponse:
    """One payment: its tries, refunds, disputes, Stripe's events and its history."""
    row = get_object_or_404(queries.payments(), pk=payment_id)
    context = {
        "payment": row,
        "left_cents": services.remaining_cents(row),
        "attempts": row.attempts.order_by("number"),
        "refunds": queries.refunds().filter(payment=row),
        "disputes": row.disputes.all(),
        "audits": row.audits.order_by("-created_at"),
        "events": queries.events_of(row)[:50],
        "dashboard_url": queries.dashboard_url(row),
        "can_settle": row.method == Method.STRIPE,
    }
    return render(request, "staff/money/payment.html", context)


@staff_page(Capability.VIEW_FINANCIALS, rate="change")
@require_POST
def payment_settle(request: StaffRequest, payment_id: UUID) -> HttpResponse:
    """Ask Stripe now what became of a payment, as the webhook and the job would (rule R610)."""
    row = get_object_or_404(Payment.objects.select_related("booking"), pk=payment_id)
    try:
        settled = services.settle_payment(row.pk)
    except (TemporaryError, PermanentError):
        messages.error(request, "Stripe doesn’t answer. Nothing was changed; try in a minute.")
        return redirect("staff:payment", row.pk)
    outcome = settled.outcome if settled else None
    said = OUTCOMES[outcome] if outcome else "It has never had a page at Stripe."
    log_action(
        request,
        ActionType.MODIFY_BOOKING,
        f"Asked Stripe about a payment of {usd(row.amount_cents)}: {outcome or 'no page'}",
        booking=row.booking,
        after={"payment": str(row.pk), "outcome": str(outcome or "")},
    )
    messages.success(request, said)
    return redirect("staff:payment", row.pk)
