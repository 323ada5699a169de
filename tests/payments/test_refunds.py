from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from booking.models import BookingStatus
from catalog.models import BookingPolicy
from payments.gateway import StripeGateway, get_gateway
from payments.models import AuditKind, Payment, PaymentAudit, Refund
from payments.services import (
    RefundRefusedError,
    approve_refund,
    deny_refund,
    open_policy_refund,
    remaining_cents,
    request_refund,
    send_refund,
    sync_refunds,
)
from payments.services.sync import _write
from tests.payments.money import at_stripe, paid, person
from totetaxi.lib.errors import TemporaryError
from totetaxi.outbox.models import Message

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


@pytest.fixture
def payment(stripe):
    return paid(stripe)


@pytest.fixture
def olga():
    return person("olga")


def ask(payment, by, cents=100_00):
    return request_refund(payment.pk, amount_cents=cents, reason="A box was late", by=by)


def kinds(payment):
    audits = PaymentAudit.objects.filter(payment=payment, kind__startswith="refund")
    return [audit.kind for audit in audits.order_by("created_at")]


# -- asking and deciding -----------------------------------------------------------


def test_refund_goes_from_request_to_the_customer(payment, olga, mailoutbox, run_queue):
    run_queue()
    mailoutbox.clear()
    refund = ask(payment, olga)
    approve_refund(refund.pk, by=olga)
    run_queue()

    refund.refresh_from_db()
    payment.refresh_from_db()
    assert (refund.kind, refund.status, refund.amount_cents) == ("request", "completed", 100_00)
    assert (refund.requested_by, refund.approved_by) == (olga, olga)
    assert refund.stripe_refund_id.startswith("re_")
    assert refund.completed_at is not None
    assert payment.status == "partially_refunded"
    assert payment.booking.status == BookingStatus.PAID
    assert at_stripe(payment) == [("succeeded", 100_00)]
    assert kinds(payment) == ["refund_requested", "refund_approved", "refund_completed"]
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]
    assert "$100.00 of the $285.00" in mailoutbox[0].body


def test_refund_names_its_row_at_stripe(payment, olga, run_queue):
    refund = approve_refund(ask(payment, olga).pk, by=olga)
    run_queue()
    states = get_gateway().refunds_of_intent(payment.stripe_payment_intent_id)
    assert [state.refund_id for state in states] == [str(refund.pk)]


@pytest.mark.parametrize("cents", [0, -1, 285_01])
def test_refund_is_1_cent_up_to_what_is_left(payment, olga, cents):
    with pytest.raises(RefundRefusedError):
        ask(payment, olga, cents)
    assert Refund.objects.count() == 0


@pytest.mark.parametrize("cents", [1, 285_00])
def test_refund_of_1_cent_and_of_everything_can_be_asked_for(payment, olga, cents):
    assert ask(payment, olga, cents).amount_cents == cents


def test_refunds_under_way_count_as_gone(payment, olga):
    ask(payment, olga, 200_00)
    with pytest.raises(RefundRefusedError, match=r"Only \$85.00"):
        ask(payment, olga, 85_01)
    ask(payment, olga, 85_00)
    assert remaining_cents(payment) == 0


def test_denied_refund_frees_its_amount(payment, olga):
    refund = ask(payment, olga, 285_00)
    deny_refund(refund.pk, reason="It was on time", by=olga)

    refund.refresh_from_db()
    assert (refund.status, refund.denied_by, refund.denial_reason) == (
        "denied",
        olga,
        "It was on time",
    )
    assert remaining_cents(payment) == 285_00
    assert kinds(payment) == ["refund_requested", "refund_denied"]


def test_refund_needs_a_reason_and_so_does_its_denial(payment, olga):
    with pytest.raises(RefundRefusedError):
        request_refund(payment.pk, amount_cents=1, reason="  ", by=olga)
    with pytest.raises(RefundRefusedError):
        deny_refund(ask(payment, olga).pk, reason="", by=olga)


def test_refund_is_decided_once(payment, olga):
    refund = ask(payment, olga)
    approve_refund(refund.pk, by=olga)
    with pytest.raises(RefundRefusedError):
        deny_refund(refund.pk, reason="No", by=olga)
    with pytest.raises(RefundRefusedError):
        approve_refund(refund.pk, by=olga)
    assert kinds(payment) == ["refund_requested", "refund_approved"]


