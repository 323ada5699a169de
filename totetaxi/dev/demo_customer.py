"""A demo customer with bookings in several states, made as the site makes them, on their days.

Nothing is announced: no mail goes out and no driver is sent for a demonstration.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any, Final

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test.utils import override_settings

from booking import services
from booking.facts import evaluate_draft
from booking.models import Booking, BookingStatus, CustomerProfile, Draft, SavedAddress
from booking.saved import count_use
from booking.services import Acceptance, Shown
from booking.terms import TERMS_VERSION
from catalog import availability, price_book
from payments.models import (
    AuditKind,
    Method,
    Payment,
    PaymentStatus,
    Refund,
    RefundKind,
    RefundStatus,
)
from payments.services.locks import audit
from totetaxi.lib import clock
from totetaxi.users.models import User

EMAIL: Final = "customer@example.com"
PASSWORD: Final = "totetaxi-demo"  # noqa: S105 (of a demonstration on this machine)
AFTERNOON: Final = clock_time(16, 20)
HOME: Final = {
    "address_line_1": "100 Example Street",
    "address_line_2": "Apt 4B",
    "city": "New York",
    "state": "NY",
    "zip_code": "10024",
}
BEACH: Final = {
    "address_line_1": "20 Example Lane",
    "address_line_2": "",
    "city": "East Hampton",
    "state": "NY",
    "zip_code": "11937",
}
CONTACT: Final = {
    "first_name": "Demo",
    "last_name": "Customer",
    "email": EMAIL,
    "phone": "2125550142",
}
OUT: Final = {f"pickup_{k}": v for k, v in HOME.items()} | {
    f"delivery_{k}": v for k, v in BEACH.items()
}
BACK: Final = {f"pickup_{k}": v for k, v in BEACH.items()} | {
    f"delivery_{k}": v for k, v in HOME.items()
}
PETITE: Final = {"service_type": "mini_move", "package_type": "petite"}
STANDARD: Final = {
    "service_type": "mini_move",
    "package_type": "standard",
    "include_unpacking": True,
    "coi_required": True,
}
SUITCASES: Final = {
    "service_type": "standard_delivery",
    "standard_delivery_item_count": 4,
    "item_description": "Four suitcases",
}
BICYCLE: Final = {"service_type": "standard_delivery", "specialty_items": {"bicycle": 1}}
TO_JFK: Final = {
    "service_type": "blade_transfer",
    "blade_airport": "JFK",
    "blade_terminal": "4",
    "blade_direction": "to_airport",
    "blade_flight_time": "17:45",
    "blade_bag_count": 3,
}


@transaction.atomic
def make() -> User:
    """The customer, signed up and confirmed, with two saved addresses."""
    user = get_user_model().objects.create_user(
        EMAIL, PASSWORD, first_name=CONTACT["first_name"], last_name=CONTACT["last_name"]
    )
    CustomerProfile.objects.create(user=user, phone=CONTACT["phone"])
    EmailAddress.objects.create(user=user, email=EMAIL, verified=True, primary=True)
    notes = "The doorman has the key to the service elevator."
    SavedAddress.objects.create(user=user, nickname="Home", delivery_instructions=notes, **HOME)
    SavedAddress.objects.create(user=user, nickname="Beach house", **BEACH)
    return user


@transaction.atomic
def make_bookings(user: User) -> None:
    """One delivered long ago and one lately, one cancelled, two coming, one not paid.

    Only where something is on offer and time can be shifted, so never in production.
    """
    try:
        price_book.load()
    except price_book.CatalogUnavailableError:
        return
    if settings.ENVIRONMENT == "production":
        return
    now = clock.now()
    with _on(now - timedelta(days=62)):
        _deliver(_paid(_placed(user, {**PETITE, **OUT})))
    with _on(now - timedelta(days=41)):
        _deliver(_paid(_placed(user, {**BICYCLE, **BACK})))
    with _on(now - timedelta(days=20)):
        _cancel(_paid(_placed(user, {**SUITCASES, **OUT})))
    with _on(now - timedelta(days=3)):
        _paid(_placed(user, {**STANDARD, **OUT}))
    with _on(now - timedelta(days=1)):
        _paid(_placed(user, {**TO_JFK, **OUT}, days=24))
    _placed(user, {**SUITCASES, **BACK}, days=30)


@contextmanager
def _on(moment: datetime) -> Iterator[None]:
    """Business time as it was at ``moment``."""
    with override_settings(CLOCK_START=moment.isoformat(), CLOCK_STARTED_AT=str(time.time())):
        yield


def _placed(user: User, answers: dict[str, Any], *, days: int = 12) -> Booking:
    """A pending booking for the first good day from ``days`` ahead."""
    draft = Draft(user=user)
    for ahead in range(days, days + 20):
        draft.answers = {**answers, **CONTACT, **_dated(clock.today() + timedelta(days=ahead))}
        evaluation = evaluate_draft(draft)
        if evaluation.quote is not None and not evaluation.problems:
            break
    else:
        raise LookupError("No day can be booked for the demonstration.")
    draft.save()
    shown = Shown(draft.version, evaluation.quote.total_cents)
    terms = Acceptance(TERMS_VERSION, None, "demonstration")
    locked = Draft.objects.select_for_update().get(pk=draft.pk)
    return services.place(locked, shown, terms)


def _dated(day: date) -> dict[str, str]:
    return {"pickup_date": day.isoformat(), "blade_flight_date": day.isoformat()}


def _paid(booking: Booking) -> Booking:
    # Else it would be waiting in the wizard, as the unpaid one does.
    Draft.objects.filter(booking=booking).delete()
    booking.refresh_from_db()
    booking.move_to(BookingStatus.PAID, reason="demonstration")
    count_use(booking)
    payment = Payment.objects.create(
        booking=booking,
        customer=booking.customer,
        method=Method.DEMO,
        amount_cents=booking.total_price_cents,
        status=PaymentStatus.SUCCEEDED,
        processed_at=clock.now(),
    )
    audit(payment, AuditKind.PAYMENT_CREATED)
    audit(payment, AuditKind.PAYMENT_SUCCEEDED)
    return booking


def _deliver(booking: Booking) -> None:
    """On the day it was picked up, in the afternoon."""
    with _on(clock.at(booking.pickup_date, AFTERNOON)):
        booking.move_to(BookingStatus.COMPLETED, reason="demonstration")


def _cancel(booking: Booking) -> None:
    """By the customer, two days after ordering, for a full refund."""
    with _on(clock.now() + timedelta(days=2)):
        booking.move_to(BookingStatus.CANCELLED, actor_label="customer", reason="demonstration")
        availability.give_back(booking.pickup_date, booking.capacity_units)
        booking.mark_hold(released_at=clock.now(), reason="cancelled")
        payment = Payment.objects.get(booking=booking)
        refund = Refund.objects.create(
            payment=payment,
            kind=RefundKind.POLICY,
            amount_cents=payment.amount_cents,
            reason="demonstration",
            status=RefundStatus.COMPLETED,
            approved_at=clock.now(),
            completed_at=clock.now(),
        )
        payment.move_to(PaymentStatus.REFUNDED)
        for kind in (AuditKind.REFUND_REQUESTED, AuditKind.REFUND_COMPLETED):
            audit(payment, kind, amount_cents=refund.amount_cents, refund=refund)
