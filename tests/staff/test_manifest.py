"""The day's run on paper and as a file."""

import csv
import io

import pytest
from django.urls import reverse

from booking.models import BookingSpecialtyItem
from catalog.models import SpecialtyItem
from staff.models import ActionType, StaffAction
from tests.staff.office import booked, queries_of

DAY = "2026-06-13"


def url(day: str = DAY) -> str:
    return reverse("staff:manifest", args=[day])


@pytest.fixture
def loaded(catalog):
    """Three stops: an airport at 5, one hour from 9, and the morning."""
    late = booked(
        pickup=DAY,
        name="Otis Sample",
        special_instructions="=1+1\nRing twice",
        coi_required=True,
    )
    bicycle = SpecialtyItem.objects.get(type_key="bicycle")
    BookingSpecialtyItem.objects.create(
        booking=late, specialty_item=bicycle, name="Bicycle", quantity=2, unit_price_cents=1
    )
    hour = booked(
        "mini_move",
        pickup=DAY,
        name="Pia Sample",
        pickup_time="morning_specific",
        specific_pickup_hour=9,
    )
    early = booked("blade_transfer", pickup=DAY, name="Quinn Sample", phone="6465550199")
    booked(pickup=DAY, status="cancelled")
    booked(pickup=DAY, status="pending")
    booked(pickup=DAY, deleted_at="2026-06-01T12:00Z")
    return [early, late, hour]


def rows_of(response) -> list[dict[str, str]]:
    text = response.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_stops_stand_in_the_order_of_time(loaded, staff_client, operator):
    page = staff_client(operator).get(url()).text
    places = [page.index(booking.booking_number) for booking in loaded]
    assert places == sorted(places)
    for words in (
        "3 stops",
        "Ready 5 AM",
        "(646) 555-0199",
        "100 Example Street",
        "20 Example Lane",
        "5 pieces",
        "count the pieces at the pickup",
        "Ring twice",
        "Certificate of Insurance",
    ):
        assert words in page
    assert "Bag labels" not in page


def test_every_piece_gets_a_label(loaded, staff_client, operator):
    page = " ".join(staff_client(operator).get(url(), {"labels": "on"}).text.split())
    assert [f"{number} of 5" in page for number in range(7)] == [False] + [True] * 5 + [False]
    assert "1 of 2" in page
    assert page.count('class="bag-label"') >= 2 + 5 + 1


def test_the_file_has_the_same_stops_and_runs_nothing(loaded, staff_client, operator):
    response = staff_client(operator).get(url(), {"format": "csv"})
    rows = rows_of(response)

    assert [row["Booking"] for row in rows] == [booking.booking_number for booking in loaded]
    assert [row["Pieces"] for row in rows] == ["2", "5", ""]
    assert rows[1]["Instructions"] == "'=1+1\nRing twice"
    assert rows[1]["Certificate"] == "yes"
    assert "manifest-2026-06-13.csv" in response["Content-Disposition"]
    exported = StaffAction.objects.get(action_type=ActionType.EXPORT_DATA)
    assert exported.after["rows"] == 3


def test_an_empty_day_says_so(catalog, staff_client, operator):
    assert "Nothing is driven on Saturday, June 13." in staff_client(operator).get(url()).text


@pytest.mark.parametrize("odd", ["2026-02-30", "x", "1999-12-31", "3000-01-01", "2026-06-13x"])
def test_what_is_no_day_is_not_found(catalog, staff_client, operator, odd):
    assert staff_client(operator).get(url(odd)).status_code == 404


@pytest.mark.parametrize("day", ["2000-01-01", "2999-12-31"])
def test_the_ends_of_the_calendar_are_shown(catalog, staff_client, operator, day):
    assert staff_client(operator).get(url(day)).status_code == 200


def test_queries_do_not_grow_with_stops(loaded, staff_client, operator):
    client = staff_client(operator)
    few = queries_of(lambda: client.get(url(), {"labels": "on"}))
    for _ in range(99):
        booked("mini_move", pickup=DAY)
    assert queries_of(lambda: client.get(url(), {"labels": "on"})) == few
