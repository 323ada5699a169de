"""Links to a booking: asked for, made, used (rules R850-R853)."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from booking.models import Booking
from totetaxi.account.models import LinkRequest, ManageLink
from totetaxi.lib import clock
from totetaxi.outbox.services import announce

LINK_LIFE: Final = timedelta(hours=1)
TOKEN_BYTES: Final = 32


@transaction.atomic
def ask_for_link(booking_number: str, email: str) -> None:
    """Note the request for the queue, which alone looks whether there is such a booking."""
    request = LinkRequest.objects.create(booking_number=booking_number, email=email)
    announce("manage_link_requested", request.pk)


def booking_asked_for(request: LinkRequest) -> Booking | None:
    """The booking of this number, if the email is its contact's or its customer's."""
    theirs = Q(email__iexact=request.email) | Q(customer__email__iexact=request.email)
    bookings = Booking.objects.visible().filter(booking_number=request.booking_number)
    return bookings.filter(theirs).first()


def make_link(booking: Booking) -> str:
    """Store a new link to ``booking`` and return its token, which nobody can read again."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    ManageLink.objects.create(
        booking=booking, token_hash=_hash(token), expires_at=clock.after(clock.now(), LINK_LIFE)
    )
    return token


def is_usable(token: str) -> bool:
    """Whether the link would open a booking now; looking uses nothing up."""
    return ManageLink.objects.usable(clock.now()).filter(token_hash=_hash(token)).exists()


@transaction.atomic
def use_link(token: str) -> UUID | None:
    """Use the link up and return its booking's id; None if it is unknown, ended or used."""
    usable = ManageLink.objects.usable(clock.now()).filter(token_hash=_hash(token))
    link = usable.select_for_update(of=("self",)).first()
    if link is None:
        return None
    link.used_at = clock.now()
    link.save(update_fields=["used_at"])
    return link.booking_id


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
