"""Customers with an account and guests, all named by a number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID, uuid4

from django.db import connection

from totetaxi.dev.demo_data.places import Spot, choose, street

# No address of anybody's: the domain is reserved for examples, and so are the numbers.
EMAIL: Final = "demo-{:05d}@example.com"
EMAIL_PATTERN: Final = r"^demo-(\d+)@example\.com$"


@dataclass(slots=True)
class Home:
    """An address of somebody's, and how often it was used in paid orders."""

    spot: Spot
    lines: tuple[str, str]
    times_used: int = 0
    last_used_at: datetime | None = None

    def used(self, moment: datetime) -> None:
        """Count a paid order."""
        self.times_used += 1
        self.last_used_at = max(moment, self.last_used_at or moment)


@dataclass(slots=True)
class Person:
    """Somebody invented; ``user_id`` is None for a guest, ``since`` their first order."""

    number: int
    town: Home
    beach: Home
    user_id: UUID | None = None
    since: datetime | None = field(default=None)

    @property
    def last_name(self) -> str:
        return f"Customer {self.number:05d}"

    @property
    def email(self) -> str:
        return EMAIL.format(self.number)

    @property
    def phone(self) -> str:
        return f"21255501{self.number % 100:02d}"

    def ordered(self, moment: datetime) -> None:
        """Note an order: nobody is older than their first."""
        if self.since is None or moment < self.since:
            self.since = moment


def first_free_number() -> int:
    """The number after the highest that anybody in the database has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(substring(email FROM %s)::bigint) FROM ("
            "SELECT email FROM users_user UNION ALL SELECT email FROM booking_booking) AS everyone "
            "WHERE email LIKE 'demo-%%'",
            [EMAIL_PATTERN],
        )
        return (cursor.fetchone()[0] or 0) + 1


def invent(
    count: int, members: int, first: int, town: Sequence[Spot], beach: Sequence[Spot], rng: Random
) -> list[Person]:
    """People from number ``first`` on, the first ``members`` of them with an account."""
    return [
        Person(
            number,
            Home(choose(town, rng), street(rng.randrange(900), rng, apartment=True)),
            Home(choose(beach, rng), street(rng.randrange(900), rng, apartment=False)),
            uuid4() if number < first + members else None,
        )
        for number in range(first, first + count)
    ]


def signed_up(person: Person, now: datetime) -> datetime:
    """When somebody made their account: before the first order, if there was one."""
    return (person.since or now) - timedelta(minutes=3 + person.number % 4000)