def test_free_and_outside_payments_are_not_refunded_through_stripe(payment, olga):
    Payment.objects.filter(pk=payment.pk).update(
        method="outside", outside_method="cash", recorded_by=olga
    )
    with pytest.raises(RefundRefusedError, match="as it was paid"):
        ask(payment, olga)


# -- two persons --------------------------------------------------------------------


@pytest.fixture
def threshold():
    """Refunds above $100 need a second person."""
    from catalog import price_book

    policy = BookingPolicy.objects.get()
    policy.two_person_refund_cents = 100_00
    policy.save()
    assert price_book.load().policy.two_person_refund_cents == 100_00


@pytest.mark.parametrize(("cents", "two"), [(99_99, False), (100_00, False), (100_01, True)])
def test_second_person_is_needed_above_the_policys_amount(payment, olga, threshold, cents, two):
    refund = ask(payment, olga, cents)
    assert refund.two_person is two


def test_two_small_requests_need_a_second_person_like_one_large(payment, olga, threshold):
    assert ask(payment, olga, 60_00).two_person is False
    assert ask(payment, olga, 60_00).two_person is True


def test_second_person_is_another_one(payment, olga, threshold):
    refund = ask(payment, olga, 200_00)
    with pytest.raises(RefundRefusedError, match="another person"):
        approve_refund(refund.pk, by=olga)
    assert approve_refund(refund.pk, by=person("pete")).status == "approved"


def test_second_person_stays_needed_when_the_policy_changes(payment, olga, threshold):
    refund = ask(payment, olga, 200_00)
    BookingPolicy.objects.update(two_person_refund_cents=1_000_00)
    with pytest.raises(RefundRefusedError):
        approve_refund(refund.pk, by=olga)


def test_database_refuses_the_same_person_twice(payment, olga, threshold):
    refund = ask(payment, olga, 200_00)
    with pytest.raises(IntegrityError, match="refund_two_person"), transaction.atomic():
        Refund.objects.filter(pk=refund.pk).update(status="approved", approved_by=olga)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount_cents": 0}, "refund_positive"),
        ({"reason": ""}, "refund_has_reason"),
        ({"kind": "policy"}, "refund_request_has_requester"),
        ({"requested_by": None}, "refund_request_has_requester"),
        ({"status": "approved"}, "refund_request_has_approver"),
        ({"status": "denied"}, "refund_denied_by_someone"),
    ],
)
def test_database_refuses_a_refund_that_cannot_be(payment, olga, fields, constraint):
    refund = ask(payment, olga)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Refund.objects.filter(pk=refund.pk).update(**fields)


def test_database_knows_every_status_of_a_refund(payment, olga):
    refund = ask(payment, olga)
    with pytest.raises(IntegrityError, match="refund_status_known"), transaction.atomic():
        Refund.objects.filter(pk=refund.pk).update(status="lost", approved_by=olga)


# -- the system's own ------------------------------------------------------------------


@pytest.mark.parametrize(("at_once", "status"), [(True, "completed"), (False, "requested")])
def test_policy_refund_is_the_systems(payment, settings, run_queue, threshold, at_once, status):
    settings.AUTO_APPROVE_POLICY_REFUNDS = at_once
    with transaction.atomic():
        locked = Payment.objects.select_for_update().get(pk=payment.pk)
        refund = open_policy_refund(locked, amount_cents=285_00, reason="Cancelled in time")
    run_queue()

    refund.refresh_from_db()
    assert (refund.kind, refund.status) == ("policy", status)
    assert (refund.requested_by, refund.two_person) == (None, False)


# -- sending ----------------------------------------------------------------------------


@pytest.fixture
def approved(payment, olga):
    return approve_refund(ask(payment, olga).pk, by=olga)


