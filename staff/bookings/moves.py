"""What may be done with a booking now, by this person: pages show these and nothing else (R923)."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from booking.models import MOVES, Booking, BookingStatus
from staff.access import Capability
from staff.models import StaffProfile

UNPAID = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED})
TERMINAL = frozenset(status for status, onward in MOVES.items() if not onward)


@dataclass(frozen=True)
class Move:
    """One button: ``at_once`` ones are a POST, the others lead to a page that asks first."""

    name: str
    label: str
    icon: str
    url: str
    at_once: bool = False
    grave: bool = False


def may_edit(booking: Booking, staff: StaffProfile) -> bool:
    """Whether the edit form is for this person and this booking (rule R927)."""
    return (
        booking.deleted_at is None
        and booking.status not in TERMINAL
        and staff.can(Capability.MODIFY_BOOKINGS)
    )


def moves_of(booking: Booking, staff: StaffProfile) -> tuple[Move, ...]:
    """The allowed moves in the order of a booking's life, then what is grave."""
    return tuple(_moves(booking, staff))


def _moves(booking: Booking, staff: StaffProfile) -> Iterator[Move]:
    def move(name: str, label: str, icon: str, **kind: bool) -> Move:
        return Move(name, label, icon, reverse(f"staff:booking_{name}", args=[booking.pk]), **kind)

    onward = MOVES[booking.status]
    modify = staff.can(Capability.MODIFY_BOOKINGS)
    if booking.deleted_at is not None:
        if staff.can(Capability.ADMINISTER):
            yield move("restore", "Restore", "rotate-ccw", at_once=True)
        return
    if modify and BookingStatus.CONFIRMED in onward:
        yield move("confirm", "Confirm…", "check")
    money = modify and staff.can(Capability.VIEW_FINANCIALS)
    if money and BookingStatus.PAID in onward and booking.total_price_cents:
        yield move("paid", "Paid outside Stripe…", "banknote")
    if modify and BookingStatus.COMPLETED in onward:
        yield move("complete", "Mark completed", "check", at_once=True)
    if modify and BookingStatus.CANCELLED in onward:
        yield move("cancel", "Cancel…", "x", grave=True)
    if staff.can(Capability.ADMINISTER):
        yield move("hide", "Hide…", "eye-off", grave=True)
