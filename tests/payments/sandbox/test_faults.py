"""Each fault, seen through the real library as the site would see it."""

import threading
import time

import httpx
import pytest
import stripe

from tests.payments.sandbox.helpers import session_params, wait_until

CREATE = "POST /v1/checkout/sessions"
RETRIEVE = "GET /v1/checkout/sessions/*"


def create(client, key="key-1"):
    return client.checkout.sessions.create(session_params(), {"idempotency_key": key})


def sessions_made(sandbox):
    return sandbox.see("state")["sessions"].get("open", 0)


@pytest.mark.parametrize(
    ("kind", "error", "made"),
    [
        ("error_500", stripe.APIError, 0),
        ("error_500_after", stripe.APIError, 1),
        ("error_429", stripe.RateLimitError, 0),
        ("timeout_before", stripe.APIConnectionError, 0),
        ("timeout_after", stripe.APIConnectionError, 1),
        ("slow", stripe.APIConnectionError, 1),
        ("reset", stripe.APIConnectionError, 0),
        ("reset_after", stripe.APIConnectionError, 1),
        ("truncate", stripe.APIConnectionError, 1),
        ("bad_json", stripe.APIError, 1),
    ],
)
def test_fault_fails_the_call_once_and_a_repeat_makes_one_session(sandbox, kind, error, made):
    sandbox.control("faults", match=CREATE, kind=kind, seconds=0.8)
    client = sandbox.client(timeout=0.4)
    with pytest.raises(error):
        create(client)
    wait_until(lambda: sessions_made(sandbox) == made)
    wait_until(lambda: len(sandbox.see("requests")["data"]) == 1)

    session = create(client)
    assert session.status == "open"
    assert sessions_made(sandbox) == 1
    replayed = session.last_response.headers.get("Idempotent-Replayed")
    assert replayed == ("true" if made else None)


@pytest.mark.parametrize("kind", ["error_500", "error_500_after", "timeout_after", "reset"])
def test_library_gets_over_a_fault_by_itself(sandbox, kind):
    sandbox.control("faults", match=CREATE, kind=kind, seconds=0.8)
    assert create(sandbox.client(timeout=0.4, retries=2)).status == "open"
    assert sessions_made(sandbox) == 1


def test_reset_is_a_reset_on_the_wire(sandbox):
    sandbox.control("faults", match="GET /v1/balance", kind="reset")
    with pytest.raises(httpx.ReadError):
        sandbox.http.get("/v1/balance")


def test_wrong_amount_is_only_in_the_answer(sandbox):
    session = sandbox.new_session()
    sandbox.pay(session.id)
    sandbox.control("faults", match=RETRIEVE, kind="wrong_amount", add_cents=-100)
    retrieve = sandbox.stripe.checkout.sessions.retrieve
    expand = {"expand": ["payment_intent.latest_charge"]}
    wrong = retrieve(session.id, expand)
    assert (wrong.id, wrong.amount_total) == (session.id, 379_00)
    assert wrong.payment_intent.latest_charge.amount == 379_00
    assert retrieve(session.id).amount_total == 380_00


def test_wrong_currency_is_only_in_the_answer(sandbox):
    session = sandbox.new_session()
    sandbox.control("faults", match=RETRIEVE, kind="wrong_currency", currency="cad")
    retrieve = sandbox.stripe.checkout.sessions.retrieve
    assert [retrieve(session.id).currency, retrieve(session.id).currency] == ["cad", "usd"]


def test_other_session_answers_someone_elses(sandbox):
    session = sandbox.new_session()
    sandbox.control("faults", match=RETRIEVE, kind="other_session", times=2)
    retrieve = sandbox.stripe.checkout.sessions.retrieve
    made_up = retrieve(session.id)
    assert made_up.id != session.id
    assert made_up.metadata.to_dict() == {}
    other = sandbox.new_session(metadata={"booking_id": "booking-2"})
    assert retrieve(session.id).to_dict() == other.to_dict()
    assert retrieve(session.id).id == session.id


def test_fault_counts_skips_and_can_be_removed(sandbox):
    fault = sandbox.control("faults", match="GET /v1/*", kind="error_500", times=None, skip=1)
    headers = {"Authorization": "Bearer sk_test_1"}
    statuses = [sandbox.http.get("/v1/balance", headers=headers).status_code for _ in range(3)]
    assert statuses == [200, 500, 500]
    assert sandbox.see("faults")["data"][0]["hits"] == 2
    sandbox.control(f"faults/{fault['id']}", "DELETE")
    assert sandbox.http.get("/v1/balance", headers=headers).status_code == 200
    assert [entry["fault"] for entry in sandbox.see("requests")["data"]] == [
        None,
        "error_500",
        "error_500",
        None,
    ]


def test_slow_answer_does_not_slow_others(sandbox):
    sandbox.control("faults", match=CREATE, kind="slow", seconds=1)
    slow = threading.Thread(target=sandbox.new_session)
    slow.start()
    wait_until(lambda: sandbox.see("faults")["data"][0]["hits"])
    started = time.monotonic()
    sandbox.new_session()
    assert time.monotonic() - started < 0.5
    slow.join()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("faults", {"match": CREATE, "kind": "earthquake"}, 400),
        ("faults", {"match": CREATE, "kind": "slow", "when": "now"}, 400),
        ("faults", {"match": CREATE, "kind": "slow", "times": "often"}, 400),
        ("nothing", {}, 404),
        ("sessions/cs_test_none/pay", {}, 404),
        ("refunds/re_none/fail", {}, 404),
        ("charges/ch_none/dispute", {}, 404),
        ("events/evt_none/resend", {}, 404),
    ],
)
def test_wrong_control_request_is_explained(sandbox, path, body, status):
    response = sandbox.http.post(f"/sandbox/{path}", json=body)
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_control_is_closed_to_other_web_pages(sandbox):
    headers = {"Sec-Fetch-Site": "cross-site"}
    response = sandbox.http.post("/sandbox/reset", headers=headers)
    assert response.status_code == 403
