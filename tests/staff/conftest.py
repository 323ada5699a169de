"""The office's people."""

from collections.abc import Callable

import pytest
from django.test import Client

from staff.capabilities import Role
from tests.payments.conftest import stripe  # noqa: F401  (the fixture)
from tests.staff.helpers import make_staff, signed_in
from totetaxi.users.models import User


@pytest.fixture
def admin(db: None) -> User:
    return make_staff(Role.ADMIN)


@pytest.fixture
def manager(db: None) -> User:
    return make_staff(Role.MANAGER)


@pytest.fixture
def operator(db: None) -> User:
    return make_staff(Role.OPERATOR)


@pytest.fixture
def staff_client(db: None) -> Callable[[User], Client]:
    """staff_client(user): a client signed in to the office past the second factor."""
    return signed_in
