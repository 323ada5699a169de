"""The dispatcher's page: every task, what is wrong, and what can be done about it (R764)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from booking.models import Booking
from logistics import services
from logistics.models import Environment, LogisticsAlert, OnfleetTask
from logistics.services import DispatchRefusedError
from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.deliveries import queries
from staff.deliveries.filters import NumberForm, TaskFilter
from staff.models import ActionType
from staff.tables import page_of
from staff.views.bookings import visible_booking
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.lib.forms import summarise
from totetaxi.lib.htmx import render_page

PER_PAGE = 50
MOST_ALERTS = 50
SYNC_SECONDS = 20  # somebody waits for it
NO_ANSWER = "Onfleet doesn’t answer right now. It is tried again by itself; look again in a minute."


@staff_page(Capability.VIEW, rate="lists")
@require_safe
def logistics(request: StaffRequest) -> HttpResponse:
    """Figures, troubles and tasks; the list refreshes every 30 seconds."""
    context = _context(request, NumberForm())
    return render_page(request, "staff/logistics/list.html", context, partials={"tasks": "tasks"})


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_POST
def logistics_create(request: StaffRequest) -> HttpResponse:
    """Send a booking to Onfleet, or again what failed there."""
    form = NumberForm(request.POST)
    booking = _find(form.cleaned_data["booking"]) if form.is_valid() else None
    if form.is_valid() and booking is None:
        form.add_error("booking", "There is no booking with this number.")
    if booking is not None:
        refusal = _redispatch(request, booking)
        if not refusal:
            return redirect("staff:logistics")
        form.add_error("booking", refusal)
    return render(request, "staff/logistics/list.html", _context(request, form), status=422)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_POST
def logistics_sync(request: StaffRequest) -> HttpResponse:
    """Read every open task of these days from Onfleet now."""
    result = services.sync_open_tasks(seconds=SYNC_SECONDS)
    log_action(request, ActionType.MANAGE_LOGISTICS, f"Asked Onfleet about its tasks: {result}")
    messages.success(request, f"Asked Onfleet: {result}.")
    return redirect("staff:logistics")


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_POST
def logistics_read(request: StaffRequest, task_id: UUID) -> HttpResponse:
    """Read one task from Onfleet now."""
    task = get_object_or_404(OnfleetTask.objects.select_related("booking"), pk=task_id)
    visible_booking(request, task.booking_id)
    if not task.onfleet_task_id:
        messages.info(request, "This task is not at Onfleet yet.")
    elif not _tried(request, lambda: services.read_task(task)):
        messages.success(request, "Read from Onfleet.")
    log_action(request, ActionType.MANAGE_LOGISTICS, "Read a task", booking=task.booking)
    return redirect("staff:booking", task.booking_id)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_POST
def logistics_resolve(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    """Say that a trouble was dealt with."""
    alert = get_object_or_404(LogisticsAlert.objects.select_related("booking"), pk=alert_id)
    with transaction.atomic():
        resolved = services.resolve_alert(alert.pk, by_id=request.user.pk)
        if resolved:
            text = f"Dealt with: {alert.get_kind_display()}"
            log_action(request, ActionType.MANAGE_LOGISTICS, text, booking=alert.booking)
    if resolved:
        messages.success(request, "Done.")
    return redirect("staff:logistics")


def _context(request: StaffRequest, form: NumberForm) -> dict[str, Any]:
    narrowed = TaskFilter(request.GET)
    page = page_of(request, narrowed.narrow(queries.tasks(clock.today())), PER_PAGE)
    return {
        "filter": narrowed,
        "page": page,
        "table": [(task, queries.tone_of(task)) for task in page.object_list],
        "cards": queries.cards(clock.today()),
        "account": queries.account(),
        "is_on": services.dispatch_is_on(),
        "is_sandbox": settings.ONFLEET_ENVIRONMENT == Environment.SANDBOX,
        "alerts": list(LogisticsAlert.objects.open().select_related("booking")[:MOST_ALERTS]),
        "form": form,
        "error_summary": summarise(form),
    }


def _find(text: str) -> Booking | None:
    """The booking of a number, typed in any case, or of an id."""
    by_number = Q(booking_number__iexact=text.strip())
    try:
        return Booking.objects.visible().filter(by_number | Q(pk=text.strip())).first()
    except (ValidationError, ValueError):
        return Booking.objects.visible().filter(by_number).first()


def _redispatch(request: StaffRequest, booking: Booking) -> str:
    """Why the booking could not be sent; "" when it was. On record unless nothing was tried."""
    words = ""
    try:
        text = f"Sent {services.redispatch(booking.pk)} tasks to Onfleet"
    except DispatchRefusedError as refusal:
        return str(refusal)
    except TemporaryError:
        # One of the two may be there.
        words, text = NO_ANSWER, "Tried to send tasks to Onfleet, which did not answer"
    except PermanentError as error:
        words = f"Onfleet refuses this booking: {error}."
        text = "Tried to send tasks to Onfleet, which refused"
    log_action(request, ActionType.MANAGE_LOGISTICS, text, booking=booking)
    if not words:
        messages.success(request, f"{booking} is at Onfleet.")
    return words


def _tried(request: StaffRequest, act: Callable[[], object]) -> bool:
    """Whether asking Onfleet failed, said to the person."""
    try:
        act()
    except (TemporaryError, PermanentError):
        messages.error(request, NO_ANSWER)
        return True
    return False
