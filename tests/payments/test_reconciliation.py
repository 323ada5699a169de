from datetime import datetime, timedelta

import pytest
import time_machine

from booking import services as bookings
from booking.models import Booking, BookingStatus
from catalog.models import CapacityDay
from payments.models import (
    AlertKind,
    AttemptStatus,
    AuditKind,
    CheckoutAttempt,
    MoneyAlert,
    Payment,
    PaymentLink,
    PaymentStatus,
    Refund,
    StripeProof,
)
from payments.services import (
    CheckoutUnavailableError,
    alerts,
    approve_refund,
    create_link,
    request_refund,
    settle,
)
from payments.services.alerts import look
from payments.services.comparison import compare_day, compare_missing_days
from payments.services.locks import audit
from payments.services.reconciliation import cancel_unpaid, reconcile
from payments.services.runs import ALREADY_RUNNING, Run, alone, run_alone
from tests.booking.helpers import make_booking, make_draft, quiet_day
from tests.catalog.helpers import in_another_thread
from tests.payments.helpers import begin, begin_booking
from tests.payments.money import paid, paid_booking, person
from totetaxi.lib import clock
from totetaxi.outbox.models import Job, Message
from totetaxi.outbox.services import SKIPPED_OFF, run_job

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


def age(minutes: int) -> None:
    """Let every attempt have been made so long ago."""
    CheckoutAttempt.objects.update(created_at=clock.real_now() - timedelta(minutes=minutes))


def status_of(booking):
    return Booking.objects.values_list("status", flat=True).get(pk=booking.pk)


# -- every five minutes ------------------------------------------------------------


def test_reconciliation_books_what_was_paid_in_silence(stripe, run_queue, mailoutbox):
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    age(4)

    assert reconcile(Run()) == "1 paid"
    run_queue()

    assert status_of(booking) == BookingStatus.PAID
    assert len(mailoutbox) == 1
    assert reconcile(Run()) == "nothing open"


def test_reconciliation_leaves_the_first_three_minutes_to_the_customer(stripe):
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    age(2)
    assert reconcile(Run()) == "nothing open"
    assert status_of(booking) == BookingStatus.PENDING


@pytest.mark.parametrize(("minutes", "result"), [(9, "nothing open"), (11, "1 paid")])
def test_how_long_a_page_is_left_alone_is_a_setting(stripe, settings, minutes, result):
    settings.ORPHAN_RECOVERY_GRACE_MINUTES = 10
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    age(minutes)
    assert reconcile(Run()) == result


def test_reconciliation_ends_what_expired_in_silence(stripe):
    booking = begin_booking()
    stripe.control(f"sessions/{stripe.session_of(booking.pk)}/expire", webhook="never")
    age(4)
    assert reconcile(Run()) == "1 expired"
    booking.refresh_from_db()
    assert not booking.holds_place


def test_reconciliation_takes_each_by_itself(stripe, monkeypatch):
    broken, fine = begin_booking(), begin_booking(email="bob@example.com")
    stripe.pay(fine.pk, webhook="never")
    age(4)
    broken_session = stripe.session_of(broken.pk)

    def sometimes(session_id):
        if session_id == broken_session:
            raise RuntimeError
        return settle(session_id)

    monkeypatch.setattr("payments.services.reconciliation.settle", sometimes)
    assert reconcile(Run()) == "1 broken, 1 paid"
    assert status_of(fine) == BookingStatus.PAID


def test_reconciliation_stops_while_stripe_is_down(stripe, monkeypatch):
    monkeypatch.setattr("payments.gateway.MAX_NETWORK_RETRIES", 0)
    from payments.gateway import get_gateway

    get_gateway.cache_clear()
    for n in range(5):
        begin_booking(email=f"c{n}@example.com")
    age(4)
    stripe.fault(match="* /v1/*", kind="error_500", times=None)
    assert reconcile(Run()) == "3 unanswered"


def test_reconciliation_stops_in_time(stripe):
    begin_booking()
    age(4)
    assert reconcile(Run(seconds=0.0)) == "1 put off"


def test_dry_run_asks_and_changes_nothing(stripe):
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    age(4)
    said: list[str] = []
    result = reconcile(Run(dry_run=True, say=said.append))
    assert result == "1 at Stripe paid (nothing was changed)"
    assert len(said) == 1
    assert status_of(booking) == BookingStatus.PENDING


