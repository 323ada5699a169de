"""Search from any page: bookings and customers, as a page or as a list under the box."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from staff.access import Capability, StaffRequest, staff_page
from staff.office.finding import find
from totetaxi.lib.htmx import render_page


@staff_page(Capability.VIEW, rate="lists")
@require_safe
def search(request: StaffRequest) -> HttpResponse:
    """What holds every word of ``?q=`` (rule R956)."""
    found = find(request.GET.get("q", "")[:200])
    return render_page(
        request,
        "staff/search.html",
        {"found": found, "search_text": found.text},
        partials={"search-results": "results"},
    )
