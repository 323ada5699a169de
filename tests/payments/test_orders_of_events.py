"""Whatever the order in which Stripe's events arrive, we end where Stripe is (rule R614)."""

import random
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction

from booking.models import Booking, BookingEvent, BookingStatus
from payments.gateway import EventNotice, get_gateway
from payments.models import CheckoutAttempt, Dispute, Payment, PaymentAudit, Refund
from payments.services import process_event, record_event, remaining_cents
from payments.services.invariants import check_all
from tests.payments.helpers import begin_booking
from totetaxi.outbox.models import Message

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]

SIX = (
    "payment_intent.succeeded",
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "charge.refunded",
    "checkout.session.expired",
    "charge.dispute.created",
)


@pytest.fixture(autouse=True)
def few_words(caplog):
    """Thousands of requests: what each of them logs takes longer than the request."""
    for name in ("stripe", "httpx"):
        caplog.set_level("WARNING", logger=name)


class Walk:
    """Processes events in every order; orders that begin alike share their beginning."""

    def __init__(self, event_ids: tuple[str, ...], at_the_end: Callable[[], None]) -> None:
        self.event_ids, self.at_the_end = event_ids, at_the_end
        self.orders: list[tuple[str, ...]] = []

    def walk(self, done: tuple[str, ...] = ()) -> None:
        if len(done) == len(self.event_ids):
            self.orders.append(done)
            self.at_the_end()
            return
        for event_id in self.event_ids:
            if event_id not in done:
                with transaction.atomic():
                    process_event(event_id)
                    self.walk((*done, event_id))
                    transaction.set_rollback(True)


def happen(stripe: Any, booking: Booking) -> tuple[str, str]:
    """The session expires, is paid by bank all the same, refunded in part, and disputed."""
    session_id = stripe.expire(booking.pk)
    stripe.control(f"sessions/{session_id}/pay", webhook="never", force=True, bank="waits")
    stripe.control(f"sessions/{session_id}/settle", webhook="never")
    charge_id = get_gateway().get_session(session_id).charge_id
    stripe.control(f"charges/{charge_id}/dashboard_refund", amount=100_00, webhook="never")
    stripe.control(f"charges/{charge_id}/dispute", amount=50_00, webhook="never")
    return session_id, charge_id


def stored_events(stripe: Any) -> dict[str, str]:
    """Stripe's own events of the six types, stored as the webhook stores them: type to id."""
    ids = {}
    for event in stripe.events():
        if event["type"] in SIX:
            notice = get_gateway().get_event(event["id"])
            record_event(notice)
            ids[event["type"]] = notice.id
    return ids


def state() -> dict[str, Any]:
    """Everything about money, without ids and times."""
    booking, payment = Booking.objects.get(), Payment.objects.get()
    return {
        "booking": (booking.status, booking.holds_place),
        "payment": (payment.status, payment.stripe_charge_id, remaining_cents(payment)),
        "attempts": list(CheckoutAttempt.objects.values_list("status", flat=True)),
        "refunds": list(Refund.objects.values_list("kind", "status", "amount_cents")),
        "disputes": list(Dispute.objects.values_list("status", "amount_cents")),
        "audit": sorted(PaymentAudit.objects.values_list("kind", "amount_cents")),
        "paid": BookingEvent.objects.filter(to_status=BookingStatus.PAID).count(),
        "announced": sorted(
            set(Message.objects.exclude(event="stripe_event").values_list("event", flat=True))
        ),
    }


def test_all_720_orders_of_six_events_end_in_stripes_own_state(stripe):
    booking = begin_booking()
    _, charge_id = happen(stripe, booking)
    ids = stored_events(stripe)
    assert set(ids) == set(SIX)

    def check() -> None:
        assert state() == {
            "booking": ("paid", True),
            "payment": ("partially_refunded", charge_id, 185_00),
            "attempts": ["complete"],
            "refunds": [("dashboard", "completed", 100_00)],
            "disputes": [("needs_response", 50_00)],
            "audit": [
                ("dispute_opened", 50_00),
                ("payment_created", 285_00),
                ("payment_succeeded", 285_00),
                ("refund_completed", 100_00),
            ],
            "paid": 1,
            "announced": ["booking_paid", "dispute_opened", "refund_completed"],
        }

    walk = Walk(tuple(ids.values()), check)
    walk.walk()

    assert len(walk.orders) == 720
    assert set(walk.orders) == set(permutations(ids.values()))
    assert Payment.objects.get().status == "pending"  # every order began at the beginning


def test_events_that_arrive_while_things_still_happen_end_in_stripes_own_state(stripe):
    """Each delivery at a random moment after its event, perhaps twice; 8 lives of a booking."""
    dice = random.Random(7)  # noqa: S311 (a test repeats itself)
    for life in range(8):
        with transaction.atomic():
            booking = begin_booking(email=f"life{life}@example.com")
            live_through(stripe, booking, dice)
            final = Payment.objects.get()
            charges = get_gateway().charges_of_intent(final.stripe_payment_intent_id)
            refunds = get_gateway().refunds_of_intent(final.stripe_payment_intent_id)
            given = sum(one.amount_cents for one in refunds if one.status == "succeeded")
            assert (final.is_captured, charges[0].id) == (True, final.stripe_charge_id)
            assert remaining_cents(final) == 285_00 - given
            assert {d.status for d in Dispute.objects.all()} == {"won"}
            assert [result.offenders for result in check_all()[1:5]] == [()] * 4
            transaction.set_rollback(True)
        stripe.reset()


def live_through(stripe: Any, booking: Booking, dice: random.Random) -> None:
    """Happenings at Stripe one after another, deliveries of earlier events in between."""
    session_id = stripe.session_of(booking.pk)
    pay: dict[str, Any] = {"webhook": "never"}
    if dice.random() < 0.5:
        stripe.expire(booking.pk)
        pay["force"] = True
    stripe.control(f"sessions/{session_id}/pay", **pay)
    charge_id = get_gateway().get_session(session_id).charge_id
    waiting: list[str] = []
    seen: set[str] = set()

    def deliver(share: float) -> None:
        for event in stripe.events():
            if event["id"] not in seen:
                seen.add(event["id"])
                waiting.extend([event["id"]] * dice.choice((1, 1, 2)))
        dice.shuffle(waiting)
        for _ in range(round(len(waiting) * share)):
            event_id = waiting.pop()
            record_event(get_gateway().get_event(event_id))
            process_event(event_id)

    deliver(dice.random())
    refund = stripe.control(f"charges/{charge_id}/dashboard_refund", amount=100_00, webhook="never")
    deliver(dice.random())
    if dice.random() < 0.5:
        stripe.control(f"refunds/{refund['id']}/fail", webhook="never")
    deliver(dice.random())
    dispute = stripe.control(f"charges/{charge_id}/dispute", webhook="never")
    deliver(dice.random())
    stripe.control(f"disputes/{dispute['id']}", status="won", webhook="never")
    deliver(1.0)


def test_event_of_a_type_we_do_not_act_on_is_acknowledged(stripe):
    from payments.models import StripeEvent
    from totetaxi.lib import clock

    record_event(EventNotice("evt_x", "customer.created", "cus_1", clock.real_now()))
    process_event("evt_x")
    assert StripeEvent.objects.get().result == "acknowledged"
