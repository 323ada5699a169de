"""A customer's change: at once, or once it is paid, exactly once, in whatever order things come."""

from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connections, transaction

from booking.models import BookingChange, BookingEvent, ChangeStatus
from booking.services import NotBookableError, PriceChangedError
from catalog.models import StandardDeliveryConfig
from payments.models import CheckoutAttempt, Payment, Purpose, Refund
from payments.services import (
    BookingChangedError,
    ChangeRefusedError,
    ChangeResult,
    CheckoutUnavailableError,
    Outcome,
    ShownChange,
    abandon_change,
    begin_change,
    deny_refund,
    settle,
)
from payments.services.invariants import check_all
from payments.services.reconciliation import reconcile
from payments.services.runs import Run
from tests.booking.helpers import quiet_day
from tests.payments.changing import asked, change, limit, other_day, places, shown
from tests.payments.helpers import BASE_URL
from tests.payments.money import paid_booking, person
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]
# Four items at $95 instead of three: $95 more.
FOUR = {"standard_delivery_item_count": 4}
FIVE = {"standard_delivery_item_count": 5}


@pytest.fixture(autouse=True)
def everything_holds():
    """After each test the books are in order, places included."""
    yield
    broken = [result for result in check_all() if not result.holds and result.number != "I6"]
    assert broken == []


def change_of(booking):
    return BookingChange.objects.filter(booking=booking).latest("created_at")


# -- at once --------------------------------------------------------------------


def test_another_day_at_the_same_price_is_made_at_once_and_moves_the_place(stripe):
    booking = paid_booking(stripe)
    started = change(booking, pickup_date=other_day().isoformat())
    assert started.result is ChangeResult.MADE
    assert booking.pickup_date == other_day()
    assert (places(quiet_day()), places(other_day())) == (0, 1)
    event = BookingEvent.objects.get(kind="changed")
    assert event.before["pickup_date"] == quiet_day().isoformat()
    assert event.after["pickup_date"] == other_day().isoformat()
    assert event.before["total_price_cents"] == event.after["total_price_cents"] == 285_00
    assert Payment.objects.count() == 1


def test_cheaper_change_gives_the_difference_back_once(stripe, run_queue):
    booking = paid_booking(stripe, **FIVE)
    change(booking, **FOUR)
    run_queue()
    assert booking.total_price_cents == 380_00
    refund = Refund.objects.get()
    assert (refund.kind, refund.amount_cents, refund.status) == ("policy", 95_00, "requested")
    assert refund.change == change_of(booking)
    change(booking, item_description="Two suitcases and two boxes")
    assert Refund.objects.count() == 1


def test_change_back_asks_for_no_more_than_came_back(stripe):
    """Cheaper and refused the refund, then back: it was paid for already (rule R865)."""
    booking = paid_booking(stripe, **FIVE)
    change(booking, **FOUR)
    deny_refund(Refund.objects.get().pk, reason="No", by=person())
    request = asked(booking, **FIVE)
    assert shown(booking, request).due_cents == 0


def test_words_alone_never_move_a_price_that_the_catalog_has_moved(stripe):
    booking = paid_booking(stripe)
    StandardDeliveryConfig.objects.update(price_per_item_cents=200_00)
    change(booking, item_description="Three blue suitcases", special_instructions="Gate 4711")
    assert booking.total_price_cents == 285_00
    assert booking.item_description == "Three blue suitcases"
    assert booking.lines.get(code="base").amount_cents == 285_00


def test_price_that_moved_since_it_was_shown_asks_again(stripe):
    booking = paid_booking(stripe)
    request = asked(booking, **FOUR)
    seen = shown(booking, request)
    StandardDeliveryConfig.objects.update(price_per_item_cents=100_00)
    with pytest.raises(PriceChangedError):
        begin_change(booking.pk, request, seen, base_url=BASE_URL)
    booking.refresh_from_db()
    assert booking.total_price_cents == 285_00
    assert not BookingChange.objects.exists()


def test_booking_that_changed_since_it_was_shown_asks_again(stripe):
    booking = paid_booking(stripe)
    request = asked(booking, **FOUR)
    seen = shown(booking, request)
    change(booking, special_instructions="Ring twice")
    with pytest.raises(BookingChangedError):
        begin_change(booking.pk, request, seen, base_url=BASE_URL)


def test_nothing_different_is_no_change(stripe):
    booking = paid_booking(stripe)
    with pytest.raises(ChangeRefusedError, match="Nothing is different"):
        change(booking)


def test_contact_is_no_part_of_a_change_online(stripe):
    """Else whoever has a guest's link could send all mails to come elsewhere (rule R861)."""
    booking = paid_booking(stripe)
    with pytest.raises(ChangeRefusedError, match="Nothing is different"):
        change(booking, email="eve@example.com", phone="2125550199")


def test_unpaid_booking_is_not_changed_here(stripe):
    from tests.payments.helpers import begin_booking

    booking = begin_booking()
    with pytest.raises(ChangeRefusedError, match="can’t be changed online"):
        begin_change(booking.pk, asked(booking, **FOUR), ShownChange(1, 0, 0), base_url=BASE_URL)


