"""The page of one booking: history, terms, actions, receipt."""

import uuid
from datetime import datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from booking import services as bookings
from booking.models import Booking, BookingStatus, EventKind
from payments.models import Method, Payment, PaymentStatus, Refund, RefundKind, RefundStatus
from tests.booking.helpers import make_booking
from totetaxi.account.progress import stops
from totetaxi.account.terms import cancellation_terms
from totetaxi.account.timeline import timeline
from totetaxi.account.tracking import Tracking
from totetaxi.lib import clock
from totetaxi.users.models import User

pytestmark = pytest.mark.usefixtures("catalog")
SECRET = "the customer was rude on the phone"


@pytest.fixture
def booking(member):
    """Ada's, paid by card."""
    booking = make_booking()
    Booking.objects.filter(pk=booking.pk).update(customer=member, guest_checkout=None)
    booking.refresh_from_db()
    bookings.mark_paid(booking)
    pay(booking)
    return booking


def pay(booking, cents=285_00, **fields):
    return Payment.objects.create(
        **{
            "booking": booking,
            "amount_cents": cents,
            "status": PaymentStatus.SUCCEEDED,
            "processed_at": clock.now(),
            "stripe_payment_intent_id": f"pi_{uuid.uuid4()}",
            "stripe_charge_id": f"ch_{uuid.uuid4()}",
            **fields,
        }
    )


def refund(booking, cents, status, kind=RefundKind.POLICY):
    by = User.objects.create_user(f"{uuid.uuid4()}@example.com")
    asked = {"requested_by": by, "approved_by": None} if kind == RefundKind.REQUEST else {}
    return Refund.objects.create(
        payment=booking.payments.get(),
        kind=kind,
        amount_cents=cents,
        reason=SECRET,
        status=status,
        denied_by=by if status == RefundStatus.DENIED else None,
        completed_at=clock.now() if status == RefundStatus.COMPLETED else None,
        **asked,
    )


def url(booking, name="status"):
    return reverse(f"account:{name}", args=[booking.pk])


def told(booking):
    return [entry.title for entry in timeline(booking)]


# -- the page ----------------------------------------------------------------------


def test_page_shows_every_line_with_its_reason_and_their_sum(member_client, booking):
    page = member_client.get(url(booking))
    for line in booking.lines.all():
        assert line.label in page.text
        assert line.reason in page.text
    shown = page.context["receipt"]
    assert sum(line.cents for line in shown.lines) == shown.total_cents == 285_00
    assert "Card, through Stripe" in page.text
    for name in ("receipt", "calendar_file", "rebook"):
        assert url(booking, name) in page.text


def test_page_thanks_first_and_is_about_the_day_later(member_client, booking):
    assert "You’re booked" in member_client.get(url(booking)).text
    Booking.objects.update(paid_at=clock.now() - timedelta(hours=2))
    page = member_client.get(url(booking)).text
    assert "You’re booked" not in page
    assert f"{booking.pickup_date:%A}" in page.split("<h1>")[1].split("</h1>")[0]
    assert "to Southampton</h1>" in page


def test_page_of_somebody_elses_booking_shows_four_facts(booking):
    other = Client()
    other.force_login(User.objects.create_user("bea@example.com"))
    page = other.get(url(booking)).text
    assert "What happened so far" not in page
    assert "285.00" not in page


def test_page_needs_as_many_queries_for_many_things_as_for_few(member_client, booking):
    member_client.get(url(booking))
    with CaptureQueriesContext(connection) as few:
        member_client.get(url(booking))
    for number in range(5):
        booking.record(EventKind.CHANGED, after={"total_price_cents": number})
        refund(booking, 1_00, RefundStatus.COMPLETED)
    with CaptureQueriesContext(connection) as many:
        member_client.get(url(booking))
    assert len(many) == len(few)


def test_unpaid_booking_has_neither_receipt_nor_terms(member_client, member):
    booking = make_booking()
    Booking.objects.filter(pk=booking.pk).update(customer=member, guest_checkout=None)
    page = member_client.get(url(booking)).text
    assert "isn’t paid yet" in page
    assert "If you cancel" not in page
    assert url(booking, "receipt") not in page


# -- progress ------------------------------------------------------------------------


