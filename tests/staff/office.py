"""Rows for tests of the office's numbers: written one by one, to be counted by hand."""

from collections.abc import Callable
from datetime import date, datetime
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from booking.models import (
    Address,
    Booking,
    BookingLine,
    BookingStatus,
    CustomerProfile,
    GuestCheckout,
)
from booking.models.booking import next_booking_number
from catalog.models import MiniMovePackage
from payments.models import Method, Payment, PaymentStatus, Refund, RefundKind, RefundStatus
from totetaxi.lib.clock import NEW_YORK

_serial = count(1)
PAID_LIKE = (BookingStatus.PAID, BookingStatus.COMPLETED)


def at(day: str, time: str = "12:00") -> datetime:
    """A New York moment: at("2026-03-08", "00:30")."""
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=NEW_YORK)


def address(zip_code: str = "10001", **changes: Any) -> Address:
    given = {
        "address_line_1": "100 Example Street",
        "city": "New York",
        "state": "NY",
        "zip_code": zip_code,
        **changes,
    }
    return Address.objects.create(**given)


def service_fields(service: str, pickup: date) -> dict[str, Any]:
    """What the database wants of a booking of this service."""
    if service == "mini_move":
        return {"mini_move_package": MiniMovePackage.objects.get(package_type="petite")}
    if service == "standard_delivery":
        return {"standard_delivery_item_count": 3, "item_description": "Three suitcases"}
    if service == "blade_transfer":
        return {
            "blade_airport": "JFK",
            "blade_terminal": "4",
            "blade_direction": "to_airport",
            "blade_flight_date": pickup,
            "blade_flight_time": "12:59",
            "blade_ready_time": "05:00",
            "blade_bag_count": 2,
        }
    return {}


@transaction.atomic  # its lines come after it, and must sum to its total
def booked(
    service: str = "standard_delivery",
    *,
    status: str = "paid",
    cents: int = 285_00,
    pickup: str = "2026-06-10",
    made: datetime | None = None,
    paid: datetime | None = None,
    email: str = "ada@example.com",
    name: str = "Ada Sample",
    phone: str = "2125550142",
    zips: tuple[str, str] = ("10001", "11968"),
    **changes: Any,
) -> Booking:
    """One booking as it would stand in the database; needs the ``catalog`` fixture."""
    day = date.fromisoformat(pickup)
    first, _, last = name.partition(" ")
    contact = {"first_name": first, "last_name": last, "email": email, "phone": phone}
    made = made or at("2026-03-01", "09:00")
    if status in PAID_LIKE:
        changes.setdefault("paid_at", paid or made)
    if "customer" not in changes:
        changes["guest_checkout"] = GuestCheckout.objects.create(**contact)
    booking = Booking.objects.create(
        booking_number=next_booking_number(),
        service_type=service,
        status=status,
        pickup_date=day,
        pickup_address=address(zips[0]),
        delivery_address=address(zips[1], address_line_1="20 Example Lane", city="Southampton"),
        total_price_cents=cents,
        organizing_tax_percent="8.875",
        created_at=made,
        **contact,
        **service_fields(service, day),
        **changes,
    )
    BookingLine.objects.create(
        booking=booking, position=1, code="base", label="Base", amount_cents=cents
    )
    return booking


def took(booking: Booking, cents: int, when: datetime | None, **changes: Any) -> Payment:
    """A captured payment, unless ``status`` says otherwise."""
    given = {"method": Method.STRIPE, "status": PaymentStatus.SUCCEEDED, **changes}
    if given["method"] == Method.STRIPE and when is not None:
        number = next(_serial)
        given = {
            "stripe_payment_intent_id": f"pi_test_{number}",
            "stripe_charge_id": f"ch_test_{number}",
            **given,
        }
    if given["method"] == Method.OUTSIDE:
        clerk, _ = get_user_model().objects.get_or_create(email="clerk@example.com")
        given = {"outside_method": "cash", "recorded_by": clerk, **given}
    return Payment.objects.create(booking=booking, amount_cents=cents, processed_at=when, **given)


def gave_back(payment: Payment, cents: int, when: datetime | None = None, **changes: Any) -> Refund:
    """A completed refund by the policy, unless ``status`` says otherwise."""
    given = {"status": RefundStatus.COMPLETED, "kind": RefundKind.POLICY, **changes}
    return Refund.objects.create(
        payment=payment, amount_cents=cents, reason="by the policy", completed_at=when, **given
    )


def customer(email: str = "ada@example.com", **changes: Any) -> Any:
    """A user with a customer profile; ``profile`` holds fields of the profile."""
    profile = changes.pop("profile", {})
    names = {"first_name": "Ada", "last_name": "Sample", **changes}
    user = get_user_model().objects.create_user(email, **names)
    CustomerProfile.objects.create(user=user, **{"phone": "2125550142", **profile})
    return user


def queries_of(call: Callable[[], Any]) -> int:
    """How many queries it takes to answer, once all that is kept between requests is there."""
    call()
    with CaptureQueriesContext(connection) as queries:
        response = call()
    assert response.status_code == 200
    # Counters of limits begin anew with each minute, and then ask once less.
    return sum("rate_counter" not in query["sql"] for query in queries)
