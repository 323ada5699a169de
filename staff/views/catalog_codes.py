"""Where a discount code was used."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from booking.models import DiscountUse
from catalog.models import DiscountCode
from staff.access import Capability, StaffRequest, staff_page
from staff.catalog.beside import uses_left, uses_of
from staff.exports import csv_response
from staff.tables import page_of
from totetaxi.lib import clock
from totetaxi.lib.money import usd

HEADER = ("Booking", "Status", "Email", "Took off", "When", "Counts")


@staff_page(Capability.MANAGE_CATALOG, rate="lists")
@require_safe
def code_uses(request: StaffRequest, code_id: UUID) -> HttpResponse:
    """The bookings that used a code, newest first; uses that were given back are marked."""
    code = get_object_or_404(DiscountCode, pk=code_id)
    uses = code.uses.select_related("booking").order_by("-created_at", "-pk")
    if request.GET.get("format") == "csv":
        rows = (_cells(use) for use in uses)
        return csv_response(
            request, f"uses-of-{code.code}.csv", HEADER, rows, text=f"Uses of {code.code}"
        )
    context = {
        "code": code,
        "page": page_of(request, uses),
        "used": uses_of(code),
        "left": uses_left(code),
    }
    return render(request, "staff/catalog/uses.html", context)


def _cells(use: DiscountUse) -> tuple[str, ...]:
    return (
        use.booking.booking_number,
        use.booking.get_status_display(),
        use.email,
        usd(use.amount_cents),
        f"{use.created_at.astimezone(clock.NEW_YORK):%Y-%m-%d %H:%M}",
        "given back" if use.released_at else "yes",
    )
