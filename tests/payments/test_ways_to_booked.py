"""Webhook, return page or reconciliation: each by itself leads to booked (P2, P3)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from booking.models import Booking, BookingEvent, BookingStatus
from payments.models import CheckoutAttempt, Payment
from payments.services import process_event
from payments.services.reconciliation import reconcile
from payments.services.runs import Run
from tests.payments.helpers import begin_booking, session_event, signed
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]
BOOKINGS = 100


@pytest.fixture(autouse=True)
def few_words(caplog):
    """Hundreds of requests: what each of them logs takes longer than the request."""
    for name in ("stripe", "httpx"):
        caplog.set_level("WARNING", logger=name)


@pytest.fixture
def sessions(stripe):
    """A hundred sessions, paid at Stripe in silence."""
    bookings = [begin_booking(email=f"c{n}@example.com") for n in range(BOOKINGS)]
    return [stripe.pay(booking.pk, webhook="never") for booking in bookings]


def assert_all_booked():
    assert Booking.objects.filter(status=BookingStatus.PAID).count() == BOOKINGS
    assert Payment.objects.filter(status="succeeded").count() == BOOKINGS
    assert BookingEvent.objects.filter(to_status=BookingStatus.PAID).count() == BOOKINGS


def test_webhook_alone_books_100_of_100(client, sessions):
    for number, session_id in enumerate(sessions):
        event = signed(session_event(session_id, event_id=f"evt_{number}"), secret="whsec_test")
        assert client.post(reverse("payments:stripe_webhook"), **event).status_code == 200
        process_event(f"evt_{number}")
    assert_all_booked()


def test_return_page_alone_books_100_of_100(client, sessions, monkeypatch):
    monkeypatch.setattr("totetaxi.lib.ratelimit.count", lambda *args, **kwargs: 0)
    for session_id in sessions:
        answer = client.get(reverse("payments:done"), {"session_id": session_id})
        assert answer.status_code == 302
    assert_all_booked()


def test_reconciliation_alone_books_100_of_100(sessions):
    CheckoutAttempt.objects.update(created_at=clock.real_now() - timedelta(minutes=4))
    assert reconcile(Run(seconds=None)) == f"{len(sessions)} paid"
    assert_all_booked()
