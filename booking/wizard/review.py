"""Everything ordered on one page, in groups that lead back to their step."""

from collections.abc import Iterator
from dataclasses import dataclass

from booking.wizard.basket import Basket
from booking.wizard.options import certificate_amount, organizing_cards
from booking.wizard.steps import BY_SLUG, Step
from booking.wizard.summary import package_words, window_words
from catalog.choices import AIRPORTS, Direction, ServiceType
from catalog.pricing import ready_time
from catalog.request import AddressInput
from catalog.words import clock_words, count_words, day_words
from totetaxi.lib.money import usd_short
from totetaxi.lib.template_tags import phone


@dataclass(frozen=True)
class Row:
    """One answer; ``words`` may have several lines."""

    term: str
    words: str


@dataclass(frozen=True)
class Group:
    """The answers of one step; ``step`` is where they are changed."""

    title: str
    step: Step
    rows: tuple[Row, ...]


def review_groups(basket: Basket) -> tuple[Group, ...]:
    """Every answer of a complete order."""
    airport = basket.request.is_airport
    return (
        Group("Service", BY_SLUG["service"], tuple(_service_rows(basket))),
        Group(
            "Flight" if airport else "Date and time",
            BY_SLUG["service" if airport else "schedule"],
            tuple(_flight_rows(basket) if airport else _pickup_rows(basket)),
        ),
        Group("Addresses", BY_SLUG["addresses"], tuple(_address_rows(basket))),
        Group("Contact", BY_SLUG["contact"], tuple(_contact_rows(basket))),
    )


def _service_rows(basket: Basket) -> Iterator[Row]:
    request = basket.request
    match request.service_type:
        case ServiceType.MINI_MOVE:
            yield from _mini_move_rows(basket)
        case ServiceType.AIRPORT_TRANSFER:
            yield from _airport_rows(basket)
            return
        case _:
            yield from _delivery_rows(basket)
    if request.coi_required:
        amount = certificate_amount(basket)
        email = basket.book.policy.orders_email
        todo = f" Email the building’s sample form to {email} after you book." if email else ""
        yield Row("Certificate", f"Yes, {amount.lower()}.{todo}")
    else:
        yield Row("Certificate", "No")


def _mini_move_rows(basket: Basket) -> Iterator[Row]:
    request = basket.request
    package = basket.book.packages.get(request.package_type)
    limit = f", up to {package.max_items} items" if package and package.max_items else ""
    yield Row("Package", f"{package_words(request, basket.book)}{limit}")
    chosen = {f"include_{kind}" for kind in request.organizing_kinds}
    for organizing in organizing_cards(basket):
        if organizing.field in chosen:
            yield Row(organizing.kind, organizing.hint)


def _delivery_rows(basket: Basket) -> Iterator[Row]:
    request = basket.request
    if request.standard_delivery_item_count:
        yield Row("Items", count_words(request.standard_delivery_item_count, "item"))
        yield Row("Description", request.item_description)
    for key, quantity in request.specialty_items:
        if item := basket.book.specialty.get(key):
            yield Row(item.name, f"{quantity} at {usd_short(item.price_cents)}")


def _airport_rows(basket: Basket) -> Iterator[Row]:
    request = basket.request
    place = AIRPORTS[request.blade_airport]
    way = "From" if request.blade_direction == Direction.FROM_AIRPORT else "To"
    yield Row("Airport Transfer", f"{way} {place.address_line_1}")
    yield Row("Terminal", request.blade_terminal or "Not known yet")
    yield Row("Bags", count_words(request.blade_bag_count, "bag"))


def _pickup_rows(basket: Basket) -> Iterator[Row]:
    request = basket.request
    if day := request.pickup_date:
        yield Row("Pickup", f"{day_words(day)}, {day.year}\n{window_words(request)}")
    yield Row("Delivery", "The same day, before 6 PM")


def _flight_rows(basket: Basket) -> Iterator[Row]:
    request = basket.request
    if day := request.pickup_date:
        yield Row("Date", f"{day_words(day)}, {day.year}")
    if at := request.blade_flight_time:
        arrives = request.blade_direction == Direction.FROM_AIRPORT
        yield Row("Arrival" if arrives else "Departure", clock_words(at))
    if ready := ready_time(request):
        yield Row("Bags ready by", f"{clock_words(ready)} on that day")


def _address_rows(basket: Basket) -> Iterator[Row]:
    request = basket.request
    yield Row("From", address_words(request.pickup_address))
    yield Row("To", address_words(request.delivery_address))
    if request.special_instructions:
        yield Row("Instructions", request.special_instructions)


def address_words(address: AddressInput) -> str:
    """An address as on an envelope, in two or three lines."""
    street = ", ".join(filter(None, (address.address_line_1, address.address_line_2)))
    return f"{street}\n{address.city}, {address.state} {address.zip_code}"


def _contact_rows(basket: Basket) -> Iterator[Row]:
    contact = basket.request.contact
    yield Row("Name", f"{contact.first_name} {contact.last_name}")
    yield Row("Email", contact.email)
    yield Row("Phone", phone(contact.phone))
