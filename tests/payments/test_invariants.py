from datetime import timedelta

import pytest
from django.db import connection

from booking.models import Booking, BookingEvent, BookingStatus
from booking.services import cancel_unpaid
from catalog.models import CapacityDay
from payments.models import (
    AuditKind,
    Method,
    MoneyAlert,
    Payment,
    PaymentStatus,
    Refund,
    StripeEvent,
)
from payments.services import approve_refund, request_refund, settle, sync_refunds
from payments.services.books import read_books
from payments.services.comparison import compare_day
from payments.services.invariants import check_all
from payments.services.locks import audit
from payments.services.runs import Run
from tests.booking.helpers import make_booking, quiet_day
from tests.payments.helpers import begin_booking
from tests.payments.money import paid, paid_booking, person
from totetaxi.lib import clock
from totetaxi.outbox.models import Message

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


def broken(**how):
    """The numbers of the invariants that do not hold."""
    return [result.number for result in check_all(**how) if not result.holds]


def books():
    """Stripe's books, the last minutes included."""
    return read_books(in_flight=timedelta())


def result(number, **how):
    return next(result for result in check_all(**how) if result.number == number)


def wipe(table):
    """Delete history as only the wipe command may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL totetaxi.wipe = 'on'")
        cursor.execute(f"DELETE FROM {table}")  # noqa: S608 (a name of ours)
        cursor.execute("SET LOCAL totetaxi.wipe = 'off'")


def test_all_hold_where_nothing_has_happened(db):
    assert broken() == []


def test_all_hold_after_everything_that_can_happen(stripe, run_queue):
    payment = paid(stripe)
    olga = person()
    refund = request_refund(payment.pk, amount_cents=10_00, reason="Late", by=olga)
    approve_refund(refund.pk, by=olga)
    stripe.control(f"charges/{payment.stripe_charge_id}/dashboard_refund", amount=5_00)
    other = begin_booking(email="bob@example.com")
    settle(stripe.expire(other.pk))
    cancelled = begin_booking(email="cy@example.com")
    cancel_unpaid(cancelled.pk, reason="unpaid")
    settle(stripe.pay(cancelled.pk, webhook="never"))
    begin_booking(email="dee@example.com")
    stripe.control("charges", amount=99_00, webhook="never")
    run_queue()
    sync_refunds(payment.pk)
    assert [(r.number, r.offenders) for r in check_all(books())] == [
        (f"I{n}", ()) for n in range(1, 7)
    ]
    assert result("I1", books=books()).checked == 2


# -- I1 ----------------------------------------------------------------------------


def test_i1_breaks_when_stripe_took_money_we_know_nothing_of(stripe):
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    assert broken() == []
    assert broken(books=books()) == ["I1"]
    assert broken(books=read_books()) == []  # it arrived a moment ago: on its way


def test_i1_breaks_when_stripe_never_took_the_money(stripe):
    Payment.objects.filter(pk=paid(stripe).pk).update(stripe_payment_intent_id="pi_invented")
    assert "I1" in broken(books=books())


def test_i1_breaks_when_a_payment_names_no_charge(stripe):
    Payment.objects.filter(pk=paid(stripe).pk).update(stripe_charge_id="")
    assert broken() == ["I1"]


def test_i1_knows_what_the_daily_comparison_found(stripe):
    payment = paid(stripe)
    today = clock.real_now().date()
    assert result("I1").proven_at is None
    compare_day(Run(), today)
    assert result("I1").proven_at is not None
    Payment.objects.filter(pk=payment.pk).update(currency="eur")
    compare_day(Run(), today)
    assert broken() == ["I1"]


def test_i1_counts_demo_and_outside_money_apart(stripe):
    outside = {"outside_method": "cash", "recorded_by": person()}
    for method in (Method.DEMO, Method.OUTSIDE):
        booking = make_booking(email=f"{method}@example.com")
        payment = Payment.objects.create(
            booking=booking,
            method=method,
            amount_cents=285_00,
            status=PaymentStatus.SUCCEEDED,
            **(outside if method == Method.OUTSIDE else {}),
        )
        audit(payment, AuditKind.PAYMENT_SUCCEEDED)
        booking.move_to(BookingStatus.PAID)
    assert broken(books=books()) == []
    first = result("I1")
    assert first.checked == 0
    assert first.apart == {"Demonstration data": 1, "Outside Stripe": 1}


# -- I2 ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [{"status": "pending"}, {"deleted_at": "2026-11-22T00:00Z"}],
)
def test_i2_breaks_when_money_buys_nothing(stripe, fields):
    paid(stripe)
    Booking.objects.update(**fields)
    assert "I2" in broken()


def test_i2_holds_while_the_money_is_on_its_way_back_and_breaks_when_that_fails(stripe, run_queue):
    booking = begin_booking()
    cancel_unpaid(booking.pk, reason="unpaid")
    settle(stripe.pay(booking.pk, webhook="never"))
    assert broken() == []
    run_queue()
    assert broken() == []
    stripe.control(f"refunds/{Refund.objects.get().stripe_refund_id}/fail", webhook="never")
    sync_refunds(Payment.objects.get().pk)
    assert broken() == ["I2"]


def test_i2_breaks_when_a_second_capture_is_kept(stripe):
    """The booking stands, but on the other payment."""
    booking = paid_booking(stripe)
    extra = Payment.objects.create(
        booking=booking,
        amount_cents=285_00,
        status=PaymentStatus.SUCCEEDED,
        unfulfillable_reason="duplicate",
        stripe_payment_intent_id="pi_2",
        stripe_charge_id="ch_2",
    )
    audit(extra, AuditKind.PAYMENT_SUCCEEDED)
    assert broken() == ["I2"]


def test_i2_lets_people_keep_money_of_a_cancelled_booking_and_counts_it(stripe):
    booking = paid_booking(stripe)
    booking.move_to(BookingStatus.CANCELLED, reason="by the customer, too late")
    CapacityDay.objects.update(used=0)  # as the office's cancelling gives it back
    assert broken() == []
    assert result("I2").apart == {"kept after a cancellation": 1}


def test_i2_breaks_when_a_booking_is_paid_without_money(stripe):
    booking = make_booking()
    booking.move_to(BookingStatus.PAID)
    assert broken() == ["I2"]


# -- I3 ----------------------------------------------------------------------------


def test_i3_breaks_when_a_row_says_less_than_its_history(stripe):
    paid(stripe)
    Payment.objects.update(amount_cents=1_00)
    assert "I3" in broken()


def test_i3_breaks_when_a_refund_was_never_written_down(stripe):
    payment = paid(stripe)
    stripe.control(f"charges/{payment.stripe_charge_id}/dashboard_refund", webhook="never")
    assert broken() == []
    assert broken(books=books()) == ["I3"]
    sync_refunds(payment.pk)
    assert broken(books=books()) == []


def test_i3_counts_a_refund_that_came_back_as_not_given(stripe):
    payment = paid(stripe)
    made = stripe.control(f"charges/{payment.stripe_charge_id}/dashboard_refund", webhook="never")
    sync_refunds(payment.pk)
    stripe.control(f"refunds/{made['id']}/fail", webhook="never")
    sync_refunds(payment.pk)
    assert broken(books=books()) == []


# -- I4 ----------------------------------------------------------------------------


@pytest.mark.parametrize("used", [0, 2])
def test_i4_breaks_when_the_count_of_a_day_is_wrong(stripe, used):
    make_booking()
    assert broken() == []
    CapacityDay.objects.update(used=used)
    assert broken() == ["I4"]


def test_i4_breaks_when_a_day_has_more_bookings_than_places(stripe):
    make_booking()
    later = quiet_day() + timedelta(days=7)
    CapacityDay.objects.create(date=later, limit=0, limit_is_own=True)
    Booking.objects.update(pickup_date=later)
    assert broken() == ["I4"]


# -- I5 ----------------------------------------------------------------------------


def test_i5_breaks_when_a_booking_moved_off_the_record(stripe):
    make_booking()
    Booking.objects.update(status=BookingStatus.CONFIRMED)
    assert broken() == ["I5"]


def test_i5_breaks_when_moves_do_not_follow_each_other(stripe):
    booking = make_booking()
    BookingEvent.objects.create(
        booking=booking, kind="moved", from_status="confirmed", to_status="pending"
    )
    assert broken() == ["I5"]


def test_i5_breaks_when_a_capture_is_not_on_record_or_twice(stripe):
    payment = paid(stripe)
    audit(payment, AuditKind.PAYMENT_SUCCEEDED)
    assert "I5" in broken()
    wipe("payments_paymentaudit")
    assert "I5" in broken()


@pytest.mark.parametrize("status", ["denied", "failed"])
def test_i5_breaks_when_a_refund_ended_off_the_record(stripe, status):
    payment = paid(stripe)
    olga = person()
    request_refund(payment.pk, amount_cents=1_00, reason="Late", by=olga)
    assert broken() == []
    Refund.objects.update(status=status, denied_by=olga, approved_by=olga)
    assert broken() == ["I5"]


def test_i5_breaks_when_a_refund_was_asked_for_off_the_record(stripe):
    payment = paid(stripe)
    request_refund(payment.pk, amount_cents=1_00, reason="Late", by=person())
    wipe("payments_paymentaudit WHERE kind = 'refund_requested'")
    assert broken() == ["I5"]


# -- I6 ----------------------------------------------------------------------------


def test_i6_breaks_when_a_task_is_late_but_not_when_it_was_given_up(stripe):
    paid(stripe)
    assert broken() == []
    long_ago = clock.real_now() - timedelta(minutes=16)
    Message.objects.update(next_attempt_at=long_ago)
    assert broken() == ["I6"]
    Message.objects.update(dead_at=clock.real_now())
    assert broken() == []
    assert result("I6").apart["given up, on the list"] >= 1


def test_i6_breaks_when_an_event_waits_for_nobody(stripe):
    StripeEvent.objects.create(
        event_id="evt_1",
        type="charge.refunded",
        object_id="ch_1",
        created_at_stripe=clock.real_now(),
    )
    assert broken() == []
    StripeEvent.objects.update(received_at=clock.real_now() - timedelta(minutes=16))
    assert broken() == ["I6"]


def test_alerts_are_no_part_of_the_books(stripe):
    MoneyAlert.objects.create(kind="dead_task", subject="x", last_seen_at=clock.real_now())
    assert broken() == []
