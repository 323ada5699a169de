"""Users sign in by email, in any case."""

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError

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


def test_guessing_passwords_of_the_admin_is_limited(client, db):
    guess = {"username": "boss@example.com", "password": "wrong"}
    codes = [client.post("/admin/login/", guess).status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]
    assert client.get("/admin/login/").status_code == 200


def test_create_superuser_may_open_the_admin(db):
    user = User.objects.create_superuser("boss@example.com", "long-enough-1")
    assert (user.is_staff, user.is_superuser, user.is_active) == (True, True, True)
