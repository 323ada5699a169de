"""A booking as its customer sees it, and the little that anyone with its link may know."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking.ics import calendar_file as make_calendar_file
from booking.ownership import placed_here
from booking.wizard.session import SESSION_KEY
from catalog import price_book
from totetaxi.account.access import is_owner, own_booking, visible_booking
from totetaxi.account.detail import booking_context
from totetaxi.lib import clock
from totetaxi.lib.access import audience


@audience("public")
@never_cache
@require_safe
def status(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """All about it for its owner; number, service, status and date for anyone else."""
    booking = visible_booking(booking_id)
    if not is_owner(request, booking):
        return render(request, "account/status.html", {"booking": booking})
    is_guests = booking.customer_id is None
    context = {
        **booking_context(booking, clock.now()),
        "is_customer": not is_guests and booking.customer_id == request.user.pk,
        # Only the browser whose draft it is finds its answers on the review page.
        "can_resume": bool(booking.draft_id)
        and request.session.get(SESSION_KEY) == str(booking.draft_id),
        "offers_account": is_guests
        and placed_here(request, booking.pk)
        and not request.user.is_authenticated,
    }
    return render(request, "account/booking.html", context)


@audience("public")
@never_cache
@require_safe
def calendar_file(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The pickup for the customer's calendar; 404 for anyone else."""
    booking = own_booking(request, booking_id)
    content = make_calendar_file(booking, phone=price_book.load().policy.phone)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{booking.booking_number}.ics"'
    return response
