"""The catalog of the price cases as frozen data, and whole requests to vary in tests."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from catalog.choices import CalculationType, SurchargeType, Zone
from catalog.prices import (
    AirportPrice,
    DeliveryPrice,
    OrganizingPrice,
    PackagePrice,
    Policy,
    PriceBook,
    SpecialtyPrice,
    SurchargePrice,
)
from catalog.pricing import Line, Quote, quote
from catalog.request import (
    NEW_YORK,
    AddressInput,
    CodeFacts,
    Contact,
    Facts,
    QuoteRequest,
    ZipFacts,
)

PHONE = "(631) 595-5100"
NOW = datetime(2026, 6, 1, 9, tzinfo=NEW_YORK)
TODAY = NOW.date()
WEDNESDAY, SATURDAY, SUNDAY = date(2026, 6, 10), date(2026, 6, 13), date(2026, 6, 14)
MIDSUMMER = date(2026, 7, 4)  # a Saturday and a peak date


def package(kind: str, name: str, price_cents: int, **fields: Any) -> PackagePrice:
    values: dict[str, Any] = {
        "description": "",
        "max_items": None,
        "max_weight_lbs": 50,
        "coi_included": True,
        "coi_fee_cents": 0,
    }
    return PackagePrice(type=kind, name=name, price_cents=price_cents, **(values | fields))


def organizing(name: str, price_cents: int, hours: int, organizers: int) -> OrganizingPrice:
    return OrganizingPrice(name, price_cents, hours, organizers, 0, "")


def specialty(key: str, name: str, price_cents: int, number: int) -> SpecialtyPrice:
    return SpecialtyPrice(key, name, "", price_cents, True, UUID(int=number))


def fixed_rule(name: str, kind: str, cents: int, **fields: Any) -> SurchargePrice:
    return SurchargePrice(name, kind, CalculationType.FIXED_AMOUNT, fixed_cents=cents, **fields)


def percent_rule(name: str, kind: str, percent: str, **fields: Any) -> SurchargePrice:
    return SurchargePrice(
        name, kind, CalculationType.PERCENTAGE, percent=Decimal(percent), **fields
    )


def peak_rule(
    name: str, service: str, cents: int, first: date, last: date | None = None
) -> SurchargePrice:
    return fixed_rule(
        name,
        SurchargeType.PEAK_DATE,
        cents,
        service=service,
        first_date=first,
        last_date=last or first,
    )


def season(service: str, cents: int) -> tuple[SurchargePrice, ...]:
    """The weekend rule of one service and its peak rules of 2026."""
    weekend = fixed_rule(
        f"Weekend, {service}",
        SurchargeType.WEEKEND,
        cents,
        service=service,
        saturday=True,
        sunday=True,
    )
    days = ((5, 25), (6, 30), (7, 1), (7, 4), (7, 31), (8, 31), (9, 7))
    peaks = (
        peak_rule(f"Peak {month}/{day}", service, cents, date(2026, month, day))
        for month, day in days
    )
    week = peak_rule("US Open week", service, cents, date(2026, 9, 14), date(2026, 9, 22))
    return (weekend, *peaks, week)


GEOGRAPHIC = fixed_rule("Extended area", SurchargeType.GEOGRAPHIC, 175_00)
WINDOW = fixed_rule("One-hour window", SurchargeType.TIME_WINDOW, 175_00, service="mini_move")
SURCHARGES = (
    *season("mini_move", 175_00),
    *season("standard_delivery", 50_00),
    GEOGRAPHIC,
    WINDOW,
)

BOOK = PriceBook(
    packages={
        "petite": package(
            "petite",
            "Petite",
            995_00,
            max_items=15,
            coi_included=False,
            coi_fee_cents=50_00,
            offers_flexible_time=True,
        ),
        "standard": package("standard", "Standard", 1725_00, max_items=30, offers_hour_window=True),
        "full": package(
            "full", "Full Move", 2490_00, offers_hour_window=True, hour_window_free=True
        ),
    },
    organizing={
        ("petite", "packing"): organizing("Petite Packing", 1400_00, 4, 2),
        ("petite", "unpacking"): organizing("Petite Unpacking", 1130_00, 4, 2),
        ("standard", "packing"): organizing("Standard Packing", 2535_00, 8, 2),
        ("standard", "unpacking"): organizing("Standard Unpacking", 2265_00, 8, 2),
        ("full", "packing"): organizing("Full Packing", 5070_00, 8, 4),
        ("full", "unpacking"): organizing("Full Unpacking", 4525_00, 8, 4),
    },
    delivery=DeliveryPrice(95_00, 285_00, 360_00, 50_00, 50),
    specialty={
        "peloton": specialty("peloton", "Peloton", 500_00, 1),
        "surfboard": specialty("surfboard", "Surfboard", 350_00, 2),
        "bicycle": specialty("bicycle", "Bicycle", 250_00, 3),
    },
    surcharges=SURCHARGES,
    airport=AirportPrice(per_bag_cents=75_00, minimum_bags=2, minimum_cents=150_00),
    policy=Policy(),
)

ZIPS = {
    "10001": ZipFacts(Zone.CORE, "NY", "Manhattan"),
    "10002": ZipFacts(Zone.CORE, "NY", "Manhattan"),
    "11968": ZipFacts(Zone.CORE, "NY", "Hamptons (west of Amagansett)", "Southampton"),
    "11937": ZipFacts(Zone.CORE, "NY", "Hamptons (west of Amagansett)", "East Hampton"),
    "11975": ZipFacts(Zone.CORE, "NY", "Hamptons (west of Amagansett)", "Wainscott"),
    "07030": ZipFacts(Zone.SURCHARGE, "NJ", "Hudson County, NJ"),
    "07302": ZipFacts(Zone.SURCHARGE, "NJ", "Hudson County, NJ"),
    "06830": ZipFacts(Zone.SURCHARGE, "CT", "Fairfield County, CT"),
    "11930": ZipFacts(Zone.SURCHARGE, "NY", "Hamptons (east end)", "Amagansett"),
    "11954": ZipFacts(Zone.SURCHARGE, "NY", "Hamptons (east end)", "Montauk"),
}

ANN = Contact("Ann", "Lee", "ann@example.com", "(212) 555-0142")


def address(zip_code: str) -> AddressInput:
    known = ZIPS.get(zip_code)
    return AddressInput("1 Main Street", "", "Town", known.state if known else "NY", zip_code)


def facts(now: datetime = NOW, **fields: Any) -> Facts:
    return Facts(now=now, **({"zips": ZIPS} | fields))


def book_with(*surcharges: SurchargePrice, **policy: Any) -> PriceBook:
    """The book with these surcharge rules instead of its own, and a changed policy."""
    return replace(BOOK, surcharges=surcharges, policy=replace(BOOK.policy, **policy))


def policy_book(**policy: Any) -> PriceBook:
    return replace(BOOK, policy=replace(BOOK.policy, **policy))


def code(discount_type: str, value: int, **fields: Any) -> CodeFacts:
    return CodeFacts(
        "SUMMER", discount_type, value, valid_from=datetime(2026, 1, 1, tzinfo=UTC), **fields
    )


def _whole(fields: dict[str, Any], start: str, end: str) -> QuoteRequest:
    values: dict[str, Any] = {
        "pickup_date": WEDNESDAY,
        "pickup_address": address(start),
        "delivery_address": address(end),
        "contact": ANN,
    }
    return QuoteRequest(**(values | fields))


def mini_move(
    tier: str = "petite", *, start: str = "10001", end: str = "11968", **fields: Any
) -> QuoteRequest:
    return _whole({"service_type": "mini_move", "package_type": tier} | fields, start, end)


def delivery(
    count: int = 3, *, start: str = "10001", end: str = "11968", **fields: Any
) -> QuoteRequest:
    values = {
        "service_type": "standard_delivery",
        "standard_delivery_item_count": count,
        "item_description": "Suitcases",
    }
    return _whole(values | fields, start, end)


def specialty_order(
    *items: tuple[str, int], start: str = "10001", end: str = "11968", **fields: Any
) -> QuoteRequest:
    values = {"service_type": "specialty_item", "specialty_items": items}
    return _whole(values | fields, start, end)


def airport(
    bags: int = 2, *, start: str = "10001", end: str = "11968", **fields: Any
) -> QuoteRequest:
    values = {
        "service_type": "blade_transfer",
        "blade_airport": "JFK",
        "blade_flight_date": WEDNESDAY,
        "blade_flight_time": time(12, 59),
        "blade_bag_count": bags,
    }
    return _whole(values | fields, start, end)


def priced(request: QuoteRequest, book: PriceBook = BOOK, **outside: Any) -> Quote:
    """The quote of a request that has one, on ``TODAY``."""
    result = quote(request, book, facts=facts(**outside), today=TODAY)
    assert result is not None
    return result


def line(request: QuoteRequest, code: str, book: PriceBook = BOOK) -> Line:
    """The one line of a code."""
    (found,) = [line for line in priced(request, book).lines if line.code == code]
    return found
