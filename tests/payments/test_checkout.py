from datetime import timedelta

import pytest

from booking.models import Booking, BookingStatus, DiscountUse, Draft
from booking.services import DraftChangedError, NotBookableError, PriceChangedError, Shown
from catalog.models import CapacityDay, DiscountCode, StandardDeliveryConfig
from payments.models import AttemptStatus, CheckoutAttempt, Payment, PaymentStatus
from payments.services import CheckoutResult, CheckoutUnavailableError, begin_checkout, settle
from tests.booking.helpers import (
    ACCEPTANCE,
    make_draft,
    quiet_day,
    shown_of,
    standard_answers,
)
from tests.payments.helpers import BASE_URL, begin, begin_booking

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]


def used(day):
    return CapacityDay.objects.filter(date=day).values_list("used", flat=True).first() or 0


def test_begin_checkout_stores_the_booking_before_it_asks_stripe(stripe):
    stripe.fault(match="POST /v1/checkout/sessions", kind="error_500", times=3)
    draft = make_draft()

    with pytest.raises(CheckoutUnavailableError):
        begin(draft)

    booking = Booking.objects.get(draft=draft)
    payment = Payment.objects.get(booking=booking)
    assert booking.status == BookingStatus.PENDING
    assert (payment.status, payment.amount_cents) == (PaymentStatus.PENDING, 285_00)


def test_begin_checkout_opens_a_session_for_exactly_the_total(stripe):
    draft = make_draft()
    checkout = begin(draft)

    attempt = CheckoutAttempt.objects.get()
    assert checkout.result is CheckoutResult.PAY
    assert attempt.session_id in checkout.url
    assert (attempt.status, attempt.amount_cents) == (AttemptStatus.OPEN, 285_00)
    assert attempt.customer_email == "ada@example.com"
    assert stripe.state()["sessions"]["open"] == 1


def test_second_click_gets_the_same_session(stripe):
    draft = make_draft()
    first = begin(draft)
    second = begin(draft)

    assert second == first
    assert Booking.objects.count() == 1
    assert CheckoutAttempt.objects.count() == 1


def test_time_out_after_the_work_was_done_finds_the_same_session_again(stripe, settings):
    draft = make_draft()
    stripe.fault(match="POST /v1/checkout/sessions", kind="reset_after", times=3)
    with pytest.raises(CheckoutUnavailableError):
        begin(draft)
    first = CheckoutAttempt.objects.get()

    begin(draft)

    attempt = CheckoutAttempt.objects.get()
    assert attempt.pk == first.pk
    assert attempt.status == AttemptStatus.OPEN
    assert stripe.state()["sessions"]["open"] == 1


def test_definite_refusal_starts_another_attempt_and_three_end_it(stripe, monkeypatch):
    draft = make_draft()
    with monkeypatch.context() as patch:
        # Stripe refuses sessions that end in less than 30 minutes.
        patch.setattr("payments.services.sessions.session_life", lambda: timedelta(minutes=5))
        with pytest.raises(CheckoutUnavailableError):
            begin(draft)

    payment = Payment.objects.get()
    assert payment.status == PaymentStatus.FAILED
    assert payment.attempts.filter(status=AttemptStatus.FAILED).count() == 3
    assert used(quiet_day()) == 0
    assert begin(draft).result is CheckoutResult.PAY
    assert used(quiet_day()) == 1


def test_changed_draft_ends_the_old_session_and_sells_the_new_order(stripe):
    draft = make_draft()
    begin(draft)
    old = CheckoutAttempt.objects.get()
    later = quiet_day() + timedelta(days=7)
    draft.update_answers({"standard_delivery_item_count": 5, "pickup_date": later.isoformat()})

    begin(draft)

    booking = Booking.objects.get()
    old.refresh_from_db()
    new = CheckoutAttempt.objects.exclude(pk=old.pk).get()
    assert old.status == AttemptStatus.EXPIRED
    assert old.payment.status == PaymentStatus.FAILED
    assert (new.status, new.amount_cents) == (AttemptStatus.OPEN, 475_00)
    assert (booking.total_price_cents, booking.pickup_date) == (475_00, later)
    assert (used(quiet_day()), used(later)) == (0, 1)
    assert stripe.state()["sessions"]["open"] == 1


def test_changed_draft_of_a_session_already_paid_is_settled_as_sold(stripe):
    draft = make_draft()
    begin(draft)
    booking = Booking.objects.get()
    stripe.pay(booking.pk, webhook="never")
    draft.update_answers({"standard_delivery_item_count": 5})

    checkout = begin(draft)

    booking.refresh_from_db()
    assert checkout.result is CheckoutResult.BOOKED
    assert booking.status == BookingStatus.PAID
    assert booking.total_price_cents == 285_00


