import pytest

from booking.models import Booking, BookingStatus
from booking.services import cancel_unpaid
from payments.gateway import EventNotice, get_gateway
from payments.models import (
    AlertKind,
    CheckoutAttempt,
    MoneyAlert,
    Payment,
    PaymentAudit,
    Refund,
    StripeEvent,
)
from payments.services import process_event, record_event, replay_event, settle
from tests.booking.helpers import make_draft
from tests.payments.helpers import begin, begin_booking
from tests.payments.money import act, paid, paid_booking
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.outbox.models import Message

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


def newest(stripe, kind):
    """The object of Stripe's newest event of a type."""
    return next(e for e in stripe.events() if e["type"] == kind)["data"]["object"]["id"]


def test_late_completed_after_cancellation_is_refunded_and_revives_nothing(stripe, run_queue):
    booking = begin_booking()
    session_id = stripe.session_of(booking.pk)
    cancel_unpaid(booking.pk, reason="unpaid")
    stripe.control(f"sessions/{session_id}/pay", webhook="never")
    before = Booking.objects.values("status", "cancelled_at", "hold_released_at").get()

    assert act("checkout.session.completed", session_id) == "given_back"
    run_queue()

    refund = Refund.objects.get()
    assert Booking.objects.values("status", "cancelled_at", "hold_released_at").get() == before
    assert before["status"] == BookingStatus.CANCELLED
    assert (refund.kind, refund.status, refund.amount_cents) == ("automatic", "completed", 285_00)
    assert stripe.state()["refunded_cents"] == 285_00


def test_refund_event_with_our_id_updates_its_row(stripe, run_queue):
    booking = begin_booking()
    cancel_unpaid(booking.pk, reason="unpaid")
    settle(stripe.pay(booking.pk, webhook="never"))
    run_queue()
    refund = Refund.objects.get()
    stripe.control(f"refunds/{refund.stripe_refund_id}/fail", webhook="never")

    assert act("refund.failed", refund.stripe_refund_id) == "synced"

    refund.refresh_from_db()
    assert (Refund.objects.count(), refund.status) == (1, "failed")


@pytest.mark.parametrize("kind", ["refund.created", "refund.updated", "charge.refund.updated"])
def test_refund_event_without_our_id_becomes_a_dashboard_row(stripe, kind):
    payment = paid(stripe)
    made = stripe.control(
        f"charges/{payment.stripe_charge_id}/dashboard_refund", amount=5_00, webhook="never"
    )
    assert act(kind, made["id"]) == "synced"
    refund = Refund.objects.get()
    assert (refund.kind, refund.amount_cents, refund.stripe_refund_id) == (
        "dashboard",
        5_00,
        made["id"],
    )


def test_refund_event_before_we_know_of_the_payment_settles_it_first(stripe):
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never")
    charge = get_gateway().get_session(session_id).charge_id
    stripe.control(f"charges/{charge}/dashboard_refund", amount=5_00, webhook="never")

    assert act("charge.refunded", charge) == "synced"

    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID
    assert Payment.objects.get().status == "partially_refunded"


def test_async_payment_that_fails_ends_the_attempt_and_frees_the_place(stripe):
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never", bank="waits")
    assert act("checkout.session.completed", session_id) == "open"
    stripe.control(f"sessions/{session_id}/settle", outcome="fails", webhook="never")

    assert act("checkout.session.async_payment_failed", session_id, "evt_2") == "expired"

    booking.refresh_from_db()
    payment = Payment.objects.get()
    assert (booking.status, booking.holds_place) == (BookingStatus.PENDING, False)
    assert (payment.status, payment.failure_reason) == ("failed", "refused by the bank")
    assert CheckoutAttempt.objects.get().status == "expired"


def test_order_whose_bank_refused_can_be_paid_again(stripe):
    draft = make_draft()
    first = begin(draft)
    session_id = stripe.pay(first.booking_id, webhook="never", bank="waits")
    stripe.control(f"sessions/{session_id}/settle", outcome="fails", webhook="never")
    act("checkout.session.async_payment_failed", session_id)

    assert begin(draft).url not in ("", first.url)


def test_async_payment_that_succeeds_books(stripe):
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never", bank="waits")
    stripe.control(f"sessions/{session_id}/settle", webhook="never")
    assert act("checkout.session.async_payment_succeeded", session_id) == "paid"


def test_declined_card_is_noted_once_and_the_page_stays_open(stripe):
    booking = begin_booking()
    session_id = stripe.session_of(booking.pk)
    stripe.control(f"sessions/{session_id}/pay", card="4000000000000002", webhook="never")
    intent = newest(stripe, "payment_intent.payment_failed")

    assert act("payment_intent.payment_failed", intent) == "declined"
    replay_event("evt_1")

    assert PaymentAudit.objects.filter(kind="payment_declined").count() == 1
    assert Payment.objects.get().status == "pending"
    assert settle(stripe.pay(booking.pk, webhook="never")).outcome == "paid"


