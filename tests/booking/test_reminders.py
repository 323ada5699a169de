"""Reminders: once for each date, the day before, by day, to those who want one (R648 to R652).

Moments are UTC, as a server sees them; New York is four hours behind in summer, five in winter.
"""

import os
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time

import pytest
import time_machine
from django.db import transaction
from icalendar import Calendar

from booking import handlers, reminders
from booking.models import Booking, BookingStatus, CustomerProfile
from booking.services import apply_change, proposal
from logistics.models import OnfleetTask
from payments.services import cancel_booking
from payments.services.cancellation import Decision
from tests.booking.helpers import airport_answers, make_booking, make_draft, place
from tests.catalog.helpers import all_at_once
from tests.payments.changing import asked
from totetaxi.lib import clock
from totetaxi.lib.errors import TemporaryError
from totetaxi.outbox.models import Job, Message
from totetaxi.outbox.services import announce, run_job
from totetaxi.users.models import User

pytestmark = pytest.mark.usefixtures("catalog")
BOOKED = datetime(2026, 6, 1, 16, tzinfo=UTC)
PICKUP = date(2026, 6, 10)
EVE_NOON = datetime(2026, 6, 9, 16, tzinfo=UTC)  # 12:00


@pytest.fixture(autouse=True)
def server_in_utc(monkeypatch):
    """The process believes it is in Greenwich, as most servers do."""
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def paid_booking(day: date = PICKUP, *, booked: datetime = BOOKED) -> Booking:
    """A booking for ``day`` that was placed and paid at ``booked``."""
    with at(BOOKED):
        booking = make_booking(pickup_date=PICKUP.isoformat())
    return amend(booking, status="paid", paid_at=booked, created_at=booked, pickup_date=day)


def amend(booking: Booking, **fields: object) -> Booking:
    Booking.objects.filter(pk=booking.pk).update(**fields)
    booking.refresh_from_db()
    return booking


def reminded(mailoutbox) -> list[str]:
    """The subjects of the reminders that were mailed."""
    return [mail.subject for mail in mailoutbox if mail.subject.startswith("Tomorrow, ")]


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 6, 11),
        date(2026, 3, 8),  # At 02:00 the clocks go to 03:00; its eve is an ordinary day.
        date(2026, 3, 9),  # Its eve has 23 hours.
        date(2026, 11, 1),  # At 02:00 the clocks go back to 01:00.
        date(2026, 11, 2),  # Its eve has 25 hours.
        date(2028, 2, 29),
        date(2028, 3, 1),  # Its eve is February 29.
        date(2027, 1, 1),
    ],
)
def test_it_goes_out_at_9_on_the_eve_and_once_however_often_the_job_runs(
    day, mailoutbox, run_queue
):
    first = clock.at(day - timedelta(days=2), datetime.min.time()).astimezone(UTC)
    booking = paid_booking(day, booked=first - timedelta(days=20))
    sent = []
    for hour in range(80):
        with at(first + timedelta(hours=hour)):
            if reminders.send_reminders() == "1 reminded":
                run_queue()
                sent.append(clock.now().replace(tzinfo=None))
    assert sent == [datetime.combine(day - timedelta(days=1), datetime.min.time().replace(hour=9))]
    [subject] = reminded(mailoutbox)
    assert booking.booking_number in subject
    assert f"{day:%A, %B} {day.day}" in subject


@pytest.mark.parametrize(
    ("wall", "goes_out"),
    [
        ("00:01", False),
        ("08:59:59", False),
        ("09:00", True),
        ("20:00", True),
        ("20:04:59", True),  # The run of 20:00 waited for others.
        ("20:06", False),
        ("23:59", False),
    ],
)
def test_hours_hold_for_whoever_runs_the_job(wall, goes_out):
    booking = paid_booking()
    with at(
        clock.at(PICKUP - timedelta(days=1), datetime.fromisoformat(f"2000-01-01T{wall}").time())
    ):
        words = run_job("send_reminders")
    booking.refresh_from_db()
    assert words == ("1 reminded" if goes_out else reminders.OUT_OF_HOURS)
    assert (booking.reminded_at is not None) == goes_out


@pytest.mark.parametrize(
    ("change", "goes_out"),
    [
        ({}, True),
        ({"status": "pending", "paid_at": None}, False),
        ({"status": "completed", "completed_at": BOOKED}, False),
        ({"status": "cancelled", "cancelled_at": BOOKED}, False),
        ({"deleted_at": BOOKED}, False),
        ({"reminded_at": BOOKED}, False),
        ({"pickup_date": date(2026, 6, 9)}, False),
        ({"pickup_date": date(2026, 6, 11)}, False),
        # Placed, paid or both on the eve, from its first second on: the confirmation has said it.
        ({"paid_at": datetime(2026, 6, 9, 3, 59, 59, tzinfo=UTC)}, True),
        ({"paid_at": datetime(2026, 6, 9, 4, tzinfo=UTC)}, False),
        ({"paid_at": datetime(2026, 6, 9, 15, tzinfo=UTC)}, False),
    ],
)
def test_only_what_is_sure_and_tomorrow_is_reminded_of(change, goes_out):
    amend(paid_booking(), **change)
    with at(EVE_NOON):
        assert reminders.send_reminders() == ("1 reminded" if goes_out else "0 reminded")


