"""Every refusal of a request: where it is shown, and what it tells people to do."""

from dataclasses import replace
from datetime import datetime, time

import pytest

from catalog.checks import check
from catalog.request import NEW_YORK, AddressInput, Contact, QuoteRequest
from tests.catalog.price_data import (
    BOOK,
    PHONE,
    address,
    airport,
    delivery,
    facts,
    mini_move,
    policy_book,
    specialty_order,
)

SERVED = (
    "We serve Manhattan, the Hamptons, Brooklyn and parts of New Jersey and Connecticut. "
    f"Use a ZIP there, or call {PHONE} for a custom quote."
)


def found(request, book=BOOK, *, staff=False):
    return [(p.step, p.field, p.code) for p in check(request, book, facts(), staff=staff)]


def message(request, book=BOOK):
    (problem,) = check(request, book, facts())
    return problem.message


@pytest.mark.parametrize(
    "request_",
    [
        mini_move(),
        mini_move("standard", pickup_time="morning_specific", specific_pickup_hour=8),
        mini_move("petite", pickup_time="no_time_preference"),
        delivery(),
        delivery(999, item_description="x" * 500, special_instructions="y" * 1000),
        specialty_order(("bicycle", 99)),
        airport(),
        airport(99, blade_terminal="4"),
        airport(blade_direction="from_airport", blade_flight_time=time(0, 15)),
    ],
)
def test_a_whole_request_has_no_problems(request_):
    assert found(request_) == []


def test_an_empty_request_names_everything_at_once_in_the_order_of_the_wizard():
    ends = [
        ("addresses", f"{side}_{field}", "required")
        for side in ("pickup", "delivery")
        for field in ("address_line_1", "city", "state", "zip_code")
    ]
    names = ("first_name", "last_name", "email", "phone")
    assert found(QuoteRequest()) == [
        ("service", "service_type", "required"),
        ("schedule", "pickup_date", "required"),
        *ends,
        *(("contact", field, "required") for field in names),
    ]


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (QuoteRequest(service_type="moon_trip"), ("service_type", "required")),
        (mini_move(""), ("package_type", "required")),
        (mini_move("mansion"), ("package_type", "not_sold")),
        (delivery(0), ("standard_delivery_item_count", "required")),
        (specialty_order(), ("standard_delivery_item_count", "required")),
        (delivery(1000), ("standard_delivery_item_count", "out_of_range")),
        (delivery(-1), ("standard_delivery_item_count", "out_of_range")),
        (delivery(1, item_description=""), ("item_description", "required")),
        (delivery(1, item_description="x" * 501), ("item_description", "too_long")),
        (specialty_order(("harp", 1)), ("specialty_items", "not_sold")),
        (specialty_order(("bicycle", 100)), ("specialty_items", "out_of_range")),
        (specialty_order(("bicycle", -1)), ("specialty_items", "out_of_range")),
        (delivery(2, specialty_items=(("harp", 1),)), ("specialty_items", "not_sold")),
        (airport(blade_airport=""), ("blade_airport", "required")),
        (airport(blade_airport="LGA"), ("blade_airport", "required")),
        (airport(blade_airport="EWR", blade_terminal="4"), ("blade_terminal", "unknown")),
        (airport(blade_direction="sideways"), ("blade_direction", "required")),
        (airport(blade_flight_time=None), ("blade_flight_time", "required")),
        (airport(blade_flight_time=time(7, 59)), ("blade_flight_time", "too_early")),
        (airport(0), ("blade_bag_count", "too_few")),
        (airport(1), ("blade_bag_count", "too_few")),
        (airport(100), ("blade_bag_count", "too_many")),
    ],
)
def test_service_step_refuses(request_, problem):
    service = [(field, code) for step, field, code in found(request_) if step == "service"]
    assert service == [problem]


def test_organizing_that_the_tier_does_not_sell_is_refused():
    book = replace(BOOK, organizing={("petite", "packing"): BOOK.organizing["petite", "packing"]})
    both = mini_move(include_packing=True, include_unpacking=True)
    assert message(both, book) == (
        f"Unpacking is not offered with Petite right now. Remove it, or call {PHONE}."
    )
    assert found(both, book) == [("service", "include_unpacking", "not_sold")]


def test_services_without_a_rate_are_refused():
    closed = replace(BOOK, delivery=None, airport=None)
    for request in (delivery(), specialty_order(("bicycle", 1)), airport()):
        assert found(request, closed) == [("service", "service_type", "not_sold")]


def test_earliest_departure_is_the_policy_s_and_not_for_arrivals():
    book = policy_book(airport_earliest_departure=time(9))
    assert message(airport(blade_flight_time=time(8, 59)), book) == (
        f"Choose a departure from 9 AM on, or call {PHONE} for an earlier flight."
    )
    assert found(airport(blade_flight_time=time(9)), book) == []
    assert found(airport(blade_flight_time=time(1), blade_direction="from_airport"), book) == []


@pytest.mark.parametrize("hour", [None, 7, 11, 20])
def test_one_hour_window_needs_one_of_its_hours(hour):
    request = mini_move("full", pickup_time="morning_specific", specific_pickup_hour=hour)
    assert found(request) == [("schedule", "specific_pickup_hour", "required")]


