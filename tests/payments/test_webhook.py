import time

import pytest
from django.urls import reverse

from booking.models import BookingEvent, BookingStatus
from payments.models import StripeEvent
from tests.payments.helpers import begin_booking, session_event, signed
from totetaxi.outbox.models import Message

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]
SECRET = "whsec_test"


@pytest.fixture
def deliver(client, stripe, settings):
    """Posts a signed event and answers the status code."""
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_next", SECRET]

    def post(payload, *, secret=SECRET, at=None):
        url = reverse("payments:stripe_webhook")
        return client.post(url, **signed(payload, secret=secret, at=at)).status_code

    return post


def test_webhook_delivered_three_times_pays_the_booking_once(
    stripe, deliver, run_queue, mailoutbox
):
    booking = begin_booking()
    event = session_event(stripe.pay(booking.pk, webhook="never"))

    assert [deliver(event) for _ in range(3)] == [200, 200, 200]
    run_queue()

    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID
    assert StripeEvent.objects.get().result == "paid"
    assert Message.objects.filter(event="stripe_event").count() == 1
    assert BookingEvent.objects.filter(to_status="paid").count() == 1
    assert len(mailoutbox) == 1


def test_webhook_believes_stripe_not_the_event(stripe, deliver, run_queue):
    booking = begin_booking()
    deliver(session_event(stripe.session_of(booking.pk)))  # "completed", but nobody paid
    run_queue()

    booking.refresh_from_db()
    assert booking.status == BookingStatus.PENDING
    assert StripeEvent.objects.get().result == "open"


def test_webhook_of_an_ended_session_gives_the_place_back(stripe, deliver, run_queue):
    booking = begin_booking()
    deliver(session_event(stripe.expire(booking.pk), kind="expired"))
    run_queue()

    booking.refresh_from_db()
    assert not booking.holds_place
    assert booking.status == BookingStatus.PENDING


def test_payment_intent_event_alone_pays_the_booking(stripe, deliver, run_queue):
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    intents = [e for e in stripe.events() if e["type"] == "payment_intent.succeeded"]
    event = session_event(intents[0]["data"]["object"]["id"])
    event["type"] = "payment_intent.succeeded"
    deliver(event)
    run_queue()

    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID


def test_foreign_session_is_ignored_without_alarm(stripe, deliver, run_queue, mailoutbox):
    deliver(session_event("cs_test_of_an_invoice"))
    run_queue()
    assert StripeEvent.objects.get().result == "not_ours"
    assert mailoutbox == []


@pytest.mark.parametrize("secret", ["whsec_wrong", ""])
def test_webhook_refuses_a_wrong_secret(deliver, secret):
    assert deliver(session_event("cs_1"), secret=secret) == 400
    assert StripeEvent.objects.count() == 0


def test_webhook_accepts_both_secrets_during_rotation(deliver):
    assert deliver(session_event("cs_1"), secret="whsec_next") == 200


def test_webhook_refuses_everything_while_no_secret_is_set(deliver, settings):
    settings.STRIPE_WEBHOOK_SECRETS = [""]
    from payments.gateway import get_gateway

    get_gateway.cache_clear()
    assert deliver(session_event("cs_1"), secret="") == 400
    assert deliver(session_event("cs_1")) == 400


def test_webhook_refuses_an_old_signature(deliver):
    assert deliver(session_event("cs_1"), at=time.time() - 600) == 400


def test_webhook_refuses_a_megabyte(deliver):
    event = session_event("cs_1")
    event["padding"] = "x" * 1_000_000
    assert deliver(event) == 400
    assert StripeEvent.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b'"text"'])
def test_webhook_refuses_what_is_no_event(client, stripe, body):
    answer = client.post(reverse("payments:stripe_webhook"), body, content_type="application/json")
    assert answer.status_code == 400


def test_webhook_refuses_other_methods(client):
    assert client.get(reverse("payments:stripe_webhook")).status_code == 405