@pytest.mark.parametrize(
    ("confirmed", "goes_out"), [(BOOKED, True), (EVE_NOON - timedelta(hours=1), False)]
)
def test_promised_by_the_office_counts_from_the_promise(confirmed, goes_out, mailoutbox, run_queue):
    with at(BOOKED):
        booking = make_booking(pickup_date=PICKUP.isoformat())
    with at(confirmed):
        booking.move_to(BookingStatus.CONFIRMED, reason="agreed on the phone")
    with at(EVE_NOON):
        assert reminders.send_reminders() == ("1 reminded" if goes_out else "0 reminded")
        run_queue()
    if goes_out:
        assert "It is not paid yet: $285.00." in mailoutbox[0].body


def test_who_wants_none_gets_none_and_may_still_change_their_mind(mailoutbox, run_queue):
    booking = paid_booking()
    user = User.objects.create_user("ada@example.com")
    profile = CustomerProfile.objects.create(user=user, email_notifications=False)
    amend(booking, customer=user, guest_checkout=None)
    with at(EVE_NOON):
        assert reminders.send_reminders() == "0 reminded, 1 not wanted"
        profile.email_notifications = True
        profile.save()
        assert reminders.send_reminders() == "1 reminded"
        profile.email_notifications = False
        profile.save()
        run_queue()
        assert reminded(mailoutbox) == []


@pytest.mark.parametrize(
    ("change", "later"),
    [
        ({"pickup_date": date(2026, 6, 12)}, timedelta()),
        ({"status": "cancelled", "cancelled_at": BOOKED}, timedelta()),
        ({"deleted_at": BOOKED}, timedelta()),
        ({}, timedelta(hours=12)),  # 00:00 of the day itself
    ],
)
def test_what_changed_before_its_turn_came_is_not_sent(change, later, mailoutbox, run_queue):
    booking = paid_booking()
    with at(EVE_NOON):
        reminders.send_reminders()
    amend(booking, **change)
    with at(EVE_NOON + later):
        run_queue()
    assert reminded(mailoutbox) == []
    assert Message.objects.get(handler="booking.send_reminder").done_at is not None


def test_mail_that_waited_an_hour_still_goes_out(mailoutbox, run_queue):
    paid_booking()
    with at(EVE_NOON):
        reminders.send_reminders()
    with at(EVE_NOON + timedelta(hours=11, minutes=59)):
        run_queue()
    assert len(reminded(mailoutbox)) == 1


def move(booking: Booking, day: date) -> None:
    """Change the day as the page of a booking does."""
    with transaction.atomic():
        booking = Booking.objects.select_for_update().get(pk=booking.pk)
        apply_change(booking, proposal(booking, asked(booking, pickup_date=day.isoformat())))


def test_moved_booking_is_reminded_of_its_new_date(mailoutbox, run_queue):
    booking = paid_booking()
    with at(EVE_NOON):
        reminders.send_reminders()
        run_queue()
        move(booking, date(2026, 6, 12))
        assert reminders.send_reminders() == "0 reminded"
    with at(EVE_NOON + timedelta(days=2)):
        assert reminders.send_reminders() == "1 reminded"
        run_queue()
    number = booking.booking_number
    assert reminded(mailoutbox) == [
        f"Tomorrow, Wednesday, June 10: your pickup, {number}",
        f"Tomorrow, Friday, June 12: your pickup, {number}",
    ]


def test_other_changes_remind_nobody_again():
    booking = paid_booking()
    with at(EVE_NOON):
        reminders.send_reminders()
        with transaction.atomic():
            locked = Booking.objects.select_for_update().get(pk=booking.pk)
            request = asked(locked, special_instructions="Ring twice")
            apply_change(locked, proposal(locked, request))
        assert reminders.send_reminders() == "0 reminded"
    booking.refresh_from_db()
    assert (booking.special_instructions, booking.reminded_at) == ("Ring twice", EVE_NOON)


def test_reminder_that_waited_for_days_does_not_double_the_one_of_the_new_date(
    mailoutbox, run_queue
):
    booking = paid_booking()
    with at(EVE_NOON):
        reminders.send_reminders()  # The mail server is down.
        move(booking, date(2026, 6, 12))
    with at(EVE_NOON + timedelta(days=2)):
        reminders.send_reminders()
        assert Message.objects.filter(handler="booking.send_reminder", done_at=None).count() == 2
        run_queue()
    assert reminded(mailoutbox) == [f"Tomorrow, Friday, June 12: your pickup, {booking}"]


def test_delivered_twice_by_the_queue_it_is_mailed_once(mailoutbox, run_queue):
    paid_booking()
    with at(EVE_NOON):
        reminders.send_reminders()
        run_queue()
        Message.objects.update(done_at=None, next_attempt_at=EVE_NOON)
        run_queue()
    assert len(reminded(mailoutbox)) == 1


