import pytest
from django.db import IntegrityError, transaction

from booking.models import BookingEvent, BookingStatus
from payments.models import Dispute, PaymentAudit
from payments.services import RefundRefusedError, request_refund, sync_disputes
from tests.payments.money import act, paid, person

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


@pytest.fixture
def payment(stripe, settings):
    settings.STAFF_ALERT_EMAILS = ["office@example.com"]
    return paid(stripe)


def dispute_at(stripe, payment, **how):
    return stripe.control(f"charges/{payment.stripe_charge_id}/dispute", webhook="never", **how)


def test_dispute_is_stored_shown_and_told_once(stripe, payment, run_queue, mailoutbox):
    run_queue()
    mailoutbox.clear()
    made = dispute_at(stripe, payment, amount=200_00)
    results = [act("charge.dispute.created", made["id"], f"evt_{n}") for n in range(3)]
    run_queue()

    dispute = Dispute.objects.get()
    assert results == ["synced"] * 3
    assert (dispute.payment, dispute.amount_cents, dispute.status) == (
        payment,
        200_00,
        "needs_response",
    )
    assert dispute.is_open
    assert dispute.evidence_due_at is not None
    assert PaymentAudit.objects.filter(kind="dispute_opened").count() == 1
    notes = BookingEvent.objects.filter(booking=payment.booking, kind="note")
    assert [note.reason for note in notes] == ["Dispute over $200.00 opened"]
    assert [mail.to for mail in mailoutbox] == [["office@example.com"]]
    assert payment.booking.status == BookingStatus.PAID


@pytest.mark.parametrize("status", ["won", "lost"])
def test_dispute_that_closes_is_told_and_stays_closed(
    stripe, payment, run_queue, mailoutbox, status
):
    made = dispute_at(stripe, payment)
    sync_disputes(payment.pk)
    run_queue()
    mailoutbox.clear()
    stripe.control(f"disputes/{made['id']}", status=status, webhook="never")
    for n in range(2):
        act("charge.dispute.closed", made["id"], f"evt_{n}")
    run_queue()

    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.is_open) == (status, False)
    assert dispute.closed_at is not None
    assert PaymentAudit.objects.filter(kind="dispute_closed").count() == 1
    assert len(mailoutbox) == 1
    assert status in mailoutbox[0].subject


def test_dispute_first_heard_of_when_closed_has_both_marks(stripe, payment):
    made = dispute_at(stripe, payment)
    stripe.control(f"disputes/{made['id']}", status="won", webhook="never")
    act("charge.dispute.closed", made["id"])
    kinds = PaymentAudit.objects.filter(kind__startswith="dispute").values_list("kind", flat=True)
    assert sorted(kinds) == ["dispute_closed", "dispute_opened"]


def test_disputed_payment_is_not_refunded_by_people(stripe, payment):
    made = dispute_at(stripe, payment)
    sync_disputes(payment.pk)
    olga = person()
    with pytest.raises(RefundRefusedError, match="disputes"):
        request_refund(payment.pk, amount_cents=1, reason="Please", by=olga)
    stripe.control(f"disputes/{made['id']}", status="won", webhook="never")
    sync_disputes(payment.pk)
    assert request_refund(payment.pk, amount_cents=1, reason="Please", by=olga).pk


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount_cents": 0}, "dispute_positive"),
        ({"status": "won"}, "dispute_closed_has_time"),
        ({"status": "needs_response", "closed_at": "2026-11-22T00:00Z"}, "dispute_closed_has_time"),
    ],
)
def test_database_refuses_a_dispute_that_cannot_be(stripe, payment, fields, constraint):
    dispute_at(stripe, payment)
    sync_disputes(payment.pk)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Dispute.objects.update(**fields)
