"""A booking as its customer sees it, and the little that anyone with its link may know."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from booking import describe
from booking.ics import calendar_file as make_calendar_file
from catalog import price_book
from totetaxi.account.access import is_owner, own_booking, visible_booking
from totetaxi.account.progress import payment_summary, stops
from totetaxi.lib.access import audience


@audience("public")
@never_cache
@require_safe
def status(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The confirmation for who placed it; number, service, status and date for anyone else."""
    booking = visible_booking(booking_id)
    if not is_owner(request, booking):
        return render(request, "account/status.html", {"booking": booking})
    context = {
        "booking": booking,
        "facts": describe.facts(booking),
        "lines": booking.lines.all(),
        "window": describe.window_words(booking),
        "service": describe.service_words(booking),
        "stops": stops(booking),
        "payment": payment_summary(booking),
        # Answers typed after Stripe's page was opened, and paid there all the same.
        "changed_since": bool(booking.draft and booking.draft.version != booking.draft_version),
    }
    return render(request, "account/booking.html", context)


@audience("public")
@require_safe
def calendar_file(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """The pickup for the customer's calendar; 404 for anyone else."""
    booking = own_booking(request, booking_id)
    content = make_calendar_file(booking, phone=price_book.load().policy.phone)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{booking.booking_number}.ics"'
    return response
