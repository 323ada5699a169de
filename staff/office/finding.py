"""Search from anywhere: bookings and customers that hold every word (rule R956)."""

from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from booking.models import Booking, CustomerProfile

SHOWN: Final = 8
#: Fewer letters find nearly everything.
SHORTEST: Final = 2


@dataclass(frozen=True)
class Found:
    """What was found for ``text``; ``more_...``: there are more than are shown."""

    text: str
    bookings: tuple[Booking, ...] = ()
    customers: tuple[CustomerProfile, ...] = ()
    more_bookings: bool = False
    more_customers: bool = False

    @property
    def is_too_short(self) -> bool:
        return 0 < len(self.text) < SHORTEST

    @property
    def count(self) -> int:
        return len(self.bookings) + len(self.customers)


def matching_bookings(text: str) -> QuerySet[Booking]:
    """The newest first; deleted ones are only found on the list of bookings."""
    return Booking.objects.visible().search(text).order_by("-created_at")


def matching_customers(text: str) -> QuerySet[CustomerProfile]:
    """By name."""
    found = CustomerProfile.objects.search(text).select_related("user")
    return found.order_by("user__last_name", "user__first_name", "user__email")


def find(text: str) -> Found:
    """Up to eight of each kind, in two queries (three with Mini Moves among them)."""
    text = " ".join(text.replace("\0", "").split())
    if len(text) < SHORTEST:
        return Found(text)
    bookings = list(
        matching_bookings(text).select_related("mini_move_package", "delivery_address")[: SHOWN + 1]
    )
    customers = list(matching_customers(text)[: SHOWN + 1])
    return Found(
        text,
        tuple(bookings[:SHOWN]),
        tuple(customers[:SHOWN]),
        len(bookings) > SHOWN,
        len(customers) > SHOWN,
    )
