"""What narrows the dispatcher's list; every filter stands in the address."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from logistics.models import TaskKind, TaskStatus
from staff.catalog.filters import ANY, Filter, search_field
from staff.catalog.forms import DateInput
from staff.deliveries.queries import day_bounds
from totetaxi.lib.forms import Helper


class TaskFilter(Filter):
    q = search_field("Number, name, driver or Onfleet’s id")
    status = forms.ChoiceField(label="State", choices=[ANY, *TaskStatus.choices])
    kind = forms.ChoiceField(label="Task", choices=[ANY, *TaskKind.choices])
    day = forms.DateField(label="Day", widget=DateInput())

    def apply(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        if name == "q":
            names = Q()
            for word in value.split():
                names &= Q(booking__first_name__icontains=word) | Q(
                    booking__last_name__icontains=word
                )
            return rows.filter(
                names
                | Q(booking__booking_number__icontains=value)
                | Q(driver_name__icontains=value)
                | Q(onfleet_short_id__iexact=value)
                | Q(onfleet_task_id=value)
            )
        if name == "day":
            if not 1970 <= value.year <= 2200:
                return rows
            start, end = day_bounds(value)
            return rows.filter(window_start__gte=start, window_start__lt=end)
        return super().apply(rows, name, value)


class NumberForm(forms.Form):
    """Which booking to send to Onfleet: its number, or the id out of its address."""

    booking = forms.CharField(
        label="Booking number",
        max_length=100,
        error_messages={"required": "Enter a booking number, such as TT-000123."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = Helper(self)
