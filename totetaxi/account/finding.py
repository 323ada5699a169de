"""Finding one's own bookings by whatever one remembers of them."""

import calendar
import re
from datetime import date
from typing import Final

from django.db.models import Exists, OuterRef, Q, TextChoices

from booking.models import LIVE_STATUSES, BookingSpecialtyItem, BookingStatus
from booking.models.booking import BookingQuerySet
from booking.models.search import LONGEST, MOST_WORDS, matching
from catalog.choices import Airport, ServiceType

MONTHS: Final = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
SHORT_MONTHS: Final = {name[:3]: number for name, number in MONTHS.items()}
AMERICAN_DATE = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?")


class Filter(TextChoices):
    """What the list can be narrowed to; all but "upcoming" are states of a booking."""

    UPCOMING = "upcoming", "Upcoming"
    PENDING = BookingStatus.PENDING.value, "Awaiting payment"
    CONFIRMED = BookingStatus.CONFIRMED.value, "Confirmed"
    PAID = BookingStatus.PAID.value, "Paid"
    COMPLETED = BookingStatus.COMPLETED.value, "Completed"
    CANCELLED = BookingStatus.CANCELLED.value, "Cancelled"


def narrowed(bookings: BookingQuerySet, status: str, today: date) -> BookingQuerySet:
    """Only those of a filter; all of them for a word that is none."""
    if status == Filter.UPCOMING:
        return bookings.filter(status__in=LIVE_STATUSES, pickup_date__gte=today)
    return bookings.filter(status=status) if status in BookingStatus.values else bookings


def found(bookings: BookingQuerySet, text: str) -> BookingQuerySet:
    """Those that fit every word: number, name, address, service, items, month, day or date."""
    text = " ".join(text.replace("\0", "").lower().replace(",", " ").split())[:LONGEST]
    if not text:
        return bookings
    every = Q()
    for word in text.split()[:MOST_WORDS]:
        every &= matching(word) | _by_service(word) | _by_day(word)
    # A phone number has spaces, so the text is tried as a whole as well.
    return bookings.filter(matching(text) | every)


def _by_service(word: str) -> Q:
    services = [one.value for one in ServiceType if word in one.label.lower()]
    items = BookingSpecialtyItem.objects.filter(booking=OuterRef("pk"))
    airports = [one.value for one in Airport if word in one.label.lower()]
    return (
        Q(service_type__in=services)
        | Q(blade_airport__in=airports)
        | Q(mini_move_package__name__icontains=word)
        | Q(item_description__icontains=word)
        | Q(Exists(items.filter(name__icontains=word)))
    )


def _by_day(word: str) -> Q:
    """A month by name, a day of the month, a year, or a date as Americans or computers write it."""
    month = MONTHS.get(word) or SHORT_MONTHS.get(word.rstrip("."))
    if month:
        return Q(pickup_date__month=month)
    if american := AMERICAN_DATE.fullmatch(word):
        fits = Q(pickup_date__month=int(american[1]), pickup_date__day=int(american[2]))
        return fits & Q(pickup_date__year=int(american[3]) % 2000 + 2000) if american[3] else fits
    if word.isdecimal() and len(word) <= 2:
        return Q(pickup_date__day=int(word))
    if word.isdecimal() and len(word) == 4 and word.startswith("20"):
        return Q(pickup_date__year=int(word))
    try:
        return Q(pickup_date=date.fromisoformat(word))
    except ValueError:
        return Q(pk__in=[])
