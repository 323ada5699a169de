"""Every check on a request that does not depend on its price (rules R306-R350, R401-R409).

Pure: the same function judges the wizard, checkout, staff forms and rebooking.
"""

from collections.abc import Iterator
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from catalog.calendar_rules import date_problem
from catalog.choices import (
    AIRPORTS,
    PICKUP_HOURS,
    Direction,
    OrganizingKind,
    PickupTime,
    ServiceType,
    State,
)
from catalog.prices import PackagePrice, PriceBook
from catalog.request import (
    AddressInput,
    Contact,
    Facts,
    Problem,
    QuoteRequest,
    Step,
    normalise_phone,
)
from catalog.words import clock_words, count_words, list_words

MAX_ITEMS: Final = 999
MAX_QUANTITY: Final = 99
MAX_BAGS: Final = 99
MAX_DESCRIPTION: Final = 500
MAX_INSTRUCTIONS: Final = 1000
MAX_ADDRESS_LINE: Final = 200
MAX_CITY: Final = 100
MAX_NAME: Final = 100
SERVED_AREA: Final = "Manhattan, the Hamptons, Brooklyn and parts of New Jersey and Connecticut"


def check(
    request: QuoteRequest, book: PriceBook, facts: Facts, *, staff: bool = False
) -> tuple[Problem, ...]:
    """All problems of a request at once, in the order of the wizard (rule R306).

    ``staff`` lifts what rule R350 lifts: lead times, unserved ZIPs, the description of the items
    and the earliest departure.
    """
    request = request.normalised()
    dated = date_problem(request, book.policy, facts, staff=staff)
    return (
        *_service_problems(request, book, staff=staff),
        *([dated] if dated else []),
        *_window_problems(request, book),
        *_address_problems(request, book, facts, staff=staff),
        *contact_problems(request.contact),
    )


def _service_problems(request: QuoteRequest, book: PriceBook, *, staff: bool) -> Iterator[Problem]:
    match request.service_type:
        case ServiceType.MINI_MOVE:
            yield from _mini_move_problems(request, book)
        case ServiceType.STANDARD_DELIVERY | ServiceType.SPECIALTY_ITEM:
            yield from _delivery_problems(request, book, staff=staff)
        case ServiceType.AIRPORT_TRANSFER:
            yield from _airport_problems(request, book, staff=staff)
        case _:
            yield _service("service_type", "required", "Choose a service.")


def _service(field: str, code: str, message: str) -> Problem:
    return Problem("service", field, code, message)


def _mini_move_problems(request: QuoteRequest, book: PriceBook) -> Iterator[Problem]:
    phone = book.policy.phone
    if not request.package_type:
        yield _service("package_type", "required", "Choose a package.")
        return
    package = book.packages.get(request.package_type)
    if package is None:
        message = f"That package is not offered right now. Choose another, or call {phone}."
        yield _service("package_type", "not_sold", message)
        return
    for kind in request.organizing_kinds:
        if (package.type, kind) not in book.organizing:
            word = OrganizingKind(kind).label
            yield _service(
                f"include_{kind}",
                "not_sold",
                f"{word} is not offered with {package.name} right now. Remove it, or call {phone}.",
            )


def _delivery_problems(request: QuoteRequest, book: PriceBook, *, staff: bool) -> Iterator[Problem]:
    phone = book.policy.phone
    if book.delivery is None:
        message = f"Deliveries can't be booked online right now. Call {phone} for one."
        yield _service("service_type", "not_sold", message)
    count = request.standard_delivery_item_count
    field = "standard_delivery_item_count"
    if not 0 <= count <= MAX_ITEMS:
        message = f"Enter a number of items from 0 to {MAX_ITEMS}. For more, call {phone}."
        yield _service(field, "out_of_range", message)
    elif count == 0 and not request.specialty_items:
        yield _service(field, "required", "Add at least one item.")
    yield from _description_problems(request, staff=staff)
    yield from _specialty_problems(request, book)


def _description_problems(request: QuoteRequest, *, staff: bool) -> Iterator[Problem]:
    needed = request.standard_delivery_item_count > 0 and not staff
    if needed and not request.item_description:
        message = "Describe the items in a few words, such as two suitcases and a box."
        yield _service("item_description", "required", message)
    if len(request.item_description) > MAX_DESCRIPTION:
        message = f"Shorten the description to {MAX_DESCRIPTION} characters."
        yield _service("item_description", "too_long", message)


