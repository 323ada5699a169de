"""What goes wrong between two steps: other tabs, webhooks, lost answers and late money."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.urls import reverse
from django.utils import timezone

from booking import services as bookings
from booking.models import Booking, BookingStatus, DiscountUse
from catalog.models import (
    AirportTransferConfig,
    CapacityDay,
    DiscountCode,
    MiniMovePackage,
    SpecialtyItem,
    StandardDeliveryConfig,
)
from payments.gateway import SameAnswerError, StripeGateway, get_gateway
from payments.models import AttemptStatus, CheckoutAttempt, Payment, PaymentStatus
from payments.services import CheckoutResult, CheckoutUnavailableError, Outcome, apply_state, settle
from payments.services.checkout import _give_up
from payments.services.locks import lock_money
from payments.services.sessions import refused
from tests.booking.helpers import make_draft, quiet_day, standard_answers
from tests.payments.helpers import begin, begin_booking, session_event, signed
from totetaxi.users.models import User

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]


def used() -> int:
    day = CapacityDay.objects.filter(date=quiet_day()).values_list("used", flat=True)
    return day.first() or 0


def wait_until_blocked() -> None:
    """Return once some other connection waits for a lock."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits for a lock")


def test_lock_money_sees_a_payment_that_was_added_while_it_waited(stripe):
    booking = begin_booking()
    seen: list[set[str]] = []

    def webhook() -> None:
        with transaction.atomic():
            seen.append({p.status for p in lock_money(booking.pk).open_payments})
        connections.close_all()

    with transaction.atomic():
        money = lock_money(booking.pk)
        thread = threading.Thread(target=webhook)
        thread.start()
        wait_until_blocked()
        money.payments[0].move_to(PaymentStatus.FAILED, failure_reason="replaced")
        Payment.objects.create(booking=booking, amount_cents=300_00)
    thread.join(timeout=10)

    assert seen == [{"pending"}]


def test_late_word_about_an_ended_session_leaves_the_place_to_the_next_checkout(stripe):
    booking = begin_booking()
    session_id = stripe.expire(booking.pk)
    ended = get_gateway().get_session(session_id)
    apply_state(ended, keep_hold=True)  # the checkout ended it and goes on

    settle(session_id)  # Stripe's own word about it comes now

    assert Booking.objects.get().holds_place
    assert used() == 1


def test_order_that_cannot_be_sold_after_its_session_ended_gives_the_place_back(stripe):
    draft = make_draft()
    begin(draft)
    booking = Booking.objects.get()
    apply_state(get_gateway().get_session(stripe.expire(booking.pk)), keep_hold=True)

    _give_up(draft.pk)

    assert used() == 0


def test_order_whose_session_can_still_be_paid_keeps_its_place(stripe):
    draft = make_draft()
    begin(draft)
    _give_up(draft.pk)
    assert used() == 1


def test_failure_that_stripe_keeps_under_a_key_does_not_block_the_order(stripe, monkeypatch):
    """Stripe answers a repeated key with what it answered first, a 500 included, for a day."""
    draft = make_draft()
    create = StripeGateway.create_session
    poisoned: set[str] = set()

    def stuck(self, new):
        poisoned.add(min(poisoned, default=new.key))
        if new.key in poisoned:
            raise SameAnswerError("Stripe 500: api_error")
        return create(self, new)

    monkeypatch.setattr(StripeGateway, "create_session", stuck)
    with pytest.raises(CheckoutUnavailableError):
        begin(draft)
    CheckoutAttempt.objects.update(created_at=timezone.now() - timedelta(minutes=2))

    assert begin(draft).result is CheckoutResult.PAY
    statuses = CheckoutAttempt.objects.order_by("number").values_list("status", flat=True)
    assert list(statuses) == [AttemptStatus.FAILED, AttemptStatus.OPEN]


def test_late_payment_and_a_new_booking_with_the_same_code_never_deadlock(stripe):
    DiscountCode.objects.create(code="HALF", discount_type="percentage", percent=50)
    answers = standard_answers(discount_code="HALF")

    def late(booking_id) -> None:
        with transaction.atomic():
            locked = lock_money(booking_id).booking
            bookings.retake_hold(locked, reason="test")
        connections.close_all()

    def place(number: int) -> None:
        begin(make_draft({**answers, "email": f"p{number}@example.com"}))
        connections.close_all()

    released = []
    for number in range(8):
        booking = Booking.objects.get(
            pk=begin(make_draft({**answers, "email": f"r{number}@example.com"})).booking_id
        )
        settle(stripe.expire(booking.pk))
        released.append(booking.pk)
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(late, booking_id) for booking_id in released]
        futures += [pool.submit(place, number) for number in range(8)]
        for future in futures:
            future.result()

    assert used() == 16
    assert DiscountUse.objects.standing().count() == 16


def test_code_taken_off_the_order_is_not_used_again_by_late_money(stripe):
    DiscountCode.objects.create(code="HALF", discount_type="percentage", percent=50)
    draft = make_draft(standard_answers(discount_code="HALF"))
    begin(draft)
    draft.update_answers({"discount_code": ""})
    begin(draft)
    booking = Booking.objects.get()
    settle(stripe.expire(booking.pk))

    with transaction.atomic():
        assert bookings.retake_hold(lock_money(booking.pk).booking, reason="test")

    assert DiscountUse.objects.standing().count() == 0


