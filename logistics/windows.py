"""When a driver is asked to come: the window promised to the customer, never in the past."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from booking.describe import window
from booking.models import Booking
from catalog.choices import Direction, ServiceType
from logistics.models import TaskKind
from totetaxi.lib import clock

Window = tuple[datetime, datetime]

DELIVERED_BY: Final = time(18)
NARROWEST: Final = timedelta(minutes=30)
AFTER_PICKUP: Final = timedelta(hours=1)
BEFORE_DEPARTURE: Final = timedelta(hours=2)
AFTER_ARRIVAL: Final = timedelta(hours=5)


def task_window(booking: Booking, kind: str, now: datetime) -> Window:
    """Start and end of a task's window (rule R754), clamped to ``now`` and 30 minutes wide."""
    # In UTC, where an hour is an hour also on the nights the clocks change.
    start, end = (moment.astimezone(UTC) for moment in _promised(booking, kind))
    start = max(start, now.astimezone(UTC))
    end = max(end, start + NARROWEST)
    return start.astimezone(clock.NEW_YORK), end.astimezone(clock.NEW_YORK)


def _promised(booking: Booking, kind: str) -> Window:
    start, end = window(booking)
    if kind == TaskKind.PICKUP:
        return start, end
    return start + AFTER_PICKUP, _delivered_by(booking, start)


def _delivered_by(booking: Booking, pickup_start: datetime) -> datetime:
    if booking.service_type != ServiceType.AIRPORT_TRANSFER:
        return clock.at(booking.pickup_date, DELIVERED_BY)
    if booking.blade_direction == Direction.FROM_AIRPORT or booking.blade_flight_time is None:
        return pickup_start + AFTER_ARRIVAL
    return clock.at(booking.pickup_date, booking.blade_flight_time) - BEFORE_DEPARTURE
