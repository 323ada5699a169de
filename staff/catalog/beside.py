"""What stands beside a form because it helps to decide: days, uses, bookings."""

from typing import Any

from django import forms

from booking.models import Booking, BookingStatus, DiscountUse
from catalog.models import ClosedDay, DiscountCode, SurchargeRule
from staff.catalog import dates
from totetaxi.lib import clock


def beside(row: Any, form: forms.BaseForm, *, is_new: bool) -> dict[str, Any]:
    """The context of one row's page, by what the row is."""
    match row:
        case SurchargeRule():
            known = form.is_valid() if form.is_bound else not is_new
            return {
                "has_dates": dates.has_dates(row),
                "hits": dates.hits(row, clock.today()) if known else None,
            }
        case DiscountCode() if not is_new:
            return {"left": uses_left(row), "used": uses_of(row)}
        case ClosedDay() if not is_new:
            return {"booked": _booked(row)}
    return {}


def uses_of(code: DiscountCode) -> int:
    """Uses that count: reserved or final, not given back."""
    return DiscountUse.objects.standing().filter(code_id=code.pk).count()


def uses_left(code: DiscountCode) -> int | None:
    """How often the code can still be used; None without a limit."""
    limit = DiscountCode.objects.values_list("max_uses", flat=True).get(pk=code.pk)
    return None if limit is None else max(limit - uses_of(code), 0)


def _booked(day: ClosedDay) -> int:
    """How many bookings there are on the day already."""
    bookings = Booking.objects.visible().filter(pickup_date=day.date)
    return bookings.exclude(status=BookingStatus.CANCELLED).count()
