"""The fixed words of the catalog: services, tiers, windows, airports, kinds of rules.

Stored values are the ones the business has always stored; labels are what people read.
"""

from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices


class ServiceType(TextChoices):
    """What can be ordered."""

    MINI_MOVE = "mini_move", "Mini Move"
    STANDARD_DELIVERY = "standard_delivery", "Standard Delivery"
    SPECIALTY_ITEM = "specialty_item", "Specialty Items"
    # The stored value names the partner of the first years; people read the label.
    AIRPORT_TRANSFER = "blade_transfer", "Airport Transfer"


#: The two services that share the delivery rate, its certificate fee and its same-day charge.
DELIVERY_SERVICES: Final = frozenset({ServiceType.STANDARD_DELIVERY, ServiceType.SPECIALTY_ITEM})


class PackageType(TextChoices):
    """The tiers of a Mini Move."""

    PETITE = "petite", "Petite"
    STANDARD = "standard", "Standard"
    FULL = "full", "Full Move"


class OrganizingKind(TextChoices):
    """The organizing services a tier may have."""

    PACKING = "packing", "Packing"
    UNPACKING = "unpacking", "Unpacking"


class PickupTime(TextChoices):
    """How the hour of a pickup is chosen."""

    MORNING = "morning", "8–11 AM"
    MORNING_SPECIFIC = "morning_specific", "One-hour window"
    NO_TIME_PREFERENCE = "no_time_preference", "Flexible"


#: Hours (24-hour clock) at which a one-hour pickup window can start.
PICKUP_HOURS: Final = (8, 9, 10)


class Airport(TextChoices):
    """The airports served online."""

    JFK = "JFK", "JFK"
    EWR = "EWR", "Newark"


class Direction(TextChoices):
    """Which end of an airport transfer is the airport."""

    TO_AIRPORT = "to_airport", "To the airport"
    FROM_AIRPORT = "from_airport", "From the airport"


class Zone(TextChoices):
    """How a served ZIP is priced."""

    CORE = "core", "Standard area"
    SURCHARGE = "surcharge", "Extended area"


class State(TextChoices):
    """The states served."""

    NY = "NY", "New York"
    NJ = "NJ", "New Jersey"
    CT = "CT", "Connecticut"


class SurchargeType(TextChoices):
    """What triggers a surcharge rule."""

    WEEKEND = "weekend", "Weekend"
    PEAK_DATE = "peak_date", "Peak date"
    GEOGRAPHIC = "geographic", "Extended area"
    TIME_WINDOW = "time_window", "One-hour window"


#: The ``service`` of a surcharge rule that holds for every service.
ALL_SERVICES: Final = "all"


class CalculationType(TextChoices):
    """How a surcharge rule is computed."""

    PERCENTAGE = "percentage", "Percentage of the service price"
    FIXED_AMOUNT = "fixed_amount", "Fixed amount"


class DiscountType(TextChoices):
    """How a discount code is computed."""

    PERCENTAGE = "percentage", "Percentage"
    FIXED_AMOUNT = "fixed_amount", "Fixed amount"


@dataclass(frozen=True)
class AirportPlace:
    """Where an airport is: the address on a booking, and what the dispatcher needs to find it.

    ``lng_lat`` is in degrees, longitude first.
    """

    name: str
    address_line_1: str
    city: str
    state: str
    zip_code: str
    terminals: tuple[str, ...]
    lng_lat: tuple[float, float]
    dispatch_street: str


AIRPORTS: Final[dict[str, AirportPlace]] = {
    Airport.JFK.value: AirportPlace(
        name="JFK",
        address_line_1="JFK International Airport",
        city="Jamaica",
        state="NY",
        zip_code="11430",
        terminals=("1", "4", "5", "7", "8"),
        lng_lat=(-73.7781, 40.6413),
        dispatch_street="JFK Access Road",
    ),
    Airport.EWR.value: AirportPlace(
        name="Newark",
        address_line_1="Newark Liberty International Airport",
        city="Newark",
        state="NJ",
        zip_code="07114",
        terminals=("A", "B", "C"),
        lng_lat=(-74.1745, 40.6895),
        dispatch_street="Newark Liberty International Airport",
    ),
}