def test_full_day_moves_nothing(stripe):
    booking = paid_booking(stripe)
    limit(other_day(), 1)
    request = asked(booking, pickup_date=other_day().isoformat())
    seen = shown(booking, request)
    paid_booking(stripe, email="bob@example.com", pickup_date=other_day().isoformat())
    with pytest.raises(NotBookableError):
        begin_change(booking.pk, request, seen, base_url=BASE_URL)
    booking.refresh_from_db()
    assert booking.pickup_date == quiet_day()
    assert (places(quiet_day()), places(other_day())) == (1, 1)


# -- once it is paid --------------------------------------------------------------


def dearer_day(booking):
    """Another day and one item more: $95 to pay, two places held."""
    return change(booking, pickup_date=other_day().isoformat(), **FOUR)


def test_dearer_change_holds_both_places_and_is_made_once_when_paid(stripe, run_queue, mailoutbox):
    booking = paid_booking(stripe)
    run_queue()
    mailoutbox.clear()
    started = dearer_day(booking)
    assert started.result is ChangeResult.PAY
    assert booking.total_price_cents == 285_00
    assert (places(quiet_day()), places(other_day())) == (1, 1)
    payment = Payment.objects.get(purpose=Purpose.CHANGE)
    assert (payment.amount_cents, payment.status) == (95_00, "pending")

    session_id = stripe.pay(booking.pk, webhook="never")
    outcomes = [settle(session_id).outcome for _ in range(4)]
    run_queue()

    booking.refresh_from_db()
    assert outcomes == [Outcome.PAID] * 4
    assert (booking.total_price_cents, booking.pickup_date) == (380_00, other_day())
    assert (places(quiet_day()), places(other_day())) == (0, 1)
    assert change_of(booking).status == ChangeStatus.APPLIED
    assert BookingEvent.objects.filter(kind="changed").count() == 1
    assert Refund.objects.count() == 0
    assert len(mailoutbox) == 1


def test_16_hands_settle_it_once(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    session_id = stripe.pay(booking.pk, webhook="never")

    def call(_):
        try:
            return settle(session_id).outcome
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        outcomes = set(pool.map(call, range(16)))
    assert outcomes == {Outcome.PAID}
    assert BookingEvent.objects.filter(kind="changed").count() == 1


def test_expired_page_frees_the_second_place_and_nothing_else(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    before = booking.version
    assert settle(stripe.expire(booking.pk)).outcome is Outcome.EXPIRED
    booking.refresh_from_db()
    assert (booking.total_price_cents, booking.version) == (285_00, before)
    assert (places(quiet_day()), places(other_day())) == (1, 0)
    assert change_of(booking).status == ChangeStatus.EXPIRED


def test_paid_after_it_expired_is_made_if_there_is_room(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    session_id = stripe.expire(booking.pk)
    settle(session_id)
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)
    assert settle(session_id).outcome is Outcome.PAID
    booking.refresh_from_db()
    assert booking.pickup_date == other_day()
    assert (places(quiet_day()), places(other_day())) == (0, 1)


def test_paid_after_it_expired_goes_back_when_the_day_is_full(stripe, run_queue, mailoutbox):
    booking = paid_booking(stripe)
    limit(other_day(), 1)
    dearer_day(booking)
    session_id = stripe.expire(booking.pk)
    settle(session_id)
    paid_booking(stripe, email="bob@example.com", pickup_date=other_day().isoformat())
    run_queue()
    mailoutbox.clear()
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)

    assert [settle(session_id).outcome for _ in range(2)] == [Outcome.GIVEN_BACK] * 2
    run_queue()

    booking.refresh_from_db()
    assert (booking.total_price_cents, booking.pickup_date) == (285_00, quiet_day())
    refund = Refund.objects.get()
    assert (refund.amount_cents, refund.status) == (95_00, "completed")
    assert "stays as it was" in mailoutbox[0].body


def test_page_that_ran_out_and_is_paid_beside_the_next_one_goes_back(stripe):
    """The customer is paying for the second at this moment: that one is what they want."""
    booking = paid_booking(stripe)
    dearer_day(booking)
    session_id = stripe.expire(booking.pk)
    settle(session_id)
    change(booking, **FIVE)
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)
    assert settle(session_id).outcome is Outcome.GIVEN_BACK
    assert settle(stripe.pay(booking.pk, webhook="never")).outcome is Outcome.PAID
    booking.refresh_from_db()
    assert (booking.total_price_cents, booking.pickup_date) == (475_00, quiet_day())


def test_paid_when_the_new_day_is_over_goes_back(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    session_id = stripe.expire(booking.pk)
    settle(session_id)
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)
    with time_machine.travel(clock.at(other_day() + timedelta(days=1), time(0)), tick=False):
        assert settle(session_id).outcome is Outcome.GIVEN_BACK
    booking.refresh_from_db()
    assert booking.pickup_date == quiet_day()