@pytest.mark.parametrize(
    "kind", ["timeout_after", "error_500_after", "reset_after", "truncate", "bad_json"]
)
def test_answer_lost_after_the_work_was_done_refunds_once(stripe, payment, approved, kind):
    # More often than the library repeats by itself, and longer than its patience.
    stripe.fault(match="POST /v1/refunds", kind=kind, times=3, seconds=0.2)
    with pytest.raises(TemporaryError):
        send_refund(approved.pk)

    send_refund(approved.pk)

    approved.refresh_from_db()
    assert approved.status == "completed"
    assert at_stripe(payment) == [("succeeded", 100_00)]
    assert kinds(payment)[-1:] == ["refund_completed"]


@pytest.mark.parametrize("kind", ["error_500", "error_429", "timeout_before", "reset"])
def test_stripe_out_of_order_leaves_the_refund_to_be_sent_again(stripe, payment, approved, kind):
    stripe.fault(match="POST /v1/refunds", kind=kind, times=3, seconds=0.2)
    with pytest.raises(TemporaryError):
        send_refund(approved.pk)
    approved.refresh_from_db()
    assert (approved.status, at_stripe(payment)) == ("processing", [])
    for _ in range(3):
        try:
            send_refund(approved.pk)
            break
        except TemporaryError:
            continue
    approved.refresh_from_db()
    assert approved.status == "completed"


def test_slow_answer_of_ten_seconds_is_given_up_and_found_again(stripe, payment, approved):
    stripe.fault(match="POST /v1/refunds", kind="slow", seconds=11, times=1)
    # The library repeats with the same key while the first is still at work.
    for _ in range(3):
        try:
            send_refund(approved.pk)
            break
        except TemporaryError:
            continue
    approved.refresh_from_db()
    assert approved.status == "completed"
    assert at_stripe(payment) == [("succeeded", 100_00)]


def test_lost_key_of_yesterday_does_not_refund_twice(stripe, payment, approved, monkeypatch):
    """Stripe forgets idempotency keys after a day; its list of refunds it does not (R622)."""
    real = StripeGateway.create_refund
    stripe.fault(match="POST /v1/refunds", kind="reset_after", times=3)
    with pytest.raises(TemporaryError):
        send_refund(approved.pk)
    forgotten: list[str] = []

    def forget(self, *, key, **rest):
        forgotten.append(key)
        return real(self, key=f"{key}-forgotten", **rest)

    monkeypatch.setattr(StripeGateway, "create_refund", forget)
    send_refund(approved.pk)

    assert forgotten == []
    assert at_stripe(payment) == [("succeeded", 100_00)]


def test_refund_that_stripe_refuses_fails_and_tells_staff(
    stripe, payment, approved, settings, run_queue, mailoutbox
):
    settings.STAFF_ALERT_EMAILS = ["office@example.com"]
    stripe.control(f"charges/{payment.stripe_charge_id}/dispute", webhook="never")
    run_queue()

    approved.refresh_from_db()
    assert approved.status == "failed"
    assert "charge_disputed" in approved.failure_reason
    assert remaining_cents(payment) == 285_00
    assert ["office@example.com"] in [mail.to for mail in mailoutbox]


def test_approval_after_the_money_went_back_at_stripe_is_refused(stripe, payment, olga):
    refund = ask(payment, olga, 200_00)
    charge = payment.stripe_charge_id
    stripe.control(f"charges/{charge}/dashboard_refund", amount=150_00, webhook="never")
    sync_refunds(payment.pk)
    with pytest.raises(RefundRefusedError, match="meanwhile"):
        approve_refund(refund.pk, by=person("pete"))


def test_repeated_delivery_of_the_task_sends_once(stripe, payment, approved):
    for _ in range(3):
        send_refund(approved.pk)
    assert at_stripe(payment) == [("succeeded", 100_00)]
    assert kinds(payment).count("refund_completed") == 1


# -- what Stripe tells afterwards ----------------------------------------------------------


def test_pending_refund_waits_for_the_bank_without_an_error(stripe, payment, olga, run_queue):
    charge = payment.stripe_charge_id
    made = stripe.control(f"charges/{charge}/dashboard_refund", amount=1_00, status="pending")
    sync_refunds(payment.pk)
    refund = Refund.objects.get()
    assert (refund.kind, refund.status) == ("dashboard", "processing")

    stripe.control(f"refunds/{made['id']}/succeed", webhook="never")
    sync_refunds(payment.pk)

    refund.refresh_from_db()
    payment.refresh_from_db()
    assert (refund.status, payment.status) == ("completed", "partially_refunded")


