"""One booking as one line of the list, and the same as one line of its CSV."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, QuerySet, Sum

from booking import describe
from booking.models import Booking
from catalog.choices import Direction, PickupTime, ServiceType
from catalog.words import clock_words, count_words
from staff.bookings.money import MoneyWord, money_word, with_money
from staff.bookings.moves import Move, moves_of
from staff.exports import dollars
from staff.models import StaffProfile
from totetaxi.lib import clock

SERVICE: Final = {
    ServiceType.MINI_MOVE.value: "Mini Move",
    ServiceType.STANDARD_DELIVERY.value: "Standard",
    ServiceType.SPECIALTY_ITEM.value: "Specialty",
    ServiceType.AIRPORT_TRANSFER.value: "Airport",
}
#: What may be sorted by, and the columns behind it.
SORTS: Final[dict[str, tuple[str, ...]]] = {
    "number": ("booking_number",),
    "made": ("created_at",),
    "status": ("status", "created_at"),
    "customer": ("last_name", "first_name", "created_at"),
    "service": ("service_type", "created_at"),
    "pickup": ("pickup_date", "specific_pickup_hour", "booking_number"),
    "total": ("total_price_cents", "created_at"),
}
NEWEST_FIRST: Final = "-made"


@dataclass(frozen=True)
class Row:
    """One booking in a list; ``moves`` are those that ``staff`` may make."""

    booking: Booking
    money: MoneyWord
    moves: tuple[Move, ...]

    @property
    def service(self) -> str:
        return SERVICE[self.booking.service_type]

    @property
    def details(self) -> str:
        """What of the service: the tier, the items, the bags."""
        return _details(self.booking)

    @property
    def day(self) -> str:
        """Sat, Jun 20, with the year where it is not this one."""
        day = self.booking.pickup_date
        return f"{day:%a, %b} {day.day}" + (f", {day.year}" * (day.year != clock.today().year))

    @property
    def window(self) -> str:
        """When on the day, in a few words."""
        return short_window(self.booking)

    @property
    def start(self) -> str:
        return _end(self.booking, "pickup")

    @property
    def end(self) -> str:
        return _end(self.booking, "delivery")


@dataclass(frozen=True)
class Totals:
    """What the whole filtered list comes to; cents."""

    bookings: int
    cents: int


def readable(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    """With everything that a row shows, in the same number of queries for any number of rows."""
    related = ("pickup_address", "delivery_address", "mini_move_package")
    rows = bookings.select_related(*related).prefetch_related("specialty_items")
    return with_money(rows).defer("search_text", "special_instructions", "terms_user_agent")


def rows(bookings: list[Booking], staff: StaffProfile) -> list[Row]:
    """The lines of bookings from ``readable``."""
    now = clock.now()
    return [
        Row(booking, money_word(booking, now), moves_of(booking, staff)) for booking in bookings
    ]


def totals(bookings: QuerySet[Booking]) -> Totals:
    """Number and sum of a filtered list."""
    found = bookings.order_by().aggregate(n=Count("pk"), cents=Sum("total_price_cents"))
    return Totals(found["n"], found["cents"] or 0)


# -- CSV ---------------------------------------------------------------------

HEADER: Final = (
    *("Number", "Status", "First name", "Last name", "Email", "Phone", "Service", "Details"),
    *("Pickup date", "Window", "From", "To", "Certificate", "Made by", "Made at"),
)
MONEY_HEADER: Final = ("Total", "Payment")


def csv_rows(bookings: QuerySet[Booking], *, with_amounts: bool) -> Iterator[list[str]]:
    """A line for each booking; amounts are for who may see them."""
    now = clock.now()
    for booking in readable(bookings).select_related("created_by").iterator(chunk_size=500):
        line = _csv_line(booking, now)
        if with_amounts:
            line += [dollars(booking.total_price_cents), money_word(booking, now).words]
        yield line


def _csv_line(booking: Booking, now: datetime) -> list[str]:
    return [
        booking.booking_number,
        str(booking.get_status_display()),
        booking.first_name,
        booking.last_name,
        booking.email,
        booking.phone,
        SERVICE[booking.service_type],
        _details(booking),
        booking.pickup_date.isoformat(),
        short_window(booking),
        ", ".join(booking.pickup_address.lines),
        ", ".join(booking.delivery_address.lines),
        "yes" if booking.coi_required else "no",
        booking.created_by.email if booking.created_by else "customer",
        booking.created_at.astimezone(clock.NEW_YORK).strftime("%Y-%m-%d %H:%M"),
    ]


# -- words -------------------------------------------------------------------


def short_window(booking: Booking) -> str:
    """ "8–11 AM", "Ready 5 AM", "Arrives 10:15 PM"."""
    if booking.service_type == ServiceType.AIRPORT_TRANSFER:
        if booking.blade_ready_time is not None:
            return f"Ready {clock_words(booking.blade_ready_time)}"
        if booking.blade_flight_time is not None:
            return f"Arrives {clock_words(booking.blade_flight_time)}"
        return ""
    if booking.pickup_time == PickupTime.NO_TIME_PREFERENCE:
        return "Flexible"
    return describe.window_words(booking)


def _details(booking: Booking) -> str:
    match booking.service_type:
        case ServiceType.MINI_MOVE:
            chosen = (
                ("packing", booking.include_packing),
                ("unpacking", booking.include_unpacking),
            )
            name = booking.mini_move_package.name if booking.mini_move_package else ""
            return ", ".join([name, *(word for word, wanted in chosen if wanted)])
        case ServiceType.AIRPORT_TRANSFER:
            way = "from" if booking.blade_direction == Direction.FROM_AIRPORT else "to"
            bags = count_words(booking.blade_bag_count or 0, "bag")
            words = f"{bags} {way} {booking.blade_airport}"
            return f"{words}, {booking.blade_terminal}" if booking.blade_terminal else words
        case _:
            return ", ".join(_items(booking))


def _items(booking: Booking) -> Iterator[str]:
    if booking.standard_delivery_item_count:
        yield count_words(booking.standard_delivery_item_count, "item")
    for item in booking.specialty_items.all():
        yield f"{item.quantity} x {item.name}" if item.quantity > 1 else item.name


def _end(booking: Booking, side: str) -> str:
    arrives = booking.blade_direction == Direction.FROM_AIRPORT
    airport_side = "pickup" if arrives else "delivery"
    if booking.blade_airport and side == airport_side:
        return booking.blade_airport
    address = booking.pickup_address if side == "pickup" else booking.delivery_address
    return address.zip_code[:5]
