"""Bookings for dispatch, made the way the site makes them."""

from typing import Any

from django.db import transaction

from booking import services
from booking.models import Booking
from tests.booking.helpers import make_draft, place, standard_answers

__all__ = ["make_paid", "task_of"]


def make_paid(answers: dict[str, Any] | None = None) -> Booking:
    """A paid booking; its messages wait in the outbox."""
    booking = place(make_draft(standard_answers() if answers is None else answers))
    with transaction.atomic():
        locked = Booking.objects.select_for_update().get(pk=booking.pk)
        services.mark_paid(locked)
    return Booking.objects.get(pk=booking.pk)


def task_of(booking: Booking, kind: str) -> Any:
    """The newest task of a kind."""
    return booking.onfleet_tasks.filter(kind=kind).order_by("-created_at").first()
