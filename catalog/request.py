"""What a customer asks for, and the outside facts a decision about it needs.

A request may be half filled: the wizard prices what it knows so far. Nothing here reads the
clock or the database; what the outside knows arrives in ``Facts``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Final, Literal
from zoneinfo import ZoneInfo

from catalog.choices import AIRPORTS, Direction, OrganizingKind, PickupTime, ServiceType

NEW_YORK: Final = ZoneInfo("America/New_York")

Step = Literal["service", "schedule", "addresses", "contact", "review"]


def normalise_zip(text: str) -> str:
    """The five digits of a US ZIP, with or without its +4, or "" if it is not one (rule R331)."""
    match = re.fullmatch(r"([0-9]{5})(?:-[0-9]{4})?", re.sub(r"\s", "", text))
    return match[1] if match else ""


def normalise_phone(text: str) -> str:
    """The ten digits of a US phone number, or "" if it is not one (rule R343)."""
    if not re.fullmatch(r"\s*(\+\s*1)?[0-9\s().\-/]*", text):
        return ""
    match = re.fullmatch(r"1?([2-9][0-9]{9})", re.sub(r"[^0-9]", "", text))
    return match[1] if match else ""


def _one_line(text: str) -> str:
    """Without line breaks, and with single spaces: what an address or a name may hold."""
    return " ".join(text.split())


@dataclass(frozen=True)
class AddressInput:
    """One end of the trip as typed."""

    address_line_1: str = ""
    address_line_2: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""

    @property
    def zip_key(self) -> str:
        """The ZIP as ``Facts.zips`` is keyed: five digits, or "" while there is none."""
        return normalise_zip(self.zip_code)

    def stripped(self) -> "AddressInput":
        """Without the spaces people leave around their words, and the state in capitals."""
        return AddressInput(
            address_line_1=_one_line(self.address_line_1),
            address_line_2=_one_line(self.address_line_2),
            city=_one_line(self.city),
            state=self.state.strip().upper(),
            zip_code=re.sub(r"\s", "", self.zip_code),
        )


@dataclass(frozen=True)
class Contact:
    """Whom to reach about the order."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""

    def stripped(self) -> "Contact":
        """Tidied: email in lower case, a good phone number as its ten digits."""
        return Contact(
            first_name=_one_line(self.first_name),
            last_name=_one_line(self.last_name),
            email=self.email.strip().lower(),
            phone=normalise_phone(self.phone) or self.phone.strip(),
        )


@dataclass(frozen=True)
class QuoteRequest:
    """One order as asked for; every field may still be empty."""

    service_type: str = ""
    package_type: str = ""
    include_packing: bool = False
    include_unpacking: bool = False
    standard_delivery_item_count: int = 0
    item_description: str = ""
    specialty_items: tuple[tuple[str, int], ...] = ()
    coi_required: bool = False
    blade_airport: str = ""
    blade_terminal: str = ""
    blade_direction: str = ""
    blade_flight_date: date | None = None
    blade_flight_time: time | None = None
    blade_bag_count: int = 0
    pickup_date: date | None = None
    pickup_time: str = PickupTime.MORNING.value
    specific_pickup_hour: int | None = None
    pickup_address: AddressInput = AddressInput()
    delivery_address: AddressInput = AddressInput()
    special_instructions: str = ""
    contact: Contact = Contact()
    discount_code: str = ""

    @property
    def is_airport(self) -> bool:
        """Whether this is an airport transfer."""
        return self.service_type == ServiceType.AIRPORT_TRANSFER

    @property
    def organizing_kinds(self) -> tuple[str, ...]:
        """The organizing services asked for: "packing", "unpacking"."""
        asked = (
            (OrganizingKind.PACKING.value, self.include_packing),
            (OrganizingKind.UNPACKING.value, self.include_unpacking),
        )
        return tuple(kind for kind, wanted in asked if wanted)

    @property
    def airport_side(self) -> str:
        """The end of an airport transfer that is the airport: "pickup" or "delivery", else ""."""
        if not self.is_airport:
            return ""
        return "pickup" if self.blade_direction == Direction.FROM_AIRPORT else "delivery"

    def normalised(self) -> "QuoteRequest":
        """The request we judge, price and store (rules R301-R305); doing it twice changes nothing.

        Text is trimmed, fields of other services are cleared, an order of specialty items alone
        becomes one, and an airport transfer gets its airport's address and its flight's date.
        """
        return _of_its_service(_tidied(self))


@dataclass(frozen=True)
class Problem:
    """One thing to put right: its wizard step and form field, a short code, and what to do.

    ``field`` is the request's own name for it, with the addresses flattened
    (``pickup_zip_code``) and the contact's fields by themselves (``email``).
    """

    step: Step
    field: str
    code: str
    message: str


@dataclass(frozen=True)
class ZipFacts:
    """A served ZIP: its zone, state, the name of its area and, where we know it, its place."""

    zone: str
    state: str
    label: str
    place: str = ""


