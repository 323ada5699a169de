import threading
import time

import pytest
import stripe

from payments.sandbox.webhooks import signature_header, wait_seconds
from tests.payments.sandbox.helpers import SECRET, wait_until
from tests.payments.sandbox.test_payments import PAID_EVENTS


def test_payment_is_announced_in_order_and_signed(sandbox, receiver):
    session = sandbox.new_session()
    sandbox.pay(session.id)
    wait_until(lambda: len(receiver.received) == 4)
    assert receiver.types() == PAID_EVENTS
    event = receiver.events()[-1]
    assert (event.data.object.id, event.data.object.payment_status) == (session.id, "paid")
    assert (event.api_version, event.livemode) == (stripe.api_version, False)
    wait_until(lambda: sandbox.see("state")["deliveries"] == {"delivered": 4})
    assert sandbox.stripe.events.retrieve(event.id).pending_webhooks == 0


def test_event_names_the_request_that_caused_it(sandbox, receiver):
    session = sandbox.new_session()
    sandbox.stripe.checkout.sessions.expire(session.id, options={"idempotency_key": "end-1"})
    wait_until(lambda: receiver.received)
    (event,) = receiver.events()
    assert event.request.id.startswith("req_")
    assert event.request.idempotency_key == "end-1"


def test_signature_fails_for_another_secret_or_body(sandbox, receiver):
    sandbox.pay(sandbox.new_session().id)
    wait_until(lambda: receiver.received)
    body, signature = receiver.received[0]
    for altered, secret in ((body, "whsec_other"), (body + b" ", SECRET)):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(altered, signature, secret)


def test_text_beyond_ascii_arrives_whole(sandbox, receiver):
    session = sandbox.new_session(metadata={"name": "Zoë 🧳"})
    sandbox.stripe.checkout.sessions.expire(session.id)
    wait_until(lambda: receiver.received)
    assert receiver.events()[0].data.object.metadata.to_dict() == {"name": "Zoë 🧳"}


def test_two_secrets_sign_while_one_is_rotated():
    body = b'{"object": "event"}'
    header = signature_header(body, ["whsec_old", "whsec_new"], int(time.time()))
    for secret in ("whsec_old", "whsec_new"):
        assert stripe.WebhookSignature.verify_header(body, header, secret, 300)


def test_refused_webhook_is_sent_again(sandbox, receiver):
    receiver.statuses.extend([500, 302])
    session = sandbox.new_session()
    sandbox.stripe.checkout.sessions.expire(session.id)
    wait_until(lambda: len(receiver.received) == 3)
    assert {event.type for event in receiver.events()} == {"checkout.session.expired"}
    assert len({event.id for event in receiver.events()}) == 1
    wait_until(lambda: sandbox.see("state")["deliveries"] == {"delivered": 1})
    (delivery,) = sandbox.see("deliveries")["data"]
    assert [attempt["status"] for attempt in delivery["log"]] == [500, 302, 200]


def test_receiver_that_is_down_gets_it_later(sandbox):
    sandbox.control("webhooks", url="http://127.0.0.1:9/")
    sandbox.stripe.checkout.sessions.expire(sandbox.new_session().id)
    wait_until(lambda: sandbox.see("deliveries")["data"][0]["log"])
    (delivery,) = sandbox.see("deliveries")["data"]
    assert (delivery["state"], delivery["log"][0]["status"]) == ("pending", None)
    assert "refused" in delivery["log"][0]["error"]


def test_waits_double_up_to_a_minute():
    assert [wait_seconds(tries) for tries in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_slow_receiver_does_not_hold_up_other_payments(sandbox, receiver):
    sessions = [sandbox.new_session() for _ in range(8)]
    started = time.monotonic()
    threads = [threading.Thread(target=sandbox.pay, args=(session.id,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: len(receiver.received) == 32)
    assert time.monotonic() - started < 5


def test_delayed_webhook_comes_later(sandbox, receiver):
    session = sandbox.new_session()
    response = sandbox.submit(session.id, "delay")
    assert session.id in response.headers["Location"]
    time.sleep(0.2)
    assert receiver.received == []
    wait_until(lambda: receiver.types() == PAID_EVENTS)


def test_lost_webhook_never_comes_unless_asked_for(sandbox, receiver):
    sandbox.submit(sandbox.new_session().id, "lose")
    time.sleep(0.3)
    assert receiver.received == []
    assert sandbox.see("state")["deliveries"] == {"withheld": 4}
    event = sandbox.stripe.events.list({"type": "checkout.session.completed"}).data[0]
    attempts = sandbox.control(f"events/{event.id}/resend", times=3)["attempts"]
    assert [attempt["status"] for attempt in attempts] == [200, 200, 200]
    assert [got.id for got in receiver.events()] == [event.id] * 3


def test_paused_webhooks_wait(sandbox, receiver):
    sandbox.control("webhooks", paused=True)
    sandbox.pay(sandbox.new_session().id)
    time.sleep(0.3)
    assert receiver.received == []
    sandbox.control("webhooks", paused=False)
    wait_until(lambda: receiver.types() == PAID_EVENTS)


def test_copies_arrive_in_any_order(sandbox, receiver):
    sandbox.control("webhooks", copies=3, jitter_seconds=0.3)
    sandbox.pay(sandbox.new_session().id)
    wait_until(lambda: len(receiver.received) == 12)
    assert sorted(receiver.types()) == sorted(PAID_EVENTS * 3)


def test_flush_sends_what_waits(sandbox, receiver):
    sandbox.pay(sandbox.new_session().id, webhook="delay", seconds=60)
    assert sandbox.control("webhooks/flush") == {"flushed": 4}
    wait_until(lambda: receiver.types() == PAID_EVENTS)
