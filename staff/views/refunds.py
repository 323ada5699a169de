"""Refunds in the office: asked for by one, decided about by another (rules R970-R974)."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import price_book
from payments import services
from payments.models import Method, Payment, Refund
from payments.services import RefundRefusedError
from staff.access import Capability, StaffRequest, staff_page
from staff.exports import csv_response
from staff.money import queries
from staff.money import refunds as acts
from staff.money.filters import QUEUES, WAITING, RefundFilter
from staff.money.forms import ReasonForm, RefundRequestForm
from staff.tables import page_of
from totetaxi.lib import clock
from totetaxi.lib.money import usd

DECIDED = {"approve": "approved", "deny": "denied"}
HEADER = ("Asked", "Booking", "Why", "State", "Amount", "Reason", "Asked by", "Decided by")


@staff_page(Capability.REQUEST_REFUND, rate="lists")
@require_safe
def refunds(request: StaffRequest) -> HttpResponse:
    """The queue: what waits for a decision first, the other states a click away."""
    narrowed = RefundFilter(request.GET)
    rows = narrowed.narrow(queries.refunds())
    if request.GET.get("format") == "csv" and request.staff.can(Capability.VIEW_FINANCIALS):
        return csv_response(request, "refunds.csv", HEADER, map(_cells, rows), text="Refunds")
    page = page_of(request, rows)
    context = {
        "filter": narrowed,
        "queues": [(name, title) for name, (title, _) in QUEUES.items()],
        "queue": narrowed.cleaned_data.get("queue", WAITING),
        "waiting": queries.waiting_refunds(),
        "page": page,
        "table": [(row, acts.choices(request, row)) for row in page.object_list],
        "sum_cents": queries.sum_cents(rows),
        "two_person_cents": price_book.load().policy.two_person_refund_cents,
    }
    return render(request, "staff/money/refunds.html", context)


def _cells(refund: Refund) -> tuple[object, ...]:
    decided = refund.approved_by or refund.denied_by
    return (
        f"{refund.created_at.astimezone(clock.NEW_YORK):%Y-%m-%d %H:%M}",
        refund.payment.booking.booking_number,
        refund.get_kind_display(),
        refund.get_status_display(),
        usd(refund.amount_cents),
        refund.reason,
        str(refund.requested_by or ""),
        str(decided or ""),
    )


@staff_page(Capability.REQUEST_REFUND, rate="change")
@require_http_methods(["GET", "HEAD", "POST"])
def refund_request(request: StaffRequest, payment_id: UUID) -> HttpResponse:
    """Ask for a refund of a payment, up to what is left of it."""
    payment = get_object_or_404(Payment.objects.select_related("booking"), pk=payment_id)
    left, limit = services.remaining_cents(payment), _two_person_cents()
    form = RefundRequestForm(
        request.POST or None,
        initial=_suggestion(request, left),
        left_cents=left,
        two_person_above_cents=limit,
        may_approve=request.staff.can(Capability.APPROVE_REFUNDS),
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            refund = acts.ask(
                request,
                payment,
                amount_cents=data["amount_cents"],
                reason=data["reason"],
                approve=data.get("approve", False),
            )
        except RefundRefusedError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _asked(refund))
            return redirect("staff:refund", refund.pk)
    context = {
        "payment": payment,
        "form": form,
        "left_cents": left,
        "limit_cents": limit,
        "refundable": payment.method == Method.STRIPE and left > 0,
    }
    return render(request, "staff/money/refund_request.html", context)


def _two_person_cents() -> int:
    return price_book.load().policy.two_person_refund_cents


def _suggestion(request: StaffRequest, left_cents: int) -> dict[str, object]:
    """All that is left; after a failed refund, that one again."""
    again = _uuid(request.GET.get("again", ""))
    failed = Refund.objects.filter(pk=again).first() if again else None
    if failed is None:
        return {"amount_cents": left_cents}
    return {"amount_cents": min(failed.amount_cents, left_cents), "reason": failed.reason}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _asked(refund: Refund) -> str:
    if refund.approved_by_id:
        return f"{usd(refund.amount_cents)} goes back: asked for and approved."
    if refund.two_person:
        return f"{usd(refund.amount_cents)} is asked for. Another person must approve it."
    return f"{usd(refund.amount_cents)} is asked for. It waits to be approved."


@staff_page(Capability.REQUEST_REFUND, rate="detail")
@require_safe
def refund(request: StaffRequest, refund_id: UUID) -> HttpResponse:
    """One refund, how far it has come, and what this person may do about it."""
    row = get_object_or_404(queries.refunds(), pk=refund_id)
    return _refund_page(request, row, ReasonForm())


def _refund_page(request: StaffRequest, row: Refund, form: ReasonForm) -> HttpResponse:
    context = {
        "refund": row,
        "payment": row.payment,
        "booking": row.payment.booking,
        "choices": acts.choices(request, row),
        "may_approve": request.staff.can(Capability.APPROVE_REFUNDS),
        "audits": row.audits.order_by("created_at"),
        "form": form,
    }
    return render(request, "staff/money/refund.html", context)


@staff_page(Capability.APPROVE_REFUNDS, rate="change")
@require_POST
def refund_decide(request: StaffRequest, refund_id: UUID) -> HttpResponse:
    """Approve a refund, or deny it with a reason."""
    row = get_object_or_404(queries.refunds(), pk=refund_id)
    approve = request.POST.get("decision") == "approve"
    form = ReasonForm(request.POST)
    if not approve and not form.is_valid():
        return _refund_page(request, row, form)
    try:
        acts.decide(
            request, row.pk, approve=approve, reason="" if approve else form.cleaned_data["reason"]
        )
    except RefundRefusedError as refusal:
        messages.error(request, str(refusal))
    else:
        done = "approved; it goes out by itself" if approve else "denied; the money stays"
        messages.success(request, f"The refund of {usd(row.amount_cents)} is {done}.")
    return redirect("staff:refund", row.pk)


@staff_page(Capability.APPROVE_REFUNDS, rate="change")
@require_POST
def refund_send(request: StaffRequest, refund_id: UUID) -> HttpResponse:
    """Ask Stripe about an approved refund that does not move, and send it if it never arrived."""
    row = get_object_or_404(queries.refunds(), pk=refund_id)
    if not acts.choices(request, row).may_send:
        messages.error(request, f"This refund is {row.get_status_display().lower()}.")
    else:
        messages.info(request, acts.send_again(request, row))
    return redirect("staff:refund", row.pk)


@staff_page(Capability.APPROVE_REFUNDS, rate="change")
@require_POST
def refunds_decide(request: StaffRequest) -> HttpResponse:
    """Approve or deny all ticked refunds; of each that could not be, the reason is said."""
    decision = request.POST.get("decision", "")
    if decision not in DECIDED:
        raise Http404
    ids = [found for text in request.POST.getlist("row") if (found := _uuid(text))]
    reason = request.POST.get("reason", "").replace("\x00", "")
    if not ids:
        messages.warning(request, "Tick the refunds it is about first.")
    for outcome in acts.decide_all(request, ids, approve=decision == "approve", reason=reason):
        row = outcome.refund
        name = f"{row.payment.booking.booking_number}, {usd(row.amount_cents)}"
        if outcome.error:
            messages.error(request, f"{name}: {outcome.error}")
        else:
            messages.success(
                request, f"{name}: {'approved' if decision == 'approve' else 'denied'}."
            )
    return redirect("staff:refunds")
