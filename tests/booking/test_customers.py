"""Profiles and saved addresses of customers."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from booking.models import Booking, BookingStatus, CustomerProfile, SavedAddress
from tests.booking.helpers import make_booking
from totetaxi.lib import clock
from totetaxi.users.models import User

HOME = {"nickname": "Home", "address_line_1": "1 A St", "city": "New York", "state": "NY"}


@pytest.fixture
def ann(db):
    user = User.objects.create_user("ann@example.com")
    CustomerProfile.objects.create(user=user)
    return user


def save_address(user, **changes):
    return SavedAddress.objects.create(**{"user": user, "zip_code": "10001", **HOME, **changes})


@pytest.mark.parametrize(
    "wrong",
    [{"state": "FL"}, {"zip_code": "1000"}, {"zip_code": "ABCDE"}, {"nickname": ""}],
)
def test_database_refuses_a_wrong_saved_address(ann, wrong):
    with pytest.raises(IntegrityError):
        save_address(ann, **wrong)


def test_database_refuses_a_nickname_twice_in_another_case(ann):
    save_address(ann)
    with pytest.raises(IntegrityError):
        save_address(ann, nickname="HOME")


def test_nickname_of_a_deleted_address_and_of_another_customer_is_free(ann):
    bob = User.objects.create_user("bob@example.com")
    save_address(ann, is_active=False)
    save_address(bob)
    kept = save_address(ann)
    assert list(SavedAddress.objects.active().filter(user=ann)) == [kept]


def test_active_addresses_come_most_used_first(ann):
    save_address(ann)
    beach = save_address(ann, nickname="beach")
    save_address(ann, nickname="Attic")
    beach.mark_used()
    names = [address.nickname for address in SavedAddress.objects.active()]
    assert names == ["beach", "Attic", "Home"]


def test_mark_used_counts_and_notes_the_time(ann):
    home = save_address(ann)
    again = SavedAddress.objects.get(pk=home.pk)
    home.mark_used()
    again.mark_used()  # by another request, which read the row before
    again.refresh_from_db()
    assert again.times_used == 2
    assert again.last_used_at is not None
    assert clock.now() - again.last_used_at < timedelta(minutes=1)


def test_database_refuses_an_unknown_pickup_time(db):
    user = User.objects.create_user("ann@example.com")
    with pytest.raises(IntegrityError):
        CustomerProfile.objects.create(user=user, preferred_pickup_time="noon")


def test_totals_of_a_new_customer_are_nothing(ann):
    profile = CustomerProfile.objects.with_totals().get(user=ann)
    assert (profile.total_bookings, profile.total_spent_cents, profile.last_booking_at) == (
        0,
        0,
        None,
    )


def test_totals_count_what_was_ordered_and_spent(catalog, ann):
    now = timezone.now()
    states = [
        (BookingStatus.PENDING, None),
        (BookingStatus.CONFIRMED, None),
        (BookingStatus.PAID, None),
        (BookingStatus.COMPLETED, None),
        (BookingStatus.CANCELLED, None),
        (BookingStatus.PAID, now),  # deleted
    ]
    for days, (status, deleted_at) in enumerate(states):
        booking = make_booking()
        Booking.objects.filter(pk=booking.pk).update(
            customer=ann,
            guest_checkout=None,
            status=status,
            deleted_at=deleted_at,
            paid_at=now,
            created_at=now + timedelta(days=days),
        )
    make_booking()  # a guest's
    profile = CustomerProfile.objects.with_totals().get(user=ann)
    assert profile.total_bookings == 3
    assert profile.total_spent_cents == 2 * 285_00
    assert profile.last_booking_at == now + timedelta(days=3)