def test_objects_of_others_are_ignored_without_alarm(stripe, run_queue, mailoutbox, settings):
    """The account also issues invoices by hand (incident of 2026-06-07, P11)."""
    settings.STAFF_ALERT_EMAILS = ["office@example.com"]
    charge = stripe.control("charges", amount=99_00, webhook="never")
    refund = stripe.control(f"charges/{charge['id']}/dashboard_refund", webhook="never")
    other = stripe.control("charges", amount=98_00, webhook="never")
    dispute = stripe.control(f"charges/{other['id']}/dispute", webhook="never")
    results = [
        act("payment_intent.succeeded", charge["payment_intent"], "evt_1"),
        act("charge.refunded", charge["id"], "evt_2"),
        act("refund.created", refund["id"], "evt_3"),
        act("charge.dispute.created", dispute["id"], "evt_4"),
        act("refund.failed", "re_of_another_account", "evt_5"),
    ]
    run_queue()
    assert results == ["not_ours"] * 5
    assert mailoutbox == []
    assert MoneyAlert.objects.count() == 0


def test_money_with_our_marks_and_no_row_is_an_alarm(stripe):
    """A charge that names a booking of ours but fits no attempt of ours: never ignored (12.4)."""
    marks = {"payment_id": "11111111-1111-1111-1111-111111111111"}
    charge = stripe.control("charges", amount=99_00, metadata=marks, webhook="never")
    assert act("payment_intent.succeeded", charge["payment_intent"]) == "unmatched"
    alert = MoneyAlert.objects.get()
    assert (alert.kind, alert.subject) == (AlertKind.NOT_IN_BOOKS, charge["id"])


def test_answer_about_somebody_elses_session_changes_nothing(stripe):
    booking = begin_booking()
    other = begin_booking(email="bob@example.com")
    session_id = stripe.pay(booking.pk, webhook="never")
    stripe.fault(match="GET /v1/checkout/sessions/*", kind="other_session", times=None)

    with pytest.raises(TemporaryError):
        act("checkout.session.completed", session_id)

    other.refresh_from_db()
    booking.refresh_from_db()
    assert (booking.status, other.status) == (BookingStatus.PENDING, BookingStatus.PENDING)


def test_nobody_is_sent_to_somebody_elses_payment_page(stripe):
    from payments.services import CheckoutUnavailableError

    begin_booking(email="bob@example.com")
    stripe.fault(match="POST /v1/checkout/sessions", kind="other_session", times=None)
    with pytest.raises(CheckoutUnavailableError):
        begin(make_draft())
    assert CheckoutAttempt.objects.exclude(session_id="").count() == 1


@pytest.mark.parametrize("kind", ["truncate", "bad_json", "timeout_after", "error_429"])
def test_event_waits_while_stripe_answers_badly_and_is_acted_on_then(stripe, kind):
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never")
    stripe.fault(match="GET /v1/checkout/sessions/*", kind=kind, times=3, seconds=0.2)
    with pytest.raises(TemporaryError):
        act("checkout.session.completed", session_id)
    assert StripeEvent.objects.get().processed_at is None
    stripe._http.delete("/sandbox/faults")

    process_event("evt_1")

    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID


def test_slow_stripe_of_ten_seconds_pays_once(stripe, run_queue, mailoutbox):
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never")
    stripe.fault(match="GET /v1/checkout/sessions/*", kind="slow", seconds=10.5)
    # The first answer comes after our patience; the library asks again.
    assert act("checkout.session.completed", session_id) == "paid"
    run_queue()
    assert len(mailoutbox) == 1


def test_wrong_key_loses_no_event(stripe, settings):
    """An answer that says nothing about the object is no reason to call the event done."""
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never")
    settings.STRIPE_SECRET_KEY = "not a key"
    get_gateway.cache_clear()
    with pytest.raises(PermanentError):
        act("checkout.session.completed", session_id)
    assert StripeEvent.objects.get().processed_at is None


def test_replay_acts_again_and_harms_nothing(stripe, run_queue, mailoutbox):
    booking = paid_booking(stripe)
    session_id = stripe.session_of(booking.pk)
    act("checkout.session.completed", session_id)
    assert replay_event("evt_1") == "paid"
    run_queue()
    assert PaymentAudit.objects.filter(kind="payment_succeeded").count() == 1
    assert len(mailoutbox) == 1


def test_replay_fetches_an_event_that_never_arrived(stripe):
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    lost = next(e for e in stripe.events() if e["type"] == "checkout.session.completed")

    assert replay_event(lost["id"]) == "paid"

    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID
    assert StripeEvent.objects.get().event_id == lost["id"]


def test_replay_of_an_event_nobody_knows_says_so(stripe):
    with pytest.raises(PermanentError):
        replay_event("evt_of_nobody")


def test_event_is_stored_together_with_its_work_or_not_at_all(stripe, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("payments.services.events.announce", broken)
    with pytest.raises(RuntimeError):
        record_event(EventNotice("evt_1", "checkout.session.completed", "cs_1", clock.real_now()))
    assert (StripeEvent.objects.count(), Message.objects.count()) == (0, 0)