def test_progress_of_what_the_drivers_told(booking):
    def states(*tracking):
        return [(stop.label, stop.state) for stop in stops(booking, *tracking)][2:]

    now = clock.now()
    assert states(Tracking(has_driver=True)) == [
        ("Driver assigned", "done"),
        ("Pickup", "now"),
        ("Delivery", "ahead"),
    ]
    assert states(Tracking(picked_up_at=now)) == [
        ("Driver assigned", "done"),
        ("Picked up", "done"),
        ("Delivery", "now"),
    ]
    booking.move_to(BookingStatus.COMPLETED)
    assert [state for _, state in states()] == ["done", "done", "done"]


# -- the history ---------------------------------------------------------------------


def test_history_of_a_delivery(booking):
    booking.move_to(BookingStatus.COMPLETED, actor_label="office", reason=SECRET)
    assert told(booking) == ["Ordered", "Paid $285.00", "Delivered"]


def test_history_never_repeats_what_the_office_writes(member_client, booking):
    booking.record(EventKind.NOTE, reason=SECRET)
    booking.record(EventKind.HIDDEN, actor_label="office", reason=SECRET)
    booking.record(
        EventKind.CHANGED,
        actor_label="office",
        reason=SECRET,
        before={"notes": "x", "total_price_cents": 285_00},
        after={"notes": SECRET, "total_price_cents": 200_00},
    )
    refund(booking, 50_00, RefundStatus.COMPLETED)
    booking.move_to(BookingStatus.CANCELLED, actor_label="office", reason=SECRET)
    page = member_client.get(url(booking)).text
    assert SECRET not in page
    assert "Price $285.00 → $200.00" in page
    assert "By our office" in page


def test_history_tells_a_change_in_words(booking):
    before = {"pickup_date": "2026-06-24", "pickup_zip_code": "10001", "total_price_cents": 285_00}
    after = {"pickup_date": "2026-06-26", "pickup_zip_code": "10024", "total_price_cents": 285_00}
    booking.record(EventKind.CHANGED, actor_label="customer", before=before, after=after)
    entry = timeline(booking)[-1]
    assert entry.title == "Changed"
    assert entry.detail == ("By you. Pickup Wednesday, June 24 → Friday, June 26. Pickup address")


def test_history_leaves_out_a_change_that_is_none_for_the_customer(booking):
    booking.record(EventKind.CHANGED, before={"x": 1}, after={"x": 2})
    assert "Changed" not in told(booking)


def test_history_tells_that_the_booking_joined_the_account(booking):
    booking.record(EventKind.CHANGED, before={"customer": None}, after={"customer": "1"})
    booking.record(EventKind.CHANGED, before={"customer": "1"}, after={"customer": None})
    assert told(booking).count("Moved into your account") == 1
    assert "Changed" not in told(booking)


def test_history_tells_of_a_refund_when_it_concerns_the_customer(booking):
    for status, kind, title in (
        (RefundStatus.REQUESTED, RefundKind.POLICY, "Refund of $50.00 requested"),
        (RefundStatus.REQUESTED, RefundKind.REQUEST, None),
        (RefundStatus.DENIED, RefundKind.REQUEST, None),
        (RefundStatus.DENIED, RefundKind.POLICY, "No refund of $50.00"),
        (RefundStatus.APPROVED, RefundKind.POLICY, "Refund of $50.00 on its way"),
        (RefundStatus.COMPLETED, RefundKind.DASHBOARD, "Refunded $50.00"),
        (RefundStatus.FAILED, RefundKind.POLICY, "Refund of $50.00 is held up"),
    ):
        Refund.objects.all().delete()
        refund(booking, 50_00, status, kind)
        assert told(booking)[2:] == ([title] if title else []), (status, kind)


def test_history_of_an_unpaid_order_that_ran_out(member):
    booking = make_booking()
    bookings.cancel_unpaid(booking.pk, reason="unpaid")
    entries = timeline(booking)
    assert [entry.title for entry in entries] == ["Ordered", "Cancelled"]
    assert entries[-1].detail == "It was not paid in time. Nothing was charged."


def test_money_that_bought_nothing_is_told_as_such(booking):
    pay(booking, unfulfillable_reason="duplicate")
    assert "A payment of $285.00 came that could not be used" in told(booking)


# -- what cancelling gives back --------------------------------------------------------


def table(booking, now):
    terms = cancellation_terms(booking, now)
    return [(f"{row.until:%a %H:%M}", row.words, row.state) for row in terms.rows]


