"""People of the office, and clients signed in as them."""

import time
from itertools import count
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from staff import second_factor, sessions
from staff.capabilities import Role, flags_for
from staff.models import StaffProfile
from totetaxi.users.models import User

PASSWORD = "a plain password of tests"
_serial = count(1)


def make_staff(role: str = Role.OPERATOR, *, email: str = "", **changes: Any) -> User:
    """Somebody of the office; ``changes`` are fields of the profile."""
    number = next(_serial)
    user = User.objects.create_user(
        email or f"{role}{number}@office.example.com",
        PASSWORD,
        first_name=role.title(),
        last_name=f"Sample{number}",
    )
    flags = {flag.value: value for flag, value in flags_for(role).items()}
    StaffProfile.objects.create(user=user, role=role, **{**flags, **changes})
    return user


def signed_in(user: User) -> Client:
    """A client past the office's sign-in, second factor and all."""
    client = Client()
    client.force_login(user)
    session = client.session
    profile = StaffProfile.objects.get(pk=user.pk)
    sessions.mark(session, profile, second_factor=True)
    session.save()
    return client


def code_now(secret: str, *, steps: int = 0) -> str:
    """What an authenticator app shows for ``secret``, ``steps`` half minutes from now."""
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))
    return code


def enrolled(user: User) -> str:
    """Give ``user`` an authenticator app; its secret. The code before this one is used."""
    secret = second_factor.new_secret()
    assert second_factor.enrol(user, secret, code_now(secret, steps=-1))
    return secret
