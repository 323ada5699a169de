"""Users sign in by email, in any case."""

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError

from booking.models import CustomerProfile
from totetaxi.users.models import User


def test_user_signs_in_by_email_in_any_case(db):
    user = User.objects.create_user("Ann@example.com", "long-enough-1")
    assert authenticate(username="ann@EXAMPLE.com", password="long-enough-1") == user


def test_database_refuses_an_email_twice_in_another_case(db):
    User.objects.create_user("ann@example.com")
    with pytest.raises(IntegrityError):
        User.objects.create_user("ANN@example.com")


def test_create_user_needs_an_email():
    with pytest.raises(ValueError, match="needs an email"):
        User.objects.create_user("")


def test_create_superuser_may_open_the_admin(db):
    user = User.objects.create_superuser("boss@example.com", "long-enough-1")
    assert (user.is_staff, user.is_superuser, user.is_active) == (True, True, True)


@pytest.mark.parametrize(
    ("fields", "has_profile", "is_customer", "is_office"),
    [
        ({}, True, True, False),
        ({}, False, False, False),
        ({"is_active": False}, True, False, False),
        ({"is_staff": True}, True, False, True),
        ({"is_staff": True}, False, False, True),
    ],
)
def test_who_is_a_customer_and_who_the_office(db, fields, has_profile, is_customer, is_office):
    user = User.objects.create_user("ann@example.com", **fields)
    if has_profile:
        CustomerProfile.objects.create(user=user)
    assert (user.is_customer, user.is_office) == (is_customer, is_office)


def test_lists_of_django_admin_can_be_searched(admin_client):
    for model in ("account/emailaddress", "users/user", "booking/customerprofile"):
        assert admin_client.get(f"/admin/{model}/?q=ann").status_code == 200
    assert admin_client.get("/admin/usersessions/usersession/").status_code == 404
