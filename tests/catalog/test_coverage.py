"""Which ZIP codes we serve."""

import json

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog.choices import AIRPORTS
from catalog.coverage import Area, areas, lookup, normalise_zip
from catalog.models import ServiceZip
from catalog.request import ZipFacts
from catalog.seeding import ZIPS, load_zips
from tests.catalog.helpers import make_zip

# A ZIP as typed, and the zone of it if we serve it.
VECTORS = [
    ("10001", "core"),
    ("10001-1234", "core"),
    (" 10001 ", "core"),
    ("11201", "core"),
    ("11937", "core"),
    ("11954", "surcharge"),
    ("07101", "surcharge"),
    ("07030", "surcharge"),
    ("06830", "surcharge"),
    ("11354", None),
    ("11101", None),
    ("33480", None),
    ("", None),
    ("1000", None),
    ("100011", None),
    ("7101", None),
    ("10001-12", None),
    ("abcde", None),
    ("１０００１", None),  # noqa: RUF001  (digits of another script)
]


@pytest.mark.parametrize(("typed", "zone"), VECTORS)
def test_lookup_knows_the_zone_of_what_we_serve(db: None, typed: str, zone: str | None) -> None:
    load_zips()
    found = lookup([typed])
    assert [facts.zone for facts in found.values()] == ([zone] if zone else [])
    assert list(found) == ([normalise_zip(typed)] if zone else [])


def test_lookup_tells_state_area_and_place(db: None) -> None:
    load_zips()
    assert lookup(["11954", "07030-0001", "99999"]) == {
        "11954": ZipFacts("surcharge", "NY", "Hamptons (east end)", "Montauk"),
        "07030": ZipFacts("surcharge", "NJ", "Hudson County, NJ", ""),
    }


def test_lookup_of_both_ends_is_one_query_and_of_nothing_none(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        lookup(["10001", "11968"])
    with django_assert_num_queries(0):
        lookup(["", "nowhere"])


def test_zip_that_is_switched_off_is_not_served(db: None) -> None:
    make_zip(is_active=False)
    assert lookup(["10001"]) == {}


def test_zips_of_the_business_are_all_there(db: None) -> None:
    assert load_zips() == 273
    assert ServiceZip.objects.filter(zone="core").count() == 127
    assert ServiceZip.objects.filter(zone="surcharge").count() == 146
    assert ServiceZip.objects.exclude(place="").count() == 15
    assert areas() == (
        Area("Manhattan", "core", "NY", 69),
        Area("Brooklyn", "core", "NY", 46),
        Area("Hamptons (west of Amagansett)", "core", "NY", 12),
        Area("Essex County, NJ", "surcharge", "NJ", 45),
        Area("Fairfield County, CT", "surcharge", "CT", 32),
        Area("Union County, NJ", "surcharge", "NJ", 25),
        Area("Morris County, NJ", "surcharge", "NJ", 15),
        Area("Hudson County, NJ", "surcharge", "NJ", 14),
        Area("New Haven County, CT", "surcharge", "CT", 12),
        Area("Hamptons (east end)", "surcharge", "NY", 3),
    )
    assert [area.is_extended for area in areas()] == [False] * 3 + [True] * 7


def test_loading_again_keeps_what_staff_changed(db: None) -> None:
    load_zips()
    ServiceZip.objects.filter(pk="11937").update(zone="surcharge")
    ServiceZip.objects.filter(pk="10001").update(is_active=False)
    assert load_zips() == 0
    assert lookup(["11937"])["11937"].zone == "surcharge"
    assert lookup(["10001"]) == {}


def test_airports_of_the_engine_are_those_of_the_data() -> None:
    data = json.loads(ZIPS.read_text(encoding="utf-8"))["airports"]
    assert {
        code: {
            "line1": place.address_line_1,
            "city": place.city,
            "state": place.state,
            "zip": place.zip_code,
            "terminals": list(place.terminals),
            "lng_lat": list(place.lng_lat),
            "dispatch_street": place.dispatch_street,
        }
        for code, place in AIRPORTS.items()
    } == data
