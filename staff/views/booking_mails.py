"""Mails that a customer never got."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.bookings import mails
from staff.models import ActionType
from staff.views.bookings import visible_booking


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_POST
def mails_settle(request: StaffRequest, booking_id: UUID) -> HttpResponse:
    """The customer was reached another way: what came back needs nobody any more (R646)."""
    booking = visible_booking(request, booking_id)
    with transaction.atomic():
        labels = mails.settle(booking)
        if labels:
            text = f"Reached the customer of {booking} another way: {', '.join(labels)}"
            log_action(request, ActionType.SEND_NOTIFICATION, text, booking=booking)
    if labels:
        messages.success(request, "It is on the timeline that the customer was reached.")
    else:
        messages.info(request, "Nothing is waiting for that any more.")
    return redirect("staff:booking", booking.pk)
