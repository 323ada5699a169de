"""Checkout Sessions and the payments made in them. Every function works inside a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from payments.sandbox import objects, session_objects
from payments.sandbox.cards import AUTHENTICATION_FAILED, CARDS, Card
from payments.sandbox.errors import ApiError, ParameterError
from payments.sandbox.params import Params
from payments.sandbox.schemas import HIGHEST_AMOUNT_CENTS
from payments.sandbox.store import CHARGE, INTENT, SESSION, Obj, Transaction

LOWEST_AMOUNT_CENTS = 50
SHORTEST_SECONDS, LONGEST_SECONDS = 30 * 60, 24 * 3600
# Accounts for the whole second lost when both sides cut their clocks to seconds.
_SLACK_SECONDS = 1

Payer = Mapping[str, str]


@dataclass(frozen=True)
class Settings:
    """What the stand-in was started with, as far as payments depend on it."""

    public_url: str
    # How long a bank debit, or the aftermath a test card asks for, takes.
    settle_seconds: float = 10.0


@dataclass(frozen=True)
class Attempt:
    """How an attempt to pay ended, with the card error if it was declined."""

    result: Literal["paid", "processing", "declined", "authenticate"]
    session_id: str
    code: str = ""
    decline_code: str = ""
    message: str = ""


def create_session(tx: Transaction, params: Params, settings: Settings) -> Obj:
    if params["mode"] != "payment":
        raise ParameterError(
            "The stand-in for Stripe supports only `payment` mode.", "mode", "sandbox_unsupported"
        )
    _check_expiry(params.get("expires_at"), tx.now)
    if not params["line_items"]:
        raise ParameterError(
            "Missing required param: line_items.", "line_items", "parameter_missing"
        )
    currencies = {item["price_data"]["currency"] for item in params["line_items"]}
    currencies |= {params["currency"]} if "currency" in params else set()
    if len(currencies) > 1:
        raise ParameterError("All line items must have the same currency.", "line_items")
    session = session_objects.new_session(params, now=tx.now, public_url=settings.public_url)
    _check_total(session["amount_total"], session["currency"])
    tx.set_timer("expire_session", session["expires_at"], session=session["id"])
    return tx.add(session)


def _check_expiry(expires_at: int | None, now: int) -> None:
    if expires_at is None:
        return
    start = "The `expires_at` timestamp must be"
    if expires_at < now + SHORTEST_SECONDS - _SLACK_SECONDS:
        message = f"{start} at least 30 minutes from Checkout Session creation."
        raise ParameterError(message, "expires_at")
    if expires_at > now + LONGEST_SECONDS + _SLACK_SECONDS:
        message = f"{start} less than 24 hours from Checkout Session creation."
        raise ParameterError(message, "expires_at")


def _check_total(total_cents: int, currency: str) -> None:
    code = currency.upper()
    if total_cents == 0:
        raise ApiError(
            400,
            "The Checkout Session's total amount due cannot be zero in `payment` mode.",
            code="amount_too_small",
        )
    if total_cents < LOWEST_AMOUNT_CENTS:
        message = f"The Checkout Session's total amount due must add up to at least $0.50 {code}"
        raise ApiError(400, message, code="amount_too_small")
    if total_cents > HIGHEST_AMOUNT_CENTS:
        message = f"The Checkout Session's total amount due must be no more than $999,999.99 {code}"
        raise ApiError(400, message, code="amount_too_large")


def expire_session(tx: Transaction, session_id: str) -> Obj:
    """End an open session by hand; one that is complete or expired already cannot be."""
    session = tx.edit(SESSION, session_id, "session")
    if session["status"] != "open":
        raise ApiError(
            400,
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{session['status']}`.",
        )
    session.update(status="expired", url=None)
    if session["payment_intent"]:
        intent = tx.edit(INTENT, session["payment_intent"])
        intent.update(
            status="canceled", canceled_at=tx.now, cancellation_reason="expired", next_action=None
        )
        tx.emit("payment_intent.canceled", intent, subject=_subject(session))
    tx.emit("checkout.session.expired", session, subject=_subject(session))
    return session


def pay_by_card(
    tx: Transaction, session_id: str, card: Card, payer: Payer, settings: Settings
) -> Attempt:
    """Try to pay; a declined card leaves the session open, as at Stripe."""
    session, intent = _begin(tx, session_id)
    if card.authenticate:
        intent.update(
            status="requires_action",
            last_payment_error=None,
            next_action={"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure"}},
            _card=card.number,
            _payer=dict(payer),
        )
        tx.emit("payment_intent.requires_action", intent, subject=_subject(session))
        return Attempt("authenticate", session_id)
    return _charge_card(tx, session, intent, card, payer, settings, authenticated=False)


def authenticate(tx: Transaction, session_id: str, *, passed: bool, settings: Settings) -> Attempt:
    """Answer the 3-D Secure question of the card that is waiting for it."""
    session = _open_session(tx, session_id)
    intent = tx.edit(INTENT, session["payment_intent"]) if session["payment_intent"] else None
    if intent is None or intent["status"] != "requires_action":
        raise ApiError(400, "This payment is not waiting for authentication.")
    card, payer = CARDS[intent.pop("_card")], intent.pop("_payer")
    intent["next_action"] = None
    if passed:
        return _charge_card(tx, session, intent, card, payer, settings, authenticated=True)
    code = "payment_intent_authentication_failure"
    return _decline(tx, session, intent, code=code, message=AUTHENTICATION_FAILED)


def _charge_card(
    tx: Transaction,
    session: Obj,
    intent: Obj,
    card: Card,
    payer: Payer,
    settings: Settings,
    *,
    authenticated: bool,
) -> Attempt:
    method = objects.card_method(
        card, amount_cents=intent["amount"], authenticated=authenticated, now=tx.now
    )
    status = "failed" if card.decline else "succeeded"
    charge = tx.add(
        objects.new_charge(
            intent, method, status=status, payer=payer, now=tx.now, public_url=settings.public_url
        )
    )
    intent.update(latest_charge=charge["id"], payment_method=charge["payment_method"])
    if card.decline:
        code, message = card.refusal
        charge.update(
            failure_code=code,
            failure_message=message,
            outcome=objects.outcome("failed", card.decline),
        )
        tx.emit("charge.failed", charge, subject=_subject(session))
        return _decline(tx, session, intent, code=code, message=message, decline_code=card.decline)
    charge["_refund"] = card.refund
    _succeed(tx, session, intent, charge)
    _complete(tx, session, payer, payment_status="paid")
    if card.dispute:
        due = tx.now + settings.settle_seconds
        tx.set_timer("dispute", due, charge=charge["id"], reason=card.dispute)
    return Attempt("paid", session["id"])


def pay_by_bank(
    tx: Transaction,
    session_id: str,
    payer: Payer,
    settings: Settings,
    *,
    ends: Literal["succeeds", "fails", "waits"],
) -> Attempt:
    """A bank debit: the session completes unpaid, and the money comes, or does not, later."""
    session, intent = _begin(tx, session_id)
    charge = tx.add(
        objects.new_charge(
            intent,
            objects.bank_method(),
            status="pending",
            payer=payer,
            now=tx.now,
            public_url=settings.public_url,
        )
    )
    intent.update(
        status="processing",
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        payment_method_types=["us_bank_account"],
        last_payment_error=None,
    )
    subject = _subject(session)
    tx.emit("charge.pending", charge, subject=subject)
    tx.emit("payment_intent.processing", intent, subject=subject)
    _complete(tx, session, payer, payment_status="unpaid")
    if ends != "waits":
        due = tx.now + settings.settle_seconds
        tx.set_timer("settle", due, session=session_id, succeeded=ends == "succeeds")
    return Attempt("processing", session_id)


def settle(tx: Transaction, session_id: str, *, succeeded: bool) -> Obj:
    """End a bank debit that is under way."""
    session = tx.edit(SESSION, session_id, "session")
    intent = tx.edit(INTENT, session["payment_intent"]) if session["payment_intent"] else None
    if intent is None or intent["status"] != "processing":
        raise ApiError(400, "This session has no bank debit under way.")
    charge = tx.edit(CHARGE, intent["latest_charge"])
    if succeeded:
        charge.update(
            status="succeeded",
            paid=True,
            amount_captured=charge["amount"],
            balance_transaction=f"txn_3{charge['id'][4:]}",
        )
        _succeed(tx, session, intent, charge)
        session["payment_status"] = "paid"
        tx.emit("checkout.session.async_payment_succeeded", session, subject=_subject(session))
        return session
    message = "The customer's bank account could not be debited."
    charge.update(
        status="failed",
        captured=False,
        failure_code="debit_not_authorized",
        failure_message=message,
        outcome=objects.outcome("failed"),
    )
    tx.emit("charge.failed", charge, subject=_subject(session))
    _decline(tx, session, intent, code="payment_intent_payment_attempt_failed", message=message)
    tx.emit("checkout.session.async_payment_failed", session, subject=_subject(session))
    return session


def pay_outside_checkout(
    tx: Transaction, *, amount_cents: int, currency: str, data: Params, card: Card, public_url: str
) -> Obj:
    """A payment with no session of ours, such as an invoice made by hand. Returns its charge."""
    intent = tx.add(
        objects.new_intent(
            data, amount_cents=amount_cents, currency=currency, types=["card"], now=tx.now
        )
    )
    tx.emit("payment_intent.created", intent, subject=intent["id"])
    method = objects.card_method(card, amount_cents=amount_cents, authenticated=False, now=tx.now)
    charge = tx.add(
        objects.new_charge(
            intent, method, status="succeeded", payer={}, now=tx.now, public_url=public_url
        )
    )
    intent.update(latest_charge=charge["id"], payment_method=charge["payment_method"])
    _succeed(tx, None, intent, charge)
    return charge


def _subject(session: Obj) -> str:
    # The session's id, not the intent's: the session exists before its first event.
    return str(session["id"])


def _open_session(tx: Transaction, session_id: str) -> Obj:
    session = tx.edit(SESSION, session_id, "session")
    if session["status"] == "open" and session["expires_at"] <= tx.now:
        raise ApiError(400, "This Checkout Session has expired.")
    if session["status"] != "open":
        raise ApiError(400, f"This Checkout Session has a status of `{session['status']}`.")
    return session


def _begin(tx: Transaction, session_id: str) -> tuple[Obj, Obj]:
    """The open session and its payment intent, which Stripe makes at the first attempt."""
    session = _open_session(tx, session_id)
    if session["payment_intent"]:
        return session, tx.edit(INTENT, session["payment_intent"])
    intent = tx.add(
        objects.new_intent(
            session["_intent_data"],
            amount_cents=session["amount_total"],
            currency=session["currency"],
            types=session["payment_method_types"],
            now=tx.now,
        )
    )
    session["payment_intent"] = intent["id"]
    tx.emit("payment_intent.created", intent, subject=_subject(session))
    return session, intent


def _succeed(tx: Transaction, session: Obj | None, intent: Obj, charge: Obj) -> None:
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        last_payment_error=None,
        next_action=None,
    )
    subject = _subject(session) if session else intent["id"]
    charge["_subject"] = subject
    tx.emit("charge.succeeded", charge, subject=subject)
    tx.emit("payment_intent.succeeded", intent, subject=subject)


def _complete(tx: Transaction, session: Obj, payer: Payer, *, payment_status: str) -> None:
    session.update(
        status="complete",
        payment_status=payment_status,
        url=None,
        customer_details=session_objects.customer_details(payer),
    )
    tx.emit("checkout.session.completed", session, subject=_subject(session))


def _decline(
    tx: Transaction, session: Obj, intent: Obj, *, code: str, message: str, decline_code: str = ""
) -> Attempt:
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        last_payment_error={
            "charge": intent["latest_charge"],
            "code": code,
            "doc_url": f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}",
            "message": message,
            "type": "card_error",
            **({"decline_code": decline_code} if decline_code else {}),
        },
    )
    tx.emit("payment_intent.payment_failed", intent, subject=_subject(session))
    return Attempt("declined", session["id"], code, decline_code, message)
