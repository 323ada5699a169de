"""What survives: a kill, a restart, a torn last line."""

import json
import signal
import subprocess
import sys
import threading

import pytest
import stripe

from payments.sandbox.errors import ApiError
from payments.sandbox.store import Store
from tests.payments.sandbox.helpers import (
    PROJECT,
    Receiver,
    Sandbox,
    session_params,
    wait_until,
)
from tests.payments.sandbox.test_payments import PAID_EVENTS
from totetaxi.lib.standin.journal import FILE_NAME, Journal, StateError


@pytest.fixture
def start_sandbox(tmp_path):
    """Starts a stand-in with a state of its own; it ends with the test, however that ends."""
    started = []

    def start(*flags: str) -> Sandbox:
        started.append(Sandbox(tmp_path / "state", *flags))
        return started[-1]

    yield start
    for sandbox in started:
        if sandbox.process.poll() is None:
            sandbox.stop()


@pytest.fixture
def own_sandbox(start_sandbox):
    return start_sandbox()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_restart_keeps_everything(own_sandbox, number):
    options = {"idempotency_key": "key-1"}
    sessions = own_sandbox.stripe.checkout.sessions
    session = sessions.create(session_params(), options)
    paid = own_sandbox.new_session()
    intent = own_sandbox.pay(paid.id)["session"]["payment_intent"]
    refund = own_sandbox.stripe.refunds.create({"payment_intent": intent, "amount": 100})
    before = own_sandbox.see("state")

    own_sandbox.stop(number)
    own_sandbox.start()

    after = own_sandbox.see("state")
    assert after | {"webhooks": None} == before | {"webhooks": None}
    again = own_sandbox.stripe.checkout.sessions.create(session_params(), options)
    assert again.id == session.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert own_sandbox.stripe.refunds.retrieve(refund.id).to_dict() == refund.to_dict()


def test_undelivered_webhooks_are_sent_after_a_kill(start_sandbox, receiver):
    sandbox = start_sandbox("--webhook-url", "http://127.0.0.1:9/")
    sandbox.pay(sandbox.new_session().id)
    wait_until(lambda: any(item["log"] for item in sandbox.see("deliveries")["data"]))
    sandbox.stop(signal.SIGKILL)

    sandbox.flags = ("--webhook-url", receiver.url)
    sandbox.start()
    wait_until(lambda: len(receiver.received) >= 4)
    assert receiver.types() == PAID_EVENTS
    wait_until(lambda: sandbox.see("state")["deliveries"] == {"delivered": 4})


def test_bank_debit_goes_on_after_a_restart(start_sandbox):
    sandbox = start_sandbox("--settle-delay", "1")
    session = sandbox.new_session()
    sandbox.pay(session.id, bank="succeeds")
    sandbox.stop(signal.SIGKILL)
    sandbox.start()
    retrieve = sandbox.stripe.checkout.sessions.retrieve
    wait_until(lambda: retrieve(session.id).payment_status == "paid")


def test_kill_under_load_loses_no_answered_session(own_sandbox):
    answered: list[str] = []

    def create_many():
        while True:
            try:
                answered.append(own_sandbox.new_session().id)
            except stripe.StripeError:
                return

    threads = [threading.Thread(target=create_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answered) > 100)
    own_sandbox.process.send_signal(signal.SIGKILL)
    own_sandbox.process.wait()
    for thread in threads:
        thread.join()

    own_sandbox.start()
    listed = own_sandbox.stripe.checkout.sessions.list({"limit": 100}).auto_paging_iter()
    assert {session.id for session in listed} >= set(answered)


def test_session_expires_by_itself_when_its_time_has_come(own_sandbox):
    sandbox = own_sandbox
    session = sandbox.new_session()
    sandbox.stop()
    journal = sandbox.state / FILE_NAME
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    for record in (record for entry in entries for record in entry["put"]):
        if record["id"] == session.id:
            record["expires_at"] = record["created"]
        elif record.get("action") == "expire_session":
            record["due"] = session.created
    journal.write_text("".join(json.dumps(entry) + "\n" for entry in entries))

    sandbox.start()
    retrieve = sandbox.stripe.checkout.sessions.retrieve
    wait_until(lambda: retrieve(session.id).status == "expired")
    assert sandbox.event_types() == ["checkout.session.expired"]


def test_request_under_way_is_answered_before_the_end(own_sandbox):
    own_sandbox.control("faults", match="POST /v1/*", kind="slow", seconds=5)
    made = []
    thread = threading.Thread(target=lambda: made.append(own_sandbox.new_session()))
    thread.start()
    wait_until(lambda: own_sandbox.see("faults")["data"][0]["hits"])
    assert own_sandbox.stop() == 0
    thread.join()
    assert [session.status for session in made] == ["open"]


def test_second_process_on_the_same_state_refuses_to_start(own_sandbox):
    command = [sys.executable, "-m", "payments.sandbox", "--port", "0", "--state"]
    second = subprocess.run(
        [*command, str(own_sandbox.state)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert "already using" in second.stderr


def test_torn_last_line_is_left_out(tmp_path):
    store = Store(tmp_path, api_version="x")
    for name in ("one", "two"):
        with store.transaction() as tx:
            tx.add({"id": name, "object": "thing"})
    store.close()
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:-5])

    store = Store(tmp_path, api_version="x")
    assert [record["id"] for record in store.all("thing")] == ["one"]
    with store.transaction() as tx:
        tx.add({"id": "three", "object": "thing"})
    store.close()
    store = Store(tmp_path, api_version="x")
    assert [record["id"] for record in store.all("thing")] == ["one", "three"]
    store.close()


def test_damage_in_the_middle_is_reported(tmp_path):
    (tmp_path / FILE_NAME).write_text('{"put": []\n{"put": [], "drop": []}\n')
    journal = Journal(tmp_path)
    with pytest.raises(StateError, match="damaged at line 1"):
        list(journal.read())
    journal.close()


def test_failed_transaction_changes_nothing(tmp_path):
    store = Store(tmp_path, api_version="x")
    with store.transaction() as tx:
        tx.add({"id": "one", "object": "thing", "value": 1})

    def change_and_fail():
        with store.transaction() as tx:
            tx.edit("thing", "one")["value"] = 2
            tx.get("thing", "two")

    with pytest.raises(ApiError):
        change_and_fail()
    assert store.get("thing", "one")["value"] == 1
    store.close()
    store = Store(tmp_path, api_version="x")
    assert store.get("thing", "one")["value"] == 1
    store.close()
