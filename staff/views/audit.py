"""The audit: what everyone in the office did."""

import json
from collections.abc import Iterator

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from staff.access import Capability, StaffRequest, staff_page
from staff.exports import csv_response
from staff.forms import AuditFilter
from staff.models import StaffAction
from staff.tables import page_of
from totetaxi.lib.clock import NEW_YORK

HEADER = (
    "When",
    "Who",
    "Action",
    "What",
    "Booking",
    "Customer",
    "Before",
    "After",
    "IP",
    "Program",
)


@staff_page(Capability.ADMINISTER, rate="lists")
@require_safe
def audit(request: StaffRequest) -> HttpResponse:
    """All acts that the filters leave, newest first; ``?format=csv`` as a file."""
    narrowed = AuditFilter(request.GET)
    rows = narrowed.narrow(StaffAction.objects.select_related("staff_user", "booking", "customer"))
    if request.GET.get("format") == "csv":
        cells = map(_cells, rows.iterator(chunk_size=1000))
        return csv_response(request, "audit.csv", HEADER, cells, text="the audit")
    context = {"filter": narrowed, "page": page_of(request, rows)}
    return render(request, "staff/audit.html", context)


def _cells(row: StaffAction) -> Iterator[object]:
    yield f"{row.created_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}"
    yield row.staff_user.email
    yield row.get_action_type_display()
    yield row.description
    yield row.booking.booking_number if row.booking else ""
    yield row.customer.email if row.customer else ""
    for values in (row.before, row.after):
        yield json.dumps(values, cls=DjangoJSONEncoder) if values else ""
    yield row.ip_address
    yield row.user_agent