def test_one_hour_window_is_not_for_petite():
    request = mini_move("petite", pickup_time="morning_specific", specific_pickup_hour=9)
    assert found(request) == [("schedule", "pickup_time", "not_offered")]
    assert message(request) == (
        "One-hour windows come with Standard and Full Move. "
        f"Choose 8–11 AM for this package, or call {PHONE}."
    )


@pytest.mark.parametrize("tier", ["standard", "full"])
def test_flexible_time_is_for_petite_alone(tier):
    request = mini_move(tier, pickup_time="no_time_preference")
    assert found(request) == [("schedule", "pickup_time", "not_offered")]
    assert message(request) == (
        f"A flexible time comes with Petite. Choose 8–11 AM for this package, or call {PHONE}."
    )


def test_unknown_window_is_refused():
    assert found(mini_move(pickup_time="at_night")) == [("schedule", "pickup_time", "required")]


def test_window_of_another_service_does_not_count():
    request = delivery(pickup_time="morning_specific", specific_pickup_hour=9)
    assert found(request) == []


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"address_line_1": " "}, "address_line_1", "required"),
        ({"address_line_1": "x" * 201}, "address_line_1", "too_long"),
        ({"address_line_2": "x" * 201}, "address_line_2", "too_long"),
        ({"city": ""}, "city", "required"),
        ({"city": "x" * 101}, "city", "too_long"),
        ({"state": ""}, "state", "required"),
        ({"state": "FL"}, "state", "required"),
        ({"state": "NJ"}, "state", "wrong_state"),
        ({"zip_code": ""}, "zip_code", "required"),
        ({"zip_code": "1000"}, "zip_code", "invalid"),
        ({"zip_code": "33480"}, "zip_code", "not_served"),
    ],
)
@pytest.mark.parametrize("side", ["pickup", "delivery"])
def test_address_refuses(side, changed, field, code):
    bad = replace(address("10001"), **changed)
    request = replace(mini_move(), **{f"{side}_address": bad})  # type: ignore[arg-type]  # by name
    assert found(request) == [("addresses", f"{side}_{field}", code)]


def test_zip_with_its_four_more_digits_is_served():
    assert found(mini_move(start="10001-1234", pickup_address=address("10001"))) == []
    assert found(mini_move(pickup_address=replace(address("10001"), zip_code="10001-1234"))) == []


def test_unserved_zip_is_named_with_what_we_serve():
    assert message(mini_move(end="11101")) == f"We don't serve ZIP 11101 online. {SERVED}"


def test_wrong_state_is_explained():
    wrong = replace(address("07030"), state="NY")
    assert message(mini_move(pickup_address=wrong)) == (
        "ZIP 07030 is in New Jersey. Choose New Jersey as the state, or change the ZIP."
    )


def test_airport_end_is_never_checked():
    assert found(airport(delivery_address=AddressInput())) == []
    from_airport = airport(blade_direction="from_airport", pickup_address=AddressInput())
    assert found(from_airport) == []


def test_home_end_of_an_airport_transfer_is_checked():
    assert found(airport(start="11101")) == [("addresses", "pickup_zip_code", "not_served")]


def test_long_instructions_are_refused():
    assert found(delivery(special_instructions="x" * 1001)) == [
        ("addresses", "special_instructions", "too_long")
    ]


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"first_name": " "}, "first_name", "required"),
        ({"first_name": "x" * 101}, "first_name", "too_long"),
        ({"last_name": ""}, "last_name", "required"),
        ({"email": ""}, "email", "required"),
        ({"email": "ann"}, "email", "invalid"),
        ({"email": "ann@localhost"}, "email", "invalid"),
        (
            {"email": f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.com"},
            "email",
            "invalid",
        ),
        ({"phone": ""}, "phone", "required"),
        ({"phone": "555-0142"}, "phone", "invalid"),
    ],
)
def test_contact_refuses(changed, field, code):
    ann = Contact("Ann", "Lee", "ann@example.com", "2125550142")
    assert found(delivery(contact=replace(ann, **changed))) == [("contact", field, code)]


def test_staff_may_do_what_the_phone_is_for():
    now = datetime(2026, 6, 10, 20, tzinfo=NEW_YORK)
    for request in (
        mini_move(end="33480", delivery_address=replace(address("10001"), zip_code="33480")),
        delivery(item_description=""),
        airport(blade_flight_time=time(5)),
    ):
        assert check(request, BOOK, facts(now), staff=True) == ()
        assert check(request, BOOK, facts(now), staff=False) != ()


def test_staff_may_not_do_what_cannot_be_carried_out():
    request = mini_move(
        "petite",
        pickup_time="morning_specific",
        specific_pickup_hour=9,
        pickup_address=replace(address("10001"), zip_code="nope"),
        contact=Contact(),
    )
    assert found(request, staff=True) == [
        ("schedule", "pickup_time", "not_offered"),
        ("addresses", "pickup_zip_code", "invalid"),
        ("contact", "first_name", "required"),
        ("contact", "last_name", "required"),
        ("contact", "email", "required"),
        ("contact", "phone", "required"),
    ]


def test_checking_normalises_first():
    assert found(delivery(0, item_description="", specialty_items=(("bicycle", 1),))) == []
