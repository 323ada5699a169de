"""The lines of a price, one function per kind of charge (rules R210-R227); pure.

Every function takes a normalised request; amounts are whole US cents. None means that the part
cannot be priced (yet), which is never the same as free.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from catalog.checks import MAX_BAGS, MAX_ITEMS, MAX_QUANTITY
from catalog.choices import (
    AIRPORTS,
    DELIVERY_SERVICES,
    PICKUP_HOURS,
    CalculationType,
    Direction,
    OrganizingKind,
    PickupTime,
    ServiceType,
    SurchargeType,
    Zone,
)
from catalog.prices import OrganizingPrice, PriceBook, SurchargePrice
from catalog.request import QuoteRequest, ZipFacts
from catalog.words import count_words, day_words, list_words
from totetaxi.lib.money import percent_of, usd_short


@dataclass(frozen=True)
class Line:
    """One charge: ``note`` is the short text under the label, ``reason`` the why in a sentence."""

    code: str
    label: str
    cents: int
    reason: str
    note: str = ""


Lines = tuple[Line, ...]


def service_lines(request: QuoteRequest, book: PriceBook) -> Lines | None:
    """The goods or package themselves: what percentage rules are taken of (rule R205)."""
    match request.service_type:
        case ServiceType.MINI_MOVE:
            return _package_lines(request, book)
        case ServiceType.STANDARD_DELIVERY | ServiceType.SPECIALTY_ITEM:
            return _delivery_lines(request, book)
        case ServiceType.AIRPORT_TRANSFER:
            return _airport_lines(request, book)
        case _:
            return None


def _package_lines(request: QuoteRequest, book: PriceBook) -> Lines | None:
    package = book.packages.get(request.package_type)
    if package is None:
        return None
    limit = f"Up to {package.max_items} items" if package.max_items else "A van of your own"
    reason = f"The {package.name} package at its fixed price"
    return (Line("base", f"Mini Move: {package.name}", package.price_cents, reason, limit),)


def _delivery_lines(request: QuoteRequest, book: PriceBook) -> Lines | None:
    count = request.standard_delivery_item_count
    if book.delivery is None or not 0 <= count <= MAX_ITEMS:
        return None
    specialty = _specialty_lines(request, book)
    if specialty is None or not (count or specialty):
        return None
    return (*_regular_lines(count, book), *specialty)


def _regular_lines(count: int, book: PriceBook) -> Lines:
    """Regular items by the piece, with a minimum charge (rule R213)."""
    if not count or book.delivery is None:
        return ()
    by_piece = count * book.delivery.per_item_cents
    cents = max(by_piece, book.delivery.minimum_cents)
    items = count_words(count, "item")
    reason = f"{items} at {usd_short(book.delivery.per_item_cents)} each"
    if cents > by_piece:
        reason = f"{reason}, raised to our minimum of {usd_short(cents)}"
    return (Line("base", "Standard Delivery", cents, reason, items),)


def _specialty_lines(request: QuoteRequest, book: PriceBook) -> Lines | None:
    """One line for each kind of item, by name whatever the order asked (rule R214)."""
    lines = []
    for key, quantity in request.specialty_items:
        item = book.specialty.get(key)
        if item is None or not 1 <= quantity <= MAX_QUANTITY:
            return None
        note = f"{quantity} at {usd_short(item.price_cents)}"
        reason = f"{item.name}: {note} each"
        lines.append(Line("specialty", item.name, quantity * item.price_cents, reason, note))
    return tuple(sorted(lines, key=lambda line: (line.label, line.note)))


def _airport_lines(request: QuoteRequest, book: PriceBook) -> Lines | None:
    bags, rate = request.blade_bag_count, book.airport
    if rate is None or not rate.minimum_bags <= bags <= MAX_BAGS:
        return None
    note = f"{count_words(bags, 'bag')} at {usd_short(rate.per_bag_cents)}"
    reason = f"{note} each, at least {usd_short(rate.minimum_cents)}"
    cents = max(bags * rate.per_bag_cents, rate.minimum_cents)
    return (Line("base", _airport_label(request), cents, reason, note),)


def _airport_label(request: QuoteRequest) -> str:
    place = AIRPORTS.get(request.blade_airport)
    if place is None:
        return "Airport Transfer"
    word = "from" if request.blade_direction == Direction.FROM_AIRPORT else "to"
    return f"Airport Transfer {word} {place.name}"


def organizing_lines(request: QuoteRequest, book: PriceBook) -> Lines | None:
    """Packing and unpacking of the tier, then their tax once on the sum (R211, R212).

    None if one was asked for that this tier does not sell; () without any.
    """
    lines = []
    for kind in request.organizing_kinds:
        price = book.organizing.get((request.package_type, kind))
        if price is None:
            return None
        lines.append(_organizing_line(kind, price))
    if not lines:
        return ()
    percent = book.policy.tax_percent
    organizing_cents = sum(line.cents for line in lines)
    rate = percent_words(percent)
    reason = f"{rate} sales tax on organizing only, {usd_short(organizing_cents)}"
    tax_cents = percent_of(organizing_cents, percent)
    return (*lines, Line("organizing_tax", "Sales tax on organizing", tax_cents, reason, rate))


def _organizing_line(kind: str, price: OrganizingPrice) -> Line:
    organizers = count_words(price.organizer_count, "organizer")
    hours = count_words(price.duration_hours, "hour")
    reason = f"{OrganizingKind(kind).label} by {organizers} for {hours}"
    return Line("organizing", price.name, price.price_cents, reason, f"{organizers}, {hours}")


def coi_lines(request: QuoteRequest, book: PriceBook) -> Lines:
    """The certificate of insurance, if asked for; shown at 0 where it is included (rule R217)."""
    if not request.coi_required:
        return ()
    package = book.packages.get(request.package_type)
    if package:
        cents = 0 if package.coi_included else package.coi_fee_cents
    else:
        cents = book.delivery.coi_fee_cents if book.delivery else 0
    if cents:
        reason = f"You asked for a certificate of insurance: {usd_short(cents)} per booking"
        return (Line("coi", "Certificate of insurance", cents, reason),)
    reason = f"A certificate of insurance is included{f' with {package.name}' if package else ''}"
    return (Line("coi", "Certificate of insurance", 0, reason, "Included"),)


def date_charges(
    request: QuoteRequest, book: PriceBook, service_cents: int
) -> tuple[tuple[SurchargePrice, int], ...]:
    """The dated rules that charge on the pickup date, each with its cents (R220-R224).

    A peak date that charges anything replaces the weekend; several peak rules add up.
    """
    if request.pickup_date is None or service_cents <= 0 or request.is_airport:
        return ()
    for kind in (SurchargeType.PEAK_DATE, SurchargeType.WEEKEND):
        charges = tuple(
            (rule, rule.amount_cents(service_cents))
            for rule in book.rules(kind, request.service_type)
            if rule.covers_day(request.pickup_date)
        )
        charges = tuple((rule, cents) for rule, cents in charges if cents > 0)
        if charges:
            return charges
    return ()


def date_lines(request: QuoteRequest, book: PriceBook, service_cents: int) -> Lines:
    """One line for each dated rule that charges, so that several stay readable."""
    charges = date_charges(request, book, service_cents)
    day = day_words(request.pickup_date) if request.pickup_date else ""
    return tuple(_date_line(rule, cents, day) for rule, cents in charges)


def _date_line(rule: SurchargePrice, cents: int, day: str) -> Line:
    weekend = rule.surcharge_type == SurchargeType.WEEKEND
    reason = f"{day}: {'weekend pickup' if weekend else f'peak date, {rule.name}'}"
    if rule.calculation_type == CalculationType.PERCENTAGE:
        reason = f"{reason}, {percent_words(rule.percent or Decimal(0))} of the service price"
    return Line("date_surcharge", "Weekend pickup" if weekend else "Peak date", cents, reason, day)


def same_day_lines(request: QuoteRequest, book: PriceBook, today: date) -> Lines:
    """The same-day charge of deliveries, by itself when the pickup is today (rule R218)."""
    delivery = book.delivery
    if delivery is None or request.service_type not in DELIVERY_SERVICES:
        return ()
    if request.pickup_date != today:
        return ()
    # Read again long after today, on the booking: the day is named, not called today.
    day = day_words(today)
    reason = f"{day}: pickup on the day of booking"
    return (Line("same_day", "Same-day pickup", delivery.same_day_cents, reason, day),)


def distance_lines(
    request: QuoteRequest, book: PriceBook, zips: Mapping[str, ZipFacts], service_cents: int
) -> Lines:
    """The extended area: once per booking, or for each address if the rule says so (R225)."""
    places = tuple(_extended_places(request, zips))
    if not places:
        return ()
    charges = (
        (rule, rule.amount_cents(service_cents))
        for rule in book.rules(SurchargeType.GEOGRAPHIC, request.service_type)
    )
    return tuple(_distance_line(rule, places, cents) for rule, cents in charges if cents > 0)


def _extended_places(request: QuoteRequest, zips: Mapping[str, ZipFacts]) -> Iterator[str]:
    for address in (request.pickup_address, request.delivery_address):
        known = zips.get(address.zip_key)
        if known is not None and known.zone == Zone.SURCHARGE:
            yield f"{known.place or known.label} {address.zip_key}"


def _distance_line(rule: SurchargePrice, places: tuple[str, ...], amount_cents: int) -> Line:
    times = len(places) if rule.per_address else 1
    distinct = tuple(dict.fromkeys(places))
    where, verb = list_words(distinct), "is" if len(distinct) == 1 else "are"
    how = "for each address" if rule.per_address else "once per booking"
    reason = f"{where} {verb} in our extended area: {usd_short(amount_cents)} {how}"
    return Line("distance", "Extended area", times * amount_cents, reason, where)


def window_lines(request: QuoteRequest, book: PriceBook, service_cents: int) -> Lines:
    """The one-hour window where the tier sells it; shown at 0 where it is free (rule R226)."""
    package = book.packages.get(request.package_type)
    if package is None or not package.offers_hour_window:
        return ()
    if request.pickup_time != PickupTime.MORNING_SPECIFIC:
        return ()
    rules = book.rules(SurchargeType.TIME_WINDOW, request.service_type)
    cents = sum(rule.amount_cents(service_cents) for rule in rules)
    hour = request.specific_pickup_hour
    note = f"{hour}–{hour + 1} AM" if hour in PICKUP_HOURS else ""
    if package.hour_window_free or not cents:
        reason = f"A one-hour pickup window is included with {package.name}"
        return (Line("window", "One-hour window", 0, reason, note or "Included"),)
    reason = f"A one-hour pickup window with {package.name} adds {usd_short(cents)}"
    return (Line("window", "One-hour window", cents, reason, note),)


def percent_words(percent: Decimal) -> str:
    """Write a percentage without idle zeros: "8.875%", "15%"."""
    return f"{percent.normalize():f}%"
