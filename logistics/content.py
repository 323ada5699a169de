"""What a task tells the driver, made from a booking (rule R753)."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Final

from booking.describe import service_words
from booking.models import Address, Booking
from catalog.choices import AIRPORTS, Direction, ServiceType
from catalog.request import normalise_phone
from catalog.words import clock_words
from logistics.models import TaskKind
from logistics.onfleet_data import Destination, Recipient, TaskContent
from logistics.windows import task_window

# "12", "12A", "12 1/2": what stands before the street's name.
NUMBER: Final = re.compile(r"(\d+[A-Za-z]?(?:[ -]\d+/\d+)?)\s+(\S.*)")
AT_THE_DOOR: Final = 10  # minutes
AT_THE_DOOR_OF_A_MOVE: Final = 30
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


def task_content(booking: Booking, kind: str, now: datetime) -> TaskContent:
    """Everything the pickup or drop-off says at ``now``."""
    start, end = task_window(booking, kind, now)
    is_move = booking.service_type == ServiceType.MINI_MOVE
    return TaskContent(
        destination=destination(booking, kind),
        recipient=recipient(booking),
        after=start,
        before=end,
        notes=_notes(booking, kind),
        quantity=_quantity(booking),
        service_minutes=AT_THE_DOOR_OF_A_MOVE if is_move else AT_THE_DOOR,
    )


def content_key(booking: Booking, kind: str) -> str:
    """A fingerprint of what the task should say, the window as promised: changes when that does."""
    return hashlib.sha256(repr(task_content(booking, kind, LONG_AGO)).encode()).hexdigest()


def recipient(booking: Booking) -> Recipient | None:
    """The customer, at both ends; None when we have no number to give: never an invented one."""
    digits = normalise_phone(booking.phone)
    if not digits:
        return None
    return Recipient(
        name=booking.get_customer_name(), phone=f"+1{digits}", notes=booking.special_instructions
    )


def destination(booking: Booking, kind: str) -> Destination:
    """Where a task is; an airport is found by its coordinates."""
    if _is_airport(booking, kind):
        airport = AIRPORTS[booking.blade_airport]
        terminal = booking.blade_terminal
        return Destination(
            number="",
            street=airport.dispatch_street,
            apartment=f"Terminal {terminal}" if terminal else "",
            city=airport.city,
            state=airport.state,
            postal_code=airport.zip_code,
            lng_lat=airport.lng_lat,
        )
    return _at(booking.pickup_address if kind == TaskKind.PICKUP else booking.delivery_address)


def _is_airport(booking: Booking, kind: str) -> bool:
    if booking.service_type != ServiceType.AIRPORT_TRANSFER:
        return False
    leaves = booking.blade_direction == Direction.FROM_AIRPORT
    return leaves == (kind == TaskKind.PICKUP)


def _at(address: Address) -> Destination:
    match = NUMBER.fullmatch(address.address_line_1.strip())
    number, street = match.groups() if match else ("", address.address_line_1.strip())
    return Destination(
        number=number,
        street=street,
        apartment=address.address_line_2,
        city=address.city,
        state=address.state,
        postal_code=address.zip_code,
    )


def _quantity(booking: Booking) -> int:
    """Pieces, as far as they are counted; a Mini Move is one load."""
    if booking.service_type == ServiceType.MINI_MOVE:
        return 1
    if booking.service_type == ServiceType.AIRPORT_TRANSFER:
        return booking.blade_bag_count or 1
    special = sum(item.quantity for item in booking.specialty_items.all())
    return (booking.standard_delivery_item_count or 0) + special


def _notes(booking: Booking, kind: str) -> str:
    title = f"{booking.booking_number}: {TaskKind(kind).label.lower()}, {service_words(booking)}"
    special = [f"{item.name} x {item.quantity}" for item in booking.specialty_items.all()]
    parts = (
        title,
        *_flight(booking),
        booking.item_description,
        ", ".join(special),
        "Certificate of Insurance needed" if booking.coi_required else "",
        booking.special_instructions,
    )
    return "\n".join(part for part in parts if part)


def _flight(booking: Booking) -> tuple[str, ...]:
    if booking.service_type != ServiceType.AIRPORT_TRANSFER or booking.blade_flight_time is None:
        return ()
    arrives = booking.blade_direction == Direction.FROM_AIRPORT
    airport = AIRPORTS[booking.blade_airport].name
    terminal = f", terminal {booking.blade_terminal}" if booking.blade_terminal else ""
    what = "arrives" if arrives else "departs"
    when = f"{booking.pickup_date:%B} {booking.pickup_date.day}"
    bags = booking.blade_bag_count or 0
    return (
        f"{airport}{terminal}: the flight {what} at {clock_words(booking.blade_flight_time)},"
        f" {when}; {bags} bags",
    )