def test_second_capture_is_settled_any_number_of_times(stripe, run_queue):
    draft = make_draft()
    begin(draft)
    booking = Booking.objects.get()
    first = stripe.session_of(booking.pk)
    settle(stripe.expire(booking.pk))
    begin(draft)
    settle(stripe.pay(booking.pk, webhook="never"))
    stripe.control(f"sessions/{first}/pay", webhook="never", force=True)

    before = [settle(first).outcome for _ in range(2)]
    run_queue()
    after = settle(first).outcome

    assert [*before, after] == [Outcome.GIVEN_BACK] * 3
    assert Payment.objects.get(unfulfillable_reason="duplicate").status == "refunded"
    assert stripe.state()["refunded_cents"] == 285_00


def test_money_through_an_old_page_ends_the_newer_page(stripe, run_queue):
    draft = make_draft()
    begin(draft)
    booking = Booking.objects.get()
    first = stripe.session_of(booking.pk)
    settle(stripe.expire(booking.pk))
    begin(draft)
    stripe.control(f"sessions/{first}/pay", webhook="never", force=True)

    settle(first)
    run_queue()

    assert Booking.objects.get().status == BookingStatus.PAID
    assert stripe.state()["sessions"].get("open", 0) == 0


def test_two_tabs_that_are_refused_alike_share_the_next_attempt(stripe):
    booking = begin_booking()
    first = CheckoutAttempt.objects.get()
    following = refused(first, "Stripe 400: refused")
    assert refused(first, "Stripe 400: refused") == following
    assert CheckoutAttempt.objects.filter(payment__booking=booking).count() == 2


def test_deleted_booking_cannot_be_paid(stripe):
    draft = make_draft()
    begin(draft)
    Booking.objects.update(deleted_at=timezone.now())
    with pytest.raises(CheckoutUnavailableError):
        begin(draft)


def test_signing_in_between_two_tries_makes_it_the_accounts_booking(stripe):
    draft = make_draft()
    begin(draft)
    user = User.objects.create_user("ada@example.com", "a long password")
    draft.refresh_from_db()
    draft.user = user
    draft.save()
    draft.update_answers({"standard_delivery_item_count": 4})

    begin(draft)

    booking = Booking.objects.get()
    assert (booking.customer, booking.guest_checkout) == (user, None)


def test_database_refuses_a_second_payment_that_is_kept(stripe):
    booking = begin_booking()
    settle(stripe.pay(booking.pk, webhook="never"))
    with pytest.raises(IntegrityError, match="payment_one_kept_per_booking"):
        Payment.objects.create(booking=booking, amount_cents=285_00, status=PaymentStatus.SUCCEEDED)


# -- over the pages -------------------------------------------------------------


@pytest.fixture
def checkout(client, stripe):
    """A browser whose booking waits on Stripe's page."""
    draft = make_draft()
    session = client.session
    session["draft_id"] = str(draft.pk)
    session.save()
    begin(draft)
    return Booking.objects.get()


def press_pay(client):
    data = {"terms": "on", "draft_version": 1, "shown_total_cents": 285_00}
    return client.post(reverse("payments:start"), data)


def test_pay_again_while_stripe_cannot_be_asked_never_says_nothing_was_charged(
    client, stripe, checkout
):
    stripe.pay(checkout.pk, webhook="never")
    stripe.fault(match="* /v1/*", kind="error_500", times=None)

    press_pay(client)

    page = client.get(reverse("booking:review")).text
    assert "Don’t pay again" in page
    assert "Nothing was charged" not in page


def test_pay_while_there_is_no_catalog_goes_back_instead_of_failing(client, stripe, checkout):
    for model in (
        MiniMovePackage,
        StandardDeliveryConfig,
        SpecialtyItem,
        AirportTransferConfig,
    ):
        model.objects.update(is_active=False)
    stripe.expire(checkout.pk)
    assert press_pay(client)["Location"] == reverse("booking:review")


def test_return_page_of_our_session_that_stripe_hides_from_us_asks_for_patience(
    client, stripe, checkout, settings
):
    session_id = stripe.pay(checkout.pk, webhook="never")
    settings.STRIPE_SECRET_KEY = "rk_live_of_another_account"
    get_gateway.cache_clear()

    page = client.get(reverse("payments:done"), {"session_id": session_id})

    assert page.status_code == 200
    assert "don’t pay again" in page.text


def test_paid_but_not_what_was_asked_is_shown_to_be_in_peoples_hands(client, stripe, checkout):
    stripe.pay(checkout.pk, webhook="never")
    stripe.fault(match="GET /v1/checkout/sessions/*", kind="wrong_amount", times=None)
    page = client.get(press_pay(client)["Location"])
    assert "needs a person" in page.text


def test_event_about_nothing_with_an_id_is_acknowledged(client, stripe):
    event = session_event("x")
    event |= {"type": "balance.available", "data": {"object": {"object": "balance"}}}
    answer = client.post(reverse("payments:stripe_webhook"), **signed(event, secret="whsec_test"))
    assert answer.status_code == 200
