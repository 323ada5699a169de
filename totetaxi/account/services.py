"""What a customer changes about themselves."""

from typing import Any

from django.db import IntegrityError, transaction

from booking.models import CustomerProfile, SavedAddress
from totetaxi.lib import clock
from totetaxi.users.models import User


class NicknameTakenError(Exception):
    """The customer has another address with this nickname."""


@transaction.atomic
def save_profile(user: User, *, first_name: str, last_name: str, phone: str) -> None:
    """Save name and phone; bookings keep the contact they were made with (rule R509)."""
    user.first_name, user.last_name = first_name, last_name
    user.save(update_fields=["first_name", "last_name"])
    CustomerProfile.objects.filter(pk=user.pk).update(phone=phone, updated_at=clock.real_now())


def save_address(address: SavedAddress, **fields: Any) -> None:
    """Save a new or changed address; raises NicknameTakenError, and then nothing is saved."""
    for name, value in fields.items():
        setattr(address, name, value)
    theirs = SavedAddress.objects.active().filter(user=address.user)
    if theirs.filter(nickname__iexact=address.nickname).exclude(pk=address.pk).exists():
        raise NicknameTakenError
    try:
        with transaction.atomic():
            address.save()
    except IntegrityError as error:  # The same nickname, saved at the same moment.
        raise NicknameTakenError from error


def welcome(profile: CustomerProfile) -> bool:
    """Whether this is the customer's first look at their dashboard; a second call says no."""
    unseen = CustomerProfile.objects.filter(pk=profile.pk, welcomed_at=None)
    return bool(unseen.update(welcomed_at=clock.now()))
