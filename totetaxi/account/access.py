"""Whose booking it is, as far as this browser can prove."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from booking.models import Booking
from booking.ownership import placed_here
from totetaxi.lib import clock

MANAGED_KEY: Final = "managed_bookings"
#: How long a browser may open a booking after its mailed link was used (rule R852).
GRANT_LIFE: Final = timedelta(hours=24)
WITH_DETAILS = ("draft", "pickup_address", "delivery_address", "mini_move_package")


def visible_booking(booking_id: UUID) -> Booking:
    """A booking that was not deleted, or 404."""
    bookings = Booking.objects.visible().select_related(*WITH_DETAILS)
    return get_object_or_404(bookings, pk=booking_id)


def is_owner(request: HttpRequest, booking: Booking) -> bool:
    """Whether this is its customer, the browser that placed it, or a proven guest (rule R701)."""
    if request.user.is_authenticated and booking.customer_id == request.user.pk:
        return True
    return placed_here(request, booking.pk) or was_let_in(request, booking.pk)


def let_in(request: HttpRequest, booking_id: UUID) -> None:
    """Let this browser open the booking for a day: its mailed link was just used (rule R852)."""
    until = clock.after(clock.now(), GRANT_LIFE).timestamp()
    if not request.user.is_authenticated:  # A member's got a new key when they signed in.
        request.session.cycle_key()
    request.session[MANAGED_KEY] = {**request.session.get(MANAGED_KEY, {}), str(booking_id): until}


def was_let_in(request: HttpRequest, booking_id: UUID) -> bool:
    """Whether a mailed link was used in this browser, not too long ago."""
    until: float = request.session.get(MANAGED_KEY, {}).get(str(booking_id), 0)
    return clock.now().timestamp() < until


def own_booking(request: HttpRequest, booking_id: UUID) -> Booking:
    """The booking, or 404 for anybody but its owner."""
    booking = visible_booking(booking_id)
    if not is_owner(request, booking):
        raise Http404
    return booking