@dataclass(frozen=True)
class CodeFacts:
    """A discount code as stored, with the uses already made of it (rules R250-R259).

    ``value`` is a whole percentage or cents, by ``discount_type``; empty ``service_types`` means
    every service; a None limit or end means there is none. Amounts are cents.
    """

    code: str
    discount_type: str
    value: int
    valid_from: datetime
    valid_until: datetime | None = None
    is_active: bool = True
    max_uses: int | None = None
    max_uses_per_customer: int | None = 1
    minimum_order_cents: int = 0
    maximum_discount_cents: int | None = None
    service_types: tuple[str, ...] = ()
    times_used: int = 0
    uses_by_email: int = 0


@dataclass(frozen=True)
class DayFacts:
    """One day of the calendar: why it is closed, or "", and its free places, None for no limit.

    A place this very order already holds counts as free.
    """

    closed_reason: str = ""
    places_left: int | None = None


@dataclass(frozen=True)
class Facts:
    """What the outside knows at the moment of asking.

    ``now`` must be aware. ``zips`` holds the served ones among the ZIPs of the request, keyed by
    five digits: a ZIP that is absent is not served. ``code`` is None when there is no such code,
    ``day`` None when the day has not been looked up.
    """

    now: datetime
    zips: Mapping[str, ZipFacts] = field(default_factory=dict)
    code: CodeFacts | None = None
    day: DayFacts | None = None

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("Facts.now must be an aware datetime")

    @property
    def local_now(self) -> datetime:
        """New York wall clock, by which every cut-off is read (rule R401)."""
        return self.now.astimezone(NEW_YORK)

    @property
    def today(self) -> date:
        """The day it is in New York."""
        return self.local_now.date()


def _tidied(request: QuoteRequest) -> QuoteRequest:
    quantities: dict[str, int] = {}
    for key, quantity in request.specialty_items:
        quantities[key.strip()] = quantities.get(key.strip(), 0) + quantity
    return replace(
        request,
        item_description=request.item_description.strip(),
        specialty_items=tuple((key, n) for key, n in quantities.items() if n),
        blade_terminal=request.blade_terminal.strip().upper(),
        pickup_time=request.pickup_time or PickupTime.MORNING.value,
        pickup_address=request.pickup_address.stripped(),
        delivery_address=request.delivery_address.stripped(),
        special_instructions=request.special_instructions.strip(),
        contact=request.contact.stripped(),
        discount_code=request.discount_code.strip().upper(),
    )


def _of_its_service(request: QuoteRequest) -> QuoteRequest:
    match request.service_type:
        case ServiceType.MINI_MOVE:
            return _without_airport(_without_delivery(_with_window(request)))
        case ServiceType.STANDARD_DELIVERY | ServiceType.SPECIALTY_ITEM:
            return _without_airport(_without_mini_move(_as_delivery(request)))
        case ServiceType.AIRPORT_TRANSFER:
            return _as_airport(_without_mini_move(_without_delivery(request)))
        case _:
            return request


def _with_window(request: QuoteRequest) -> QuoteRequest:
    """Drop an hour left over from a window that is no longer chosen."""
    if request.pickup_time == PickupTime.MORNING_SPECIFIC:
        return request
    return replace(request, specific_pickup_hour=None)


def _as_delivery(request: QuoteRequest) -> QuoteRequest:
    """Name the delivery by what is in it: regular items make it a Standard Delivery."""
    if request.standard_delivery_item_count > 0:
        return replace(request, service_type=ServiceType.STANDARD_DELIVERY.value)
    if request.standard_delivery_item_count < 0:
        return request
    service = ServiceType.SPECIALTY_ITEM if request.specialty_items else request.service_type
    return replace(request, service_type=str(service), item_description="")


def _as_airport(request: QuoteRequest) -> QuoteRequest:
    """Fill in what an airport transfer implies: its direction, date and fixed airport end."""
    direction = request.blade_direction or Direction.TO_AIRPORT.value
    request = replace(
        request,
        blade_direction=direction,
        pickup_date=request.blade_flight_date,
        coi_required=False,
    )
    place = AIRPORTS.get(request.blade_airport)
    if place is None:
        return request
    address = AddressInput(
        address_line_1=place.address_line_1,
        city=place.city,
        state=place.state,
        zip_code=place.zip_code,
    )
    if request.airport_side == "pickup":
        return replace(request, pickup_address=address)
    return replace(request, delivery_address=address)


def _without_mini_move(request: QuoteRequest) -> QuoteRequest:
    return replace(
        request,
        package_type="",
        include_packing=False,
        include_unpacking=False,
        pickup_time=PickupTime.MORNING.value,
        specific_pickup_hour=None,
    )


def _without_delivery(request: QuoteRequest) -> QuoteRequest:
    return replace(request, standard_delivery_item_count=0, item_description="", specialty_items=())


def _without_airport(request: QuoteRequest) -> QuoteRequest:
    return replace(
        request,
        blade_airport="",
        blade_terminal="",
        blade_direction="",
        blade_flight_date=None,
        blade_flight_time=None,
        blade_bag_count=0,
    )
