"""What a request becomes before it is judged, priced and stored."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from catalog.request import (
    AddressInput,
    Contact,
    Facts,
    QuoteRequest,
    normalise_phone,
    normalise_zip,
)
from tests.catalog.price_data import SATURDAY, WEDNESDAY, airport, delivery, mini_move

EVERYTHING: dict[str, Any] = {
    "package_type": "standard",
    "include_packing": True,
    "include_unpacking": True,
    "standard_delivery_item_count": 4,
    "item_description": "Boxes",
    "specialty_items": (("bicycle", 1),),
    "coi_required": True,
    "blade_airport": "JFK",
    "blade_terminal": "4",
    "blade_direction": "to_airport",
    "blade_flight_date": SATURDAY,
    "blade_flight_time": time(14),
    "blade_bag_count": 3,
    "pickup_date": WEDNESDAY,
    "pickup_time": "morning_specific",
    "specific_pickup_hour": 9,
}
NO_AIRPORT: dict[str, Any] = {
    "blade_airport": "",
    "blade_terminal": "",
    "blade_direction": "",
    "blade_flight_date": None,
    "blade_flight_time": None,
    "blade_bag_count": 0,
}
NO_MINI_MOVE: dict[str, Any] = {
    "package_type": "",
    "include_packing": False,
    "include_unpacking": False,
    "pickup_time": "morning",
    "specific_pickup_hour": None,
}
NO_DELIVERY: dict[str, Any] = {
    "standard_delivery_item_count": 0,
    "item_description": "",
    "specialty_items": (),
}
JFK = AddressInput("JFK International Airport", "", "Jamaica", "NY", "11430")
NEWARK = AddressInput("Newark Liberty International Airport", "", "Newark", "NJ", "07114")


def test_empty_request_stays_empty():
    assert QuoteRequest().normalised() == QuoteRequest()


def test_mini_move_clears_the_other_services():
    request = QuoteRequest(service_type="mini_move", **EVERYTHING)
    assert request.normalised() == QuoteRequest(
        service_type="mini_move", **(EVERYTHING | NO_DELIVERY | NO_AIRPORT)
    )


def test_standard_delivery_clears_the_other_services_and_the_window():
    request = QuoteRequest(service_type="standard_delivery", **EVERYTHING)
    assert request.normalised() == QuoteRequest(
        service_type="standard_delivery", **(EVERYTHING | NO_MINI_MOVE | NO_AIRPORT)
    )


def test_airport_clears_the_other_services_and_takes_the_date_of_its_flight():
    request = QuoteRequest(service_type="blade_transfer", **EVERYTHING)
    kept = EVERYTHING | NO_MINI_MOVE | NO_DELIVERY
    assert request.normalised() == QuoteRequest(
        service_type="blade_transfer",
        **(kept | {"coi_required": False, "pickup_date": SATURDAY, "delivery_address": JFK}),
    )


def test_airport_without_a_flight_date_has_no_pickup_date():
    assert airport(blade_flight_date=None).normalised().pickup_date is None


def test_airport_goes_to_the_airport_unless_told_otherwise():
    request = airport(blade_direction="").normalised()
    assert request.blade_direction == "to_airport"
    assert request.airport_side == "delivery"


def test_from_airport_fills_the_pickup_side():
    request = airport(blade_airport="EWR", blade_direction="from_airport").normalised()
    assert request.pickup_address == NEWARK
    assert request.delivery_address.zip_code == "11968"
    assert request.airport_side == "pickup"


def test_unknown_airport_leaves_the_addresses_as_typed():
    typed = airport(blade_airport="LGA")
    assert typed.normalised().delivery_address == typed.delivery_address


def test_specialty_items_alone_make_a_specialty_order():
    request = delivery(0, specialty_items=(("bicycle", 1),)).normalised()
    assert request.service_type == "specialty_item"
    assert request.item_description == ""


def test_specialty_order_with_regular_items_is_a_standard_delivery():
    request = QuoteRequest(
        service_type="specialty_item",
        standard_delivery_item_count=2,
        item_description="Boxes",
        specialty_items=(("bicycle", 1),),
    )
    assert request.normalised().service_type == "standard_delivery"
    assert request.normalised().item_description == "Boxes"


def test_delivery_without_anything_keeps_its_name():
    assert delivery(0).normalised().service_type == "standard_delivery"
    assert QuoteRequest(service_type="specialty_item").normalised() == QuoteRequest(
        service_type="specialty_item"
    )


def test_specialty_quantities_of_one_kind_add_up_and_none_means_not_chosen():
    items = (("bicycle", 1), ("crib", 0), (" bicycle ", 2))
    assert delivery(1, specialty_items=items).normalised().specialty_items == (("bicycle", 3),)


def test_hour_goes_with_the_window_it_belonged_to():
    request = mini_move("full", pickup_time="morning", specific_pickup_hour=9)
    assert request.normalised().specific_pickup_hour is None


def test_window_a_tier_does_not_sell_stays_to_be_refused():
    request = mini_move("petite", pickup_time="morning_specific", specific_pickup_hour=9)
    assert request.normalised() == request.normalised().normalised()
    assert request.normalised().pickup_time == "morning_specific"


def test_missing_window_is_the_whole_morning():
    assert mini_move(pickup_time="").normalised().pickup_time == "morning"


def test_text_is_tidied():
    request = QuoteRequest(
        item_description="  two bags\n",
        pickup_address=AddressInput(" 1  Main\nStreet ", " 4B ", " Town ", "ny ", " 10001 - 1234 "),
        special_instructions=" Ring twice.\nThen wait. ",
        contact=Contact(" Ann ", "Lee\n", " Ann@Example.COM ", "+1 (212) 555-0142"),
        discount_code=" summer ",
    ).normalised()
    assert request.item_description == "two bags"
    assert request.pickup_address == AddressInput("1 Main Street", "4B", "Town", "NY", "10001-1234")
    assert request.special_instructions == "Ring twice.\nThen wait."
    assert request.contact == Contact("Ann", "Lee", "ann@example.com", "2125550142")
    assert request.discount_code == "SUMMER"


def test_bad_phone_is_kept_as_typed():
    assert Contact(phone=" 555-01 ").stripped().phone == "555-01"


@pytest.mark.parametrize(
    "request_of_a_kind",
    [
        QuoteRequest(service_type=kind, **EVERYTHING)
        for kind in ("", "mini_move", "standard_delivery", "specialty_item", "blade_transfer")
    ],
    ids=lambda request: request.service_type or "no service",
)
def test_normalising_twice_changes_nothing(request_of_a_kind):
    once = request_of_a_kind.normalised()
    assert once.normalised() == once


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("10001", "10001"),
        (" 10001 ", "10001"),
        ("10001-1234", "10001"),
        ("07030", "07030"),
        ("", ""),
        ("1000", ""),
        ("100011", ""),
        ("10001-12", ""),
        ("1000a", ""),
        ("１0001", ""),  # noqa: RUF001  (a full-width digit, as some keyboards send)
    ],
)
def test_normalise_zip(typed, digits):
    assert normalise_zip(typed) == digits


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("(212) 555-0142", "2125550142"),
        ("212.555.0142", "2125550142"),
        ("+1 212 555 0142", "2125550142"),
        ("1-212-555-0142", "2125550142"),
        ("", ""),
        ("555-0142", ""),
        ("+44 20 7946 09", ""),
        ("1234567890", ""),
        ("212-555-0142 ext 5", ""),
    ],
)
def test_normalise_phone(typed, digits):
    assert normalise_phone(typed) == digits


def test_facts_insist_on_an_aware_now():
    with pytest.raises(ValueError, match="aware"):
        Facts(now=datetime(2026, 6, 10, 9))  # noqa: DTZ001  (the very thing that is refused)


def test_facts_tell_the_day_in_new_york():
    assert Facts(now=datetime(2026, 6, 11, 3, 30, tzinfo=UTC)).today == date(2026, 6, 10)
    assert Facts(now=datetime(2026, 6, 11, 4, 0, tzinfo=UTC)).today == date(2026, 6, 11)
