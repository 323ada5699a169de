"""What invented people order, and what the real price engine asks for it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from catalog.choices import AIRPORTS, DiscountType, ServiceType, SurchargeType, Zone
from catalog.models import MiniMovePackage
from catalog.prices import PriceBook
from catalog.pricing import Evaluation, Line, evaluate
from catalog.request import CodeFacts, Contact, Facts, QuoteRequest
from totetaxi.dev.demo_data.places import Spot
from totetaxi.lib import clock

CODE: Final = "DEMO10"
CODE_FACTS: Final = CodeFacts(
    CODE,
    DiscountType.PERCENTAGE,
    10,
    clock.at(date(2000, 1, 1), time()),
    max_uses_per_customer=None,
)
DATED: Final = (SurchargeType.PEAK_DATE, SurchargeType.WEEKEND)
AHEAD: Final = timedelta(days=10)
CONTACT: Final = Contact("Demo", "Customer", "demo@example.com", "2125550100")


@dataclass(frozen=True)
class Basket:
    """One thing people order, and how often compared with the others."""

    number: int
    weight: int
    request: QuoteRequest

    @property
    def service(self) -> str:
        return self.request.service_type


@dataclass(frozen=True)
class Priced:
    """A basket at its price: the lines, and the columns of a booking that hold it."""

    lines: tuple[Line, ...]
    total_cents: int
    discount_cents: int
    columns: dict[str, Any]
    specialty: tuple[tuple[UUID, str, int, int], ...]  # item, name, quantity, cents each


class NothingToSellError(Exception):
    """The catalog sells nothing that could be ordered."""


class PriceList:
    """Prices of baskets, each distinct one asked of the engine once."""

    def __init__(self, book: PriceBook, town: Spot, beach: Spot) -> None:
        self.book = book
        self.asked = 0
        self._known: dict[tuple[Any, ...], Priced] = {}
        self._packages = dict(MiniMovePackage.objects.values_list("package_type", "pk"))
        self._dated: dict[tuple[str, date], bool] = {}
        day = self._ordinary_day()
        self.baskets = tuple(
            basket
            for basket in offered(book)
            if self._evaluate(basket, day, town, beach, same_day=False, code=False).ok
        )
        if not self.baskets:
            raise NothingToSellError("The catalog sells nothing: run seed_catalog first.")

    def priced(
        self, basket: Basket, day: date, start: Spot, end: Spot, *, same_day: bool, code: bool
    ) -> Priced | None:
        """The basket between two places on a day; None if it is not sold so."""
        names_day = same_day or self._has_date_charge(basket.service, day)
        side = basket.request.airport_side
        ends = [spot for spot, own in ((start, "pickup"), (end, "delivery")) if own != side]
        far = tuple(spot.zip_code for spot in ends if spot.facts.zone == Zone.SURCHARGE)
        key = (basket.number, day if names_day else None, far, same_day, code)
        known = self._known.get(key)
        if known is None:
            found = self._evaluate(basket, day, start, end, same_day=same_day, code=code)
            if not found.ok:
                return None
            known = self._known[key] = self._frozen(found, is_far=bool(far))
        return known

    def _evaluate(
        self, basket: Basket, day: date, start: Spot, end: Spot, *, same_day: bool, code: bool
    ) -> Evaluation:
        self.asked += 1
        request = replace(
            basket.request,
            pickup_date=day,
            blade_flight_date=day if basket.request.is_airport else None,
            pickup_address=start.address(),
            delivery_address=end.address("2 Sample Avenue"),
            contact=CONTACT,
            discount_code=CODE if code else "",
        )
        now = clock.at(day, time(8)) if same_day else clock.at(day - self._ahead, time(12))
        zips = {spot.zip_code: spot.facts for spot in (start, end)}
        return evaluate(request, self.book, Facts(now, zips, CODE_FACTS if code else None))

    @property
    def _ahead(self) -> timedelta:
        return min(AHEAD, timedelta(days=self.book.policy.horizon_days))

    def _has_date_charge(self, service: str, day: date) -> bool:
        known = self._dated.get((service, day))
        if known is None:
            rules = (rule for kind in DATED for rule in self.book.rules(kind, service))
            known = self._dated[service, day] = any(rule.covers_day(day) for rule in rules)
        return known

    def _ordinary_day(self) -> date:
        """A Wednesday, on which whatever is sold is sold at its own price."""
        today = clock.today()
        return today + timedelta(days=(2 - today.weekday()) % 7)

    def _frozen(self, found: Evaluation, *, is_far: bool) -> Priced:
        request, quote = found.request, found.quote
        if quote is None:
            raise ValueError("a basket that may be booked has a price")
        standard = request.service_type == ServiceType.STANDARD_DELIVERY
        prices = self.book.specialty
        return Priced(
            lines=quote.lines,
            total_cents=quote.total_cents,
            discount_cents=quote.discount_cents,
            columns={
                "service_type": str(request.service_type),
                "mini_move_package_id": self._packages.get(request.package_type),
                "include_packing": request.include_packing,
                "include_unpacking": request.include_unpacking,
                "standard_delivery_item_count": (
                    request.standard_delivery_item_count if standard else None
                ),
                "item_description": request.item_description,
                "is_same_day_delivery": bool(quote.cents("same_day")),
                "blade_airport": request.blade_airport,
                "blade_terminal": request.blade_terminal,
                "blade_direction": str(request.blade_direction),
                "blade_flight_time": request.blade_flight_time,
                "blade_bag_count": request.blade_bag_count or None,
                "blade_ready_time": quote.ready_time,
                "coi_required": request.coi_required,
                "pickup_time": str(request.pickup_time),
                "specific_pickup_hour": request.specific_pickup_hour,
                "is_outside_core_area": is_far,
                "total_price_cents": quote.total_cents,
                "organizing_tax_percent": Decimal(quote.tax_percent),
                "capacity_units": self.book.policy.units_for(request.service_type),
            },
            specialty=tuple(
                (prices[key].id, prices[key].name, quantity, prices[key].price_cents)
                for key, quantity in request.specialty_items
            ),
        )


def offered(book: PriceBook) -> Iterator[Basket]:
    """Everything somebody might order; what is not sold now is left out by its price."""
    requests = (*_moves(), *_deliveries(), *_specialties(book), *_transfers())
    for number, (weight, request) in enumerate(requests):
        yield Basket(number, weight, request)


Weighted = tuple[int, QuoteRequest]


def _moves() -> Iterator[Weighted]:
    def move(tier: str, **more: Any) -> QuoteRequest:
        return QuoteRequest(service_type=ServiceType.MINI_MOVE, package_type=tier, **more)

    hour = {"pickup_time": "morning_specific"}
    yield 8, move("petite")
    yield 3, move("petite", coi_required=True)
    yield 2, move("petite", pickup_time="no_time_preference")
    yield 1, move("petite", include_packing=True)
    yield 9, move("standard")
    yield 4, move("standard", coi_required=True)
    yield 3, move("standard", specific_pickup_hour=9, **hour)
    yield 2, move("standard", include_unpacking=True)
    yield 1, move("standard", include_packing=True, include_unpacking=True)
    yield 3, move("full", coi_required=True)
    yield 2, move("full", specific_pickup_hour=8, **hour)
    yield 1, move("full", include_packing=True, include_unpacking=True)


def _deliveries() -> Iterator[Weighted]:
    def delivery(count: int, what: str, **more: Any) -> QuoteRequest:
        return QuoteRequest(
            service_type=ServiceType.STANDARD_DELIVERY,
            standard_delivery_item_count=count,
            item_description=what,
            **more,
        )

    yield 7, delivery(2, "Two suitcases")
    yield 7, delivery(3, "Two suitcases and a duffel bag")
    yield 5, delivery(4, "Four boxes of books")
    yield 4, delivery(5, "Three suitcases, two garment bags", coi_required=True)
    yield 3, delivery(8, "Eight boxes: kitchen and linen")
    yield 1, delivery(14, "Boxes, bags and a folding table")
    yield 3, delivery(3, "Three suitcases", specialty_items=(("bicycle", 1),))


def _specialties(book: PriceBook) -> Iterator[Weighted]:
    for key in sorted(book.specialty):
        for weight, quantity in ((2, 1), (1, 2)):
            items = ((key, quantity),)
            service = ServiceType.SPECIALTY_ITEM
            yield weight, QuoteRequest(service_type=service, specialty_items=items)


def _transfers() -> Iterator[Weighted]:
    flights = (
        ("to_airport", time(11, 15)),
        ("to_airport", time(17, 45)),
        ("from_airport", time(15)),
    )
    for airport, place in AIRPORTS.items():
        for number, (direction, flight_time) in enumerate(flights):
            for bags in (2, 3, 5):
                yield (
                    1,
                    QuoteRequest(
                        service_type=ServiceType.AIRPORT_TRANSFER,
                        blade_airport=airport,
                        blade_terminal=place.terminals[number % len(place.terminals)],
                        blade_direction=direction,
                        blade_flight_time=flight_time,
                        blade_bag_count=bags,
                    ),
                )
