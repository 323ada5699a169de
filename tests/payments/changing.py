"""Changes for tests, begun the way the page of a booking begins them."""

from datetime import date, timedelta
from typing import Any

from booking import services as bookings
from booking.models import Booking, request_from_answers
from catalog.models import CapacityDay
from catalog.request import QuoteRequest
from payments.services import ChangeStart, ShownChange, begin_change, change_price
from tests.booking.helpers import quiet_day
from tests.payments.helpers import BASE_URL


def other_day() -> date:
    """The day after the quiet one: a Thursday without charges."""
    return quiet_day() + timedelta(days=1)


def asked(booking: Booking, **answers: Any) -> QuoteRequest:
    """What the booking asks for, with other answers."""
    return request_from_answers({**bookings.answers_of(bookings.request_of(booking)), **answers})


def shown(booking: Booking, request: QuoteRequest) -> ShownChange:
    """What the review of the change shows now."""
    proposal = bookings.proposal(booking, request)
    assert proposal.problems == ()
    due_cents = change_price(booking, proposal).due_cents
    return ShownChange(booking.version, proposal.total_cents, due_cents)


def change(booking: Booking, **answers: Any) -> ChangeStart:
    """Begin a change with these answers; the booking is as it is after it."""
    booking.refresh_from_db()
    request = asked(booking, **answers)
    started = begin_change(booking.pk, request, shown(booking, request), base_url=BASE_URL)
    booking.refresh_from_db()
    return started


def places(day: date) -> int:
    """How many places of a day are taken."""
    return sum(CapacityDay.objects.filter(pk=day).values_list("used", flat=True))


def limit(day: date, places: int) -> None:
    """Let a day have so many places."""
    row, _ = CapacityDay.objects.get_or_create(date=day)
    row.limit, row.limit_is_own = places, True
    row.save()
