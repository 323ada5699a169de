"""Paying on the hosted page, without JavaScript, and through the control endpoint."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from payments.sandbox.cards import AUTHENTICATION_FAILED
from tests.payments.sandbox.helpers import CANCEL_URL, SUCCESS_URL, wait_until

PAID_EVENTS = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
]


def retrieve(sandbox, session_id):
    expand = {"expand": ["payment_intent.latest_charge"]}
    return sandbox.stripe.checkout.sessions.retrieve(session_id, expand)


def test_page_shows_what_is_bought(sandbox):
    session = sandbox.new_session()
    page = sandbox.http.get(f"/c/pay/{session.id}")
    assert page.status_code == 200
    assert "Test payment page. No money moves." in page.text
    assert "Standard Delivery" in page.text
    assert "$380.00" in page.text
    assert "4242 4242 4242 4242" in page.text
    assert f'href="{CANCEL_URL}"' in page.text
    assert "<script" not in page.text


def test_page_escapes_what_it_shows(sandbox):
    items = [
        {
            "price_data": {
                "currency": "usd",
                "unit_amount": 1000,
                "product_data": {"name": "<script>alert(1)</script>"},
            },
            "quantity": 1,
        }
    ]
    page = sandbox.http.get(f"/c/pay/{sandbox.new_session(line_items=items).id}")
    assert "<script" not in page.text


def test_paying_leads_back_to_the_site(sandbox):
    session = sandbox.new_session()
    response = sandbox.submit(session.id)
    assert response.status_code == 303
    assert response.headers["Location"] == SUCCESS_URL.replace("{CHECKOUT_SESSION_ID}", session.id)

    paid = retrieve(sandbox, session.id)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.customer_details.email, paid.customer_details.name) == (
        "ann@example.com",
        "Ann Example",
    )
    intent = paid.payment_intent
    assert (intent.status, intent.amount, intent.amount_received) == ("succeeded", 38000, 38000)
    assert intent.metadata.to_dict() == {"booking_id": "booking-1"}
    charge = intent.latest_charge
    assert (charge.status, charge.paid, charge.captured) == ("succeeded", True, True)
    assert (charge.amount, charge.amount_captured, charge.amount_refunded) == (38000, 38000, 0)
    assert charge.payment_method_details.card.last4 == "4242"
    assert charge.metadata.to_dict() == {"booking_id": "booking-1"}
    assert sandbox.event_types() == PAID_EVENTS


def test_success_url_may_hold_any_letters(sandbox):
    session = sandbox.new_session(
        success_url="http://site.test/merci/é?s={CHECKOUT_SESSION_ID}&a=%20"
    )
    location = sandbox.submit(session.id).headers["Location"]
    assert location == f"http://site.test/merci/%C3%A9?s={session.id}&a=%20"


def test_double_submit_pays_once(sandbox):
    session = sandbox.new_session()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sandbox.submit(session.id), range(16)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert sandbox.see("state")["charges"] == {"succeeded": 1}


def test_page_of_a_paid_session_leads_back(sandbox):
    session = sandbox.new_session()
    sandbox.pay(session.id)
    response = sandbox.http.get(f"/c/pay/{session.id}")
    assert response.status_code == 303
    assert session.id in response.headers["Location"]


def test_page_of_an_expired_session_says_so(sandbox):
    session = sandbox.new_session()
    sandbox.stripe.checkout.sessions.expire(session.id)
    for response in (sandbox.http.get(f"/c/pay/{session.id}"), sandbox.submit(session.id)):
        assert response.status_code == 410
        assert "This checkout has expired" in response.text
        assert f'href="{CANCEL_URL}"' in response.text


def test_page_of_no_session_is_not_found(sandbox):
    response = sandbox.http.get("/c/pay/cs_test_none")
    assert response.status_code == 404
    assert "text/html" in response.headers["Content-Type"]


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("4000 0000 0000 0002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
        ("4000000000000119", "processing_error", "processing_error"),
    ],
)
def test_declined_card_leaves_the_session_open(sandbox, card, code, decline_code):
    session = sandbox.new_session()
    response = sandbox.submit(session.id, card=card)
    assert response.status_code == 402
    assert 'role="alert"' in response.text

    tried = retrieve(sandbox, session.id)
    assert (tried.status, tried.payment_status) == ("open", "unpaid")
    intent = tried.payment_intent
    assert intent.status == "requires_payment_method"
    error = intent.last_payment_error
    assert (error.code, error.decline_code, error.type) == (code, decline_code, "card_error")
    assert (intent.latest_charge.status, intent.latest_charge.failure_code) == ("failed", code)
    assert sandbox.event_types() == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]


def test_payment_after_a_decline_keeps_the_intent(sandbox):
    session = sandbox.new_session()
    sandbox.submit(session.id, "decline")
    first = retrieve(sandbox, session.id).payment_intent.id
    sandbox.submit(session.id)
    paid = retrieve(sandbox, session.id)
    assert (paid.payment_intent.id, paid.payment_status) == (first, "paid")
    assert paid.payment_intent.last_payment_error is None
    assert sandbox.see("state")["charges"] == {"failed": 1, "succeeded": 1}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"card": "4242"}, "Your card number is incorrect."),
        ({"card": ""}, "Your card number is incorrect."),
        ({"card": "4012888888881881"}, "used a non test card"),
        ({"expiry": "13 / 34"}, "Enter month and year"),
        ({"expiry": "01 / 20"}, "in the past"),
        ({"cvc": "12"}, "Enter the 3 or 4 digits."),
        ({"email": "ann"}, "Enter your email address"),
    ],
)
def test_wrong_field_is_explained_and_nothing_is_paid(sandbox, fields, message):
    session = sandbox.new_session()
    response = sandbox.submit(session.id, **fields)
    assert response.status_code in (402, 422)
    assert message in response.text
    assert sandbox.see("state")["payment_intents"] == {}


def test_three_d_secure_passed_pays(sandbox):
    session = sandbox.new_session()
    response = sandbox.submit(session.id, "three_d_secure")
    assert (response.status_code, response.headers["Location"]) == (303, f"/c/auth/{session.id}")
    assert "ending in 3155" in sandbox.http.get(response.headers["Location"]).text
    assert retrieve(sandbox, session.id).payment_intent.status == "requires_action"

    response = sandbox.http.post(f"/c/auth/{session.id}", data={"answer": "pass"})
    assert session.id in response.headers["Location"]
    paid = retrieve(sandbox, session.id)
    assert paid.payment_status == "paid"
    card = paid.payment_intent.latest_charge.payment_method_details.card
    assert card.three_d_secure.result == "authenticated"


def test_three_d_secure_failed_leaves_the_session_open(sandbox):
    session = sandbox.new_session()
    sandbox.submit(session.id, "three_d_secure")
    response = sandbox.http.post(f"/c/auth/{session.id}", data={"answer": "fail"})
    assert response.status_code == 402
    assert AUTHENTICATION_FAILED in response.text
    intent = retrieve(sandbox, session.id).payment_intent
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    assert sandbox.event_types() == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.payment_failed",
    ]


def test_card_may_be_declined_after_authentication(sandbox):
    session = sandbox.new_session()
    paid = sandbox.pay(session.id, card="4000008400001629")
    assert (paid["result"], paid["code"]) == ("declined", "card_declined")


def test_authentication_page_without_a_question_leads_to_the_form(sandbox):
    session = sandbox.new_session()
    for response in (
        sandbox.http.get(f"/c/auth/{session.id}"),
        sandbox.http.post(f"/c/auth/{session.id}", data={"answer": "pass"}),
    ):
        assert response.headers["Location"] == f"/c/pay/{session.id}"
    assert sandbox.see("state")["charges"] == {}


def test_closing_the_browser_pays_without_leading_back(sandbox, receiver):
    session = sandbox.new_session()
    response = sandbox.submit(session.id, "close")
    assert response.headers["Location"] == f"/c/closed/{session.id}"
    assert "You can close this window" in sandbox.http.get(response.headers["Location"]).text
    wait_until(lambda: receiver.types() == PAID_EVENTS)


def test_bank_debit_completes_unpaid_and_is_paid_later(sandbox):
    session = sandbox.new_session()
    response = sandbox.submit(session.id, "bank_succeeds")
    assert session.id in response.headers["Location"]
    unpaid = retrieve(sandbox, session.id)
    assert (unpaid.status, unpaid.payment_status) == ("complete", "unpaid")
    assert (unpaid.payment_intent.status, unpaid.payment_intent.latest_charge.status) == (
        "processing",
        "pending",
    )
    wait_until(lambda: retrieve(sandbox, session.id).payment_status == "paid")
    assert retrieve(sandbox, session.id).payment_intent.amount_received == 38000
    assert sandbox.event_types()[-1] == "checkout.session.async_payment_succeeded"


def test_bank_debit_may_fail(sandbox):
    session = sandbox.new_session()
    sandbox.pay(session.id, bank="waits")
    sandbox.control(f"sessions/{session.id}/settle", outcome="fails")
    failed = retrieve(sandbox, session.id)
    assert (failed.status, failed.payment_status) == ("complete", "unpaid")
    assert failed.payment_intent.status == "requires_payment_method"
    assert failed.payment_intent.latest_charge.amount_captured == 0
    assert sandbox.event_types()[-1] == "checkout.session.async_payment_failed"


def test_payment_outside_checkout_has_no_session(sandbox):
    charge = sandbox.control("charges", amount=5000, metadata={"invoice": "7"})
    found = sandbox.stripe.charges.retrieve(charge["id"], {"expand": ["payment_intent"]})
    assert (found.amount, found.metadata.to_dict()) == (5000, {"invoice": "7"})
    sessions = sandbox.stripe.checkout.sessions.list({"payment_intent": found.payment_intent.id})
    assert sessions.data == []


def test_receipt_and_overview_show_the_payment(sandbox):
    session = sandbox.new_session()
    sandbox.pay(session.id)
    charge = retrieve(sandbox, session.id).payment_intent.latest_charge
    path = charge.receipt_url.partition("/receipts/")[2]
    assert "$380.00" in sandbox.http.get(f"/receipts/{path}").text
    assert "$380.00" in sandbox.http.get("/").text
    assert charge.id in sandbox.http.get(f"/objects/{charge.id}").text
    assert "/sandbox/faults" in sandbox.http.get("/sandbox/").text