def _specialty_problems(request: QuoteRequest, book: PriceBook) -> Iterator[Problem]:
    phone = book.policy.phone
    for key, quantity in request.specialty_items:
        item = book.specialty.get(key)
        if item is None:
            message = f"One of the items is not offered right now. Remove it, or call {phone}."
            yield _service("specialty_items", "not_sold", message)
        elif not 1 <= quantity <= MAX_QUANTITY:
            message = (
                f"Enter a quantity from 1 to {MAX_QUANTITY} for {item.name}. "
                f"For more, call {phone}."
            )
            yield _service("specialty_items", "out_of_range", message)


def _airport_problems(request: QuoteRequest, book: PriceBook, *, staff: bool) -> Iterator[Problem]:
    place = AIRPORTS.get(request.blade_airport)
    if place is None:
        yield _service("blade_airport", "required", "Choose JFK or Newark.")
    elif request.blade_terminal and request.blade_terminal not in place.terminals:
        message = (
            f"{place.name} has terminals {list_words(place.terminals)}. "
            "Choose one of them, or leave the terminal open."
        )
        yield _service("blade_terminal", "unknown", message)
    if request.blade_direction not in Direction.values:
        message = "Choose whether the bags go to the airport or come from it."
        yield _service("blade_direction", "required", message)
    yield from _flight_time_problems(request, book, staff=staff)
    yield from _bag_problems(request, book)


def _bag_problems(request: QuoteRequest, book: PriceBook) -> Iterator[Problem]:
    phone = book.policy.phone
    if book.airport is None:
        message = f"Airport transfers can't be booked online right now. Call {phone} for one."
        yield _service("service_type", "not_sold", message)
    elif request.blade_bag_count < book.airport.minimum_bags:
        least = count_words(book.airport.minimum_bags, "bag")
        message = f"Enter at least {least}; that is where an airport transfer starts."
        yield _service("blade_bag_count", "too_few", message)
    elif request.blade_bag_count > MAX_BAGS:
        message = f"Enter up to {MAX_BAGS} bags. For more, call {phone}."
        yield _service("blade_bag_count", "too_many", message)


def _flight_time_problems(
    request: QuoteRequest, book: PriceBook, *, staff: bool
) -> Iterator[Problem]:
    departs = request.blade_direction == Direction.TO_AIRPORT
    policy = book.policy
    if request.blade_flight_time is None:
        event = "departure" if departs else "arrival"
        yield _service("blade_flight_time", "required", f"Enter the {event} time of the flight.")
    elif departs and not staff and request.blade_flight_time < policy.airport_earliest_departure:
        message = (
            f"Choose a departure from {clock_words(policy.airport_earliest_departure)} on, "
            f"or call {policy.phone} for an earlier flight."
        )
        yield _service("blade_flight_time", "too_early", message)


def _window_problems(request: QuoteRequest, book: PriceBook) -> Iterator[Problem]:
    """A window other than the whole morning has to come with the tier (rule R322)."""
    if request.service_type != ServiceType.MINI_MOVE:
        return
    package = book.packages.get(request.package_type)
    match request.pickup_time:
        case PickupTime.MORNING:
            return
        case PickupTime.MORNING_SPECIFIC:
            if package and not package.offers_hour_window:
                yield _window_not_offered("One-hour windows come", book, hour_window=True)
            elif request.specific_pickup_hour not in PICKUP_HOURS:
                message = "Choose the hour of your window: 8, 9 or 10 AM."
                yield Problem("schedule", "specific_pickup_hour", "required", message)
        case PickupTime.NO_TIME_PREFERENCE:
            if package and not package.offers_flexible_time:
                yield _window_not_offered("A flexible time comes", book, hour_window=False)
        case _:
            yield Problem("schedule", "pickup_time", "required", "Choose a pickup time.")


def _window_not_offered(subject: str, book: PriceBook, *, hour_window: bool) -> Problem:
    def offers(package: PackagePrice) -> bool:
        return package.offers_hour_window if hour_window else package.offers_flexible_time

    names = [package.name for package in book.packages.values() if offers(package)]
    with_what = f" with {list_words(names)}" if names else " by phone only"
    message = f"{subject}{with_what}. Choose 8–11 AM for this package, or call {book.policy.phone}."
    return Problem("schedule", "pickup_time", "not_offered", message)


