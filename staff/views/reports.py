"""Reports: what was earned, by whom it was ordered, and from where (rules R960-R964)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from booking.models import CustomerProfile
from staff.access import Capability, StaffRequest, staff_page
from staff.catalog.forms import DateInput
from staff.exports import csv_response
from staff.office.days import FIRST_YEAR, LAST_YEAR
from staff.reports.money import Money, Span, Step, has_demo
from staff.reports.tables import Report, report, tenths
from totetaxi.lib import clock
from totetaxi.lib.forms import Helper

USUAL_DAYS: Final = 30
LONGEST_DAYS: Final = 5 * 366
STEPS: Final = ((Step.DAY, "Day"), (Step.WEEK, "Week"), (Step.MONTH, "Month"))


class SpanForm(forms.Form):
    """Which days, and how they are put together; all of it stands in the address."""

    first = forms.DateField(label="From", widget=DateInput())
    last = forms.DateField(label="To", widget=DateInput())
    by = forms.ChoiceField(label="By", choices=STEPS)
    money = forms.ChoiceField(
        choices=[(Money.REAL, "Real"), (Money.DEMO, "Demonstration")],
        required=False,
        widget=forms.HiddenInput,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in (self.fields["first"], self.fields["last"]):
            field.error_messages = {
                "required": "Enter a date such as 2026-06-13.",
                "invalid": "Enter a date such as 2026-06-13.",
            }
        self.helper = Helper(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last:
            if first.year < FIRST_YEAR or last.year > LAST_YEAR:
                self.add_error("first", "Choose days between the years 2000 and 2999.")
            elif last < first:
                self.add_error("last", "Choose a last day on or after the first.")
            elif (last - first).days >= LONGEST_DAYS:
                self.add_error("last", "Choose at most five years.")
        return cleaned


def form_of(request: StaffRequest) -> SpanForm:
    """The form as asked for; what is missing is the last 30 days by day."""
    today = clock.today()
    usual = {
        "first": (today - timedelta(days=USUAL_DAYS - 1)).isoformat(),
        "last": today.isoformat(),
        "money": Money.REAL.value,
    }
    asked = usual | {key: str(value) for key, value in request.GET.items() if value}
    return SpanForm({"by": usual_step(asked["first"], asked["last"]), **asked})


def report_of(form: SpanForm) -> Report:
    """The report that a valid form asks for."""
    asked = form.cleaned_data
    span = Span(asked["first"], asked["last"])
    return report(span, Step(asked["by"]), Money(asked["money"] or Money.REAL))


def usual_step(first: str, last: str) -> Step:
    """Columns that can still be told from each other; days that are none have their own error."""
    try:
        length = (date.fromisoformat(last) - date.fromisoformat(first)).days
    except ValueError:
        return Step.DAY
    if length <= 45:
        return Step.DAY
    return Step.WEEK if length <= 200 else Step.MONTH


@staff_page(Capability.VIEW_FINANCIALS, rate="reports")
@require_safe
def reports(request: StaffRequest) -> HttpResponse:
    """All reports of a span."""
    form = form_of(request)
    if not form.is_valid():
        return render(request, "staff/reports.html", {"form": form}, status=422)
    found = report_of(form)
    context = {
        "form": form,
        "report": found,
        "query": f"first={found.span.first}&last={found.span.last}"
        f"&by={found.step}&money={found.money}",
        "presets": list(presets(clock.today())),
        "has_demo": has_demo(),
        "repeat_words": tenths(found.repeats.tenths),
        "on_time_words": tenths(found.kept.tenths) if found.kept.done else "–",
        "completion_words": tenths(found.fates.completion_tenths),
        "cancellation_words": tenths(found.fates.cancellation_tenths),
        "is_demo": found.money == Money.DEMO,
        "new_customers": CustomerProfile.objects.filter(
            **found.span.moments("user__date_joined")
        ).count(),
    }
    return render(request, "staff/reports.html", context)


@staff_page(Capability.VIEW_FINANCIALS, rate="reports")
@require_safe
def report_csv(request: StaffRequest, key: str) -> HttpResponse:
    """One table of a report as a file; the download is on record."""
    form = form_of(request)
    if not form.is_valid():
        raise Http404
    found = report_of(form)
    table = found.table(key)
    if table is None:
        raise Http404
    name = f"{key}-{found.span.first}-to-{found.span.last}.csv"
    text = f"{table.title}, {found.span.first} to {found.span.last}"
    return csv_response(request, name, table.csv_header, table.csv_rows, text=text)


def presets(today: date) -> Iterator[tuple[str, date, date]]:
    """(words, first day, last day) of the spans people ask for."""
    month = today.replace(day=1)
    last_month = (month - timedelta(days=1)).replace(day=1)
    yield "7 days", today - timedelta(days=6), today
    yield "30 days", today - timedelta(days=29), today
    yield "This month", month, today
    yield "Last month", last_month, month - timedelta(days=1)
    yield "12 months", (month - timedelta(days=335)).replace(day=1), today
    yield "This year", today.replace(month=1, day=1), today
