"""A customer with an account, signed in and not."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from booking.models import CustomerProfile
from totetaxi.users.models import User

MEMBER_PASSWORD = "a-pier-and-two-gulls"


@pytest.fixture
def member(db):
    """Ada, whose email is verified."""
    user = User.objects.create_user(
        "ada@example.com", MEMBER_PASSWORD, first_name="Ada", last_name="Sample"
    )
    CustomerProfile.objects.create(user=user, phone="2125550142")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def member_client(member):
    """Ada's browser, signed in."""
    client = Client()
    client.force_login(member)
    return client
