"""Addresses a member saved: kept when an order is placed, counted when one is paid.

Bookings copy addresses and never point to a saved one, so whether a booking used it is read from
the address itself: it counts however it was filled in (rule R845).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol
from uuid import UUID

from django.db import IntegrityError, transaction

from booking.models import Booking, SavedAddress
from catalog.coverage import normalise_zip

ADDRESS_FIELDS: Final = ("address_line_1", "address_line_2", "city", "state", "zip_code")
MAX_NICKNAME: Final = 50
SIDES: Final = ("pickup", "delivery")


class Place(Protocol):
    """Anything with an address: typed, saved, or on a booking."""

    @property
    def address_line_1(self) -> str: ...
    @property
    def address_line_2(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def zip_code(self) -> str: ...


def is_same_address(one: Place, other: Place) -> bool:
    """Whether two addresses are the same text, apart from case, spaces and the ZIP's +4."""
    return _text(one) == _text(other)


def _text(place: Place) -> tuple[str, ...]:
    lines = (place.address_line_1, place.address_line_2, place.city, place.state)
    words = (" ".join(line.split()).casefold() for line in lines)
    return (*words, normalise_zip(place.zip_code))


def keep_addresses(booking: Booking, answers: Mapping[str, Any]) -> None:
    """Save the ends of a member's order that were ticked in the wizard (rule R844).

    Done when the order is placed, in its transaction: that is when the answers are there and
    meant. Paying can come days later, by a link, when the draft is gone. An address that is saved
    already stays as it is; of a nickname that is taken a numbered one is made.
    """
    if booking.customer_id is None:
        return
    ends = {"pickup": booking.pickup_address, "delivery": booking.delivery_address}
    for side in SIDES:
        if answers.get(f"{side}_save") is True and side != booking.airport_side:
            wish = str(answers.get(f"{side}_nickname") or ends[side].address_line_1)
            _keep(booking.customer_id, ends[side], " ".join(wish.split())[:MAX_NICKNAME])


def _keep(user_id: UUID, place: Place, wish: str) -> None:
    saved = list(SavedAddress.objects.active().filter(user_id=user_id))
    if any(is_same_address(one, place) for one in saved):
        return
    values = {name: getattr(place, name) for name in ADDRESS_FIELDS}
    nickname = free_nickname(wish, [one.nickname for one in saved])
    try:
        with transaction.atomic():
            SavedAddress.objects.create(user_id=user_id, nickname=nickname, **values)
    except IntegrityError:
        # Another tab took the name this very moment. An order does not fail over a nickname.
        return


def free_nickname(wish: str, taken: Iterable[str]) -> str:
    """``wish``, or "Home 2" where "home" is taken, in any case."""
    known = {name.casefold() for name in taken}
    nickname, number = wish, 1
    while nickname.casefold() in known:
        number += 1
        nickname = f"{wish[: MAX_NICKNAME - len(str(number)) - 1]} {number}"
    return nickname


def count_use(booking: Booking) -> None:
    """Count the saved addresses that a booking uses, once: in the move that makes it paid."""
    if booking.customer_id is None:
        return
    ends = (booking.pickup_address, booking.delivery_address)
    # By id, so that two orders paid at the same moment take the rows in the same order.
    for saved in SavedAddress.objects.filter(user_id=booking.customer_id, is_active=True).order_by(
        "pk"
    ):
        if any(is_same_address(saved, end) for end in ends):
            saved.mark_used()