def test_refund_made_in_the_dashboard_becomes_a_row_once(stripe, payment, mailoutbox, run_queue):
    run_queue()
    mailoutbox.clear()
    charge = payment.stripe_charge_id
    stripe.control(f"charges/{charge}/dashboard_refund", webhook="never")
    for _ in range(3):
        sync_refunds(payment.pk)
    run_queue()

    refund = Refund.objects.get()
    payment.refresh_from_db()
    assert (refund.kind, refund.status, refund.amount_cents) == ("dashboard", "completed", 285_00)
    assert payment.status == "refunded"
    assert kinds(payment) == ["refund_completed"]
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]


def test_refund_that_fails_days_after_it_was_completed(
    stripe, payment, approved, settings, run_queue, mailoutbox
):
    settings.STAFF_ALERT_EMAILS = ["office@example.com"]
    run_queue()
    mailoutbox.clear()
    approved.refresh_from_db()
    stripe.control(f"refunds/{approved.stripe_refund_id}/fail", webhook="never")
    sync_refunds(payment.pk)
    run_queue()

    approved.refresh_from_db()
    payment.refresh_from_db()
    assert (approved.status, approved.failure_reason) == ("failed", "expired_or_canceled_card")
    assert payment.status == "succeeded"
    assert remaining_cents(payment) == 285_00
    assert kinds(payment)[-2:] == ["refund_completed", "refund_failed"]
    assert [mail.to for mail in mailoutbox] == [["office@example.com"]]


def test_refund_given_up_that_went_through_after_all_is_recorded(stripe, payment, approved):
    send_refund(approved.pk)
    approved.refresh_from_db()
    # As after a definite error that was none.
    Refund.objects.filter(pk=approved.pk).update(
        status="failed", stripe_refund_id="", completed_at=None
    )
    sync_refunds(payment.pk)
    approved.refresh_from_db()
    assert approved.status == "completed"


def test_read_that_was_overtaken_is_not_believed(stripe, payment, approved):
    """A worker that asked before the failure and writes after it would revive the refund."""
    send_refund(approved.pk)
    approved.refresh_from_db()
    before = Payment.objects.get(pk=payment.pk)
    old = get_gateway().refunds_of_intent(payment.stripe_payment_intent_id)
    stripe.control(f"refunds/{approved.stripe_refund_id}/fail", webhook="never")
    sync_refunds(payment.pk)

    from payments.services.sync import _apply_refund

    assert [state.status for state in old] == ["succeeded"]
    assert _write(before, old, _apply_refund) is False
    approved.refresh_from_db()
    assert approved.status == "failed"


def test_stale_pending_moves_a_completed_refund_nowhere(stripe, payment, approved):
    from payments.services.sync import _apply_refund

    send_refund(approved.pk)
    fresh = get_gateway().refunds_of_intent(payment.stripe_payment_intent_id)
    stale = tuple(replace(state, status="pending") for state in fresh)
    _write(Payment.objects.get(pk=payment.pk), stale, _apply_refund)
    approved.refresh_from_db()
    assert approved.status == "completed"


# -- the history ------------------------------------------------------------------------------


@pytest.mark.parametrize("sql", ["UPDATE {} SET amount_cents = 1", "DELETE FROM {}"])
def test_money_history_only_grows(payment, sql):
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format("payments_paymentaudit"))


def test_every_kind_of_the_history_can_be_stored(payment):
    for kind in AuditKind:
        PaymentAudit.objects.create(payment=payment, kind=kind, amount_cents=1)


def test_no_message_about_money_is_left_or_dead(payment, approved, run_queue):
    run_queue()
    assert Message.objects.waiting().count() == 0
    assert Message.objects.dead().count() == 0


def test_refund_of_a_finished_day_keeps_its_times(payment, approved, run_queue):
    run_queue()
    approved.refresh_from_db()
    assert timedelta() <= approved.completed_at - approved.approved_at < timedelta(minutes=5)
