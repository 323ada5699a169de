"""Which bookings this browser placed: the only proof a guest without a mailed link has."""

from typing import Final
from uuid import UUID

from django.http import HttpRequest

SESSION_KEY: Final = "bookings"
REMEMBERED: Final = 20


def remember_booking(request: HttpRequest, booking_id: UUID) -> None:
    """Note in the server-side session that this browser placed the booking."""
    known = [one for one in request.session.get(SESSION_KEY, []) if one != str(booking_id)]
    request.session[SESSION_KEY] = [*known, str(booking_id)][-REMEMBERED:]


def placed_here(request: HttpRequest, booking_id: UUID) -> bool:
    return str(booking_id) in request.session.get(SESSION_KEY, [])