def test_payment_of_another_amount_than_the_change_costs_goes_back(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    BookingChange.objects.update(due_cents=96_00)
    assert settle(stripe.pay(booking.pk, webhook="never")).outcome is Outcome.GIVEN_BACK
    booking.refresh_from_db()
    assert (booking.total_price_cents, booking.pickup_date) == (285_00, quiet_day())
    assert (places(quiet_day()), places(other_day())) == (1, 0)


def test_page_paid_twice_gives_the_second_back(stripe):
    """Two captures for one change: the first made it, the second buys nothing."""
    booking = paid_booking(stripe)
    dearer_day(booking)
    session_id = stripe.expire(booking.pk)
    settle(session_id)
    first = dearer_day(booking)
    settle(stripe.pay(booking.pk, webhook="never"))
    assert first.result is ChangeResult.PAY
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)
    assert settle(session_id).outcome is Outcome.GIVEN_BACK
    booking.refresh_from_db()
    assert booking.total_price_cents == 380_00


def test_paid_late_for_a_booking_that_changed_since_goes_back(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    session_id = stripe.expire(booking.pk)
    settle(session_id)
    change(booking, special_instructions="Ring twice")
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)
    assert settle(session_id).outcome is Outcome.GIVEN_BACK
    booking.refresh_from_db()
    assert (booking.special_instructions, booking.pickup_date) == ("Ring twice", quiet_day())


def test_second_change_ends_the_page_of_the_first(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    first = stripe.session_of(booking.pk)
    started = change(booking, **FIVE)
    assert started.result is ChangeResult.PAY
    assert stripe.session_of(booking.pk) != first
    assert (places(quiet_day()), places(other_day())) == (1, 0)
    settle(stripe.pay(booking.pk, webhook="never"))
    stripe.control(f"sessions/{first}/pay", webhook="never", force=True)
    assert settle(first).outcome is Outcome.GIVEN_BACK
    booking.refresh_from_db()
    assert booking.total_price_cents == 475_00
    assert Refund.objects.get().amount_cents == 95_00


def test_second_change_finds_the_first_paid_and_is_not_made(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    stripe.pay(booking.pk, webhook="never")
    started = change(booking, **FIVE)
    assert started.result is ChangeResult.EARLIER_MADE
    assert (booking.total_price_cents, booking.pickup_date) == (380_00, other_day())
    assert Payment.objects.count() == 2


def test_two_tabs_and_a_double_click_share_one_page(stripe):
    booking = paid_booking(stripe)
    first, second = dearer_day(booking), dearer_day(booking)
    assert first.url == second.url
    assert BookingChange.objects.count() == 1

    def click():
        try:
            return dearer_day(type(booking).objects.get(pk=booking.pk)).url
        except CheckoutUnavailableError:
            return first.url
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        urls = set(pool.map(lambda _: click(), range(4)))
    assert urls == {first.url}
    assert places(other_day()) == 1


def test_leaving_it_as_it_is_ends_the_page_and_frees_the_place(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    assert abandon_change(booking.pk)
    assert stripe.state()["sessions"].get("open", 0) == 0
    assert (places(quiet_day()), places(other_day())) == (1, 0)


def test_leaving_it_after_paying_makes_it(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    stripe.pay(booking.pk, webhook="never")
    assert not abandon_change(booking.pk)
    booking.refresh_from_db()
    assert booking.pickup_date == other_day()


def test_reconciliation_alone_makes_a_paid_change(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    stripe.pay(booking.pk, webhook="never")
    CheckoutAttempt.objects.update(created_at=clock.real_now() - timedelta(minutes=4))
    reconcile(Run())
    booking.refresh_from_db()
    assert booking.pickup_date == other_day()


def test_stripe_refusing_for_good_frees_the_second_place(stripe, monkeypatch):
    booking = paid_booking(stripe)
    # Stripe refuses sessions that end in less than 30 minutes.
    monkeypatch.setattr("payments.services.sessions.session_life", lambda: timedelta(minutes=5))
    with pytest.raises(CheckoutUnavailableError):
        dearer_day(booking)
    assert (places(quiet_day()), places(other_day())) == (1, 0)
    assert change_of(booking).status == ChangeStatus.EXPIRED


def test_lost_answer_is_found_again_by_the_next_click(stripe):
    booking = paid_booking(stripe)
    stripe.fault(match="POST /v1/checkout/sessions", kind="reset_after", times=3)
    with pytest.raises(CheckoutUnavailableError):
        dearer_day(booking)
    assert dearer_day(booking).result is ChangeResult.PAY
    assert BookingChange.objects.count() == 1


# -- what the database refuses -----------------------------------------------------


def test_two_pending_changes_of_a_booking_are_refused(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    row = change_of(booking)
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_change_is_paid_once(stripe):
    booking = paid_booking(stripe)
    dearer_day(booking)
    settle(stripe.pay(booking.pk, webhook="never"))
    payment = Payment.objects.get(purpose=Purpose.CHANGE)
    payment.pk, payment.stripe_payment_intent_id, payment.stripe_charge_id = None, "", ""
    with pytest.raises(IntegrityError), transaction.atomic():
        payment.save(force_insert=True)
