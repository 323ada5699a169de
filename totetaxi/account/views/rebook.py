"""Ordering the same again."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from booking.rebook import again, contact_of
from booking.wizard.members import member_of
from booking.wizard.pages import catalog_needed
from booking.wizard.session import begin_with
from totetaxi.account.access import own_booking
from totetaxi.lib.access import audience
from totetaxi.lib.ratelimit import limit


@audience("public")
@limit("rebook")
@require_POST
@catalog_needed
def rebook(request: HttpRequest, booking_id: UUID) -> HttpResponse:
    """Fill a new order with an earlier one; then pick a date and pay today's price (rule R514)."""
    booking = own_booking(request, booking_id)
    if not booking.can_rebook:
        messages.info(request, "Only a paid booking can be booked again.")
        return HttpResponseRedirect(reverse("account:status", args=[booking_id]), status=303)
    found = again(booking)
    member = member_of(request.user)
    contact = {} if member and member.is_complete else contact_of(booking)
    begin_with(request, found.answers | contact)
    messages.success(
        request,
        f"Filled in from {booking.booking_number}. Choose a date: the price is today’s.",
    )
    if found.notice:
        messages.warning(request, found.notice)
    return HttpResponseRedirect(reverse("booking:start"), status=303)
