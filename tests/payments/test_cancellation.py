"""Cancelling: what comes back at every boundary, once, whatever else happens to the booking."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta

import pytest
import time_machine
from django.db import connections

from booking import services as bookings
from booking.models import Booking, BookingChange, BookingStatus, DiscountUse
from catalog.models import DiscountCode, SurchargeRule
from payments.models import (
    AuditKind,
    Cancellation,
    Method,
    Payment,
    PaymentAudit,
    PaymentStatus,
    Purpose,
    Refund,
)
from payments.services import (
    BookingChangedError,
    CancellationRefusedError,
    Decision,
    Outcome,
    RefundAmountChangedError,
    RefundRefusedError,
    cancel_booking,
    cancellation_preview,
    settle,
)
from payments.services.invariants import check_all
from payments.services.locks import audit
from tests.booking.helpers import make_booking, quiet_day
from tests.payments.changing import change, other_day, places
from tests.payments.helpers import begin_booking
from tests.payments.money import paid_booking, person
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]
POLICY = Decision("policy")
SECOND = timedelta(seconds=1)


@pytest.fixture
def books_in_order():
    """After the test the books are in order, places included."""
    yield
    broken = [result for result in check_all() if not result.holds and result.number != "I6"]
    assert broken == []


def cancel(booking: Booking, decision: Decision = POLICY, **more: object) -> Cancellation:
    return cancel_booking(booking.pk, decision=decision, reason="Plans changed", **more)  # type: ignore[arg-type]


def placed(day: date, **answers: object) -> Booking:
    """A booking for ``day`` that was paid $285 or so, without the way through Stripe."""
    with time_machine.travel(clock.at(day - timedelta(days=20), time(12)), tick=False):
        booking = make_booking(pickup_date=day.isoformat(), **answers)
        bookings.mark_paid(booking)
        payment = Payment.objects.create(
            booking=booking,
            amount_cents=booking.total_price_cents,
            status=PaymentStatus.SUCCEEDED,
            stripe_payment_intent_id=f"pi_{booking.pk}",
            stripe_charge_id=f"ch_{booking.pk}",
            processed_at=clock.now(),
        )
        audit(payment, AuditKind.PAYMENT_SUCCEEDED)
    return booking


# -- boundaries --------------------------------------------------------------------

QUIET = date(2027, 6, 16)  # a Wednesday; windows start at 8 AM
PEAK = date(2027, 7, 2)
# The Sundays on which the clocks change, and the Tuesdays whose 48 hours contain them.
SPRING, FALL = date(2027, 3, 14), date(2027, 11, 7)


@pytest.mark.parametrize(
    ("day", "moment", "cents"),
    [
        (QUIET, (date(2027, 6, 14), time(8)), (285_00, 285_00, 0)),
        # Monday's 8 AM is 48 real hours after Saturday's 7 AM in spring, 9 AM in fall.
        (SPRING + timedelta(days=1), (date(2027, 3, 13), time(7)), (285_00, 285_00, 0)),
        (FALL + timedelta(days=1), (date(2027, 11, 6), time(9)), (285_00, 285_00, 0)),
    ],
)
def test_48_hours_are_measured_in_real_hours_to_the_second(day, moment, cents):
    booking = placed(day)
    boundary = clock.at(*moment)
    for offset, expected in zip((-SECOND, timedelta(0), SECOND), cents, strict=True):
        preview = cancellation_preview(booking, boundary + offset)
        assert (preview.total_cents, preview.refusal) == (expected, "")


@pytest.mark.parametrize("day", [QUIET, SPRING, FALL, SPRING + timedelta(days=1)])
def test_cut_off_is_6_pm_the_day_before_to_the_second(day):
    booking = placed(day)
    cutoff = clock.at(day - timedelta(days=1), time(18))
    closed = []
    for offset in (-SECOND, timedelta(0), SECOND):
        with time_machine.travel(cutoff + offset, tick=False):
            closed.append(bool(cancellation_preview(booking, clock.now()).refusal))
            if closed[-1]:
                with pytest.raises(CancellationRefusedError, match="too late"):
                    cancel(booking)
    assert closed == [False, True, True]
    with time_machine.travel(cutoff - SECOND, tick=False):
        assert cancel(booking).refund_cents == 0


def test_last_second_of_the_48_hours_gives_everything_through_the_service():
    booking = placed(QUIET)
    with time_machine.travel(clock.at(date(2027, 6, 14), time(8)), tick=False):
        assert cancel(booking, shown_cents=285_00).refund_cents == 285_00


def test_peak_date_gives_nothing_however_early():
    SurchargeRule.objects.create(
        name="Summer peak",
        surcharge_type="peak_date",
        calculation_type="fixed_amount",
        fixed_amount_cents=50_00,
        specific_date=PEAK,
    )
    booking = placed(PEAK)
    with time_machine.travel(clock.at(PEAK - timedelta(days=19), time(12)), tick=False):
        preview = cancellation_preview(booking, clock.now())
        assert preview.terms.is_peak
        assert cancel(booking, shown_cents=0).total_cents == 0
    assert not Refund.objects.exists()


def test_amount_that_moved_since_it_was_shown_asks_again():
    booking = placed(QUIET)
    with (
        time_machine.travel(clock.at(date(2027, 6, 14), time(8, 0, 1)), tick=False),
        pytest.raises(RefundAmountChangedError) as moved,
    ):
        cancel(booking, shown_cents=285_00)
    assert (moved.value.shown_cents, moved.value.refund_cents) == (285_00, 0)
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID


# -- what follows --------------------------------------------------------------------


@pytest.mark.usefixtures("books_in_order")
def test_cancelling_gives_place_and_money_back_and_says_so_in_one_mail(
    stripe, run_queue, mailoutbox, settings
):
    settings.AUTO_APPROVE_POLICY_REFUNDS = True
    booking = paid_booking(stripe)
    run_queue()
    mailoutbox.clear()

    done = cancel(booking, shown_cents=285_00)
    run_queue()

    booking.refresh_from_db()
    assert (booking.status, booking.cancellation_reason) == ("cancelled", "Plans changed")
    assert not booking.holds_place
    assert places(quiet_day()) == 0
    refund = Refund.objects.get()
    assert (refund.kind, refund.status, refund.amount_cents) == ("policy", "completed", 285_00)
    assert stripe.state()["refunded_cents"] == 285_00
    assert done.refund_cents == 285_00
    mail = next(one for one in mailoutbox if "cancelled" in one.subject)
    assert "$285.00" in mail.body
    name, content, kind = mail.attachments[0]
    assert (name, kind) == (f"{booking.booking_number}.ics", "text/calendar; method=CANCEL")
    assert "STATUS:CANCELLED" in (content.decode() if isinstance(content, bytes) else content)


@pytest.mark.parametrize(
    ("approves_itself", "subject", "words"),
    [
        (False, "refund to approve", "By the policy $285.00 go back: the refund waits"),
        (True, "", "By the policy $285.00 go back, by themselves."),
    ],
)
def test_office_hears_of_what_a_customer_cancels_and_what_waits_for_it(
    stripe, run_queue, mailoutbox, settings, approves_itself, subject, words
):
    settings.STAFF_ALERT_EMAILS = ["office@example.com"]
    settings.AUTO_APPROVE_POLICY_REFUNDS = approves_itself
    booking = paid_booking(stripe)
    cancel(booking)
    run_queue()
    [mail] = [one for one in mailoutbox if one.to == ["office@example.com"]]
    expected = f"Cancelled by the customer: {booking.booking_number}"
    assert mail.subject == (f"{expected}, {subject}" if subject else expected)
    assert words in mail.body
    assert f"/staff/bookings/{booking.pk}/" in mail.body


def test_office_is_not_told_of_what_it_cancelled_itself(stripe, run_queue, mailoutbox, settings):
    settings.STAFF_ALERT_EMAILS = ["office@example.com"]
    cancel(paid_booking(stripe), Decision("none"), actor=person())
    run_queue()
    assert [one for one in mailoutbox if one.to == ["office@example.com"]] == []


def test_without_the_switch_the_refund_waits_for_people(stripe, settings):
    settings.AUTO_APPROVE_POLICY_REFUNDS = False
    cancel(paid_booking(stripe))
    assert Refund.objects.get().status == "requested"


@pytest.mark.usefixtures("books_in_order")
def test_16_clicks_cancel_once(stripe):
    booking = paid_booking(stripe)

    def click(_):
        try:
            return cancel(booking).refund_cents
        except CancellationRefusedError:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        done = [cents for cents in pool.map(click, range(16)) if cents is not None]
    assert done == [285_00]
    assert Refund.objects.count() == 1
    assert places(quiet_day()) == 0


@pytest.mark.usefixtures("books_in_order")
def test_change_then_cancel_gives_back_all_that_was_paid_from_both_payments(stripe):
    booking = paid_booking(stripe)
    change(booking, standard_delivery_item_count=4)
    settle(stripe.pay(booking.pk, webhook="never"))
    done = cancel(booking)
    assert done.refund_cents == 380_00
    assert sorted(Refund.objects.values_list("amount_cents", flat=True)) == [95_00, 285_00]


@pytest.mark.usefixtures("books_in_order")
def test_cheaper_change_then_cancel_gives_back_no_cent_twice(stripe):
    booking = paid_booking(stripe, standard_delivery_item_count=5)
    change(booking, standard_delivery_item_count=3)
    done = cancel(booking)
    assert done.refund_cents == 285_00
    assert sum(Refund.objects.values_list("amount_cents", flat=True)) == 475_00


@pytest.mark.usefixtures("books_in_order")
def test_cancelling_ends_a_change_that_waits_and_frees_both_places(stripe):
    booking = paid_booking(stripe)
    change(booking, pickup_date=other_day().isoformat(), standard_delivery_item_count=4)
    session_id = stripe.session_of(booking.pk)
    cancel(booking)
    assert stripe.state()["sessions"].get("open", 0) == 0
    assert (places(quiet_day()), places(other_day())) == (0, 0)
    assert not BookingChange.objects.pending().exists()
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)
    assert settle(session_id).outcome is Outcome.GIVEN_BACK


@pytest.mark.usefixtures("books_in_order")
def test_cancelling_while_the_change_is_paid_makes_it_first_and_gives_all_back(stripe):
    booking = paid_booking(stripe)
    change(booking, standard_delivery_item_count=4)
    stripe.pay(booking.pk, webhook="never")
    assert cancel(booking).refund_cents == 380_00
    assert Payment.objects.get(purpose=Purpose.CHANGE).unfulfillable_reason == ""


@pytest.mark.usefixtures("books_in_order")
def test_unpaid_booking_is_cancelled_with_its_page_and_its_code(stripe):
    DiscountCode.objects.create(code="SAVE10", discount_type="percentage", percent=10)
    booking = begin_booking(discount_code="SAVE10")
    session_id = stripe.session_of(booking.pk)
    cancel(booking)
    assert stripe.state()["sessions"].get("open", 0) == 0
    assert not DiscountUse.objects.standing().exists()
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)
    assert settle(session_id).outcome is Outcome.GIVEN_BACK


def test_paid_booking_keeps_its_code_used(stripe):
    DiscountCode.objects.create(code="SAVE10", discount_type="percentage", percent=10)
    cancel(paid_booking(stripe, discount_code="SAVE10"))
    assert DiscountUse.objects.standing().count() == 1


def test_version_that_was_shown_must_still_be_the_one(stripe):
    booking = paid_booking(stripe)
    with pytest.raises(BookingChangedError):
        cancel(booking, version=booking.version - 1)


# -- by the office --------------------------------------------------------------------


@pytest.mark.usefixtures("books_in_order")
@pytest.mark.parametrize(
    ("decision", "cents"),
    [(Decision("full"), 285_00), (Decision("partial", 100_01), 100_01), (Decision("none"), 0)],
)
def test_office_decides_what_comes_back(stripe, decision, cents):
    olga = person()
    done = cancel(paid_booking(stripe), decision, actor=olga)
    assert (done.kind, done.refund_cents, done.decided_by) == (decision.kind, cents, olga)
    assert list(Refund.objects.values_list("kind", "amount_cents", "requested_by")) == (
        [("request", cents, olga.pk)] if cents else []
    )


def test_office_cancels_after_the_cut_off():
    booking = placed(QUIET)
    with time_machine.travel(clock.at(QUIET, time(7)), tick=False):
        assert cancel(booking, Decision("full"), actor=person()).refund_cents == 285_00


@pytest.mark.usefixtures("books_in_order")
def test_credit_is_a_fixed_code_for_one_booking_and_is_mailed(stripe, run_queue, mailoutbox):
    booking = paid_booking(stripe)
    run_queue()
    mailoutbox.clear()
    done = cancel(booking, Decision("credit"), actor=person())
    run_queue()
    code = done.credit_code
    assert code is not None
    assert (code.amount_cents, code.max_uses, code.discount_type) == (285_00, 1, "fixed_amount")
    assert code.code in mailoutbox[0].body
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    "decision", [Decision("partial", 285_01), Decision("partial"), Decision("credit", 285_01)]
)
def test_no_more_than_was_paid_can_be_decided(stripe, decision):
    booking = paid_booking(stripe)
    with pytest.raises(RefundRefusedError):
        cancel(booking, decision, actor=person())
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID
    assert places(quiet_day()) == 1


def test_customer_gets_the_policy_and_nothing_else(stripe):
    with pytest.raises(ValueError, match="by the policy"):
        cancel(paid_booking(stripe), Decision("full"))


@pytest.mark.usefixtures("books_in_order")
def test_money_taken_outside_stripe_goes_back_by_hand():
    booking = make_booking()
    bookings.mark_paid(booking)
    payment = Payment.objects.create(
        booking=booking,
        method=Method.OUTSIDE,
        outside_method="cash",
        recorded_by=person(),
        amount_cents=285_00,
        status=PaymentStatus.SUCCEEDED,
        processed_at=clock.now(),
    )
    audit(payment, AuditKind.PAYMENT_SUCCEEDED)
    done = cancel(booking)
    assert (done.refund_cents, done.by_hand_cents) == (0, 285_00)
    assert not PaymentAudit.objects.filter(kind=AuditKind.REFUND_REQUESTED).exists()
