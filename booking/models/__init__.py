from booking.models.address import Address, GuestCheckout
from booking.models.booking import (
    LIVE_STATUSES,
    MOVES,
    Booking,
    BookingLine,
    BookingSpecialtyItem,
    BookingStatus,
)
from booking.models.discount import DiscountUse
from booking.models.draft import Draft, request_from_answers
from booking.models.event import BookingEvent, EventKind

__all__ = [
    "LIVE_STATUSES",
    "MOVES",
    "Address",
    "Booking",
    "BookingEvent",
    "BookingLine",
    "BookingSpecialtyItem",
    "BookingStatus",
    "DiscountUse",
    "Draft",
    "EventKind",
    "GuestCheckout",
    "request_from_answers",
]