def _address_problems(
    request: QuoteRequest, book: PriceBook, facts: Facts, *, staff: bool
) -> Iterator[Problem]:
    """Both ends, save the airport's own (rules R331-R338)."""
    ends = {"pickup": request.pickup_address, "delivery": request.delivery_address}
    for side, address in ends.items():
        if side != request.airport_side:
            yield from _line_problems(side, address)
            yield from _zip_problems(side, address, book, facts, staff=staff)
    if not request.airport_side and _same_place(*ends.values()):
        message = "Pickup and drop-off are the same address. Change one of them."
        yield _address("delivery_address_line_1", "same_address", message)
    if len(request.special_instructions) > MAX_INSTRUCTIONS:
        message = f"Shorten the instructions to {MAX_INSTRUCTIONS:,} characters."
        yield _address("special_instructions", "too_long", message)


def _same_place(pickup: AddressInput, delivery: AddressInput) -> bool:
    """Whether both ends are one door, however it is written; another apartment is another one."""

    def door(address: AddressInput) -> tuple[str, ...]:
        lines = (address.address_line_1, address.address_line_2, address.city, address.state)
        return (*(line.casefold() for line in lines), address.zip_key)

    return bool(pickup.address_line_1) and door(pickup) == door(delivery)


def _address(field: str, code: str, message: str) -> Problem:
    return Problem("addresses", field, code, message)


def _line_problems(side: str, address: AddressInput) -> Iterator[Problem]:
    where = "pickup" if side == "pickup" else "drop-off"
    fields = (
        ("address_line_1", f"{where} street address", MAX_ADDRESS_LINE, True),
        ("address_line_2", f"{where} apartment line", MAX_ADDRESS_LINE, False),
        ("city", f"{where} city", MAX_CITY, True),
    )
    for name, words, limit, required in fields:
        text: str = getattr(address, name)
        yield from _text_problems("addresses", f"{side}_{name}", text, words, limit, required)
    if address.state not in State.values:
        message = f"Choose the {where} state: New York, New Jersey or Connecticut."
        yield _address(f"{side}_state", "required", message)


def _zip_problems(
    side: str, address: AddressInput, book: PriceBook, facts: Facts, *, staff: bool
) -> Iterator[Problem]:
    where = "pickup" if side == "pickup" else "drop-off"
    field = f"{side}_zip_code"
    if not address.zip_key:
        code = "invalid" if address.zip_code else "required"
        message = f"Enter the {where} ZIP code, five digits such as 10001."
        yield _address(field, code, message)
        return
    served = facts.zips.get(address.zip_key)
    if served is None:
        if not staff:
            yield _address(field, "not_served", not_served_message(address.zip_key, book))
    elif address.state in State.values and address.state != served.state:
        message = (
            f"ZIP {address.zip_key} is in {State(served.state).label}. "
            f"Choose {State(served.state).label} as the state, or change the ZIP."
        )
        yield _address(f"{side}_state", "wrong_state", message)


def not_served_message(zip_key: str, book: PriceBook) -> str:
    """What a customer reads about a ZIP outside our area (rule R334)."""
    return (
        f"We don't serve ZIP {zip_key} online. We serve {SERVED_AREA}. "
        f"Use a ZIP there, or call {book.policy.phone} for a custom quote."
    )


def _text_problems(
    step: Step, field: str, text: str, words: str, limit: int, required: bool
) -> Iterator[Problem]:
    if required and not text:
        yield Problem(step, field, "required", f"Enter the {words}.")
    elif len(text) > limit:
        yield Problem(step, field, "too_long", f"Shorten the {words} to {limit} characters.")


def contact_problems(contact: Contact) -> Iterator[Problem]:
    """What is missing or wrong in a contact (rules R341-R343)."""
    for field, words in (("first_name", "first name"), ("last_name", "last name")):
        text: str = getattr(contact, field)
        yield from _text_problems("contact", field, text, words, MAX_NAME, True)
    if not is_email(contact.email):
        message = "Enter an email address such as ann@example.com."
        yield Problem("contact", "email", "invalid" if contact.email else "required", message)
    if not normalise_phone(contact.phone):
        message = "Enter a US phone number with ten digits, such as (212) 555-0142."
        yield Problem("contact", "phone", "invalid" if contact.phone else "required", message)


def is_email(text: str) -> bool:
    """Whether this is an address mail can be sent to, in form (rule R342).

    Quoted names and addresses at a bare IP are refused as well: Stripe takes neither.
    """
    if '"' in text or "[" in text or len(text) > 254:
        return False
    try:
        EmailValidator(allowlist=[])(text)
    except ValidationError:
        return False
    return True