def test_answer_that_was_lost_is_asked_for_by_our_key_and_the_page_ended(stripe):
    draft = make_draft()
    stripe.fault(match="POST /v1/checkout/sessions", kind="reset_after", times=3)
    with pytest.raises(CheckoutUnavailableError):
        begin(draft)
    age(4)
    assert reconcile(Run()) == "nothing open"  # a second click may still find it
    age(11)

    assert reconcile(Run()) == "1 expired"

    assert stripe.state()["sessions"] == {"expired": 1}
    assert CheckoutAttempt.objects.get().status == AttemptStatus.EXPIRED
    assert Booking.objects.get().holds_place is False
    assert begin(draft).url != ""


def test_refund_whose_task_was_lost_is_sent(stripe):
    payment = paid(stripe)
    olga = person()
    refund = request_refund(payment.pk, amount_cents=1_00, reason="Late", by=olga)
    approve_refund(refund.pk, by=olga)
    Message.objects.all().delete()
    Refund.objects.update(approved_at=clock.now() - timedelta(minutes=4))

    assert reconcile(Run()) == "1 refund completed"
    assert stripe.state()["refunded_cents"] == 1_00


def test_place_nobody_can_pay_for_is_given_back(stripe):
    booking = make_booking()
    Booking.objects.update(updated_at=clock.real_now() - timedelta(minutes=61))
    assert reconcile(Run()) == "1 place given back"
    booking.refresh_from_db()
    assert not booking.holds_place


def test_place_behind_a_live_link_is_kept_until_the_link_ends(stripe):
    booking = make_booking()
    create_link(booking.pk, by=person())
    Booking.objects.update(updated_at=clock.real_now() - timedelta(minutes=61))
    assert reconcile(Run()) == "nothing open"
    PaymentLink.objects.update(expires_at=clock.now())
    assert reconcile(Run()) == "1 place given back"


# -- the switch and the lock ------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["reconcile_payments", "alert_money", "cancel_unpaid", "compare_with_stripe"]
)
def test_every_job_about_money_has_a_switch(stripe, name):
    run_job(name)
    Job.objects.filter(name=name).update(enabled=False)
    assert run_job(name) == SKIPPED_OFF


@pytest.mark.django_db(transaction=True)
def test_job_runs_once_at_a_time_by_the_clock_and_by_hand(stripe):
    with alone("reconcile_payments") as locked:
        assert locked
        assert in_another_thread(lambda: run_alone("reconcile_payments", reconcile)) == (
            ALREADY_RUNNING
        )
        assert in_another_thread(lambda: run_job("reconcile_payments")) == ALREADY_RUNNING
    assert in_another_thread(lambda: run_alone("reconcile_payments", reconcile)) == "nothing open"


# -- 24 hours ---------------------------------------------------------------------------------


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


@pytest.mark.parametrize(("seconds", "gone"), [(-1, False), (0, True), (1, True)])
def test_unpaid_booking_is_cancelled_24_hours_after_its_last_page(stripe, seconds, gone):
    booking = begin_booking()
    settle(stripe.expire(booking.pk))
    ended = CheckoutAttempt.objects.get().updated_at
    with at(ended + timedelta(hours=24, seconds=seconds)):
        cancel_unpaid(Run())
    assert (status_of(booking) == BookingStatus.CANCELLED) is gone


@pytest.mark.parametrize(("seconds", "gone"), [(-1, False), (0, True), (1, True)])
def test_unpaid_booking_is_cancelled_24_hours_after_its_last_link(stripe, seconds, gone):
    booking = make_booking()
    link = create_link(booking.pk, by=person())
    with at(link.expires_at + timedelta(hours=24, seconds=seconds)):
        cancel_unpaid(Run())
    assert (status_of(booking) == BookingStatus.CANCELLED) is gone


def test_stripe_is_asked_before_an_unpaid_booking_is_cancelled(stripe):
    """Paid in silence days ago: booked, not cancelled (rule R609, P7)."""
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    with at(clock.real_now() + timedelta(hours=30)):
        assert cancel_unpaid(Run()) == "1 paid"
    assert status_of(booking) == BookingStatus.PAID


def test_unpaid_booking_stays_while_stripe_cannot_be_asked(stripe):
    booking = begin_booking()
    stripe.fault(match="GET /v1/*", kind="error_500", times=None)
    with at(clock.real_now() + timedelta(hours=30)):
        assert cancel_unpaid(Run()) == "1 unanswered"
    assert status_of(booking) == BookingStatus.PENDING


