"""What can be chosen in the service and schedule steps, with the prices of this very order."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from booking.describe import hour_words
from booking.wizard.basket import Basket
from booking.wizard.forms import WINDOWS, AddressesForm, ServiceForm
from catalog import price_lines
from catalog.choices import (
    AIRPORTS,
    Airport,
    AirportPlace,
    Direction,
    OrganizingKind,
    PickupTime,
    ServiceType,
)
from catalog.prices import OrganizingPrice, PackagePrice, PriceBook, SpecialtyPrice
from catalog.showcase import Showcase
from catalog.words import count_words, list_words
from totetaxi.lib.money import usd_short

INCLUDED = "Included"


@dataclass(frozen=True)
class Choice:
    """A radio or checkbox card: ``note`` is what it costs or what it is for."""

    value: str
    title: str
    note: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Feature:
    """One line on a package card; ``has`` is false for what the tier does without."""

    has: bool
    words: str


@dataclass(frozen=True)
class PackageCard:
    """One tier of Mini Move with what sets it apart."""

    package: PackagePrice
    features: tuple[Feature, ...]

    @property
    def limit(self) -> str:
        """How much it is for."""
        items = self.package.max_items
        return f"Up to {items} items" if items else "As much as one van holds"


@dataclass(frozen=True)
class Organizing:
    """Packing or unpacking for the chosen tier."""

    field: str
    kind: str
    price: OrganizingPrice

    @property
    def hint(self) -> str:
        """Hours, organizers and supplies."""
        hours = count_words(self.price.duration_hours, "hour")
        organizers = count_words(self.price.organizer_count, "organizer")
        supplies = self.price.supplies_allowance_cents
        extra = f", supplies up to {usd_short(supplies)}" if supplies else ""
        return f"{hours}, {organizers}{extra}"


@dataclass(frozen=True)
class SpecialtyRow:
    """One specialty item: what was typed for it and what that comes to."""

    item: SpecialtyPrice
    typed: str
    subtotal_cents: int


def service_cards(book: PriceBook) -> tuple[Choice, ...]:
    """The services on offer with the least each can cost."""
    cards = []
    if book.delivery:
        least = f"From {usd_short(book.delivery.minimum_cents)}."
        note = f"{least} Bags, boxes and single pieces."
        cards.append(Choice(ServiceType.STANDARD_DELIVERY.value, "Standard Delivery", note))
    if book.packages:
        cheapest = min(package.price_cents for package in book.packages.values())
        note = f"From {usd_short(cheapest)}. A household’s season."
        cards.append(Choice(ServiceType.MINI_MOVE.value, "Mini Move", note))
    if book.airport:
        names = list_words((place.name for place in AIRPORTS.values()), last="or")
        note = f"From {usd_short(book.airport.minimum_cents)}. {names}, by the bag."
        cards.append(Choice(ServiceType.AIRPORT_TRANSFER.value, "Airport Transfer", note))
    return tuple(cards)


def package_cards(book: PriceBook) -> tuple[PackageCard, ...]:
    """The tiers, cheapest first."""
    packages = (tier.package for tier in Showcase(book).tiers)
    return tuple(PackageCard(package, tuple(_features(package))) for package in packages)


def _features(package: PackagePrice) -> Iterator[Feature]:
    if package.max_items is None:
        yield Feature(True, "Your own van, direct run")
    if package.offers_flexible_time:
        yield Feature(True, "Flexible pickup hour")
    if package.offers_hour_window and package.hour_window_free:
        yield Feature(True, "Choose your pickup hour")
    yield Feature(package.priority_scheduling, "Priority scheduling")
    yield Feature(package.protective_wrapping, "Protective wrapping")
    if package.coi_included:
        yield Feature(True, "Certificate of Insurance")
    else:
        fee = usd_short(package.coi_fee_cents)
        yield Feature(False, f"Certificate of Insurance {fee}")


def organizing_cards(basket: Basket) -> tuple[Organizing, ...]:
    """Packing and unpacking as sold for the chosen tier; empty before there is one."""
    found = (
        (kind, basket.book.organizing.get((basket.request.package_type, kind.value)))
        for kind in OrganizingKind
    )
    return tuple(
        Organizing(f"include_{kind.value}", kind.label, price) for kind, price in found if price
    )


def specialty_rows(basket: Basket, form: ServiceForm | None = None) -> tuple[SpecialtyRow, ...]:
    """Every specialty item, dearest last; with ``form`` also what was typed for each."""
    wanted = dict(basket.request.specialty_items)
    typed = form["specialty_items"].value() if form else {}
    items = sorted(basket.book.specialty.values(), key=lambda item: (item.price_cents, item.name))
    return tuple(
        SpecialtyRow(
            item, str((typed or {}).get(item.key, "")), wanted.get(item.key, 0) * item.price_cents
        )
        for item in items
    )


def certificate_amount(basket: Basket) -> str:
    """What a certificate of insurance costs with this order: "$50" or "Included"."""
    asked = replace(basket.request, coi_required=True)
    cents = sum(line.cents for line in price_lines.coi_lines(asked, basket.book))
    return usd_short(cents) if cents else INCLUDED


def windows(basket: Basket) -> tuple[Choice, ...]:
    """The pickup windows of the chosen tier with what each adds; one or none means no choice."""
    package = basket.book.packages.get(basket.request.package_type)
    if package is None:
        return ()
    choices = [Choice(PickupTime.MORNING.value, str(PickupTime.MORNING.label), INCLUDED)]
    if package.offers_hour_window:
        note = _hour_window_note(basket)
        choices += [Choice(value, hour_words(hour), note) for value, hour in WINDOWS.items()]
    if package.offers_flexible_time:
        note = "Included. We agree the hour with you, within 8–11 AM."
        choices.append(Choice(PickupTime.NO_TIME_PREFERENCE.value, "Flexible", note))
    return tuple(choices)


def _hour_window_note(basket: Basket) -> str:
    request = replace(
        basket.request,
        pickup_time=PickupTime.MORNING_SPECIFIC.value,
        specific_pickup_hour=min(WINDOWS.values()),
    )
    goods = price_lines.service_lines(request, basket.book) or ()
    lines = price_lines.window_lines(request, basket.book, sum(line.cents for line in goods))
    cents = sum(line.cents for line in lines)
    return f"+{usd_short(cents)}" if cents else INCLUDED


def chosen(choices: tuple[Choice, ...], value: object) -> tuple[Choice, ...]:
    """The choices with the one of ``value`` marked."""
    return tuple(replace(one, is_chosen=one.value == value) for one in choices)


def airport_of(basket: Basket) -> AirportPlace | None:
    """The chosen airport."""
    return AIRPORTS.get(basket.request.blade_airport)


def saved_addresses(form: AddressesForm, side: str) -> tuple[Choice, ...]:
    """What a member saved, and "Another address", for one end; empty if nothing is saved."""
    if not form.saved:
        return ()
    choices = [Choice(str(one.pk), one.nickname, one.formatted_address) for one in form.saved]
    return chosen((*choices, Choice("", "Another address", "Type it below.")), form.chosen(side))


DIRECTIONS = (
    Choice(Direction.TO_AIRPORT.value, "To the airport", "We collect at your door."),
    Choice(Direction.FROM_AIRPORT.value, "From the airport", "We deliver to your door."),
)
AIRPORT_CHOICES = tuple(
    Choice(code, AIRPORTS[code].name, AIRPORTS[code].address_line_1) for code in Airport.values
)
