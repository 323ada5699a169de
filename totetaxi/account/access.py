"""Whose booking it is, as far as this browser can prove."""

from uuid import UUID

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from booking.models import Booking
from booking.ownership import placed_here

WITH_DETAILS = ("draft", "pickup_address", "delivery_address", "mini_move_package")


def visible_booking(booking_id: UUID) -> Booking:
    """A booking that was not deleted, or 404."""
    bookings = Booking.objects.visible().select_related(*WITH_DETAILS)
    return get_object_or_404(bookings, pk=booking_id)


def is_owner(request: HttpRequest, booking: Booking) -> bool:
    """Whether this is the browser that placed the booking, or its customer (rule R701)."""
    if request.user.is_authenticated and booking.customer_id == request.user.pk:
        return True
    return placed_here(request, booking.pk)


def own_booking(request: HttpRequest, booking_id: UUID) -> Booking:
    """The booking, or 404 for anybody but its owner."""
    booking = visible_booking(booking_id)
    if not is_owner(request, booking):
        raise Http404
    return booking
