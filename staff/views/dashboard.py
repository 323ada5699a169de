"""The first page of the office: what needs somebody, the numbers, today's and tomorrow's runs."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from staff.access import Capability, StaffRequest, is_refresh, staff_page
from staff.audit import log_action
from staff.models import ActionType
from staff.office import attention, days, figures, runs
from staff.reports import money
from totetaxi.lib import clock
from totetaxi.lib.htmx import render_page

NEXT_DAYS = 7


@staff_page(Capability.VIEW, rate="dashboard")
@require_safe
def dashboard(request: StaffRequest) -> HttpResponse:
    """The page, or the part of it that is fetched again every half minute (rule R950)."""
    refreshed = is_refresh(request) and request.htmx.target == "today"
    if not refreshed:
        log_action(request, ActionType.VIEW_DASHBOARD, "Opened the dashboard")
    return render_page(
        request, "staff/dashboard.html", _context(request), partials={"today": "today"}
    )


def _context(request: StaffRequest) -> dict[str, Any]:
    now, staff = clock.now(), request.staff
    today, tomorrow = now.date(), now.date() + timedelta(days=1)
    financials = staff.can(Capability.VIEW_FINANCIALS)
    rights = attention.Rights(
        financials=financials,
        administer=request.user.is_superuser,
    )
    both = runs.stops(today, tomorrow)
    return {
        "now": now,
        "today": today,
        "tomorrow": tomorrow,
        "items": attention.items(now, rights),
        "figures": figures.figures(now, financials=financials),
        "demo": financials and money.has_demo(),
        "runs": [
            ("Today’s run", today, [one for one in both if one.booking.pickup_date == today]),
            ("Tomorrow’s run", tomorrow, [one for one in both if one.booking.pickup_date > today]),
        ],
        "week": _week(today),
        "next_bookings": figures.next_bookings(now),
    }


def _week(today: date) -> list[days.Day]:
    last = today + timedelta(days=NEXT_DAYS - 1)
    return days.days(today, last, today=today, with_stops=False)
