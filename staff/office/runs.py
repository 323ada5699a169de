"""What is driven on a day: stops in order of time, as the dashboard and the manifest show them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import QuerySet

from booking.describe import facts, service_words, window, window_words
from booking.models import LIVE_STATUSES, Booking, BookingStatus
from catalog.choices import ServiceType
from catalog.words import clock_words

# Bookings that are driven, or were.
DRIVEN: Final = (*LIVE_STATUSES, BookingStatus.COMPLETED)
# Labels, at most, for an order whose pieces nobody has counted yet.
UNCOUNTED_LABELS: Final = 12


@dataclass(frozen=True)
class Stop:
    """One booking of a day: from where to where, when, and what to carry."""

    booking: Booking
    starts: datetime
    window: str
    service: str

    @property
    def short_window(self) -> str:
        """The window in a narrow column: "8–11 AM", "Ready 5 AM", "Flexible"."""
        booking = self.booking
        if booking.service_type == ServiceType.AIRPORT_TRANSFER:
            ready = booking.blade_ready_time
            word, at = ("Ready", ready) if ready else ("Arrives", booking.blade_flight_time)
            return f"{word} {clock_words(at)}" if at else ""
        return self.window.partition(":")[0]

    @property
    def pieces(self) -> int | None:
        """How many there are to carry; None when only the customer knows."""
        booking = self.booking
        if booking.service_type == ServiceType.AIRPORT_TRANSFER:
            return booking.blade_bag_count
        if booking.service_type == ServiceType.MINI_MOVE:
            return None
        special = sum(item.quantity for item in booking.specialty_items.all())
        return (booking.standard_delivery_item_count or 0) + special

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Items, flight and certificate, without the service itself."""
        return facts(self.booking)[1:]

    @property
    def items(self) -> str:
        """What is carried, in one line."""
        special = (f"{item.quantity} x {item.name}" for item in self.booking.specialty_items.all())
        parts = (self.booking.item_description, *special)
        return ", ".join(part for part in parts if part)

    @property
    def needs_payment(self) -> bool:
        """Confirmed on the phone, and not paid."""
        return self.booking.status == BookingStatus.CONFIRMED

    def labels(self) -> Iterator[tuple[int, int | None]]:
        """(n, m) for each bag label "n of m"; m is None where it is filled in by hand."""
        package = self.booking.mini_move_package
        most = (package.max_items if package else None) or UNCOUNTED_LABELS
        count = self.pieces or min(most, UNCOUNTED_LABELS)
        return ((number, self.pieces) for number in range(1, count + 1))


def driven(first: date, last: date) -> QuerySet[Booking]:
    """Visible bookings that are confirmed, paid or completed, with pickups in these days."""
    return (
        Booking.objects.visible()
        .filter(status__in=DRIVEN, pickup_date__range=(first, last))
        .select_related("mini_move_package", "pickup_address", "delivery_address")
        .prefetch_related("specialty_items")
    )


def stops(day: date, until: date | None = None) -> list[Stop]:
    """The stops of a day, or of all days until ``until``, earliest window first; two queries."""
    found = [
        Stop(booking, window(booking)[0], window_words(booking), service_words(booking))
        for booking in driven(day, until or day)
    ]
    return sorted(found, key=lambda stop: (stop.starts, stop.booking.booking_number))
