"""What the dashboard and the list of bookings show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Count, Max, Q

from booking import describe
from booking.models import LIVE_STATUSES, Booking, BookingStatus
from booking.models.customer import ORDERED_STATUSES
from catalog.choices import AIRPORTS, ServiceType
from totetaxi.account.progress import Stop, stops
from totetaxi.account.tracking import Tracking, trackings
from totetaxi.users.models import User

WITH_CARDS: Final = ("mini_move_package", "pickup_address", "delivery_address")
NEWEST: Final = 3


@dataclass(frozen=True)
class Counts:
    """A customer's bookings in numbers (rule R822)."""

    total: int
    upcoming: int
    completed: int
    last_booked_at: datetime | None


@dataclass(frozen=True)
class Card:
    """A booking as cards and rows show it."""

    booking: Booking
    title: str
    trip: str
    service: str
    window: str
    stops: tuple[Stop, ...]

    @property
    def next_stop(self) -> Stop | None:
        return next((stop for stop in self.stops if stop.state == "now"), None)


def counts(user: User, today: date) -> Counts:
    """Visible bookings only; unpaid and cancelled ones count for nothing."""
    ordered = Q(status__in=ORDERED_STATUSES)
    row = (
        Booking.objects.visible()
        .filter(customer=user)
        .aggregate(
            total=Count("pk", filter=ordered),
            upcoming=Count("pk", filter=Q(status__in=LIVE_STATUSES, pickup_date__gte=today)),
            completed=Count("pk", filter=Q(status=BookingStatus.COMPLETED)),
            last_booked_at=Max("created_at", filter=ordered),
        )
    )
    return Counts(**row)


def upcoming(user: User, today: date) -> list[Card]:
    """What we will carry out, soonest first."""
    bookings = Booking.objects.visible().filter(customer=user).upcoming(today)
    return cards(bookings.select_related(*WITH_CARDS), today)


def newest(user: User, today: date) -> list[Card]:
    """The last few orders, whatever became of them."""
    bookings = Booking.objects.visible().filter(customer=user).order_by("-created_at")
    return cards(bookings.select_related(*WITH_CARDS)[:NEWEST], today)


def cards(bookings: Iterable[Booking], today: date) -> list[Card]:
    """Bookings with their package and addresses at hand, in words, and how far drivers are."""
    found = list(bookings)
    told = trackings(found)
    return [_card(booking, today, told[booking.pk]) for booking in found]


def _card(booking: Booking, today: date, tracking: Tracking) -> Card:
    return Card(
        booking=booking,
        title=title_words(booking, today),
        trip=trip_words(booking),
        service=describe.service_words(booking),
        window=describe.window_words(booking),
        stops=tuple(stops(booking, tracking)),
    )


def title_words(booking: Booking, today: date) -> str:
    """ "Tomorrow to East Hampton", "Saturday, June 13, to JFK"."""
    day = pickup_day_words(booking.pickup_date, today)
    comma = "," if "," in day else ""
    return f"{day}{comma} to {place_words(booking, 'delivery')}"


def pickup_day_words(day: date, today: date) -> str:
    """ "Today", "Tomorrow" or the date, with its year where that is not this one."""
    near = {today: "Today", today + timedelta(days=1): "Tomorrow"}
    if day in near:
        return near[day]
    # No break within the date, which stands in headings.
    words = f"{day:%A}, {day:%B}\N{NO-BREAK SPACE}{day.day}"
    return words if day.year == today.year else f"{words}, {day.year}"


def trip_words(booking: Booking) -> str:
    """ "New York to Southampton"."""
    return f"{place_words(booking, 'pickup')} to {place_words(booking, 'delivery')}"


def place_words(booking: Booking, side: str) -> str:
    """The city of one end; an airport by its name."""
    if booking.service_type == ServiceType.AIRPORT_TRANSFER:
        arrives = booking.blade_direction == "from_airport"
        if side == ("pickup" if arrives else "delivery"):
            return AIRPORTS[booking.blade_airport].name
    address = booking.pickup_address if side == "pickup" else booking.delivery_address
    return address.city
