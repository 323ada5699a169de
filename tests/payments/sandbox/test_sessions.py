import time

import pytest
import stripe

from payments.sandbox.__main__ import installed_api_version
from tests.payments.sandbox.helpers import CANCEL_URL, SUCCESS_URL


def test_session_has_the_fields_of_the_request(sandbox):
    expires_at = int(time.time()) + 3600
    session = sandbox.new_session(expires_at=expires_at)

    assert session.id.startswith("cs_test_")
    assert session.url == f"{session.url.partition('/c/')[0]}/c/pay/{session.id}"
    assert (session.status, session.payment_status, session.mode) == ("open", "unpaid", "payment")
    assert (session.amount_total, session.amount_subtotal, session.currency) == (
        380_00,
        380_00,
        "usd",
    )
    assert session.metadata.to_dict() == {"booking_id": "booking-1"}
    assert session.client_reference_id == "booking-1"
    assert session.customer_email == "ann@example.com"
    assert session.payment_intent is None
    assert session.expires_at == expires_at
    assert (session.success_url, session.cancel_url) == (SUCCESS_URL, CANCEL_URL)
    assert session.livemode is False


def test_session_has_every_field_the_library_declares(sandbox):
    declared = set(stripe.checkout.Session.__annotations__) - {"OBJECT_NAME"}
    # Shown only when expanded, in use, or in other modes.
    rare = {
        "line_items",
        "optional_items",
        "branding_settings",
        "name_collection",
        "tax_id_collection",
        "presentment_details",
        "managed_payments",
        "integration_identifier",
        "redirect_on_completion",
        "return_url",
        "allowed_payment_method_types",
        "excluded_payment_method_types",
    }
    assert declared - rare <= set(sandbox.new_session().to_dict())


def test_retrieve_answers_the_same_session(sandbox):
    session = sandbox.new_session()
    assert sandbox.stripe.checkout.sessions.retrieve(session.id).to_dict() == session.to_dict()


def test_line_items_can_be_expanded(sandbox):
    session = sandbox.new_session()
    found = sandbox.stripe.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    (item,) = found.line_items.data
    assert (item.description, item.amount_total, item.quantity) == ("Standard Delivery", 38000, 1)
    listed = sandbox.stripe.checkout.sessions.line_items.list(session.id)
    assert [item.id for item in listed.data] == [item.id]


def test_unknown_session_is_missing(sandbox):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.stripe.checkout.sessions.retrieve("cs_test_none")
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    assert caught.value.user_message == "No such checkout.session: 'cs_test_none'"


def test_expire_works_once(sandbox):
    session = sandbox.new_session()
    expired = sandbox.stripe.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.stripe.checkout.sessions.expire(session.id)
    assert caught.value.user_message == (
        'Only Checkout Sessions with a status in ["open"] can be expired. '
        "This Checkout Session has a status of `expired`."
    )
    assert sandbox.event_types() == ["checkout.session.expired"]


def test_paid_session_cannot_be_expired(sandbox):
    session = sandbox.new_session()
    sandbox.pay(session.id)
    with pytest.raises(stripe.InvalidRequestError, match="a status of `complete`"):
        sandbox.stripe.checkout.sessions.expire(session.id)


def test_expired_session_cannot_be_paid(sandbox):
    session = sandbox.new_session()
    sandbox.control(f"sessions/{session.id}/expire")
    response = sandbox.http.post(f"/sandbox/sessions/{session.id}/pay", json={})
    assert response.status_code == 400
    assert sandbox.see("state")["charges"] == {}


def test_expired_session_can_be_paid_by_force(sandbox):
    session = sandbox.new_session()
    sandbox.control(f"sessions/{session.id}/expire")
    paid = sandbox.pay(session.id, force=True)
    assert (paid["session"]["status"], paid["session"]["payment_status"]) == ("complete", "paid")


def test_expiring_cancels_the_payment_of_a_declined_try(sandbox):
    session = sandbox.new_session()
    sandbox.pay(session.id, card="4000000000000002")
    expired = sandbox.stripe.checkout.sessions.expire(session.id, {"expand": ["payment_intent"]})
    assert expired.payment_intent.status == "canceled"
    assert sandbox.event_types()[-2:] == ["payment_intent.canceled", "checkout.session.expired"]


def test_list_filters_by_payment_intent_and_status(sandbox):
    paid, _open = sandbox.new_session(), sandbox.new_session()
    intent = sandbox.pay(paid.id)["session"]["payment_intent"]
    sessions = sandbox.stripe.checkout.sessions
    assert [found.id for found in sessions.list({"payment_intent": intent}).data] == [paid.id]
    assert [found.id for found in sessions.list({"status": "complete"}).data] == [paid.id]
    email = {"customer_details": {"email": "ann@example.com"}}
    assert {found.id for found in sessions.list(email).data} == {paid.id, _open.id}


def test_api_version_is_the_librarys():
    from stripe._api_version import _ApiVersion

    assert installed_api_version() == _ApiVersion.CURRENT
