"""When drivers are asked to come for an order."""

from datetime import date, time
from typing import Any, Final

from booking.models import Booking
from logistics.models import TaskKind
from logistics.windows import Window, task_window
from totetaxi.dev.demo_data.plans import Plan
from totetaxi.lib import clock

DECIDES: Final = (
    *("service_type", "blade_direction", "blade_flight_time", "blade_ready_time"),
    "specific_pickup_hour",
)
LONG_AGO: Final = clock.at(date(2000, 1, 1), time())


class Windows:
    """The windows of pickup and drop-off (rule R754), each computed once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], tuple[Window, Window]] = {}

    def of(self, plan: Plan) -> tuple[Window, Window]:
        """As promised, whatever time it is now."""
        given = {name: plan.priced.columns[name] for name in DECIDES}
        key = (plan.day, *given.values())
        if key not in self._known:
            booking = Booking(pickup_date=plan.day, **given)
            pickup, dropoff = (task_window(booking, kind, LONG_AGO) for kind in TaskKind)
            self._known[key] = pickup, dropoff
        return self._known[key]