def test_cancelled_unpaid_booking_frees_place_and_payment_and_mails_nobody(
    stripe, run_queue, mailoutbox
):
    booking = begin_booking()
    session_id = stripe.session_of(booking.pk)
    stripe.control(f"sessions/{session_id}/expire", webhook="never")
    with at(clock.real_now() + timedelta(hours=26)):
        assert cancel_unpaid(Run()) == "1 cancelled"
        run_queue()
    assert Payment.objects.get().status == "failed"
    assert CapacityDay.objects.get(date=quiet_day()).used == 0
    assert mailoutbox == []
    # From now on its money goes back.
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True)
    assert settle(session_id).outcome == "given_back"


def test_booking_that_was_never_sent_to_stripe_is_cancelled_as_well(stripe):
    booking = make_booking()
    Booking.objects.update(created_at=clock.real_now() - timedelta(hours=25))
    assert cancel_unpaid(Run()) == "1 cancelled"
    assert status_of(booking) == BookingStatus.CANCELLED


def test_paid_and_deleted_bookings_are_left_alone(stripe):
    booking = paid_booking(stripe)
    deleted = make_booking(email="bob@example.com")
    Booking.objects.filter(pk=deleted.pk).update(deleted_at=clock.now())
    Booking.objects.update(created_at=clock.real_now() - timedelta(days=9))
    assert cancel_unpaid(Run()) == "nothing unpaid"
    assert status_of(booking) == BookingStatus.PAID


# -- the daily comparison ---------------------------------------------------------------------


def today():
    return clock.real_now().date()


def test_comparison_of_equal_books_proves_the_day(stripe):
    payment = paid(stripe)
    olga = person()
    refund = request_refund(payment.pk, amount_cents=1_00, reason="Late", by=olga)
    approve_refund(refund.pk, by=olga)
    reconcile(Run())
    stripe.control("charges", amount=5_00, webhook="never")  # an invoice made by hand
    Refund.objects.update(approved_at=clock.now() - timedelta(minutes=4))
    reconcile(Run())

    result = compare_day(Run(), today())

    proof = StripeProof.objects.get()
    assert result.endswith("2 equal, 1 not ours")
    assert (proof.day, proof.charges, proof.refunds, proof.differences) == (today(), 1, 1, 0)
    assert MoneyAlert.objects.count() == 0


def test_comparison_repairs_what_nobody_told_us(stripe):
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never")
    other = paid(stripe, email="bob@example.com")
    charge = other.stripe_charge_id
    stripe.control(f"charges/{charge}/dashboard_refund", amount=7_00, webhook="never")
    third = paid(stripe, email="cy@example.com")
    stripe.control(f"charges/{third.stripe_charge_id}/dispute", webhook="never")
    del session_id

    compare_day(Run(), today())

    assert status_of(booking) == BookingStatus.PAID
    assert Refund.objects.get().amount_cents == 7_00
    assert third.disputes.count() == 1
    assert StripeProof.objects.get().differences == 0


def test_dry_comparison_only_looks(stripe):
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    said: list[str] = []
    compare_day(Run(dry_run=True, say=said.append), today())
    assert status_of(booking) == BookingStatus.PENDING
    assert (StripeProof.objects.count(), MoneyAlert.objects.count()) == (0, 0)
    assert any("not in our books" in line for line in said)


@pytest.mark.parametrize("fields", [{"amount_cents": 286_00}, {"currency": "eur"}])
def test_comparison_alerts_what_it_cannot_repair(stripe, settings, run_queue, mailoutbox, fields):
    settings.STAFF_ALERT_EMAILS = ["office@example.com"]
    payment = paid(stripe)
    run_queue()
    mailoutbox.clear()
    Payment.objects.filter(pk=payment.pk).update(**fields)

    for _ in range(2):
        compare_day(Run(), today())
    run_queue()

    assert [alert.kind for alert in MoneyAlert.objects.all()] == [AlertKind.DIFFERS]
    assert StripeProof.objects.get().differences == 1
    assert [mail.to for mail in mailoutbox] == [["office@example.com"]]

    Payment.objects.filter(pk=payment.pk).update(amount_cents=285_00, currency="usd")
    compare_day(Run(), today())
    assert list(MoneyAlert.objects.standing()) == []


def invent_payment() -> Payment:
    """A captured payment of ours that Stripe has never heard of."""
    payment = Payment.objects.get(booking=begin_booking(email="eve@example.com"))
    payment.move_to(
        PaymentStatus.SUCCEEDED,
        stripe_payment_intent_id="pi_invented",
        stripe_charge_id="ch_invented",
        processed_at=clock.now(),
    )
    audit(payment, AuditKind.PAYMENT_SUCCEEDED)
    return payment