def moment(booking, days_before, hour, second=0):
    day = booking.pickup_date - timedelta(days=days_before)
    return datetime(day.year, day.month, day.day, hour, tzinfo=clock.NEW_YORK) + timedelta(
        seconds=second
    )


def test_terms_change_at_the_second(booking):
    # A quiet Wednesday: everything until Monday 8 AM, nothing until Tuesday 6 PM.
    for days_before, hour, second, full, nothing in (
        (2, 8, -1, "now", "ahead"),
        (2, 8, 0, "now", "ahead"),
        (2, 8, 1, "past", "now"),
        (1, 18, -1, "past", "now"),
        (1, 18, 0, "past", "past"),
        (1, 18, 1, "past", "past"),
    ):
        assert table(booking, moment(booking, days_before, hour, second)) == [
            ("Mon 08:00", "$285.00 to your card", full),
            ("Tue 18:00", "Nothing", nothing),
        ]


def test_page_closes_changes_at_the_cut_off(member_client, booking):
    with time_machine.travel(moment(booking, 1, 18, -1), tick=False):
        open_page = member_client.get(url(booking)).text
    with time_machine.travel(moment(booking, 1, 18), tick=False):
        closed_page = member_client.get(url(booking)).text
    assert "you can change date" in open_page
    assert "Changes closed" in closed_page
    for name in ("change", "cancel"):
        assert url(booking, name) in open_page
        assert url(booking, name) not in closed_page


def test_peak_date_has_one_stretch_and_nothing_back(booking):
    Booking.objects.filter(pk=booking.pk).update(pickup_date=next_fourth_of_july())
    booking.refresh_from_db()
    terms = cancellation_terms(booking, clock.now())
    assert terms.is_peak
    assert [row.words for row in terms.rows] == ["Nothing"]


def next_fourth_of_july():
    today = clock.today()
    return today.replace(year=today.year + (today.month >= 7), month=7, day=4)


def test_stretch_that_was_over_when_it_was_booked_is_left_out(booking):
    late = moment(booking, 2, 12)
    Booking.objects.filter(pk=booking.pk).update(created_at=late)
    booking.refresh_from_db()
    assert table(booking, late) == [("Tue 18:00", "Nothing", "now")]


def test_confirmed_and_unpaid_has_nothing_to_give_back(booking):
    Payment.objects.all().delete()
    booking.status = BookingStatus.CONFIRMED
    assert table(booking, clock.now())[0][1] == "Nothing was paid"


def test_what_is_over_has_no_terms(booking):
    for status in (BookingStatus.COMPLETED, BookingStatus.CANCELLED, BookingStatus.PENDING):
        booking.status = status
        assert cancellation_terms(booking, clock.now()) is None


# -- the receipt -------------------------------------------------------------------------


def test_receipt_page_and_pdf_say_the_same(member_client, booking):
    page = member_client.get(url(booking, "receipt"))
    file = member_client.get(url(booking, "receipt_pdf"))
    assert file["Content-Type"] == "application/pdf"
    assert booking.booking_number in file["Content-Disposition"]
    text = " ".join(PdfReader(BytesIO(file.content)).pages[0].extract_text().split())
    facts = (booking.booking_number, "Ada Sample", "Standard Delivery", "$285.00", "Balance to pay")
    for fact in facts:
        assert fact in page.text
        assert fact in text
    for answer in (page, file):
        assert "no-store" in answer["Cache-Control"]


def test_receipt_is_for_the_owner_of_a_paid_booking(client, member_client, booking):
    other = Client()
    other.force_login(User.objects.create_user("bea@example.com"))
    paths = [url(booking, name) for name in ("receipt", "receipt_pdf")]
    for path in paths:
        assert client.get(path).status_code == 404
        assert other.get(path).status_code == 404
        assert member_client.post(path).status_code == 405
    Booking.objects.filter(pk=booking.pk).update(deleted_at=timezone.now())
    for path in paths:
        assert member_client.get(path).status_code == 404


def test_receipt_of_an_unpaid_booking_is_not_found(member_client, booking):
    Payment.objects.all().delete()
    assert member_client.get(url(booking, "receipt")).status_code == 404


def test_receipt_of_money_paid_outside_names_how(member_client, booking):
    Payment.objects.update(
        method=Method.OUTSIDE,
        outside_method="check",
        recorded_by=User.objects.create_user("olga@example.com"),
        stripe_payment_intent_id="",
        stripe_charge_id="",
    )
    assert "Paid to us: check" in member_client.get(url(booking, "receipt")).text
