"""Changes by the office, at the old price or the new one, and the money that follows."""

import pytest

from booking import services as bookings
from booking.models import BookingChange, BookingEvent, BookingStatus
from booking.services import NotBookableError
from payments.models import Payment, PaymentLink, Purpose, Refund
from payments.services import (
    BookingChangedError,
    ChangeRefusedError,
    LinkState,
    Outcome,
    balance_cents,
    change_by_staff,
    create_link,
    link_state,
    open_link,
    settle,
)
from payments.services.invariants import check_all
from tests.booking.helpers import make_booking, quiet_day
from tests.payments.changing import asked, change, limit, other_day, places
from tests.payments.helpers import BASE_URL, begin_booking
from tests.payments.money import paid_booking, person

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]
FOUR = {"standard_delivery_item_count": 4}


@pytest.fixture(autouse=True)
def everything_holds():
    """After each test the books are in order, places included."""
    yield
    broken = [result for result in check_all() if not result.holds and result.number != "I6"]
    assert broken == []


@pytest.fixture
def olga():
    return person()


def by_staff(booking, olga, *, price="new", version=None, send_link=True, **answers):
    booking.refresh_from_db()
    done = change_by_staff(
        booking.pk,
        asked(booking, **answers),
        version=booking.version if version is None else version,
        price=price,
        actor=olga,
        send_link=send_link,
    )
    booking.refresh_from_db()
    return done


def test_dearer_at_the_new_price_is_made_at_once_and_its_difference_collected_by_a_link(
    stripe, olga, run_queue, mailoutbox
):
    booking = paid_booking(stripe)
    run_queue()
    mailoutbox.clear()
    done = by_staff(booking, olga, **FOUR)
    assert (done.difference_cents, done.balance_cents) == (95_00, 95_00)
    assert booking.total_price_cents == 380_00
    link = done.link
    assert link is not None
    assert link.change == BookingChange.objects.get()
    run_queue()
    assert any("$95.00" in mail.body for mail in mailoutbox)

    open_link(link.pk, base_url=BASE_URL)
    session_id = stripe.pay(booking.pk, webhook="never")
    assert [settle(session_id).outcome for _ in range(2)] == [Outcome.PAID] * 2
    assert link_state(PaymentLink.objects.get()) is LinkState.PAID
    assert balance_cents(booking) == 0


def test_kept_price_is_an_adjustment_and_moves_no_money(stripe, olga):
    booking = paid_booking(stripe)
    done = by_staff(booking, olga, price="keep", pickup_date=other_day().isoformat(), **FOUR)
    assert (done.difference_cents, done.link, done.refund) == (0, None, None)
    assert booking.total_price_cents == 285_00
    assert booking.lines.get(code="adjustment").amount_cents == -95_00
    assert (places(quiet_day()), places(other_day())) == (0, 1)
    assert not Refund.objects.exists()
    # The customer's next change keeps what was agreed (rule R866).
    change(booking, standard_delivery_item_count=5)
    settle(stripe.pay(booking.pk, webhook="never"))
    booking.refresh_from_db()
    assert booking.total_price_cents == 380_00


def test_cheaper_at_the_new_price_asks_for_a_refund_that_people_approve(stripe, olga):
    booking = paid_booking(stripe, standard_delivery_item_count=5)
    done = by_staff(booking, olga, **FOUR)
    refund = done.refund
    assert refund is not None
    assert (refund.kind, refund.status, refund.amount_cents) == ("request", "requested", 95_00)
    assert refund.requested_by == olga


def test_difference_left_as_balance_can_be_collected_later(stripe, olga):
    booking = paid_booking(stripe)
    done = by_staff(booking, olga, send_link=False, **FOUR)
    assert (done.balance_cents, done.link) == (95_00, None)
    link = create_link(booking.pk, by=olga)
    open_link(link.pk, base_url=BASE_URL)
    settle(stripe.pay(booking.pk, webhook="never"))
    assert balance_cents(booking) == 0


def test_second_dearer_change_collects_both_differences_once(stripe, olga):
    booking = paid_booking(stripe)
    first = by_staff(booking, olga, **FOUR).link
    second = by_staff(booking, olga, standard_delivery_item_count=5)
    assert (second.difference_cents, second.balance_cents) == (95_00, 190_00)
    assert first is not None
    first.refresh_from_db()
    assert link_state(first) is LinkState.OVER
    assert second.link is not None
    open_link(second.link.pk, base_url=BASE_URL)
    settle(stripe.pay(booking.pk, webhook="never"))
    assert balance_cents(booking) == 0
    assert Payment.objects.get(purpose=Purpose.CHANGE).amount_cents == 190_00


