"""The calendar by month, week and day, and what a day is changed to right there."""

from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import price_book
from catalog.models import CapacityDay, ClosedDay
from staff.access import Capability, StaffRequest, staff_page
from staff.catalog.forms import CapacityForm, RecordForm
from staff.catalog.records import record, save_form, stamp_of, values_of
from staff.catalog.saving import Attempt, save_capacity
from staff.office import days
from totetaxi.lib import clock
from totetaxi.lib.template_tags import full_date

VIEWS: Final = ("month", "week", "day")
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


class CloseForm(RecordForm):
    """Why the day of the page is closed; the day itself is in its address."""

    sections = (("", ("reason",)),)

    class Meta:
        model = ClosedDay
        fields = ("reason",)


@staff_page(Capability.VIEW, rate="lists")
@require_safe
def calendar(request: StaffRequest) -> HttpResponse:
    """Month, week or day around ``?day=2026-06-12``; what cannot be read means today."""
    view = request.GET.get("view", "month")
    view = view if view in VIEWS else "month"
    day = _day_or_none(request.GET.get("day", "")) or clock.today()
    if view == "day":
        return render(request, "staff/calendar/day.html", _day_context(day))
    return render(request, f"staff/calendar/{view}.html", _grid_context(view, day))


@staff_page(Capability.MANAGE_CATALOG, rate="change")
@require_POST
def close_day(request: StaffRequest, day: str) -> HttpResponse:
    """Close a day, or say otherwise why it is closed."""
    when = day_or_404(day)
    with transaction.atomic():
        row = ClosedDay.objects.select_for_update().filter(date=when).first()
        before = values_of(row, ["reason"]) if row else None
        form = CloseForm(request.POST, instance=row or ClosedDay(date=when))
        saved = form.is_valid() and save_form(request, form, noun="closed day", before=before)
    if saved:
        messages.success(request, f"Closed: {form.instance}. Bookings on that day stay.")
        return redirect(day_url(when))
    return _invalid(request, when, close_form=form)


@staff_page(Capability.MANAGE_CATALOG, rate="change")
@require_POST
def open_day(request: StaffRequest, day: str) -> HttpResponse:
    """Open a closed day again; one that is open stays open."""
    when = day_or_404(day)
    with transaction.atomic():
        row = ClosedDay.objects.select_for_update().filter(date=when).first()
        if row is not None:
            before = values_of(row, ["date", "reason"])
            record(request, f"Deleted closed day {row}", before, {}, key=row.pk)
            row.delete()
    messages.success(request, "The day is open for orders again.")
    return redirect(day_url(when))


@staff_page(Capability.MANAGE_CATALOG, rate="change")
@require_POST
def limit_day(request: StaffRequest, day: str) -> HttpResponse:
    """Set the places of a day; fewer than are taken is refused beside the field (rule R431)."""
    when = day_or_404(day)
    attempt = save_capacity(request, CapacityForm, capacity_of(when))
    if attempt.saved:
        messages.success(request, f"{attempt.row}. Bookings that hold a place keep it.")
        return redirect(day_url(when))
    return _invalid(request, when, limit=attempt)


def _invalid(request: StaffRequest, day: date, **forms: Any) -> HttpResponse:
    context = _day_context(day, **forms)
    return render(request, "staff/calendar/day.html", context, status=422)


def _day_or_none(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if days.in_range(day) and day.isoformat() == text else None


def day_or_404(text: str) -> date:
    """The day that an address names as 2026-06-12."""
    day = _day_or_none(text)
    if day is None:
        raise Http404
    return day


def day_url(day: date) -> str:
    return calendar_url("day", day)


def calendar_url(view: str, day: date) -> str:
    query = QueryDict(mutable=True)
    query.update({"view": view, "day": day.isoformat()})
    return f"{reverse('staff:calendar')}?{query.urlencode()}"


def capacity_of(day: date) -> CapacityDay:
    """The row of a day, or the one it would get."""
    policy = price_book.load_policy()
    usual = policy.day_limit if policy else None
    return CapacityDay.objects.filter(pk=day).first() or CapacityDay(date=day, limit=usual)


def _grid_context(view: str, day: date) -> dict[str, Any]:
    if view == "month":
        first, last = days.month_span(day)
    else:
        first = days.week_start(day)
        last = days.shifted(first, "day", 6)
    found = days.days(first, last, today=clock.today())
    return {
        **_navigation(view, day),
        "heading": f"{day:%B %Y}"
        if view == "month"
        else f"Week of {first:%B} {first.day}, {first.year}",
        "weeks": [found[start : start + 7] for start in range(0, len(found), 7)],
        "weekdays": WEEKDAYS,
        "legend": days.legend(found),
    }


def _navigation(view: str, day: date) -> dict[str, Any]:
    """Where previous, next, today and the other views lead."""
    before, after = (days.shifted(day, view, by) for by in (-1, 1))
    return {
        "view": view,
        "day": day,
        "today_url": calendar_url(view, clock.today()),
        "before": (before, calendar_url(view, before)) if days.in_range(before) else None,
        "after": (after, calendar_url(view, after)) if days.in_range(after) else None,
        "views": [(name, name.capitalize(), calendar_url(name, day)) for name in VIEWS],
    }


def _day_context(
    day: date, *, close_form: RecordForm | None = None, limit: Attempt | None = None
) -> dict[str, Any]:
    closed = ClosedDay.objects.filter(date=day).first()
    if limit is None:
        row = capacity_of(day)
        form = CapacityForm(instance=row)
        limit = Attempt(form=form, row=row, name="", stamp=stamp_of(row, form.fields))
    return {
        **_navigation("day", day),
        "heading": full_date(day),
        "one": days.days(day, day, today=clock.today())[0],
        "closed": closed,
        "close_form": close_form or CloseForm(instance=closed or ClosedDay(date=day)),
        "limit": limit,
    }
