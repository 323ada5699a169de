import pytest
from django.db import connection

from booking.models import Address, Booking
from tests.booking.helpers import make_booking

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


@pytest.fixture
def ada():
    return make_booking(
        first_name="Ada", last_name="O’Sample", email="ada@example.com", phone="(212) 555-0142"
    )


@pytest.fixture
def ben(ada):
    return make_booking(
        first_name="Ben",
        last_name="Other",
        email="ben_1@example.org",
        phone="9175550199",
        pickup_address_line_1="7 Élan Court",
        pickup_address_line_2="",
        pickup_zip_code="10024-1234",
    )


def found(text):
    return set(Booking.objects.search(text))


def test_search_finds_by_everything_somebody_may_say(ada, ben):
    short = f"tt-{int(ada.booking_number[3:])}"
    for said in (
        ada.booking_number,
        short,
        "ada",
        "SAMPLE",
        "ada@example.com",
        "2125550142",
        "(212) 555-0142",
        "+1 212 555 0142",
        "555-0142",
        "sample ada",
        "apt 4b",
    ):
        assert found(said) == {ada}, said
    assert found("7 ÉLAN court") == {ben}
    assert found("10024-1234") == {ben}
    assert found("20 example lane 11968") == {ada, ben}


def test_search_wants_every_word(ada, ben):
    assert found("ada other") == set()


def test_search_for_nothing_finds_everything(ada, ben):
    assert found("   ") == {ada, ben}


@pytest.mark.parametrize("text", ["%", "_da", "\\", "'; drop table", "\0zzz", "z" * 5000])
def test_search_takes_any_text_as_it_is(ada, ben, text):
    assert found(text) == set()


def test_search_follows_changes_of_contact_and_address(ada):
    Booking.objects.filter(pk=ada.pk).update(last_name="Renamed")
    Address.objects.filter(pk=ada.pickup_address_id).update(city="Hoboken")
    assert found("renamed hoboken") == {ada}
    assert found("o’sample") == set()


def test_search_uses_its_index(ada):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Booking.objects.search("sample 11968").explain()
    assert "booking_search" in plan
