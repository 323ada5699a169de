"""Drafts and bookings for tests, made the way the site makes them."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction

from booking import services
from booking.facts import evaluate_draft
from booking.models import Booking, Draft
from booking.services import Acceptance, Shown
from totetaxi.lib import clock

ACCEPTANCE = Acceptance("2026-11", "203.0.113.7", "a browser")
CONTACT = {
    "first_name": "Ada",
    "last_name": "Sample",
    "email": "ada@example.com",
    "phone": "2125550142",
}
NEW_YORK = {
    "pickup_address_line_1": "100 Example Street",
    "pickup_address_line_2": "Apt 4B",
    "pickup_city": "New York",
    "pickup_state": "NY",
    "pickup_zip_code": "10001",
}
SOUTHAMPTON = {
    "delivery_address_line_1": "20 Example Lane",
    "delivery_city": "Southampton",
    "delivery_state": "NY",
    "delivery_zip_code": "11968",
}


def quiet_day() -> date:
    """A weekday without surcharge, well inside the horizon: a Wednesday two to three weeks off."""
    day = clock.today() + timedelta(days=14)
    while day.weekday() != 2 or (day.month, day.day) in {(7, 1), (6, 30), (7, 4), (7, 31), (8, 31)}:
        day += timedelta(days=1)
    return day


def standard_answers(**changes: Any) -> dict[str, Any]:
    """A Standard Delivery of three items, $285 on a quiet day."""
    return {
        "service_type": "standard_delivery",
        "standard_delivery_item_count": 3,
        "item_description": "Three suitcases",
        "pickup_date": quiet_day().isoformat(),
        **NEW_YORK,
        **SOUTHAMPTON,
        **CONTACT,
        **changes,
    }


def mini_move_answers(**changes: Any) -> dict[str, Any]:
    """A Petite Mini Move, $995 on a quiet day."""
    return {
        "service_type": "mini_move",
        "package_type": "petite",
        "pickup_date": quiet_day().isoformat(),
        **NEW_YORK,
        **SOUTHAMPTON,
        **CONTACT,
        **changes,
    }


def specialty_answers(**changes: Any) -> dict[str, Any]:
    """One bicycle, $250."""
    return {
        "service_type": "standard_delivery",
        "specialty_items": {"bicycle": 1},
        "pickup_date": quiet_day().isoformat(),
        **NEW_YORK,
        **SOUTHAMPTON,
        **CONTACT,
        **changes,
    }


def airport_answers(**changes: Any) -> dict[str, Any]:
    """Two bags to JFK, $150."""
    return {
        "service_type": "blade_transfer",
        "blade_airport": "JFK",
        "blade_terminal": "4",
        "blade_direction": "to_airport",
        "blade_flight_date": quiet_day().isoformat(),
        "blade_flight_time": "12:59",
        "blade_bag_count": 2,
        **NEW_YORK,
        **CONTACT,
        **changes,
    }


def make_draft(answers: dict[str, Any] | None = None) -> Draft:
    return Draft.objects.create(answers=standard_answers() if answers is None else answers)


def shown_of(draft: Draft) -> Shown:
    """What the review page would show for the draft now."""
    evaluation = evaluate_draft(draft)
    assert evaluation.problems == ()
    assert evaluation.quote is not None
    return Shown(draft.version, evaluation.quote.total_cents)


def place(draft: Draft) -> Booking:
    """The pending booking of a draft."""
    shown = shown_of(draft)
    with transaction.atomic():
        locked = Draft.objects.select_for_update().get(pk=draft.pk)
        return services.place(locked, shown, ACCEPTANCE)


def make_booking(**changes: Any) -> Booking:
    """A pending Standard Delivery of $285; needs the ``catalog`` fixture."""
    return place(make_draft(standard_answers(**changes)))