def test_payment_that_stripe_does_not_know_is_an_alert(stripe):
    payment = invent_payment()
    compare_day(Run(), today())
    alert = MoneyAlert.objects.get()
    assert (alert.kind, alert.subject) == (AlertKind.NOT_AT_STRIPE, str(payment.pk))


def test_refund_that_stripe_does_not_know_is_an_alert(stripe):
    payment = paid(stripe)
    charge = payment.stripe_charge_id
    stripe.control(f"charges/{charge}/dashboard_refund", amount=7_00, webhook="never")
    compare_day(Run(), today())
    Refund.objects.update(stripe_refund_id="re_invented")
    compare_day(Run(), today())
    kinds = set(MoneyAlert.objects.standing().values_list("kind", flat=True))
    assert AlertKind.NOT_AT_STRIPE in kinds


def test_comparison_that_is_cut_off_proves_nothing(stripe):
    stripe.pay(begin_booking().pk, webhook="never")
    stripe.fault(match="GET /v1/checkout/*", kind="error_500", times=None)
    assert compare_day(Run(), today()).endswith("incomplete")
    assert StripeProof.objects.count() == 0


def test_missed_days_are_made_up_for(stripe):
    yesterday = today() - timedelta(days=1)
    compare_day(Run(), yesterday - timedelta(days=3))
    compare_missing_days(Run())
    assert list(StripeProof.objects.values_list("day", flat=True)) == [
        yesterday - timedelta(days=n) for n in range(4)
    ]


# -- the alerts -----------------------------------------------------------------------------------


@pytest.fixture
def office(settings):
    """Real types: a list of addresses, as the environment gives it (P12)."""
    settings.STAFF_ALERT_EMAILS = ["office@example.com", "owner@example.com"]


def found():
    return sorted(MoneyAlert.objects.standing().values_list("kind", flat=True))


def test_nothing_wrong_alarms_nobody(stripe, office, run_queue, mailoutbox):
    paid(stripe)
    run_queue()
    mailoutbox.clear()
    assert look(Run()) == "0 stand, 0 new, 0 resolved"
    run_queue()
    assert mailoutbox == []


def test_alert_is_mailed_once_and_resolved_when_it_is_gone(stripe, office, run_queue, mailoutbox):
    payment = paid(stripe)
    run_queue()
    mailoutbox.clear()
    Booking.objects.update(status=BookingStatus.PENDING)
    Payment.objects.update(processed_at=clock.now() - timedelta(minutes=20))

    results = [look(Run()) for _ in range(3)]
    run_queue()

    assert results[0] == "1 stand, 1 new, 0 resolved"
    assert found() == [AlertKind.PAID_NOT_BOOKED]
    assert MoneyAlert.objects.get().told_at is not None
    assert [mail.to for mail in mailoutbox] == [["office@example.com", "owner@example.com"]]
    assert payment.booking.booking_number in mailoutbox[0].body

    Booking.objects.update(status=BookingStatus.PAID)
    assert look(Run()) == "0 stand, 0 new, 1 resolved"


def test_alert_counts_as_told_only_when_the_mail_is_out(stripe, office, run_queue, monkeypatch):
    """An alert that was marked before its mail failed was never seen (2026-04-02, P6)."""
    payment = paid(stripe)
    run_queue()
    Booking.objects.update(status=BookingStatus.PENDING)
    Payment.objects.update(processed_at=clock.now() - timedelta(minutes=20))
    look(Run())

    def broken(*args, **kwargs):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("payments.emails.send_mail", broken)
        from totetaxi.outbox.testing import run_queue as run

        run(errors_allowed=True)
    assert MoneyAlert.objects.get().told_at is None
    assert payment.pk


def test_part_that_crashes_silences_no_other_alarm(stripe, office, monkeypatch):
    """The alert job itself crashed on a setting, and told nobody of anything (2026-06-07)."""

    def crashes():
        raise RuntimeError

    monkeypatch.setattr("payments.services.alerts.FINDERS", (crashes, *alerts.FINDERS))
    begin_booking()
    CheckoutAttempt.objects.update(expires_at=clock.real_now() - timedelta(minutes=31))
    with pytest.raises(ExceptionGroup):
        look(Run())
    assert found() == [AlertKind.SESSION_UNRESOLVED]
    assert Message.objects.filter(event="money_alerts").count() == 1


