"""The calendar file, read back by another program than the one that wrote it (rule R655)."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from icalendar import Calendar

from booking.ics import calendar_file
from booking.models import Address, Booking, BookingStatus
from booking.services import apply_change, proposal
from tests.booking.helpers import make_booking
from tests.payments.changing import asked, other_day

pytestmark = pytest.mark.usefixtures("catalog")


def parsed(booking, **options):
    calendar = Calendar.from_ical(calendar_file(booking, phone="(631) 595-5100", **options))
    [event] = calendar.walk("VEVENT")
    return calendar, event


@pytest.mark.parametrize(
    ("day", "starts"),
    [
        (date(2026, 6, 10), datetime(2026, 6, 10, 12, tzinfo=UTC)),
        (date(2026, 3, 7), datetime(2026, 3, 7, 13, tzinfo=UTC)),
        (date(2026, 3, 8), datetime(2026, 3, 8, 12, tzinfo=UTC)),  # the clocks went forward
        (date(2026, 10, 31), datetime(2026, 10, 31, 12, tzinfo=UTC)),
        (date(2026, 11, 1), datetime(2026, 11, 1, 13, tzinfo=UTC)),  # the clocks went back
        (date(2028, 2, 29), datetime(2028, 2, 29, 13, tzinfo=UTC)),
    ],
)
def test_8_in_new_york_is_8_in_new_york_on_every_day(day, starts):
    booking = make_booking()
    booking.pickup_date = day
    _, event = parsed(booking)
    assert event["DTSTART"].dt.astimezone(UTC) == starts
    assert event["DTEND"].dt.astimezone(UTC) - starts == timedelta(hours=3)
    assert (event["DTSTART"].dt.hour, event["DTEND"].dt.hour) == (8, 11)
    assert event["DTSTART"].params["TZID"] == "America/New_York"


def test_uid_stays_and_sequence_rises_with_each_change():
    booking = make_booking()
    uids, sequences = [], []

    def look(**options):
        calendar, event = parsed(Booking.objects.get(pk=booking.pk), **options)
        uids.append(str(event["UID"]))
        sequences.append(int(event["SEQUENCE"]))
        return str(calendar["METHOD"]), str(event["STATUS"])

    assert look() == ("PUBLISH", "CONFIRMED")
    with transaction.atomic():
        Booking.objects.select_for_update().get(pk=booking.pk).move_to(BookingStatus.PAID)
    assert look() == ("PUBLISH", "CONFIRMED")
    with transaction.atomic():
        locked = Booking.objects.select_for_update().get(pk=booking.pk)
        request = asked(locked, pickup_date=other_day().isoformat())
        apply_change(locked, proposal(locked, request))
    assert look() == ("PUBLISH", "CONFIRMED")
    with transaction.atomic():
        Booking.objects.select_for_update().get(pk=booking.pk).move_to(BookingStatus.CANCELLED)
    assert look(cancelled=True) == ("CANCEL", "CANCELLED")

    assert set(uids) == {f"{booking.booking_number}@totetaxi.com"}
    assert sequences == sorted(set(sequences)), "each is higher than the one before"


def test_lines_end_and_fold_and_commas_are_escaped_as_the_standard_asks():
    booking = make_booking()
    street = "100 Example Street; Suite 5, Tower “Ä” " + "x" * 60
    Address.objects.filter(pk=booking.pickup_address_id).update(address_line_1=street)
    content = calendar_file(Booking.objects.get(pk=booking.pk), phone="(631) 595-5100")
    assert content.count(b"\n") == content.count(b"\r\n") > 10
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    assert rb"100 Example Street\; Suite 5\, Tower" in content.replace(b"\r\n ", b"")
    _, event = parsed(Booking.objects.get(pk=booking.pk))
    assert event["LOCATION"] == f"{street}, Apt 4B, New York, NY 10001"
    assert (
        "To: 20 Example Lane, Southampton, NY 11968\nQuestions: (631) 595-5100"
        in (event["DESCRIPTION"])
    )


def test_it_says_who_sends_it_and_when():
    """Some programs leave out an event without an organizer, and one older than they have."""
    with time_machine.travel(datetime(2026, 6, 1, 16, tzinfo=UTC), tick=False):
        _, event = parsed(make_booking(pickup_date="2026-06-10"))
    assert event["DTSTAMP"].dt == datetime(2026, 6, 1, 16, tzinfo=UTC)
    assert str(event["ORGANIZER"]) == "mailto:bookings@totetaxi.example"
    assert event["ORGANIZER"].params["CN"] == "ToteTaxi"


def test_booked_within_the_window_it_starts_when_it_was_booked():
    with time_machine.travel(datetime(2026, 6, 10, 13, 30, tzinfo=UTC), tick=False):
        booking = make_booking(pickup_date="2026-06-10")
        with transaction.atomic():
            Booking.objects.select_for_update().get(pk=booking.pk).move_to(BookingStatus.PAID)
        _, event = parsed(Booking.objects.get(pk=booking.pk))
    assert event["DTSTART"].dt.astimezone(UTC) == datetime(2026, 6, 10, 13, 30, tzinfo=UTC)
