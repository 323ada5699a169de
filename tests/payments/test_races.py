"""Many hands at once: never more given back than was taken, never two links, never two pages."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from payments.models import (
    STANDING_REFUNDS,
    AuditKind,
    CheckoutAttempt,
    Payment,
    PaymentLink,
    PaymentStatus,
    Refund,
)
from payments.services import (
    CheckoutUnavailableError,
    LinkRefusedError,
    RefundRefusedError,
    approve_refund,
    create_link,
    open_link,
    request_refund,
    send_refund,
    sync_refunds,
)
from payments.services.locks import audit
from tests.booking.helpers import make_booking
from tests.catalog.helpers import all_at_once
from tests.payments.helpers import BASE_URL
from tests.payments.money import at_stripe, paid, person
from totetaxi.lib.errors import TemporaryError

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]
THREADS, RACES = 20, 100


def captured(booking, number):
    """A captured payment of $285, without the way through Stripe.

    Marked as one too many, because a booking keeps one payment only.
    """
    payment = Payment.objects.create(
        booking=booking,
        amount_cents=285_00,
        status=PaymentStatus.SUCCEEDED,
        unfulfillable_reason="duplicate",
        stripe_payment_intent_id=f"pi_{number}",
        stripe_charge_id=f"ch_{number}",
    )
    audit(payment, AuditKind.PAYMENT_SUCCEEDED)
    return payment


def test_20_threads_in_100_races_never_ask_for_more_than_was_taken():
    """Each wants $40 of $285: seven get it, whoever they are (rule R620)."""
    booking, olga = make_booking(), person()
    payments = [captured(booking, number) for number in range(RACES)]
    gate = Barrier(THREADS)

    def ask_in_every_race(_: int) -> int:
        granted = 0
        try:
            for payment in payments:
                gate.wait(timeout=60)
                try:
                    request_refund(payment.pk, amount_cents=40_00, reason="Race", by=olga)
                    granted += 1
                except RefundRefusedError:
                    continue
        finally:
            connections.close_all()
        return granted

    with ThreadPoolExecutor(THREADS) as pool:
        granted = list(pool.map(ask_in_every_race, range(THREADS)))

    sums = [
        sum(
            payment.refunds.filter(status__in=STANDING_REFUNDS).values_list(
                "amount_cents", flat=True
            )
        )
        for payment in payments
    ]
    assert sums == [280_00] * RACES
    assert sum(granted) == 7 * RACES


def test_refunds_sent_by_20_threads_at_once_are_sent_once_each(stripe):
    payment, olga = paid(stripe), person()
    refunds = [
        approve_refund(
            request_refund(payment.pk, amount_cents=95_00, reason="Race", by=olga).pk, by=olga
        )
        for _ in range(3)
    ]

    def send(refund):
        def work():
            try:
                send_refund(refund.pk)
            except TemporaryError:
                return  # Stripe was at work on the same key, or another read was newer

        return work

    all_at_once([send(refunds[n % 3]) for n in range(THREADS)])
    for refund in refunds:
        send_refund(refund.pk)

    payment.refresh_from_db()
    assert at_stripe(payment) == [("succeeded", 95_00)] * 3
    assert payment.status == "refunded"
    assert payment.audits.filter(kind=AuditKind.REFUND_COMPLETED).count() == 3


def test_refund_is_approved_by_one_of_20():
    payment, olga = captured(make_booking(), 1), person()
    refund = request_refund(payment.pk, amount_cents=1_00, reason="Race", by=olga)

    def approve():
        try:
            approve_refund(refund.pk, by=olga)
        except RefundRefusedError:
            return 0
        return 1

    assert sum(all_at_once([approve] * THREADS)) == 1
    assert payment.audits.filter(kind=AuditKind.REFUND_APPROVED).count() == 1


def test_refunds_seen_at_stripe_by_20_workers_become_one_row(stripe):
    payment = paid(stripe)
    charge = payment.stripe_charge_id
    stripe.control(f"charges/{charge}/dashboard_refund", amount=7_00, webhook="never")

    def sync():
        try:
            sync_refunds(payment.pk)
        except TemporaryError:
            return

    all_at_once([sync] * THREADS)
    assert list(Refund.objects.values_list("kind", "amount_cents")) == [("dashboard", 7_00)]
    assert payment.audits.filter(kind=AuditKind.REFUND_COMPLETED).count() == 1


def test_link_made_and_opened_by_many_at_once_leaves_one_link_and_one_page(stripe):
    booking = make_booking()
    link = create_link(booking.pk, by=None)

    def make():
        try:
            create_link(booking.pk, by=None)
        except (LinkRefusedError, CheckoutUnavailableError):
            return

    def press():
        try:
            open_link(link.pk, base_url=BASE_URL)
        except (LinkRefusedError, CheckoutUnavailableError):
            return

    all_at_once([make, press] * 5)

    assert PaymentLink.objects.standing().count() == 1
    assert stripe.state()["sessions"].get("open", 0) <= 1
    assert CheckoutAttempt.objects.filter(status__in=["creating", "open"]).count() <= 1
