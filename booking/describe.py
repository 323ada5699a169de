"""A booking in words: the same sentences for pages, mails, the calendar file and the driver."""

from datetime import datetime, time, timedelta

from booking.models import Booking
from catalog.choices import AIRPORTS, Direction, PickupTime, ServiceType
from catalog.words import clock_words, count_words, list_words
from totetaxi.lib import clock

MORNING = (time(8), time(11))


def hour_words(hour: int) -> str:
    """A one-hour window that starts at ``hour``: "9–10 AM"."""
    return f"{hour}–{hour + 1} AM"


def window_words(booking: Booking) -> str:
    """The pickup window as promised."""
    if booking.service_type == ServiceType.AIRPORT_TRANSFER:
        return _flight_window_words(booking)
    if booking.pickup_time == PickupTime.MORNING_SPECIFIC and booking.specific_pickup_hour:
        return hour_words(booking.specific_pickup_hour)
    if booking.pickup_time == PickupTime.NO_TIME_PREFERENCE:
        return "Flexible: we agree the hour with you, within 8–11 AM"
    return "8–11 AM"


def _flight_window_words(booking: Booking) -> str:
    if booking.blade_ready_time is not None:
        return f"Have your bags ready by {clock_words(booking.blade_ready_time)}"
    if booking.blade_flight_time is not None:
        return f"We meet you at the terminal; arrival {clock_words(booking.blade_flight_time)}"
    return ""


def window(booking: Booking) -> tuple[datetime, datetime]:
    """Start and end of the promised pickup window, New York (rules R410 and R216)."""
    start, end = MORNING
    if booking.service_type == ServiceType.AIRPORT_TRANSFER:
        first = booking.blade_ready_time or booking.blade_flight_time or start
        begins = clock.at(booking.pickup_date, first)
        return begins, begins + timedelta(minutes=60 if booking.blade_ready_time else 90)
    if booking.specific_pickup_hour is not None:
        start, end = time(booking.specific_pickup_hour), time(booking.specific_pickup_hour + 1)
    return clock.at(booking.pickup_date, start), clock.at(booking.pickup_date, end)


def service_words(booking: Booking) -> str:
    """What was ordered, in one line: "Standard Mini Move, packing and unpacking"."""
    match booking.service_type:
        case ServiceType.MINI_MOVE:
            return _mini_move_words(booking)
        case ServiceType.STANDARD_DELIVERY:
            count = booking.standard_delivery_item_count or 0
            return f"Standard Delivery, {count_words(count, 'item')}"
        case ServiceType.AIRPORT_TRANSFER:
            bags = count_words(booking.blade_bag_count or 0, "bag")
            way = "from" if booking.blade_direction == Direction.FROM_AIRPORT else "to"
            airport = AIRPORTS[booking.blade_airport].name
            return f"Airport Transfer {way} {airport}, {bags}"
        case _:
            return "Specialty Items"


def _mini_move_words(booking: Booking) -> str:
    package = booking.mini_move_package
    name = package.name if package else "Mini Move"
    title = name if "Move" in name else f"{name} Mini Move"
    chosen = (("packing", booking.include_packing), ("unpacking", booking.include_unpacking))
    extras = [word for word, wanted in chosen if wanted]
    return f"{title}, {list_words(extras)}" if extras else title


def facts(booking: Booking) -> list[tuple[str, str]]:
    """(label, value) pairs of everything ordered, empty ones left out; for page, mail and print."""
    rows = [
        ("Service", service_words(booking)),
        *((f"{item.name}", f"{item.quantity}") for item in booking.specialty_items.all()),
        ("Items", booking.item_description),
        *_flight_facts(booking),
        ("Certificate", "Certificate of Insurance" if booking.coi_required else ""),
    ]
    return [(label, value) for label, value in rows if value]


def _flight_facts(booking: Booking) -> list[tuple[str, str]]:
    if booking.service_type != ServiceType.AIRPORT_TRANSFER or booking.blade_flight_time is None:
        return []
    arrives = booking.blade_direction == Direction.FROM_AIRPORT
    return [
        ("Airport", AIRPORTS[booking.blade_airport].address_line_1),
        ("Terminal", booking.blade_terminal),
        ("Arrival" if arrives else "Departure", clock_words(booking.blade_flight_time)),
    ]
