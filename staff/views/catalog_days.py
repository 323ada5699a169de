"""Places of a day: the usual limit, and the days that have one of their own (R430-R433)."""

from datetime import date, timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from catalog import price_book
from catalog.models import CapacityDay
from staff.access import Capability, StaffRequest, staff_page
from staff.catalog.filters import DayFilter
from staff.catalog.forms import CapacityForm, DateInput, polish
from staff.catalog.records import stamp_of
from staff.catalog.saving import Attempt, save_capacity
from staff.tables import page_of
from totetaxi.lib import clock
from totetaxi.lib.forms import Helper

EFFECT = "It counts for orders from now on. Bookings that hold a place keep it."
FARTHEST = timedelta(days=3 * 365)


class DayForm(forms.Form):
    """Which day to look at."""

    date = forms.DateField(label="Day", widget=DateInput())

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Passed on as they come
        polish(self)
        self.helper = Helper(self)


@staff_page(Capability.MANAGE_CATALOG, rate="lists")
@require_safe
def capacity(request: StaffRequest) -> HttpResponse:
    """Days with places taken or a limit of their own, and the way to any other day."""
    form = DayForm(request.GET if "date" in request.GET else None)
    if form.is_bound and form.is_valid():
        return redirect("staff:catalog_capacity_day", form.cleaned_data["date"].isoformat())
    narrowed = DayFilter(request.GET)
    days = narrowed.narrow(CapacityDay.objects.order_by("date"))
    policy = price_book.load_policy()
    context = {
        "form": form,
        "filter": narrowed,
        "page": page_of(request, days),
        "usual": policy.day_limit if policy else None,
    }
    return render(request, "staff/catalog/capacity.html", context)


@staff_page(Capability.MANAGE_CATALOG, rate="change")
@require_http_methods(["GET", "HEAD", "POST"])
def capacity_day(request: StaffRequest, day: str) -> HttpResponse:
    """The places of one day; a limit below what is taken is refused beside the field."""
    when = _day(day)
    policy = price_book.load_policy()
    usual = policy.day_limit if policy else None
    row = CapacityDay.objects.filter(pk=when).first() or CapacityDay(date=when, limit=usual)
    if request.method == "POST":
        attempt = save_capacity(request, CapacityForm, row)
        if attempt.saved:
            messages.success(request, f"{attempt.row}. {EFFECT}")
            return redirect("staff:catalog_capacity")
    else:
        form = CapacityForm(instance=row)
        attempt = Attempt(form, row, "", stamp_of(row, form.fields))
    context = {
        "attempt": attempt,
        "form": attempt.form,
        "day": when,
        "used": row.used,
        "usual": usual,
        "effect": EFFECT,
    }
    return render(request, "staff/catalog/capacity_day.html", context)


def _day(text: str) -> date:
    """A day near enough to plan for; Http404 for any other text."""
    try:
        when = date.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error
    if abs(when - clock.today()) > FARTHEST:
        raise Http404
    return when
