"""Bookings in the office: the list and the page of one."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from booking.models import Booking
from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.bookings import rows
from staff.bookings.detail import detail
from staff.bookings.filters import BookingFilter
from staff.exports import csv_response
from staff.models import ActionType
from staff.tables import ordering, page_of
from totetaxi.lib.htmx import render_page


@staff_page(Capability.VIEW, rate="lists")
@require_safe
def bookings(request: StaffRequest) -> HttpResponse:
    """The list, as filtered and sorted by its address; the CSV is exactly what is filtered."""
    narrowed = BookingFilter(
        request.GET,
        queryset=Booking.objects.all(),
        may_see_hidden=request.staff.can(Capability.ADMINISTER),
    )
    sort = ordering(request, rows.SORTS, rows.NEWEST_FIRST)
    found = narrowed.qs.order_by(*sort.order_by, "-pk")
    if request.GET.get("format") == "csv":
        return _csv(request, found)
    page = page_of(request, rows.readable(found))
    context = {
        "filter": narrowed,
        "sort": sort,
        "page": page,
        "rows": rows.rows(list(page.object_list), request.staff),
        "totals": rows.totals(narrowed.qs),
    }
    return render_page(request, "staff/bookings/list.html", context, partials={"bookings": "table"})


def _csv(request: StaffRequest, found: QuerySet[Booking]) -> HttpResponse:
    with_amounts = request.staff.can(Capability.VIEW_FINANCIALS)
    header = (*rows.HEADER, *(rows.MONEY_HEADER if with_amounts else ()))
    lines = rows.csv_rows(found, with_amounts=with_amounts)
    return csv_response(request, "bookings.csv", header, lines, text="Bookings")


@staff_page(Capability.VIEW, rate="booking")
@require_safe
def booking(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """Everything about one booking; hidden ones are there for admins alone."""
    found = visible_booking(request, booking_id)
    log_action(request, ActionType.VIEW_BOOKING, f"Looked at {found}", booking=found)
    return render_page(request, "staff/bookings/detail.html", detail(found, request.staff))


def visible_booking(request: StaffRequest, booking_id: UUID) -> Booking:
    """The booking, if this person may know of it; raises Http404."""
    found = Booking.objects.filter(pk=booking_id).first()
    if found is None or (found.deleted_at and not request.staff.can(Capability.ADMINISTER)):
        raise Http404
    return found
