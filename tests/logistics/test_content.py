"""What a task tells the driver."""

import pytest

from booking.models import Booking
from logistics.content import destination, recipient, task_content
from tests.booking.helpers import (
    airport_answers,
    make_booking,
    make_draft,
    mini_move_answers,
    place,
    specialty_answers,
)
from totetaxi.lib import clock


@pytest.mark.parametrize(
    ("line", "number", "street"),
    [
        ("100 Example Street", "100", "Example Street"),
        ("12A Ocean Road", "12A", "Ocean Road"),
        ("12 1/2 Main Street", "12 1/2", "Main Street"),
        ("395 County Road 39A", "395", "County Road 39A"),
        ("Rose Cottage", "", "Rose Cottage"),
        ("3rd Avenue 12", "", "3rd Avenue 12"),
    ],
)
def test_leading_digits_are_the_number(catalog, line, number, street):
    booking = make_booking(pickup_address_line_1=line)
    found = destination(booking, "pickup")
    assert (found.number, found.street) == (number, street)
    assert (found.apartment, found.city, found.postal_code) == ("Apt 4B", "New York", "10001")


@pytest.mark.parametrize(
    ("answers", "quantity", "minutes"),
    [
        (mini_move_answers, 1, 30),
        (specialty_answers, 1, 10),
        (airport_answers, 2, 10),
    ],
)
def test_pieces_and_time_at_the_door(catalog, answers, quantity, minutes):
    content = task_content(place(make_draft(answers())), "pickup", clock.now())
    assert (content.quantity, content.service_minutes) == (quantity, minutes)


def test_items_and_specialty_items_are_counted_together(catalog):
    booking = make_booking(specialty_items={"bicycle": 2})
    assert task_content(booking, "pickup", clock.now()).quantity == 5


def test_notes_say_what_and_how(catalog):
    booking = make_booking(
        specialty_items={"bicycle": 2}, coi_required=True, special_instructions="Ring twice"
    )
    notes = task_content(booking, "dropoff", clock.now()).notes
    assert notes.splitlines() == [
        f"{booking.booking_number}: drop-off, Standard Delivery, 3 items",
        "Three suitcases",
        "Bicycle x 2",
        "Certificate of Insurance needed",
        "Ring twice",
    ]


def test_airport_notes_name_the_flight(catalog):
    booking = place(make_draft(airport_answers()))
    day = f"{booking.pickup_date:%B} {booking.pickup_date.day}"
    notes = task_content(booking, "dropoff", clock.now()).notes
    assert f"JFK, terminal 4: the flight departs at 12:59 PM, {day}; 2 bags" in notes


@pytest.mark.parametrize("phone", ["", "12345", "unknown", "+44 20 7946 0000"])
def test_no_number_is_invented(phone):
    assert recipient(Booking(first_name="A", last_name="B", phone=phone)) is None
