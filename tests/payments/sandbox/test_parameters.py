import time

import pytest
import stripe

from payments.sandbox.params import parse_form
from tests.payments.sandbox.helpers import session_params

NOW = int(time.time())


def refusal(sandbox, **changes):
    """The error of a session that Stripe would not make."""
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.new_session(**changes)
    return caught.value


def price(**changes):
    data = {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Delivery"}}
    return [{"price_data": {**data, **changes}, "quantity": 1}]


def test_unknown_parameter_is_named(sandbox):
    error = refusal(sandbox, foo="bar")
    assert (error.http_status, error.code, error.param) == (400, "parameter_unknown", "foo")
    assert error.user_message == "Received unknown parameter: foo"
    assert error.error.type == "invalid_request_error"


def test_unknown_nested_parameter_is_named_by_its_path(sandbox):
    error = refusal(sandbox, line_items=price(colour="red"))
    assert error.param == "line_items[0][price_data][colour]"


@pytest.mark.parametrize("name", ["success_url", "mode", "line_items"])
def test_missing_parameter_is_named(sandbox, name):
    params = session_params()
    del params[name]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.stripe.checkout.sessions.create(params)
    assert (caught.value.code, caught.value.param) == ("parameter_missing", name)
    assert caught.value.user_message == f"Missing required param: {name}."


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"success_url": "/pay/done/"}, "url_invalid", "success_url"),
        ({"success_url": "javascript:alert(1)"}, "url_invalid", "success_url"),
        ({"success_url": "http://a:b:c/"}, "url_invalid", "success_url"),
        ({"success_url": "http://site.test/\r\nX: y"}, "url_invalid", "success_url"),
        ({"cancel_url": "nowhere"}, "url_invalid", "cancel_url"),
        ({"customer_email": "ann"}, "email_invalid", "customer_email"),
        ({"customer_email": ""}, "parameter_invalid_empty", "customer_email"),
        ({"mode": "gift"}, None, "mode"),
        ({"locale": "klingon"}, None, "locale"),
        ({"submit_type": "beg"}, None, "submit_type"),
        ({"payment_method_types": ["cash"]}, None, "payment_method_types[0]"),
        ({"client_reference_id": "x" * 201}, None, "client_reference_id"),
        ({"customer": "cus_1"}, "sandbox_unsupported", "customer"),
        ({"metadata": {"k" * 41: "v"}}, None, "metadata"),
        ({"metadata": {"k": "v" * 501}}, None, "metadata[k]"),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, None, "metadata"),
        ({"metadata": "text"}, None, "metadata"),
        (
            {"payment_intent_data": {"receipt_email": "x@"}},
            "email_invalid",
            "payment_intent_data[receipt_email]",
        ),
        ({"expires_at": "soon"}, "parameter_invalid_integer", "expires_at"),
        ({"expires_at": NOW + 29 * 60}, None, "expires_at"),
        ({"expires_at": NOW + 25 * 3600}, None, "expires_at"),
        (
            {"line_items": price(unit_amount=-1)},
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
        ),
        (
            {"line_items": price(unit_amount="9.50")},
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
        ),
        ({"line_items": price(currency="zzz")}, None, "line_items[0][price_data][currency]"),
        (
            {"line_items": price(product_data={})},
            "parameter_missing",
            "line_items[0][price_data][product_data]",
        ),
        (
            {"line_items": [{**price()[0], "quantity": 0}]},
            "parameter_invalid_integer",
            "line_items[0][quantity]",
        ),
        ({"line_items": "two"}, None, "line_items"),
    ],
)
def test_invalid_parameter_is_refused_as_stripe_does(sandbox, changes, code, param):
    error = refusal(sandbox, **changes)
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert sandbox.see("state")["sessions"] == {}


@pytest.mark.parametrize(
    ("cents", "code"),
    [(0, "amount_too_small"), (49, "amount_too_small")],
)
def test_total_below_fifty_cents_is_refused(sandbox, cents, code):
    assert refusal(sandbox, line_items=price(unit_amount=cents)).code == code


def test_total_above_the_limit_is_refused(sandbox):
    many = [{**price(unit_amount=50_000_000)[0], "quantity": 2}]
    assert refusal(sandbox, line_items=many).code == "amount_too_large"


@pytest.mark.parametrize("key", ["sk_live_secret9999", "pk_test_1", "nonsense"])
def test_wrong_key_is_unauthorized(sandbox, key):
    with pytest.raises(stripe.AuthenticationError) as caught:
        sandbox.client(key=key).balance.retrieve()
    assert caught.value.http_status == 401
    assert caught.value.user_message.startswith("Invalid API Key provided: ")
    assert "secret" not in caught.value.user_message


def test_request_without_key_is_unauthorized(sandbox):
    response = sandbox.http.get("/v1/balance")
    assert response.status_code == 401
    assert response.json()["error"]["message"].startswith("You did not provide an API key.")


def test_json_body_is_refused(sandbox):
    headers = {"Authorization": "Bearer sk_test_1"}
    response = sandbox.http.post("/v1/refunds", json={"amount": 1}, headers=headers)
    assert response.status_code == 400
    assert "application/x-www-form-urlencoded" in response.json()["error"]["message"]


def test_answer_carries_request_id_and_version(sandbox):
    headers = {"Authorization": "Bearer sk_test_1", "Stripe-Version": "2026-10-28.endive"}
    response = sandbox.http.get("/v1/balance", headers=headers)
    assert response.headers["Request-Id"].startswith("req_")
    assert response.headers["Stripe-Version"] == "2026-10-28.endive"


def test_unknown_endpoint_is_not_found(sandbox):
    headers = {"Authorization": "Bearer sk_test_1"}
    response = sandbox.http.get("/v1/customers", headers=headers)
    assert response.status_code == 404
    assert response.json()["error"]["message"].startswith(
        "Unrecognized request URL (GET: /v1/customers)."
    )


def test_parse_form_nests_brackets():
    assert parse_form("a[b][0]=x&a[b][1]=y&c[]=1&c[]=2&d=%C3%A9") == {
        "a": {"b": {"0": "x", "1": "y"}},
        "c": {"0": "1", "1": "2"},
        "d": "é",
    }
