"""The claim ticket: what was chosen so far, every price line with its reason, and the total."""

from collections.abc import Iterator
from dataclasses import dataclass

from booking.describe import hour_words
from booking.wizard.basket import Basket
from catalog.choices import AIRPORTS, Direction, PickupTime, ServiceType, Zone
from catalog.price_lines import Line
from catalog.prices import PriceBook
from catalog.pricing import ready_time
from catalog.request import AddressInput, QuoteRequest
from catalog.words import clock_words, count_words, day_words, list_words


@dataclass(frozen=True)
class Fact:
    """One line above the prices: an icon, what it is about for those who hear it, the words."""

    icon: str
    term: str
    words: str


@dataclass(frozen=True)
class Reason:
    """One sentence of "Why this price"."""

    label: str
    sentence: str


@dataclass(frozen=True)
class Summary:
    """The ticket; ``total_cents`` is None while nothing can be priced."""

    facts: tuple[Fact, ...]
    lines: tuple[Line, ...]
    reasons: tuple[Reason, ...]
    total_cents: int | None
    missing: tuple[str, ...]

    @property
    def total_label(self) -> str:
        """A total that can still grow says so."""
        return "Total so far" if self.missing else "Total"

    @property
    def outlook(self) -> str:
        """What the next steps can still add; "" when nothing can."""
        if not self.missing:
            return ""
        words = list_words(self.missing)
        verb = "is" if len(self.missing) == 1 else "are"
        return f"{words[0].upper()}{words[1:]} {verb} added in the next steps."


def summary(basket: Basket) -> Summary:
    """The ticket of an order."""
    quote = basket.quote
    lines = quote.lines if quote else ()
    reasons = (Reason(line.label, f"{line.reason}.") for line in lines)
    return Summary(
        facts=tuple(_facts(basket.request, basket)),
        lines=lines,
        reasons=(*reasons, *_no_distance(basket)) if quote else (),
        total_cents=quote.total_cents if quote else None,
        missing=tuple(_missing(basket)),
    )


def service_words(request: QuoteRequest, book: PriceBook) -> str:
    """What is ordered, in one line; "" before a service is chosen."""
    match request.service_type:
        case ServiceType.MINI_MOVE:
            return _mini_move_words(request, book)
        case ServiceType.STANDARD_DELIVERY:
            return _delivery_words(request)
        case ServiceType.SPECIALTY_ITEM:
            pieces = sum(quantity for _, quantity in request.specialty_items)
            return f"Specialty delivery, {count_words(pieces, 'piece')}"
        case ServiceType.AIRPORT_TRANSFER:
            return _airport_words(request)
        case _:
            return ""


def time_words(request: QuoteRequest) -> str:
    """When we come: the pickup window, or what the flight asks for."""
    if request.is_airport:
        return _flight_words(request)
    return f"{window_words(request)}, delivered before 6 PM"


def window_words(request: QuoteRequest) -> str:
    """The pickup window of a delivery or move."""
    hour = request.specific_pickup_hour
    if request.pickup_time == PickupTime.MORNING_SPECIFIC and hour is not None:
        return hour_words(hour)
    if request.pickup_time == PickupTime.NO_TIME_PREFERENCE:
        return "Flexible, within 8–11 AM"
    return "8–11 AM"


def package_words(request: QuoteRequest, book: PriceBook) -> str:
    """The tier by its full name: "Standard Mini Move"; "Mini Move" before one is chosen."""
    package = book.packages.get(request.package_type)
    if package is None:
        return "Mini Move"
    return package.name if "Move" in package.name else f"{package.name} Mini Move"


def _mini_move_words(request: QuoteRequest, book: PriceBook) -> str:
    title = package_words(request, book)
    kinds = request.organizing_kinds
    return f"{title}, {list_words(kinds)}" if kinds else title


def _delivery_words(request: QuoteRequest) -> str:
    parts = []
    if request.standard_delivery_item_count > 0:
        parts.append(count_words(request.standard_delivery_item_count, "item"))
    if pieces := sum(quantity for _, quantity in request.specialty_items):
        parts.append(count_words(pieces, "specialty item"))
    return f"Standard Delivery, {list_words(parts)}" if parts else "Standard Delivery"


def _airport_words(request: QuoteRequest) -> str:
    place = AIRPORTS.get(request.blade_airport)
    words = "Airport Transfer"
    if place is not None:
        way = "from" if request.blade_direction == Direction.FROM_AIRPORT else "to"
        words = f"{words} {way} {place.name}"
    if request.blade_bag_count > 0:
        words = f"{words}, {count_words(request.blade_bag_count, 'bag')}"
    return words


def _flight_words(request: QuoteRequest) -> str:
    if request.blade_flight_time is None:
        return ""
    at = clock_words(request.blade_flight_time)
    if request.blade_direction == Direction.FROM_AIRPORT:
        return f"Arrival {at}"
    ready = ready_time(request)
    return f"Departure {at}, bags ready by {clock_words(ready)}" if ready else f"Departure {at}"


def _facts(request: QuoteRequest, basket: Basket) -> Iterator[Fact]:
    if words := service_words(request, basket.book):
        yield Fact("plane" if request.is_airport else "package", "Service", words)
    if request.pickup_date is not None:
        term = "Flight" if request.is_airport else "Date"
        yield Fact("calendar", term, day_words(request.pickup_date))
        if words := time_words(request):
            yield Fact("clock", "Time", words)
    if words := route_words(basket):
        yield Fact("map-pin", "Route", words)


def route_words(basket: Basket) -> str:
    """From where to where, by ZIP and place: "10024 to 11937 East Hampton"; "" before any."""
    request = basket.request
    start = _end_words("pickup", request.pickup_address, basket)
    end = _end_words("delivery", request.delivery_address, basket)
    if start and end:
        return f"{start} to {end}"
    return f"From {start}" if start else f"To {end}" if end else ""


def _end_words(side: str, address: AddressInput, basket: Basket) -> str:
    if side == basket.request.airport_side:
        place = AIRPORTS.get(basket.request.blade_airport)
        return place.name if place else ""
    known = basket.facts.zips.get(address.zip_key)
    return f"{address.zip_key} {known.place}".strip() if known else address.zip_key


def _missing(basket: Basket) -> Iterator[str]:
    """What can still change the price, in the order of the steps."""
    request = basket.request
    if request.is_airport:
        return
    if request.pickup_date is None:
        yield "date"
        if request.service_type == ServiceType.MINI_MOVE:
            yield "pickup hour"
    ends = (request.pickup_address, request.delivery_address)
    if any(end.zip_key not in basket.facts.zips for end in ends):
        yield "distance"


def _no_distance(basket: Basket) -> Iterator[Reason]:
    """Say so when both ends are in the standard area: people wonder."""
    request = basket.request
    keys = (request.pickup_address.zip_key, request.delivery_address.zip_key)
    known = [basket.facts.zips[key] for key in keys if key in basket.facts.zips]
    if request.is_airport:
        yield Reason("No other charges", "Dates and distance never change an airport transfer.")
    elif len(known) == 2 and all(one.zone == Zone.CORE for one in known):
        where = list_words(dict.fromkeys(keys))
        verb = "are" if keys[0] != keys[1] else "is"
        yield Reason("Distance", f"None: {where} {verb} in the standard area.")
