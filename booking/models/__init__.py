from booking.models.address import Address, GuestCheckout
from booking.models.booking import (
    LIVE_STATUSES,
    MOVES,
    Booking,
    BookingStatus,
)
from booking.models.change import BookingChange, ChangeStatus
from booking.models.customer import CustomerProfile, SavedAddress
from booking.models.discount import DiscountUse
from booking.models.document import Document, DocumentKind
from booking.models.draft import Draft, request_from_answers
from booking.models.event import BookingEvent, EventKind
from booking.models.line import BookingLine, BookingSpecialtyItem
from booking.models.note import InternalNote

__all__ = [
    "LIVE_STATUSES",
    "MOVES",
    "Address",
    "Booking",
    "BookingChange",
    "BookingEvent",
    "BookingLine",
    "BookingSpecialtyItem",
    "BookingStatus",
    "ChangeStatus",
    "CustomerProfile",
    "DiscountUse",
    "Document",
    "DocumentKind",
    "Draft",
    "EventKind",
    "GuestCheckout",
    "InternalNote",
    "SavedAddress",
    "request_from_answers",
]
