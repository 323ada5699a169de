"""The hosted checkout page: what the customer sees between our review page and our return page."""

import re
import time
from dataclasses import dataclass
from typing import Literal

from payments.sandbox import checkout, params
from payments.sandbox.app import App
from payments.sandbox.cards import AUTHENTICATE, CARDS, DECLINED, INSUFFICIENT_FUNDS, find_card
from payments.sandbox.checkout import Attempt
from payments.sandbox.errors import ApiError
from payments.sandbox.store import CHARGE, INTENT, SESSION, Obj
from payments.sandbox.templates import amount, fill, message, page
from totetaxi.lib.standin.html import Html, join, link, tag
from totetaxi.lib.standin.web import Request, Response, redirect

DEFAULTS = {
    "email": "",
    "card": "4242 4242 4242 4242",
    "expiry": "12 / 34",
    "cvc": "123",
    "name": "Test Customer",
    "zip": "10021",
}
_BUTTONS = {"book": "Book", "donate": "Donate", "subscribe": "Subscribe"}


@dataclass(frozen=True)
class Scenario:
    """A way a payment can go. ``webhook`` is when its events are sent."""

    label: str
    hint: str
    card: str = ""
    webhook: Literal["now", "delay", "never"] = "now"
    bank: Literal["", "succeeds", "fails"] = ""


SCENARIOS = {
    "pay": Scenario("Pay", ""),
    "decline": Scenario("Card declined", "Card 4000 0000 0000 0002", card=DECLINED),
    "insufficient_funds": Scenario(
        "Insufficient funds", "Card 4000 0000 0000 9995", card=INSUFFICIENT_FUNDS
    ),
    "three_d_secure": Scenario(
        "3-D Secure", "The bank asks first; card 4000 0025 0000 3155", card=AUTHENTICATE
    ),
    "close": Scenario("Pay and close the browser", "Paid, webhook sent, never back at the site"),
    "delay": Scenario(
        "Pay and delay the webhook", "Back at the site at once, webhook later", webhook="delay"
    ),
    "lose": Scenario("Pay without webhook", "The webhook is lost for good", webhook="never"),
    "bank_succeeds": Scenario(
        "Bank debit that arrives", "Completes unpaid, paid a little later", bank="succeeds"
    ),
    "bank_fails": Scenario(
        "Bank debit that fails", "Completes unpaid, fails a little later", bank="fails"
    ),
}


def show(app: App, session_id: str) -> Response:
    session = app.store.get(SESSION, session_id, "session")
    if elsewhere := _not_open(app, session):
        return elsewhere
    return _form(app, session, DEFAULTS | {"email": session["customer_email"] or ""}, {})


def submit(app: App, request: Request, session_id: str) -> Response:
    """Try to pay. A second submit of the same page finds the session complete and moves on."""
    session = app.store.get(SESSION, session_id, "session")
    if elsewhere := _not_open(app, session):
        return elsewhere
    fields = DEFAULTS | request.form
    scenario = SCENARIOS.get(fields.get("scenario", "pay"), SCENARIOS["pay"])
    errors = _check_email(fields)
    if not (scenario.card or scenario.bank):
        errors |= _check_card(fields)
    if errors:
        return _form(app, session, fields, errors, status=422)
    try:
        attempt = _pay(app, session_id, scenario, fields)
    except ApiError as error:
        # Overtaken by another tab, by the clock, or a number that is no test card.
        session = app.store.get(SESSION, session_id)
        return _not_open(app, session) or _form(
            app, session, fields, {"card": error.message}, status=402
        )
    if scenario is SCENARIOS["close"] and attempt.result == "paid":
        return redirect(f"/c/closed/{session_id}")
    return _after(app, attempt, fields)


def _pay(app: App, session_id: str, scenario: Scenario, fields: dict[str, str]) -> Attempt:
    payer = {name: fields[name].strip() for name in ("email", "name", "zip")}
    with app.store.transaction() as tx:
        if scenario.webhook == "never":
            tx.webhook_delay = None
        elif scenario.webhook == "delay":
            tx.webhook_delay = app.webhook_delay_seconds
        if scenario.bank:
            return checkout.pay_by_bank(tx, session_id, payer, app.settings, ends=scenario.bank)
        card = find_card(scenario.card or fields["card"])
        return checkout.pay_by_card(tx, session_id, card, payer, app.settings)


def _after(app: App, attempt: Attempt, fields: dict[str, str]) -> Response:
    session = app.store.get(SESSION, attempt.session_id)
    if attempt.result == "authenticate":
        return redirect(f"/c/auth/{attempt.session_id}")
    if attempt.result == "declined":
        return _form(app, session, fields, {"card": attempt.message}, status=402)
    return redirect(success_url(session))


def show_authentication(app: App, session_id: str) -> Response:
    session = app.store.get(SESSION, session_id, "session")
    if elsewhere := _not_open(app, session):
        return elsewhere
    intent = app.store.find(INTENT, session["payment_intent"] or "")
    if intent is None or intent["status"] != "requires_action":
        return redirect(f"/c/pay/{session_id}")
    content = fill(
        "authenticate.html",
        session_id=session_id,
        total=amount(session),
        merchant=app.merchant,
        last4=CARDS[intent["_card"]].last4,
        cancel=_cancel(app, session),
    )
    return page("Confirm your payment", content)