def test_change_that_cannot_be_booked_leaves_the_old_session_payable(stripe):
    draft = make_draft()
    begin(draft)
    draft.update_answers({"item_description": ""})
    draft.refresh_from_db()

    with pytest.raises(NotBookableError):
        begin_checkout(draft.pk, Shown(draft.version, 285_00), ACCEPTANCE, base_url=BASE_URL)

    assert CheckoutAttempt.objects.get().status == AttemptStatus.OPEN
    assert stripe.state()["sessions"]["open"] == 1


def test_catalog_change_before_the_click_asks_again(stripe):
    draft = make_draft()
    shown = shown_of(draft)
    StandardDeliveryConfig.objects.all().update(minimum_charge_cents=300_00)

    with pytest.raises(PriceChangedError):
        begin_checkout(draft.pk, shown, ACCEPTANCE, base_url=BASE_URL)

    assert Booking.objects.count() == 0


def test_open_session_keeps_the_price_it_was_shown_with(stripe):
    draft = make_draft()
    shown = shown_of(draft)
    first = begin_checkout(draft.pk, shown, ACCEPTANCE, base_url=BASE_URL)
    StandardDeliveryConfig.objects.all().update(minimum_charge_cents=300_00)

    assert begin_checkout(draft.pk, shown, ACCEPTANCE, base_url=BASE_URL) == first


def test_new_price_that_was_shown_replaces_the_open_session(stripe):
    draft = make_draft()
    begin(draft)
    StandardDeliveryConfig.objects.all().update(minimum_charge_cents=300_00)
    begin(draft)

    booking = Booking.objects.get()
    live = CheckoutAttempt.objects.filter(status=AttemptStatus.OPEN)
    assert booking.total_price_cents == 300_00
    assert [attempt.amount_cents for attempt in live] == [300_00]


def test_stale_tab_is_told_and_nothing_is_ended(stripe):
    draft = make_draft()
    stale = shown_of(draft)
    begin(draft)
    draft.update_answers({"standard_delivery_item_count": 5})

    with pytest.raises(DraftChangedError):
        begin_checkout(draft.pk, stale, ACCEPTANCE, base_url=BASE_URL)

    assert stripe.state()["sessions"]["open"] == 1


def test_nothing_to_pay_is_booked_at_once_without_stripe(stripe, mailoutbox, run_queue):
    DiscountCode.objects.create(code="FREE", discount_type="percentage", percent=100)
    draft = make_draft(standard_answers(discount_code="FREE"))

    checkout = begin(draft)
    run_queue()

    booking = Booking.objects.get(pk=checkout.booking_id)
    payment = Payment.objects.get()
    assert checkout.result is CheckoutResult.BOOKED
    assert booking.status == BookingStatus.PAID
    assert (payment.method, payment.amount_cents, payment.status) == ("free", 0, "succeeded")
    assert stripe.requests()["data"] == []
    assert len(mailoutbox) == 1


def test_paying_again_after_it_is_paid_goes_to_the_booking(stripe):
    draft = make_draft()
    first = begin(draft)
    settle(stripe.pay(first.booking_id, webhook="never"))

    again = begin(draft)

    assert (again.result, again.booking_id) == (CheckoutResult.BOOKED, first.booking_id)
    assert Payment.objects.count() == 1


def test_ended_session_gives_place_and_code_back_and_a_new_try_takes_them_again(stripe):
    DiscountCode.objects.create(code="ONCE", discount_type="percentage", percent=20, max_uses=1)
    draft = make_draft(standard_answers(discount_code="ONCE"))
    booking_id = begin(draft).booking_id
    settle(stripe.expire(booking_id))

    booking = Booking.objects.get()
    assert booking.status == BookingStatus.PENDING
    assert not booking.holds_place
    assert used(quiet_day()) == 0
    assert DiscountUse.objects.standing().count() == 0

    assert begin(draft).result is CheckoutResult.PAY
    assert Booking.objects.get().holds_place
    assert used(quiet_day()) == 1
    assert DiscountUse.objects.standing().count() == 1


def test_ended_session_and_full_day_cannot_be_paid_again(stripe):
    CapacityDay.objects.create(date=quiet_day(), limit=1, limit_is_own=True)
    draft = make_draft()
    shown = shown_of(draft)
    booking_id = begin(draft).booking_id
    settle(stripe.expire(booking_id))
    begin_booking(email="bob@example.com")

    with pytest.raises(NotBookableError):
        begin_checkout(draft.pk, shown, ACCEPTANCE, base_url=BASE_URL)

    assert used(quiet_day()) == 1


def test_stripe_down_for_a_minute_then_the_same_click_works(stripe):
    stripe.fault(match="* /v1/*", kind="error_500", times=None)
    draft = make_draft()
    for _ in range(2):
        with pytest.raises(CheckoutUnavailableError):
            begin(draft)
    stripe.reset()

    assert begin(draft).result is CheckoutResult.PAY
    assert Booking.objects.count() == 1
    assert Payment.objects.count() == 1


def test_checkout_keeps_the_draft_alive_while_it_can_be_paid(stripe):
    draft = make_draft()
    before = Draft.objects.get().expires_at
    begin(draft)
    assert Draft.objects.get().expires_at > before