def test_difference_paid_twice_goes_back_once(stripe, olga):
    booking = paid_booking(stripe)
    link = by_staff(booking, olga, **FOUR).link
    open_link(link.pk, base_url=BASE_URL)
    first = stripe.expire(booking.pk)
    settle(first)
    open_link(link.pk, base_url=BASE_URL)
    settle(stripe.pay(booking.pk, webhook="never"))
    stripe.control(f"sessions/{first}/pay", webhook="never", force=True)
    assert settle(first).outcome is Outcome.GIVEN_BACK
    reasons = Payment.objects.filter(purpose=Purpose.CHANGE).values_list("unfulfillable_reason")
    assert sorted(reasons) == [("",), ("duplicate",)]


def test_link_that_asks_too_much_by_now_goes_back(stripe, olga):
    booking = paid_booking(stripe)
    link = by_staff(booking, olga, **FOUR).link
    open_link(link.pk, base_url=BASE_URL)
    session_id = stripe.session_of(booking.pk)
    by_staff(booking, olga, standard_delivery_item_count=3)
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)
    assert settle(session_id).outcome is Outcome.GIVEN_BACK
    assert balance_cents(booking) == 0


def test_customer_does_not_pay_the_balance_with_their_own_change(stripe, olga):
    booking = paid_booking(stripe)
    by_staff(booking, olga, send_link=False, **FOUR)
    change(booking, standard_delivery_item_count=5)
    payment = Payment.objects.get(purpose=Purpose.CHANGE)
    assert payment.amount_cents == 95_00
    settle(stripe.pay(booking.pk, webhook="never"))
    booking.refresh_from_db()
    assert balance_cents(booking) == 95_00


def test_office_change_ends_a_waiting_one_of_the_customer(stripe, olga):
    booking = paid_booking(stripe)
    change(booking, pickup_date=other_day().isoformat(), **FOUR)
    session_id = stripe.session_of(booking.pk)
    by_staff(booking, olga, special_instructions="Ring twice")
    assert (places(quiet_day()), places(other_day())) == (1, 0)
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)
    assert settle(session_id).outcome is Outcome.GIVEN_BACK
    booking.refresh_from_db()
    assert booking.pickup_date == quiet_day()


def test_customers_paid_change_comes_first_and_the_office_looks_again(stripe, olga):
    booking = paid_booking(stripe)
    change(booking, **FOUR)
    stripe.pay(booking.pk, webhook="never")
    with pytest.raises(BookingChangedError):
        by_staff(booking, olga, special_instructions="Ring twice")
    booking.refresh_from_db()
    assert booking.total_price_cents == 380_00


def test_unpaid_booking_costs_its_new_total_and_its_page_ends(stripe, olga):
    booking = begin_booking()
    done = by_staff(booking, olga, **FOUR)
    assert (done.difference_cents, done.link, done.refund) == (95_00, None, None)
    assert (booking.status, booking.total_price_cents) == (BookingStatus.PENDING, 380_00)
    assert stripe.state()["sessions"].get("open", 0) == 0
    link = create_link(booking.pk, by=olga)
    open_link(link.pk, base_url=BASE_URL)
    settle(stripe.pay(booking.pk, webhook="never"))
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID


def test_office_is_exempt_from_what_r350_says_and_from_nothing_else(stripe, olga):
    booking = paid_booking(stripe)
    by_staff(booking, olga, price="keep", delivery_zip_code="99950", item_description="")
    assert booking.delivery_address.zip_code == "99950"
    limit(other_day(), 0)
    with pytest.raises(NotBookableError):
        by_staff(booking, olga, pickup_date=other_day().isoformat())
    assert (places(quiet_day()), places(other_day())) == (1, 0)


def test_office_changes_the_contact_and_the_history_says_who(stripe, olga):
    booking = paid_booking(stripe)
    by_staff(booking, olga, phone="2125550199")
    event = BookingEvent.objects.get(kind="changed")
    assert booking.phone == "2125550199"
    assert (event.actor, event.actor_label) == (olga, bookings.OFFICE)
    assert (event.before["phone"], event.after["phone"]) == ("2125550142", "2125550199")


def test_what_was_changed_meanwhile_or_is_over_is_refused(olga):
    booking = make_booking()
    with pytest.raises(BookingChangedError):
        by_staff(booking, olga, version=booking.version + 1, **FOUR)
    bookings.cancel_unpaid(booking.pk, reason="unpaid")
    with pytest.raises(ChangeRefusedError, match="cancelled"):
        by_staff(booking, olga, **FOUR)