def submit_authentication(app: App, request: Request, session_id: str) -> Response:
    session = app.store.get(SESSION, session_id, "session")
    if elsewhere := _not_open(app, session):
        return elsewhere
    try:
        with app.store.transaction() as tx:
            attempt = checkout.authenticate(
                tx, session_id, passed=request.form.get("answer") == "pass", settings=app.settings
            )
    except ApiError:
        return redirect(f"/c/pay/{session_id}")
    return _after(app, attempt, DEFAULTS | {"email": session["customer_email"] or ""})


def closed(app: App, session_id: str) -> Response:
    session = app.store.get(SESSION, session_id, "session")
    back = link(success_url(session), f"Return to {app.merchant} after all")
    text = (
        "The payment went through and the webhook is on its way. Close this window to see that "
        "the booking is confirmed without you."
    )
    return message("Paid. You can close this window.", text, back=back)


def receipt(app: App, charge_id: str) -> Response:
    charge = app.store.get(CHARGE, charge_id)
    text = f"{app.merchant} received {amount(charge)} in a test payment."
    if charge["amount_refunded"]:
        text += f" Refunded: {amount(charge, charge['amount_refunded'])}."
    return message(f"Receipt {charge_id}", text, back=Html(""))


def success_url(session: Obj) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _not_open(app: App, session: Obj) -> Response | None:
    """Where a session that can no longer be paid leads; nothing for one that can."""
    if session["status"] == "complete":
        return redirect(success_url(session))
    if session["status"] == "open" and session["expires_at"] > time.time():
        return None
    back = link(session["cancel_url"], f"Back to {app.merchant}", class_="plain")
    text = "Nothing was paid. Go back and start the payment again."
    return message("This checkout has expired", text, back=back, status=410)


def _check_email(fields: dict[str, str]) -> dict[str, str]:
    try:
        params.email(fields["email"].strip(), "email")
    except ApiError:
        return {"email": "Enter your email address, like name@example.com."}
    return {}


def _check_card(fields: dict[str, str]) -> dict[str, str]:
    """The message beside each field that is not filled in well; the number is checked in paying."""
    errors = {}
    match = re.fullmatch(r"\s*(\d{1,2})\s*/?\s*(?:20)?(\d{2})\s*", fields["expiry"])
    today = time.gmtime()
    if match is None or not 1 <= int(match[1]) <= 12:
        errors["expiry"] = "Enter month and year, like 12 / 34."
    elif (2000 + int(match[2]), int(match[1])) < (today.tm_year, today.tm_mon):
        errors["expiry"] = "Your card's expiration year is in the past."
    if not re.fullmatch(r"\s*\d{3,4}\s*", fields["cvc"]):
        errors["cvc"] = "Enter the 3 or 4 digits."
    return errors


def _cancel(app: App, session: Obj) -> Html:
    if not session["cancel_url"]:
        return Html("")
    text = f"Cancel and go back to {app.merchant}"
    return tag("p", link(session["cancel_url"], text), class_="cancel")


def _form(
    app: App, session: Obj, fields: dict[str, str], errors: dict[str, str], *, status: int = 200
) -> Response:
    items = [
        tag(
            "li", tag("span", _item_text(item)) + tag("span", amount(session, item["amount_total"]))
        )
        for item in session["_line_items"]
    ]
    scenarios = [
        tag(
            "li",
            tag(
                "button",
                way.label,
                name="scenario",
                value=name,
                formnovalidate="",
                aria_describedby=f"{name}-hint",
            )
            + tag("span", way.hint, id=f"{name}-hint"),
        )
        for name, way in SCENARIOS.items()
        if name != "pay"
    ]
    states: dict[str, object] = {}
    for name in ("email", "card", "expiry", "cvc"):
        error = errors.get(name)
        marks = f'aria-invalid="true" aria-describedby="{name}-error"' if error else ""
        states[f"{name}_state"] = Html(marks)
        states[f"{name}_error"] = (
            tag("p", error, class_="error", id=f"{name}-error") if error else Html("")
        )
    alert = tag("p", "Nothing was paid. " + " ".join(errors.values()), class_="alert", role="alert")
    content = fill(
        "pay.html",
        session_id=session["id"],
        merchant=app.merchant,
        total=amount(session),
        items=join(items),
        scenarios=join(scenarios),
        submit=_BUTTONS.get(session["submit_type"] or "", "Pay"),
        back=link(session["cancel_url"], f"← Back to {app.merchant}", class_="back"),
        cancel=_cancel(app, session),
        alert=alert if errors else "",
        **{name: fields[name] for name in DEFAULTS},
        **states,
    )
    title = f"Error: pay {app.merchant}" if errors else f"Pay {app.merchant}"
    return page(title, content, kind="pay", status=status)


def _item_text(item: Obj) -> Html:
    many = f", {item['quantity']} of them" if item["quantity"] > 1 else ""
    text = tag("strong", f"{item['description']}{many}")
    if item["_description"]:
        text += tag("small", item["_description"])
    return text
