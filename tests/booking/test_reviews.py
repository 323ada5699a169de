"""Asking for a review: once, some hours after the delivery, of who may be pleased (R653, R654)."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from booking import handlers, reviews
from booking.models import Booking, BookingChange, CustomerProfile
from payments.models import Dispute, Payment, PaymentStatus, Refund
from tests.booking.helpers import make_booking
from tests.catalog.helpers import all_at_once
from totetaxi.lib import clock
from totetaxi.outbox.models import Message
from totetaxi.outbox.services import run_job
from totetaxi.users.models import User

pytestmark = pytest.mark.usefixtures("catalog")
BOOKED = datetime(2026, 6, 1, 16, tzinfo=UTC)
DONE = datetime(2026, 6, 10, 17, tzinfo=UTC)  # 13:00 in New York
TWO_HOURS = timedelta(hours=2)


@pytest.fixture(autouse=True)
def place(settings):
    settings.GOOGLE_REVIEW_PLACE_ID = "ChIJ_a place"


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def completed(done: datetime = DONE, **fields: object) -> Booking:
    with at(BOOKED):
        booking = make_booking(pickup_date=date(2026, 6, 10).isoformat())
    values = {"status": "completed", "paid_at": BOOKED, "completed_at": done, **fields}
    Booking.objects.filter(pk=booking.pk).update(**values)
    booking.refresh_from_db()
    return booking


def payment_of(booking: Booking) -> Payment:
    return Payment.objects.create(
        booking=booking,
        amount_cents=285_00,
        status=PaymentStatus.SUCCEEDED,
        stripe_payment_intent_id="pi_1",
        stripe_charge_id="ch_1",
    )


def test_it_is_asked_once_two_hours_after_the_delivery(mailoutbox, run_queue):
    booking = completed()
    for minutes in range(0, 60 * 24 * 8, 60):
        with at(DONE + timedelta(minutes=minutes)):
            if reviews.request_reviews() == "1 asked":
                run_queue()
                booking.refresh_from_db()
                assert booking.review_requested_at == DONE + TWO_HOURS
    [mail] = mailoutbox
    assert mail.to == ["ada@example.com"]
    assert mail.subject == f"How did we do? {booking.booking_number}"
    link = "https://search.google.com/local/writereview?placeid=ChIJ_a+place"
    assert link in mail.body
    assert link in mail.alternatives[0].content


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (DONE + TWO_HOURS - timedelta(seconds=1), "0 asked"),
        (DONE + TWO_HOURS, "1 asked"),
        (DONE + timedelta(days=7), "1 asked"),
        (DONE + timedelta(days=7, seconds=1), "0 asked"),
        (datetime(2026, 6, 11, 12, 59, 59, tzinfo=UTC), reviews.OUT_OF_HOURS),  # 08:59:59
        (datetime(2026, 6, 11, 13, tzinfo=UTC), "1 asked"),  # 09:00
        (datetime(2026, 6, 11, 0, 0, tzinfo=UTC), "1 asked"),  # 20:00
        (datetime(2026, 6, 11, 0, 15, tzinfo=UTC), reviews.OUT_OF_HOURS),  # 20:15
    ],
)
def test_it_is_asked_by_day_and_within_a_week(moment, words):
    completed()
    with at(moment):
        assert run_job("request_reviews") == words


def test_two_hours_are_two_hours_in_the_night_the_clocks_go_forward():
    """Sunday, March 8: 01:30 and 03:30 lie one hour apart."""
    done = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)
    completed(done)
    for hours, due in ((1, 0), (2, 1)):
        moment = done + timedelta(hours=hours)
        with at(moment):
            assert reviews.due(clock.now()).count() == due


def test_nobody_is_asked_without_a_place(settings, mailoutbox, run_queue):
    booking = completed()
    with at(DONE + TWO_HOURS):
        reviews.request_reviews()
        settings.GOOGLE_REVIEW_PLACE_ID = ""
        run_queue()
        assert mailoutbox == []
        Booking.objects.update(review_requested_at=None)
        assert run_job("request_reviews") == reviews.SWITCHED_OFF
    booking.refresh_from_db()
    assert booking.review_requested_at is None


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "paid", "completed_at": None},
        {"status": "cancelled", "cancelled_at": DONE},
        {"deleted_at": DONE},
        {"review_requested_at": DONE},
    ],
)
def test_only_deliveries_that_stand_are_asked_about(fields):
    completed(**fields)
    with at(DONE + TWO_HOURS):
        assert reviews.request_reviews() == "0 asked"


def refund(booking, **fields):
    values = {"kind": "policy", "amount_cents": 10_00, "reason": "late", **fields}
    return Refund.objects.create(payment=payment_of(booking), **values)


def dispute(booking, status):
    return Dispute.objects.create(
        payment=payment_of(booking),
        stripe_dispute_id="dp_1",
        amount_cents=285_00,
        reason="general",
        status=status,
        opened_at=DONE,
        closed_at=DONE if status == "won" else None,
    )


TROUBLES = [
    refund,
    lambda booking: refund(
        booking, status="denied", denied_by=User.objects.create_user("olga@example.com")
    ),
    lambda booking: dispute(booking, "needs_response"),
    lambda booking: dispute(booking, "won"),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=["refund", "denied", "dispute", "won"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_who_wanted_money_back_is_not_asked(trouble, when, mailoutbox, run_queue):
    booking = completed()
    with at(DONE + TWO_HOURS):
        if when == "before":
            trouble(booking)
            assert reviews.request_reviews() == "0 asked"
        else:
            assert reviews.request_reviews() == "1 asked"
            trouble(booking)
            run_queue()
    assert mailoutbox == []


def test_refund_that_follows_a_cheaper_change_is_no_complaint():
    booking = completed()
    change = BookingChange.objects.create(
        booking=booking,
        status="applied",
        proposal={},
        total_before_cents=295_00,
        total_after_cents=285_00,
        day=booking.pickup_date,
        ended_at=DONE,
    )
    refund(booking, change=change)
    with at(DONE + TWO_HOURS):
        assert reviews.request_reviews() == "1 asked"


@pytest.mark.parametrize("when", ["before", "after"])
def test_switch_of_the_customer_is_obeyed(when, mailoutbox, run_queue):
    booking = completed()
    user = User.objects.create_user("ada@example.com")
    profile = CustomerProfile.objects.create(user=user, email_notifications=when == "after")
    Booking.objects.filter(pk=booking.pk).update(customer=user, guest_checkout=None)
    with at(DONE + TWO_HOURS):
        said = reviews.request_reviews()
        profile.email_notifications = False
        profile.save()
        run_queue()
    assert said == ("1 asked" if when == "after" else "0 asked, 1 not wanted")
    assert mailoutbox == []


def test_mail_tells_a_member_where_to_switch_it_off_and_a_guest_nothing(mailoutbox):
    guest, member = completed(), completed()
    user = User.objects.create_user("ada@example.com")
    Booking.objects.filter(pk=member.pk).update(customer=user, guest_checkout=None)
    with at(DONE + TWO_HOURS):
        handlers.send_review_request(str(guest.pk))
        handlers.send_review_request(str(member.pk))
    assert ["/account/preferences/" in mail.body for mail in mailoutbox] == [False, True]


@pytest.mark.django_db(transaction=True)
def test_16_at_once_ask_once(mailoutbox, run_queue):
    completed()
    with at(DONE + TWO_HOURS):
        said = all_at_once([reviews.request_reviews] * 16)
        run_queue()
    assert sum(int(words.split()[0]) for words in said) == 1
    assert len(mailoutbox) == 1
    assert Message.objects.count() == 1
