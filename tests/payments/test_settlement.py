from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connections

from booking import services as bookings
from booking.models import Booking, BookingEvent, BookingStatus
from catalog.models import CapacityDay
from payments.gateway import get_gateway
from payments.models import AuditKind, CheckoutAttempt, Payment, PaymentAudit, Refund
from payments.services import Outcome, apply_state, settle, settle_payment
from tests.booking.helpers import make_draft, quiet_day
from tests.payments.helpers import begin, begin_booking
from totetaxi.lib.errors import PermanentError, TemporaryError

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]


def test_settle_makes_a_paid_session_a_paid_booking_with_one_mail(stripe, mailoutbox, run_queue):
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never")

    outcomes = [settle(session_id).outcome for _ in range(3)]
    run_queue()

    booking.refresh_from_db()
    payment = Payment.objects.get()
    assert outcomes == [Outcome.PAID] * 3
    assert booking.status == BookingStatus.PAID
    assert booking.paid_at is not None
    assert payment.status == "succeeded"
    assert payment.stripe_payment_intent_id.startswith("pi_")
    assert payment.stripe_charge_id.startswith("ch_")
    assert BookingEvent.objects.filter(to_status="paid").count() == 1
    assert PaymentAudit.objects.filter(kind=AuditKind.PAYMENT_SUCCEEDED).count() == 1
    assert len(mailoutbox) == 1


def test_settle_of_an_open_session_changes_nothing(stripe):
    booking = begin_booking()
    assert settle(stripe.session_of(booking.pk)).outcome is Outcome.OPEN
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PENDING


def test_settle_at_the_same_moment_from_everywhere_pays_once(stripe, run_queue, mailoutbox):
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never")

    def call(_: int) -> Outcome:
        try:
            return settle(session_id).outcome
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(call, range(16)))
    run_queue()

    assert set(outcomes) == {Outcome.PAID}
    assert BookingEvent.objects.filter(to_status="paid").count() == 1
    assert len(mailoutbox) == 1


def test_answer_lost_after_stripe_made_the_session_is_found_by_our_key(stripe):
    booking = begin_booking()
    session_id = stripe.session_of(booking.pk)
    CheckoutAttempt.objects.update(session_id="", session_url="", status="creating")
    stripe.control(f"sessions/{session_id}/pay", webhook="never")

    assert settle(session_id).outcome is Outcome.PAID
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID


@pytest.mark.parametrize("fault", ["wrong_amount", "wrong_currency"])
def test_wrong_amount_or_currency_never_pays_and_alerts_once(
    stripe, fault, settings, mailoutbox, run_queue
):
    settings.STAFF_ALERT_EMAILS = ["office@example.com"]
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never")
    stripe.fault(match="GET /v1/checkout/sessions/*", kind=fault, times=None)

    outcomes = [settle(session_id).outcome for _ in range(2)]
    run_queue()

    booking.refresh_from_db()
    assert outcomes == [Outcome.MISMATCH] * 2
    assert booking.status == BookingStatus.PENDING
    assert Payment.objects.get().status == "pending"
    assert [mail.to for mail in mailoutbox] == [["office@example.com"]]


def test_late_payment_takes_the_place_again_if_there_is_one(stripe):
    booking = begin_booking()
    session_id = stripe.session_of(booking.pk)
    settle(stripe.expire(booking.pk))
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)

    assert settle(session_id).outcome is Outcome.PAID
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID
    assert booking.holds_place


def test_late_payment_for_a_full_day_goes_back_with_an_apology(
    stripe, settings, mailoutbox, run_queue
):
    settings.STAFF_ALERT_EMAILS = ["office@example.com"]
    CapacityDay.objects.create(date=quiet_day(), limit=1, limit_is_own=True)
    booking = begin_booking()
    session_id = stripe.session_of(booking.pk)
    settle(stripe.expire(booking.pk))
    begin_booking(email="bob@example.com")
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)

    outcome = settle(session_id).outcome
    run_queue()

    booking.refresh_from_db()
    refund = Refund.objects.get()
    assert outcome is Outcome.GIVEN_BACK
    assert booking.status == BookingStatus.PENDING
    assert (refund.status, refund.amount_cents) == ("completed", 285_00)
    assert refund.payment.status == "refunded"
    assert sorted(mail.to[0] for mail in mailoutbox) == ["ada@example.com", "office@example.com"]
    assert settle(session_id).outcome is Outcome.GIVEN_BACK


def test_payment_of_a_cancelled_booking_goes_back_and_revives_nothing(stripe, run_queue):
    booking = begin_booking()
    bookings.cancel_unpaid(booking.pk, reason="unpaid")
    session_id = stripe.pay(booking.pk, webhook="never")

    assert settle(session_id).outcome is Outcome.GIVEN_BACK
    run_queue()

    booking.refresh_from_db()
    assert booking.status == BookingStatus.CANCELLED
    assert Refund.objects.get().status == "completed"
    assert stripe.state()["refunded_cents"] == 285_00


def test_kill_switch_leaves_a_refund_request_instead(stripe, settings, run_queue):
    settings.AUTO_REFUND_UNFULFILLABLE = False
    booking = begin_booking()
    bookings.cancel_unpaid(booking.pk, reason="unpaid")

    settle(stripe.pay(booking.pk, webhook="never"))
    run_queue()

    assert Refund.objects.get().status == "requested"
    assert stripe.state()["refunded_cents"] == 0


def test_second_capture_of_a_paid_booking_goes_back_and_the_booking_stands(stripe, run_queue):
    draft = make_draft()
    begin(draft)
    booking = Booking.objects.get()
    first = stripe.session_of(booking.pk)
    settle(stripe.expire(booking.pk))
    begin(draft)
    settle(stripe.pay(booking.pk, webhook="never"))
    stripe.control(f"sessions/{first}/pay", webhook="never", force=True)

    assert settle(first).outcome is Outcome.GIVEN_BACK
    run_queue()

    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID
    duplicate = Payment.objects.get(unfulfillable_reason="duplicate")
    assert duplicate.status == "refunded"
    assert Refund.objects.get().amount_cents == 285_00


def test_session_of_somebody_else_is_not_ours(stripe):
    with pytest.raises(PermanentError):
        settle("cs_test_nobody")


def test_stripe_down_changes_nothing(stripe):
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never")
    stripe.fault(match="GET /v1/checkout/sessions/*", kind="error_500", times=3)

    with pytest.raises(TemporaryError):
        settle(session_id)

    booking.refresh_from_db()
    assert booking.status == BookingStatus.PENDING
    settlement = settle_payment(Payment.objects.get().pk)
    assert settlement is not None
    assert settlement.outcome is Outcome.PAID


def test_expired_session_after_it_was_paid_moves_nothing_backwards(stripe):
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never")
    settle(session_id)
    stale = replace(get_gateway().get_session(session_id), status="expired", is_paid=False)

    assert apply_state(stale).outcome is Outcome.PAID

    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID
    assert booking.holds_place
    assert Payment.objects.get().status == "succeeded"
