"""Watching the money: Stripe's events, alerts, disputes, and what must always be true."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from payments import services
from payments.models import MoneyAlert
from payments.services.books import read_books
from payments.services.invariants import check_all
from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.models import ActionType
from staff.money import queries
from staff.money.filters import AlertFilter, DisputeFilter, EventFilter
from staff.money.forms import EventForm, ReasonForm
from staff.tables import page_of
from totetaxi.lib.errors import PermanentError, TemporaryError

# What an invariant page names of its offenders; the command names all.
NAMED = 20


@staff_page(Capability.VIEW_FINANCIALS, rate="lists")
@require_safe
def events(request: StaffRequest) -> HttpResponse:
    """What Stripe told us, newest first."""
    narrowed = EventFilter(request.GET)
    context = {
        "filter": narrowed,
        "page": page_of(request, narrowed.narrow(queries.events())),
        "form": EventForm(),
    }
    return render(request, "staff/money/events.html", context)


@staff_page(Capability.VIEW_FINANCIALS, rate="change")
@require_POST
def event_replay(request: StaffRequest) -> HttpResponse:
    """Act on an event again by what Stripe says now; an unknown one is fetched first (R614)."""
    form = EventForm(request.POST)
    if not form.is_valid():
        context = {
            "filter": EventFilter({}),
            "page": page_of(request, queries.events()),
            "form": form,
        }
        return render(request, "staff/money/events.html", context)
    event_id = form.cleaned_data["event_id"]
    try:
        result = services.replay_event(event_id)
    except PermanentError:
        messages.error(request, f"Stripe doesn’t know {event_id}.")
    except TemporaryError:
        messages.error(request, "Stripe doesn’t answer. Nothing was changed; try in a minute.")
    else:
        log_action(
            request,
            ActionType.MODIFY_BOOKING,
            f"Acted on Stripe’s event {event_id} again",
            after={"event": event_id, "result": result},
        )
        messages.success(request, f"{event_id}: {result}.")
    return redirect("staff:events")


@staff_page(Capability.VIEW_FINANCIALS, rate="lists")
@require_safe
def alerts(request: StaffRequest) -> HttpResponse:
    """What is wrong with money now, and what was."""
    narrowed = AlertFilter(request.GET)
    page = page_of(request, narrowed.narrow(queries.alerts()))
    table = [(alert, queries.alert_link(alert)) for alert in page.object_list]
    return render(
        request, "staff/money/alerts.html", {"filter": narrowed, "page": page, "table": table}
    )


@staff_page(Capability.VIEW_FINANCIALS, rate="change")
@require_http_methods(["GET", "HEAD", "POST"])
def alert_dismiss(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    """Say why nothing more is to be done; the same thing is then no news again (R977)."""
    alert = get_object_or_404(queries.alerts(), pk=alert_id)
    form = ReasonForm(request.POST or None, max_length=300)
    if alert.resolved_at is not None:
        messages.info(request, "This alert is resolved already.")
        return redirect("staff:alerts")
    if request.method == "POST" and form.is_valid():
        _dismiss(request, alert, form.cleaned_data["reason"])
        return redirect("staff:alerts")
    context = {"alert": alert, "link": queries.alert_link(alert), "form": form}
    return render(request, "staff/money/alert_dismiss.html", context)


@transaction.atomic
def _dismiss(request: StaffRequest, alert: MoneyAlert, reason: str) -> None:
    if not services.dismiss_alert(alert.pk, reason=reason, by=request.user):
        messages.info(request, "This alert is resolved already.")
        return
    log_action(
        request,
        ActionType.MODIFY_BOOKING,
        f"Dismissed a money alert: {alert.get_kind_display()}",
        booking=alert.booking,
        after={"alert": str(alert.pk), "subject": alert.subject, "reason": reason},
    )
    messages.success(request, "The alert is dismissed.")


@staff_page(Capability.VIEW_FINANCIALS, rate="lists")
@require_safe
def disputes(request: StaffRequest) -> HttpResponse:
    """Charges that customers took back through their bank (rule R629)."""
    narrowed = DisputeFilter(request.GET)
    context = {"filter": narrowed, "page": page_of(request, narrowed.narrow(queries.disputes()))}
    return render(request, "staff/money/disputes.html", context)


@staff_page(Capability.VIEW_FINANCIALS, rate="dashboard")
@require_safe
def invariants(request: StaffRequest) -> HttpResponse:
    """I1 to I6 as they are now; with ``?stripe=1`` all money is compared with Stripe's (R978)."""
    books, failed = None, False
    if request.GET.get("stripe") == "1":
        try:
            books = read_books()
        except (TemporaryError, PermanentError):
            failed = True
    results = check_all(books)
    context = {
        "results": [(result, result.offenders[:NAMED]) for result in results],
        "broken": sum(not result.holds for result in results),
        "compared": books is not None,
        "failed": failed,
        "named": NAMED,
    }
    return render(request, "staff/money/invariants.html", context)
