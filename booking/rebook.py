"""Ordering again: the answers of an earlier booking, as far as they can be ordered today.

What is no longer sold or served is left out and said (rule R514). The price is not looked at: it
is today's, and the wizard shows it before anything is paid.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from booking.models import Address, Booking
from booking.saved import ADDRESS_FIELDS
from catalog import coverage, price_book
from catalog.choices import AIRPORTS, OrganizingKind, PickupTime, ServiceType
from catalog.prices import PackagePrice, PriceBook
from catalog.words import list_words


@dataclass(frozen=True)
class Again:
    """Answers for a new draft, and what they lack, each in a few words: "the packing"."""

    answers: dict[str, Any]
    missing: tuple[str, ...]

    @property
    def notice(self) -> str:
        """One sentence about what is missing; "" if nothing is."""
        if not self.missing:
            return ""
        return f"Not offered any more, and left out: {list_words(self.missing)}."


def again(booking: Booking) -> Again:
    """What ``booking`` ordered, without its date; raises CatalogUnavailableError.

    The contact is not part of it: a member's comes from the profile, see ``contact_of``.
    """
    book = price_book.load()
    answers: dict[str, Any] = {}
    missing: list[str] = []
    parts = {
        ServiceType.MINI_MOVE: _mini_move,
        ServiceType.AIRPORT_TRANSFER: _airport_transfer,
    }
    part = parts.get(ServiceType(booking.service_type), _delivery)
    for found in (part(booking, book), _addresses(booking)):
        for name, value in found:
            if name:
                answers[name] = value
            else:
                missing.append(value)
    answers["special_instructions"] = booking.special_instructions or None
    return Again({name: value for name, value in answers.items() if value}, tuple(missing))


def contact_of(booking: Booking) -> dict[str, str]:
    """The contact a guest ordered with, for the next order."""
    return {name: getattr(booking, name) for name in ("first_name", "last_name", "email", "phone")}


#: Answers by field name; under "" the words for something that is missing.
Found = Iterator[tuple[str, Any]]


def _mini_move(booking: Booking, book: PriceBook) -> Found:
    yield "service_type", ServiceType.MINI_MOVE.value
    row = booking.mini_move_package
    package = book.packages.get(row.package_type) if row else None
    if package is None:
        yield "", f"{row.name if row else 'the'} Mini Move"
        return
    yield "package_type", package.type
    yield "coi_required", booking.coi_required
    for kind in OrganizingKind:
        if getattr(booking, f"include_{kind.value}"):
            if (package.type, kind.value) in book.organizing:
                yield f"include_{kind.value}", True
            else:
                yield "", str(kind.label).lower()
    yield from _window(booking, package)


def _window(booking: Booking, package: PackagePrice) -> Found:
    if booking.pickup_time == PickupTime.MORNING_SPECIFIC:
        if package.offers_hour_window:
            yield "pickup_time", booking.pickup_time
            yield "specific_pickup_hour", booking.specific_pickup_hour
        else:
            yield "", "the one-hour window"
    elif booking.pickup_time == PickupTime.NO_TIME_PREFERENCE:
        if package.offers_flexible_time:
            yield "pickup_time", booking.pickup_time
        else:
            yield "", "the flexible time"


def _delivery(booking: Booking, book: PriceBook) -> Found:
    if book.delivery is None:
        yield "", "deliveries"
        return
    yield "service_type", ServiceType.STANDARD_DELIVERY.value
    yield "standard_delivery_item_count", booking.standard_delivery_item_count
    yield "item_description", booking.item_description
    yield "coi_required", booking.coi_required
    quantities = {}
    for item in booking.specialty_items.select_related("specialty_item"):
        key = item.specialty_item.type_key
        if key in book.specialty:
            quantities[key] = item.quantity
        else:
            yield "", f"{item.name} ({item.quantity})" if item.quantity > 1 else item.name
    yield "specialty_items", quantities


def _airport_transfer(booking: Booking, book: PriceBook) -> Found:
    place = AIRPORTS.get(booking.blade_airport)
    if book.airport is None or place is None:
        yield "", "airport transfers"
        return
    yield "service_type", ServiceType.AIRPORT_TRANSFER.value
    yield "blade_direction", booking.blade_direction
    yield "blade_airport", booking.blade_airport
    if not booking.blade_terminal or booking.blade_terminal in place.terminals:
        yield "blade_terminal", booking.blade_terminal
    else:
        yield "", f"terminal {booking.blade_terminal}"
    if booking.blade_flight_time is not None:
        yield "blade_flight_time", booking.blade_flight_time.isoformat(timespec="minutes")
    yield "blade_bag_count", booking.blade_bag_count


def _addresses(booking: Booking) -> Found:
    """Both ends, save the airport's own; one that is not served any more is left out whole."""
    ends: dict[str, tuple[str, Address]] = {
        "pickup": ("pickup", booking.pickup_address),
        "delivery": ("drop-off", booking.delivery_address),
    }
    ends.pop(booking.airport_side, None)
    served = coverage.lookup(address.zip_code for _, address in ends.values())
    for side, (words, address) in ends.items():
        if coverage.normalise_zip(address.zip_code) not in served:
            yield "", f"the {words} in ZIP {address.zip_code}"
            continue
        for name in ADDRESS_FIELDS:
            yield f"{side}_{name}", getattr(address, name)