@pytest.mark.django_db(transaction=True)
def test_16_at_once_remind_each_booking_once(mailoutbox, run_queue):
    bookings = [paid_booking() for _ in range(3)]
    with at(EVE_NOON):
        said = all_at_once([reminders.send_reminders] * 16)
        assert sum(int(words.split()[0]) for words in said) == 3
        run_queue()
    assert len(reminded(mailoutbox)) == 3
    assert {mail.subject[-9:] for mail in mailoutbox} == {one.booking_number for one in bookings}


def test_booking_that_was_reminded_since_the_job_looked_is_left():
    booking = paid_booking()
    with at(EVE_NOON):
        assert [reminders.remind(booking.pk) for _ in range(2)] == [True, False]


def test_one_broken_row_stops_no_other(monkeypatch, caplog):
    broken, whole = paid_booking(), paid_booking()

    def fail_for_one(event, subject, **how):
        announce(event, subject, **how)
        if how["booking_id"] == broken.pk:
            raise TemporaryError("the queue is full")

    monkeypatch.setattr(reminders, "announce", fail_for_one)
    with at(EVE_NOON):
        assert reminders.send_reminders() == "1 reminded, 1 broken"
    broken.refresh_from_db()
    whole.refresh_from_db()
    assert (broken.reminded_at, whole.reminded_at) == (None, EVE_NOON)
    assert [message.booking_id for message in Message.objects.all()] == [whole.pk]
    assert str(broken.pk) in caplog.text


def test_switch_takes_its_first_value_from_the_setting(settings):
    settings.BOOKING_REMINDERS_ENABLED = False
    paid_booking()
    with at(EVE_NOON):
        assert run_job("send_reminders") == "skipped: switched off"
        Job.objects.filter(name="send_reminders").update(enabled=True)
        assert run_job("send_reminders") == "1 reminded"


def test_it_says_when_where_what_to_have_ready_and_until_when_to_change_it(mailoutbox):
    booking = paid_booking()
    with at(EVE_NOON):
        handlers.send_reminder(str(booking.pk))
    [mail] = mailoutbox
    for words in (
        "Hello Ada,",
        "Wednesday, June 10, 2026\n8–11 AM, delivered the same day before 6 PM",
        "100 Example Street, Apt 4B\nNew York, NY 10001",
        "20 Example Lane\nSouthampton, NY 11968",
        'Have everything ready on the ground floor, each piece labeled "Sample"',
        "Until 6 PM today you can change or cancel it by yourself on its page.",
        f"/booking/{booking.pk}/",
        f"Call (631) 595-5100 and say {booking.booking_number}",
    ):
        assert words in mail.body
    assert "map" not in mail.body
    [file] = mail.attachments
    assert file.mimetype == "text/calendar; method=PUBLISH"
    [event] = Calendar.from_ical(file.content).walk("VEVENT")
    assert event["UID"] == f"{booking.booking_number}@totetaxi.com"
    assert event["SEQUENCE"] == booking.version


def test_after_the_cut_off_it_asks_to_call(mailoutbox):
    booking = paid_booking()
    with at(clock.at(PICKUP - timedelta(days=1), clock_time(18))):
        handlers.send_reminder(str(booking.pk))
    [mail] = mailoutbox
    assert "It is too late to change or cancel it online." in mail.body
    assert "by yourself" not in mail.body


def test_it_names_the_map_of_the_pickup_that_stands(mailoutbox):
    booking = paid_booking()
    for status, kind, url in (
        ("deleted", "pickup", "https://onf.lt/old"),
        ("created", "pickup", "https://onf.lt/new"),
        ("created", "dropoff", "https://onf.lt/drop"),
    ):
        OnfleetTask.objects.create(
            booking=booking,
            kind=kind,
            status=status,
            environment="sandbox",
            onfleet_task_id=url,
            tracking_url=url,
        )
    with at(EVE_NOON):
        handlers.send_reminder(str(booking.pk))
    assert "https://onf.lt/new" in mailoutbox[0].body
    assert mailoutbox[0].body.count("https://onf.lt/") == 1


def test_flight_names_the_time_the_bags_are_to_be_ready(mailoutbox):
    with at(BOOKED):
        flight = airport_answers(blade_flight_date=PICKUP.isoformat(), pickup_date=None)
        booking = place(make_draft(flight))
    amend(booking, status="paid", paid_at=BOOKED)
    with at(EVE_NOON):
        handlers.send_reminder(str(booking.pk))
    [mail] = mailoutbox
    assert "Have your bags ready by 5 AM, each labeled" in mail.body


def test_cancelled_by_the_customer_on_the_eve_is_not_reminded_of(mailoutbox, run_queue):
    booking = paid_booking()
    with at(EVE_NOON):
        reminders.send_reminders()
        cancel_booking(booking.pk, decision=Decision("policy"), reason="")
        run_queue()
    assert reminded(mailoutbox) == []
    assert len(mailoutbox) == 1
