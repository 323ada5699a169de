"""Test data goes as a whole, and real data never (rules R692 and R693)."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from booking.models import Address, Booking, BookingEvent, SavedAddress
from catalog.models import CapacityDay, DiscountCode, MiniMovePackage, ServiceZip
from logistics.models import OnfleetTask
from payments.services.invariants import check_all
from staff.models import StaffAction
from tests.booking.helpers import make_booking
from tests.totetaxi.operations import filled
from totetaxi.operations import wiping
from totetaxi.users.models import User

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).parents[3]
SURE = "--yes-wipe-everything"


@pytest.fixture(autouse=True)
def _files(catalog, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def counts():
    return {part.table: part.count() for part in wiping.parts(keep_addresses=False)}


def test_everything_on_a_booking_goes_and_the_rest_stays(tmp_path):
    filled.over(user=filled.member())
    make_booking()
    assert [table for table, count in counts().items() if not count] == []
    kept = (User, MiniMovePackage, ServiceZip)
    before = [model.objects.count() for model in kept]
    number = Booking.objects.latest("booking_number").booking_number

    call_command("wipe_test_data", SURE)

    assert set(counts().values()) == {0}
    assert [model.objects.count() for model in kept] == before
    assert set(CapacityDay.objects.values_list("used", flat=True)) == {0}
    assert set(SavedAddress.objects.values_list("times_used", "last_used_at")) == {(0, None)}
    assert [path for path in Path(tmp_path).rglob("*") if path.is_file()] == []
    assert [result.offenders for result in check_all()] == [()] * 6
    call_command("wipe_test_data", SURE)
    assert make_booking().booking_number > number


def test_a_dry_run_says_what_would_go_and_takes_nothing(capsys):
    filled.over()
    before = counts()
    call_command("wipe_test_data")
    assert counts() == before
    printed = capsys.readouterr().out
    assert re.search(r"^ +1 bookings$", printed, re.MULTILINE)
    assert "2 files" in printed
    assert "Nothing was wiped" in printed


def test_addresses_may_stay():
    make_booking()
    call_command("wipe_test_data", SURE, "--keep-addresses")
    assert (Booking.objects.count(), Address.objects.count()) == (0, 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "production"),
        ("STRIPE_SECRET_KEY", "sk_live_1"),
        ("STRIPE_SECRET_KEY", "rk_live_1"),
        ("ONFLEET_ENVIRONMENT", "production"),
    ],
)
def test_refused_where_bookings_may_be_real(settings, name, value):
    make_booking()
    setattr(settings, name, value)
    for arguments in ([], [SURE]):
        with pytest.raises(CommandError, match=r"production|live"):
            call_command("wipe_test_data", *arguments)
    assert Booking.objects.count() == 1


def test_refused_while_a_real_driver_has_a_task():
    booking = make_booking()
    OnfleetTask.objects.create(booking=booking, kind="pickup", environment="production")
    with pytest.raises(CommandError, match="Onfleet's production"):
        call_command("wipe_test_data", SURE)


def test_history_is_closed_again_afterwards():
    call_command("wipe_test_data", SURE)
    filled.over()
    for model in (StaffAction, BookingEvent):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            model._default_manager.all()._raw_delete(connection.alias)


def test_nothing_that_points_to_a_booking_is_forgotten():
    gone = {part.model for part in wiping.parts(keep_addresses=False)}
    pointing = {
        model
        for model in apps.get_models()
        for relation in model._meta.concrete_fields
        if relation.is_relation and relation.related_model in gone - {DiscountCode}
    }
    assert pointing - gone == set()


def test_only_wiping_and_forgetting_open_the_history():
    opened = {
        path.relative_to(PROJECT).as_posix()
        for room in ("totetaxi", "catalog", "booking", "payments", "logistics", "staff")
        for path in (PROJECT / room).rglob("*.py")
        if re.search(r"totetaxi\.wipe|guard_open", path.read_text())
    }
    assert opened == {
        "totetaxi/lib/insert_only.py",
        "totetaxi/operations/forgetting.py",
        "totetaxi/operations/wiping.py",
    }
