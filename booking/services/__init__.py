"""Changes to bookings: placing, re-writing while unpaid, paying, holding and giving back places.

Locks are taken in one order everywhere: draft, payments of the booking by id, booking, discount
code, capacity days by date. Functions here run inside the caller's transaction and say which of
these they expect to be held already.
"""

from booking.services.answers import answers_of, request_of
from booking.services.by_staff import (
    OFFICE,
    MoveRefusedError,
    PhoneOrder,
    complete_by_staff,
    confirm_by_staff,
    judge_phone_order,
    place_by_staff,
)
from booking.services.changing import (
    apply_change,
    hold_second_place,
    release_second_place,
)
from booking.services.documents import add_document, remove_document
from booking.services.errors import DraftChangedError, NotBookableError, PriceChangedError
from booking.services.holds import cancel_unpaid, mark_paid, release_hold, retake_hold
from booking.services.orders import Acceptance, Order, Shown, checked
from booking.services.placing import is_current, place, rewrite
from booking.services.proposals import Proposal, is_unchanged_since, proposal, thawed

__all__ = [
    "OFFICE",
    "Acceptance",
    "DraftChangedError",
    "MoveRefusedError",
    "NotBookableError",
    "Order",
    "PhoneOrder",
    "PriceChangedError",
    "Proposal",
    "Shown",
    "add_document",
    "answers_of",
    "apply_change",
    "cancel_unpaid",
    "checked",
    "complete_by_staff",
    "confirm_by_staff",
    "hold_second_place",
    "is_current",
    "is_unchanged_since",
    "judge_phone_order",
    "mark_paid",
    "place",
    "place_by_staff",
    "proposal",
    "release_hold",
    "release_second_place",
    "remove_document",
    "request_of",
    "retake_hold",
    "rewrite",
    "thawed",
]