def test_dismissed_alert_is_no_news_again(stripe, office):
    from payments.services import dismiss_alert

    paid(stripe)
    Booking.objects.update(status=BookingStatus.PENDING)
    Payment.objects.update(processed_at=clock.now() - timedelta(minutes=20))
    look(Run())
    dismiss_alert(MoneyAlert.objects.get().pk, reason="Repaired at Stripe", by=person())
    look(Run())
    assert found() == []


def test_mismatch_alarms_until_it_is_settled(stripe, office):
    booking = begin_booking()
    session_id = stripe.pay(booking.pk, webhook="never")
    stripe.fault(match="GET /v1/checkout/sessions/*", kind="wrong_currency", times=1)
    assert settle(session_id).outcome == "mismatch"
    look(Run())
    assert found() == [AlertKind.MISMATCH]
    settle(session_id)
    look(Run())
    assert found() == []


def test_unusable_money_that_is_not_on_its_way_alarms(stripe, office, run_queue):
    booking = begin_booking()
    bookings.cancel_unpaid(booking.pk, reason="unpaid")
    settle(stripe.pay(booking.pk, webhook="never"))
    look(Run())
    assert found() == []  # approved, and its task is waiting
    payment = Payment.objects.get()
    stripe.control(f"charges/{payment.stripe_charge_id}/dispute", webhook="never")
    run_queue()
    look(Run())
    assert found() == [AlertKind.NOT_GIVEN_BACK]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"status": "approved", "approved_at": -31}, AlertKind.REFUND_STUCK),
        ({"status": "processing", "approved_at": -31}, AlertKind.REFUND_STUCK),
        (
            {"status": "processing", "approved_at": -15_000, "stripe_refund_id": "re_1"},
            AlertKind.REFUND_STUCK,
        ),
        ({"created_at": -3_000}, AlertKind.REFUND_WAITING),
    ],
)
def test_refund_that_does_not_move_alarms(stripe, office, fields, kind):
    payment = paid(stripe)
    olga = person()
    refund = request_refund(payment.pk, amount_cents=1_00, reason="Late", by=olga)
    look(Run())
    assert found() == []
    times = {
        name: clock.now() + timedelta(minutes=value)
        for name, value in fields.items()
        if isinstance(value, int)
    }
    approved_by = {"approved_by": olga} if "status" in fields else {}
    Refund.objects.filter(pk=refund.pk).update(**{**fields, **times, **approved_by})
    look(Run())
    assert found() == [kind]


def test_page_that_ended_without_an_answer_alarms(stripe, office):
    begin_booking()
    CheckoutAttempt.objects.update(expires_at=clock.real_now() - timedelta(minutes=31))
    look(Run())
    assert found() == [AlertKind.SESSION_UNRESOLVED]


def test_events_that_wait_alarm(stripe, office):
    from payments.gateway import EventNotice
    from payments.models import StripeEvent
    from payments.services import record_event

    record_event(EventNotice("evt_1", "charge.refunded", "ch_1", clock.real_now()))
    look(Run())
    assert found() == []
    StripeEvent.objects.update(received_at=clock.real_now() - timedelta(minutes=16))
    look(Run())
    assert found() == [AlertKind.WEBHOOK_BACKLOG]


def test_task_about_money_that_was_given_up_alarms(stripe, office, run_queue):
    paid(stripe)
    newest = Message.objects.values_list("pk", flat=True)[:1]
    Message.objects.filter(pk__in=newest).update(
        handler="payments.send_refund", dead_at=clock.real_now()
    )
    look(Run())
    assert found() == [AlertKind.DEAD_TASK]


def test_webhooks_refused_one_after_another_alarm(client, stripe, office):
    """A secret kept as text instead of hex: 300 refusals unheard (2026-02-10, P19)."""
    from django.core.cache import caches
    from django.urls import reverse

    caches["counters"].clear()
    for _ in range(9):
        client.post(reverse("payments:stripe_webhook"), b"{}", content_type="application/json")
    look(Run())
    assert found() == []
    client.post(reverse("payments:stripe_webhook"), b"{}", content_type="application/json")
    look(Run())
    assert found() == [AlertKind.WEBHOOK_REFUSED]


def test_strangers_invoices_alarm_nobody(stripe, office, run_queue, mailoutbox):
    for _ in range(3):
        stripe.control("charges", amount=5_00, webhook="never")
    look(Run())
    compare_day(Run(), today())
    run_queue()
    assert (found(), mailoutbox) == ([], [])
