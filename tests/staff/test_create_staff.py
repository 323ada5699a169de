"""Adding and letting in people from the server."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from staff import second_factor
from staff.models import SignInTries, StaffAction, StaffProfile
from tests.staff.helpers import enrolled, make_staff
from totetaxi.users.models import User


def create_staff(*args):
    out = StringIO()
    call_command("create_staff", *args, stdout=out)
    return re.search(r"/staff/password/\S+", out.getvalue())[0]


def test_the_first_administrator_gets_a_link_that_works(db):
    link = create_staff("olga@office.example.com", "--role", "admin", "--superuser")
    user = User.objects.get()
    assert (user.is_superuser, user.has_usable_password()) == (True, False)
    assert user.staff_profile.role == "admin"
    assert Client().get(link).status_code == 302
    assert StaffAction.objects.get().user_agent == "manage.py create_staff"


def test_somebody_locked_out_is_let_in_anew(db, client):
    user = make_staff(is_active=False)
    enrolled(user)
    client.post("/staff/login/", {"email": user.email, "password": "wrong"})
    link = create_staff(user.email.upper(), "--again")
    profile = StaffProfile.objects.get()
    assert (profile.is_active, profile.role, profile.session_epoch) == (True, "operator", 1)
    assert not second_factor.is_enrolled(user)
    assert not SignInTries.objects.exclude(address="").exists()
    assert Client().get(link).status_code == 302


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("known@office.example.com",), "There is already an account"),
        (("nobody@office.example.com", "--again"), "Nobody with this email"),
        (("a@office.example.com", "--superuser"), "Only administrators"),
        (("no address",), "no email address"),
    ],
)
def test_mistakes_are_named(db, args, message):
    make_staff(email="known@office.example.com")
    with pytest.raises(CommandError, match=message):
        create_staff(*args)
    assert User.objects.count() == 1
