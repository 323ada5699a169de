"""The day's run on paper and as a file: what drivers and the office carry with them."""

from collections.abc import Iterator
from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from staff.access import Capability, StaffRequest, staff_page
from staff.exports import csv_response
from staff.office import days, runs
from staff.office.runs import Stop
from staff.views.calendar import day_or_404
from totetaxi.lib.template_tags import long_date, phone

HEADER = (
    *("Stop", "Booking", "Status", "Window", "Service", "Customer", "Phone", "Email"),
    *("Pickup", "Drop-off", "Pieces", "Items", "Certificate", "Instructions"),
)


@staff_page(Capability.VIEW, rate="detail")
@require_safe
def manifest(request: StaffRequest, day: str) -> HttpResponse:
    """Stops in the order of time (rule R953); ``?format=csv`` as a file, on record."""
    when = day_or_404(day)
    stops = runs.stops(when)
    if request.GET.get("format") == "csv":
        name = f"manifest-{when.isoformat()}.csv"
        text = f"Manifest of {long_date(when)}"
        return csv_response(request, name, HEADER, _rows(stops), text=text)
    before, after = when - timedelta(days=1), when + timedelta(days=1)
    context = {
        "day": when,
        "stops": stops,
        "labels": request.GET.get("labels") == "on",
        "before": before if days.in_range(before) else None,
        "after": after if days.in_range(after) else None,
        "certificates": sum(stop.booking.coi_required for stop in stops),
    }
    return render(request, "staff/manifest.html", context)


def _rows(stops: list[Stop]) -> Iterator[list[str]]:
    for number, stop in enumerate(stops, start=1):
        booking = stop.booking
        yield [
            str(number),
            booking.booking_number,
            booking.get_status_display(),
            stop.window,
            stop.service,
            booking.get_customer_name(),
            phone(booking.phone),
            booking.email,
            ", ".join(booking.pickup_address.lines),
            ", ".join(booking.delivery_address.lines),
            "" if stop.pieces is None else str(stop.pieces),
            stop.items,
            "yes" if booking.coi_required else "",
            booking.special_instructions,
        ]
