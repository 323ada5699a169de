"""Planned, written, streamed: each batch is one transaction, so that what is there is whole."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from booking.models import CustomerProfile, SavedAddress
from catalog import price_book
from catalog.choices import DiscountType
from catalog.models import CapacityDay, DiscountCode
from staff.models import StaffProfile
from totetaxi.dev.demo_data import places
from totetaxi.dev.demo_data.baskets import CODE, PriceList
from totetaxi.dev.demo_data.people import Home, Person, first_free_number, invent, signed_up
from totetaxi.dev.demo_data.plans import HOLDING, Days, Plan, Planner
from totetaxi.dev.demo_data.rows import Writer
from totetaxi.dev.demo_data.sheets import Sheet
from totetaxi.lib import clock
from totetaxi.users.models import User

BATCH: Final = 2500
GUESTS_FOR_EACH_BOOKING: Final = 0.5
Rows = list[tuple[Sheet, list[tuple[Any, ...]]]]


@dataclass(frozen=True)
class Order:
    """How much is asked for: so many bookings by so many members, in a span of days."""

    bookings: int
    customers: int
    first: date
    last: date
    seed: int


def load(order: Order, told: Callable[[int], None]) -> int:
    """Add demonstration data; ``told`` hears how many bookings more are stored. Prices asked for.

    Raises CatalogUnavailableError, NoPlacesError, NothingToSellError or NoRoomError before
    anything is written.
    """
    rng, book = Random(order.seed), price_book.load()  # noqa: S311 (nothing secret)
    town, beach = places.spots()
    prices = PriceList(book, town[0], beach[-1])
    days = Days(order.first, order.last, book.policy.day_limit, rng)
    guests = max(2, int(order.bookings * GUESTS_FOR_EACH_BOOKING))
    people = invent(
        order.customers + guests, order.customers, first_free_number(), town, beach, rng
    )
    plans = Planner(prices, days, people, order.customers, rng).draw(order.bookings)
    with transaction.atomic():
        _write_members(people[: order.customers])
        code_id = _code()
    office = list(StaffProfile.objects.active().values_list("user_id", flat=True))
    writer = Writer(book, code_id, office, rng)
    _write_plans(writer, plans, told)
    _settle(writer)
    return prices.asked


def _write_plans(writer: Writer, plans: list[Plan], told: Callable[[int], None]) -> None:
    """Batch by batch; while the database takes one, the next is written by another thread."""
    batches = [plans[at : at + BATCH] for at in range(0, len(plans), BATCH)]
    with ThreadPoolExecutor(1) as other:
        waiting = [
            other.submit(_rows, writer, batch, _numbers(len(batch))) for batch in batches[:1]
        ]
        for at, batch in enumerate(batches):
            rows = waiting.pop().result()
            if at + 1 < len(batches):
                numbers = _numbers(len(batches[at + 1]))
                waiting.append(other.submit(_rows, writer, batches[at + 1], numbers))
            with transaction.atomic():
                for sheet, some in rows:
                    sheet.write(some)
                _take_places(batch)
            told(len(batch))


def _rows(writer: Writer, plans: list[Plan], numbers: list[str]) -> Rows:
    for plan, number in zip(plans, numbers, strict=True):
        writer.add(plan, number)
    return [(sheet, sheet.take()) for sheet in writer.sheets]


def _numbers(count: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('booking_number_seq') FROM generate_series(1, %s)", [count])
        return [f"TT-{number:06d}" for (number,) in cursor.fetchall()]


def _take_places(plans: list[Plan]) -> None:
    """Count the places of those that hold one, in the order of the days (rule R434)."""
    taken: dict[date, int] = {}
    for plan in plans:
        if plan.fate in HOLDING:
            taken[plan.day] = taken.get(plan.day, 0) + plan.priced.columns["capacity_units"]
    table = connection.ops.quote_name(CapacityDay._meta.db_table)
    with connection.cursor() as cursor:
        for day, units in sorted(taken.items()):
            cursor.execute(
                f'INSERT INTO {table} AS day (date, "limit", used, limit_is_own) '  # noqa: S608 (a table of ours)
                "SELECT %s, (SELECT default_daily_limit FROM catalog_bookingpolicy), %s, FALSE "
                "ON CONFLICT (date) DO UPDATE SET used = day.used + EXCLUDED.used",
                [day, units],
            )


def _code() -> UUID:
    """The code of the demonstration, switched off: nobody is to get a discount by it."""
    code, _ = DiscountCode.objects.get_or_create(
        code=CODE,
        defaults={
            "description": "Of the demonstration data.",
            "discount_type": DiscountType.PERCENTAGE,
            "percent": 10,
            "max_uses_per_customer": None,
            "is_active": False,
        },
    )
    return code.pk


def _write_members(members: list[Person]) -> None:
    """Accounts nobody can sign in to, with a confirmed address and two saved ones."""
    users, emails, homes = Sheet(User), Sheet(EmailAddress), Sheet(SavedAddress)
    profiles = Sheet(CustomerProfile)
    now, password = clock.real_now(), make_password(None)
    for person in members:
        since = signed_up(person, clock.now())
        users.add(
            id=person.user_id,
            password=password,
            email=person.email,
            first_name="Demo",
            last_name=person.last_name,
            date_joined=since,
        )
        emails.add(user_id=person.user_id, email=person.email, verified=True, primary=True)
        for nickname, home in (("Home", person.town), ("Beach house", person.beach)):
            homes.add(id=uuid4(), user_id=person.user_id, **_saved(nickname, home, since))
        profiles.add(
            user_id=person.user_id,
            phone=person.phone,
            is_vip=person.number % 40 == 0,
            # No mail that they could have asked not to get.
            email_notifications=False,
            created_at=since,
            updated_at=now,
        )
    # Profiles last: each address that is added has the profile's search text made anew.
    for sheet in (users, emails, homes, profiles):
        sheet.write(sheet.take())


def _saved(nickname: str, home: Home, since: datetime) -> dict[str, Any]:
    return {
        "nickname": nickname,
        "address_line_1": home.lines[0],
        "address_line_2": home.lines[1],
        "city": home.spot.city,
        "state": home.spot.state,
        "zip_code": home.spot.zip_code,
        "times_used": home.times_used,
        "last_used_at": home.last_used_at,
        "created_at": since,
        "updated_at": home.last_used_at or since,
    }


def _settle(writer: Writer) -> None:
    """Let the planner know what is there, and searches find it at once."""
    tables: Iterator[str] = (sheet.model._meta.db_table for sheet in writer.sheets)
    with connection.cursor() as cursor:
        for index in ("booking_search", "customer_search"):
            cursor.execute("SELECT gin_clean_pending_list(%s)", [index])
        for table in (*tables, "users_user", "booking_customerprofile", "catalog_capacityday"):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")
