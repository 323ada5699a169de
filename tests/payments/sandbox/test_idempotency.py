import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import stripe

from tests.payments.sandbox.helpers import session_params, wait_until


def create(sandbox, key, **changes):
    options = {"idempotency_key": key}
    return sandbox.stripe.checkout.sessions.create(session_params(**changes), options)


def test_same_key_and_parameters_answer_the_same(sandbox):
    first, second = create(sandbox, "key-1"), create(sandbox, "key-1")
    assert second.to_dict() == first.to_dict()
    assert first.last_response.headers.get("Idempotent-Replayed") is None
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert (
        second.last_response.headers["Original-Request"]
        == first.last_response.headers["Request-Id"]
    )
    assert sandbox.see("state")["sessions"] == {"open": 1}


def test_same_key_with_other_parameters_is_an_error(sandbox):
    create(sandbox, "key-1")
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        create(sandbox, "key-1", customer_email="eve@example.com")
    assert sandbox.see("state")["sessions"] == {"open": 1}


def test_same_key_at_another_endpoint_is_an_error(sandbox):
    create(sandbox, "key-1")
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        sandbox.stripe.refunds.create({"charge": "ch_1"}, {"idempotency_key": "key-1"})


def test_same_key_of_another_account_is_its_own(sandbox):
    first = create(sandbox, "key-1")
    other = sandbox.client(key="sk_test_other").checkout.sessions.create(
        session_params(), {"idempotency_key": "key-1"}
    )
    assert other.id != first.id


def test_refused_parameters_leave_the_key_free(sandbox):
    with pytest.raises(stripe.InvalidRequestError):
        create(sandbox, "key-1", customer_email="nobody")
    assert create(sandbox, "key-1").status == "open"


def test_refusal_of_the_work_itself_is_replayed(sandbox):
    session = sandbox.new_session()
    charge = sandbox.stripe.payment_intents.retrieve(
        sandbox.pay(session.id)["session"]["payment_intent"]
    ).latest_charge
    sandbox.stripe.refunds.create({"charge": charge})
    headers = {"Authorization": "Bearer sk_test_site", "Idempotency-Key": "refund-1"}
    answers = [
        sandbox.http.post("/v1/refunds", data={"charge": charge}, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_key_in_use_is_a_conflict(sandbox):
    sandbox.control("faults", match="POST /v1/checkout/sessions", kind="slow", seconds=1.5)
    slow = threading.Thread(target=create, args=(sandbox, "key-1"))
    slow.start()
    wait_until(lambda: sandbox.see("faults")["data"][0]["hits"])
    with pytest.raises(stripe.APIError) as caught:
        create(sandbox, "key-1")
    assert caught.value.http_status == 409
    assert caught.value.error is not None
    assert caught.value.error.code == "idempotency_key_in_use"
    slow.join()
    assert create(sandbox, "key-1").last_response.headers["Idempotent-Replayed"] == "true"


def test_many_at_once_with_one_key_make_one_session(sandbox):
    def post(_):
        return httpx.post(
            f"{sandbox.url}/v1/checkout/sessions",
            content=(
                "mode=payment&success_url=http://site.test/&line_items[0][quantity]=1"
                "&line_items[0][price_data][currency]=usd"
                "&line_items[0][price_data][unit_amount]=500"
                "&line_items[0][price_data][product_data][name]=x"
            ),
            headers={
                "Authorization": "Bearer sk_test_site",
                "Idempotency-Key": "key-1",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(40)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 200}) == 1
    assert sandbox.see("state")["sessions"] == {"open": 1}


def test_too_long_key_is_refused(sandbox):
    with pytest.raises(stripe.IdempotencyError, match="255"):
        create(sandbox, "k" * 256)
