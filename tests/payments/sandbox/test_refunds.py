from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.payments.sandbox.helpers import wait_until


@pytest.fixture
def charge(sandbox):
    return paid_charge(sandbox)


def paid_charge(sandbox, **options):
    session = sandbox.new_session()
    intent = sandbox.pay(session.id, **options)["session"]["payment_intent"]
    expand = {"expand": ["latest_charge"]}
    return sandbox.stripe.payment_intents.retrieve(intent, expand).latest_charge


def refund(sandbox, charge, **params):
    return sandbox.stripe.refunds.create({"payment_intent": charge.payment_intent, **params})


def test_partial_refunds_add_up(sandbox, charge):
    first = refund(sandbox, charge, amount=100_00, metadata={"refund_id": "r1"})
    assert (first.status, first.amount, first.charge) == ("succeeded", 100_00, charge.id)
    assert first.metadata.to_dict() == {"refund_id": "r1"}
    found = sandbox.stripe.charges.retrieve(charge.id)
    assert (found.amount_refunded, found.refunded) == (100_00, False)

    refund(sandbox, charge, reason="requested_by_customer")
    found = sandbox.stripe.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (found.amount_refunded, found.refunded) == (380_00, True)
    assert [item.amount for item in found.refunds.data] == [280_00, 100_00]
    assert sandbox.event_types()[-4:] == ["refund.created", "charge.refunded"] * 2


def test_refund_of_more_than_is_left_is_refused(sandbox, charge):
    refund(sandbox, charge, amount=300_00)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(sandbox, charge, amount=80_01)
    assert caught.value.param == "amount"
    assert caught.value.user_message == (
        "Refund amount ($80.01) is greater than unrefunded amount on charge ($80.00)"
    )


def test_refund_of_a_refunded_charge_is_refused(sandbox, charge):
    refund(sandbox, charge)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(sandbox, charge, amount=1)
    assert caught.value.code == "charge_already_refunded"
    assert caught.value.user_message == f"Charge {charge.id} has already been refunded."


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({}, "parameter_missing", None),
        ({"charge": "ch_none"}, "resource_missing", "charge"),
        ({"payment_intent": "pi_none"}, "resource_missing", "payment_intent"),
        ({"charge": "ch_none", "amount": 0}, "parameter_invalid_integer", "amount"),
        ({"charge": "ch_none", "reason": "whim"}, None, "reason"),
        ({"charge": "ch_none", "why": "x"}, "parameter_unknown", "why"),
    ],
)
def test_wrong_refund_is_refused(sandbox, params, code, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.stripe.refunds.create(params)
    assert (caught.value.code, caught.value.param) == (code, param)


def test_unpaid_intent_cannot_be_refunded(sandbox):
    session = sandbox.new_session()
    declined = sandbox.pay(session.id, card="4000000000000002")["session"]
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        sandbox.stripe.refunds.create({"payment_intent": declined["payment_intent"]})


def test_racing_refunds_never_exceed_the_charge(sandbox, charge):
    def attempt(_):
        try:
            return refund(sandbox, charge, amount=30_00).amount
        except stripe.InvalidRequestError:
            return 0

    with ThreadPoolExecutor(10) as pool:
        amounts = list(pool.map(attempt, range(30)))
    assert sum(amounts) == 360_00
    assert sandbox.see("state")["refunded_cents"] == 360_00


def test_failed_refund_gives_the_money_back_to_us(sandbox, charge):
    done = refund(sandbox, charge)
    failed = sandbox.control(f"refunds/{done.id}/fail", reason="lost_or_stolen_card")
    assert (failed["status"], failed["failure_reason"]) == ("failed", "lost_or_stolen_card")
    found = sandbox.stripe.charges.retrieve(charge.id)
    assert (found.amount_refunded, found.refunded) == (0, False)
    assert sandbox.event_types()[-3:] == [
        "refund.failed",
        "refund.updated",
        "charge.refund.updated",
    ]
    assert refund(sandbox, charge).amount == 380_00


def test_card_may_refund_later(sandbox):
    charge = paid_charge(sandbox, card="4000000000007726")
    pending = refund(sandbox, charge)
    assert (pending.status, pending.pending_reason) == ("pending", "processing")
    refunds = sandbox.stripe.refunds
    wait_until(lambda: refunds.retrieve(pending.id).status == "succeeded")


def test_card_may_fail_its_refund_later(sandbox):
    charge = paid_charge(sandbox, card="4000000000005126")
    done = refund(sandbox, charge)
    assert done.status == "succeeded"
    wait_until(lambda: sandbox.stripe.refunds.retrieve(done.id).status == "failed")


def test_dashboard_refund_is_like_any_other(sandbox, charge):
    made = sandbox.control(f"charges/{charge.id}/dashboard_refund", amount=50_00)
    (found,) = sandbox.stripe.refunds.list({"charge": charge.id}).data
    assert (found.id, found.amount, found.metadata.to_dict()) == (made["id"], 50_00, {})
    event = sandbox.stripe.events.list({"type": "refund.created"}).data[0]
    assert (event.request.id, event.request.idempotency_key) == (None, None)


def test_dispute_takes_its_course(sandbox, charge):
    made = sandbox.control(f"charges/{charge.id}/dispute", reason="product_not_received")
    dispute = sandbox.stripe.disputes.retrieve(made["id"], {"expand": ["charge"]})
    assert (dispute.status, dispute.reason, dispute.amount) == (
        "needs_response",
        "product_not_received",
        380_00,
    )
    assert dispute.charge.disputed is True
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(sandbox, charge)
    assert caught.value.code == "charge_disputed"

    sandbox.control(f"disputes/{dispute.id}", status="under_review")
    sandbox.control(f"disputes/{dispute.id}", status="won")
    assert sandbox.stripe.disputes.list({"charge": charge.id}).data[0].status == "won"
    assert [name for name in sandbox.event_types() if "dispute" in name] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]
    assert refund(sandbox, charge).status == "succeeded"


def test_card_may_be_disputed_by_itself(sandbox):
    charge = paid_charge(sandbox, card="4000000000000259")
    disputes = wait_until(lambda: sandbox.stripe.disputes.list({"charge": charge.id}).data)
    assert disputes[0].reason == "fraudulent"


def test_balance_is_what_was_taken_and_not_given_back(sandbox, charge):
    refund(sandbox, charge, amount=80_00)
    (usd,) = sandbox.stripe.balance.retrieve().available
    assert (usd.amount, usd.currency) == (300_00, "usd")
