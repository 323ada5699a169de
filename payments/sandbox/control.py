"""Control endpoints below ``/sandbox/``: what tests do to the stand-in. JSON, loopback only."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from payments.sandbox import afterwards, checkout, faults, overview, render
from payments.sandbox.app import App
from payments.sandbox.cards import GOOD, find_card
from payments.sandbox.errors import ApiError
from payments.sandbox.store import (
    CHARGE,
    DELIVERY,
    DISPUTE,
    EVENT,
    INTENT,
    REFUND,
    SAVED_ANSWER,
    SESSION,
    Obj,
    Transaction,
)
from totetaxi.lib.standin.web import Request, Response, json_response

HELP = (
    ("GET /sandbox/state", "counts of everything, money taken and refunded, deliveries by state"),
    ("GET /sandbox/requests", "the newest API requests; DELETE forgets them"),
    ("GET /sandbox/deliveries", "every webhook with its attempts"),
    (
        "POST /sandbox/sessions/<id>/pay",
        "card, webhook now|delay|never, seconds, authenticate pass|fail|wait, "
        "bank succeeds|fails|waits, email, force (pay an expired session)",
    ),
    ("POST /sandbox/sessions/<id>/authenticate", "answer pass|fail"),
    ("POST /sandbox/sessions/<id>/settle", "outcome succeeds|fails: end a bank debit"),
    ("POST /sandbox/sessions/<id>/expire", "as if its time had come"),
    (
        "POST /sandbox/charges",
        "amount, currency, description, metadata: a payment without a session of ours",
    ),
    ("POST /sandbox/charges/<id>/dispute", "reason, amount"),
    ("POST /sandbox/disputes/<id>", "status: won and lost close it"),
    (
        "POST /sandbox/charges/<id>/dashboard_refund",
        "amount, reason, metadata, status pending|succeeded",
    ),
    ("POST /sandbox/refunds/<id>/fail", "reason"),
    ("POST /sandbox/refunds/<id>/succeed", "for a pending one"),
    ("POST /sandbox/events/<id>/resend", "times: send at once, even if paused; the attempts"),
    (
        "POST /sandbox/webhooks",
        "paused, url, secrets, timeout_seconds, copies, jitter_seconds; GET shows them",
    ),
    ("POST /sandbox/webhooks/flush", "make all that is pending due now"),
    (
        "POST /sandbox/faults",
        "match 'METHOD /path*', kind, times (null: until removed), skip, seconds, add_cents, "
        f"currency; kinds: {', '.join(faults.KINDS)}; GET lists, DELETE removes (one: "
        "/sandbox/faults/<n>)",
    ),
    ("POST /sandbox/reset", "forget everything"),
)


class Options:
    """The JSON body of a control request, read field by field; unknown fields are refused."""

    def __init__(self, body: bytes) -> None:
        try:
            values = json.loads(body) if body.strip() else {}
        except ValueError as error:
            raise ApiError(400, f"The body is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise ApiError(400, "The body must be a JSON object.")
        self._values: Obj = values

    def take(self, name: str, default: Any, *kinds: type) -> Any:
        if name not in self._values:
            return default
        value = self._values.pop(name)
        allowed = kinds or (type(default),)
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            names = " or ".join(kind.__name__ for kind in allowed)
            raise ApiError(400, f"{name} must be {names}", param=name)
        return value

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value: str = self.take(name, default, str)
        if value not in allowed:
            raise ApiError(400, f"{name} must be one of {', '.join(allowed)}", param=name)
        return value

    def finish(self) -> None:
        if self._values:
            name = next(iter(self._values))
            raise ApiError(400, f"Unknown field: {name}", param=name)


def handle(app: App, request: Request) -> Response:
    if not request.from_loopback:
        return json_response({"error": {"message": "Only from this machine."}}, 403)
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return json_response({"error": {"message": "Not from another web page."}}, 403)
    if request.method == "GET" and request.path in ("/sandbox", "/sandbox/"):
        return overview.help_page(HELP)
    try:
        options = Options(request.body)
        for method, pattern, action in ACTIONS:
            match = re.fullmatch(f"/sandbox/{pattern}", request.path)
            if match and method == request.method:
                return json_response(action(app, options, *match.groups()))
        raise ApiError(404, f"No control {request.method} {request.path}; see GET /sandbox/")
    except ApiError as error:
        return json_response(error.body(), error.status)


def _schedule_webhooks(app: App, tx: Transaction, options: Options) -> None:
    """``webhook`` and ``seconds``, which every action that makes events takes."""
    when = options.one_of("webhook", ("now", "delay", "never"), "now")
    seconds = options.take("seconds", app.webhook_delay_seconds, int, float)
    tx.webhook_delay = {"now": 0.0, "delay": seconds, "never": None}[when]


def _shown(app: App, record: Obj) -> Obj:
    return render.one(app.store, record)


def _pay(app: App, options: Options, session_id: str) -> Obj:
    card = find_card(options.take("card", GOOD, str))
    answer = options.one_of("authenticate", ("pass", "fail", "wait"), "pass")
    bank = options.one_of("bank", ("", "succeeds", "fails", "waits"), "")
    force = options.take("force", False)
    given = options.take("email", "", str)
    with app.store.transaction() as tx:
        _schedule_webhooks(app, tx, options)
        options.finish()
        session = tx.get(SESSION, session_id)
        payer = {"email": given or session["customer_email"] or "payer@example.com"}
        if force and session["status"] == "expired":
            tx.edit(SESSION, session_id).update(status="open", expires_at=tx.now + 1800)
        if bank:
            attempt = checkout.pay_by_bank(
                tx,
                session_id,
                payer,
                app.settings,
                ends=bank,  # type: ignore[arg-type]  # one_of has checked it
            )
        else:
            attempt = checkout.pay_by_card(tx, session_id, card, payer, app.settings)
        if attempt.result == "authenticate" and answer != "wait":
            attempt = checkout.authenticate(
                tx, session_id, passed=answer == "pass", settings=app.settings
            )
        shown = _shown(app, tx.get(SESSION, session_id))
    return {**asdict(attempt), "session": shown}


def _authenticate(app: App, options: Options, session_id: str) -> Obj:
    with app.store.transaction() as tx:
        answer = options.one_of("answer", ("pass", "fail"), "pass")
        _schedule_webhooks(app, tx, options)
        options.finish()
        attempt = checkout.authenticate(
            tx, session_id, passed=answer == "pass", settings=app.settings
        )
        return {**asdict(attempt), "session": _shown(app, tx.get(SESSION, session_id))}


def _settle(app: App, options: Options, session_id: str) -> Obj:
    with app.store.transaction() as tx:
        outcome = options.one_of("outcome", ("succeeds", "fails"), "succeeds")
        _schedule_webhooks(app, tx, options)
        options.finish()
        return _shown(app, checkout.settle(tx, session_id, succeeded=outcome == "succeeds"))


def _expire(app: App, options: Options, session_id: str) -> Obj:
    with app.store.transaction() as tx:
        _schedule_webhooks(app, tx, options)
        options.finish()
        session = checkout.expire_session(tx, session_id)
        session["expires_at"] = min(session["expires_at"], tx.now)
        return _shown(app, session)


def _foreign_charge(app: App, options: Options) -> Obj:
    with app.store.transaction() as tx:
        amount_cents = options.take("amount", 1000)
        currency = options.take("currency", "usd")
        if amount_cents < 1:
            raise ApiError(400, "amount must be at least 1 cent", param="amount")
        data = {
            "description": options.take("description", "Invoice made by hand"),
            "metadata": options.take("metadata", {}),
        }
        _schedule_webhooks(app, tx, options)
        options.finish()
        charge = checkout.pay_outside_checkout(
            tx,
            amount_cents=amount_cents,
            currency=currency,
            data=data,
            card=find_card(GOOD),
            public_url=app.settings.public_url,
        )
        return _shown(app, charge)


def _dispute(app: App, options: Options, charge_id: str) -> Obj:
    with app.store.transaction() as tx:
        reason = options.one_of("reason", afterwards.DISPUTE_REASONS, "fraudulent")
        amount_cents = options.take("amount", None, int)
        _schedule_webhooks(app, tx, options)
        options.finish()
        dispute = afterwards.create_dispute(tx, charge_id, reason=reason, amount_cents=amount_cents)
        return _shown(app, dispute)


def _update_dispute(app: App, options: Options, dispute_id: str) -> Obj:
    with app.store.transaction() as tx:
        status = options.one_of("status", afterwards.DISPUTE_STATUSES, "under_review")
        _schedule_webhooks(app, tx, options)
        options.finish()
        return _shown(app, afterwards.update_dispute(tx, dispute_id, status))


def _dashboard_refund(app: App, options: Options, charge_id: str) -> Obj:
    with app.store.transaction() as tx:
        wanted: Obj = {"charge": charge_id, "metadata": options.take("metadata", {})}
        amount_cents = options.take("amount", None, int)
        if amount_cents is not None:
            wanted["amount"] = amount_cents
        wanted["reason"] = options.take("reason", "requested_by_customer")
        status = options.one_of("status", ("", "pending", "succeeded"), "")
        _schedule_webhooks(app, tx, options)
        options.finish()
        refund = afterwards.create_refund(
            tx, wanted, settle_seconds=app.settings.settle_seconds, status=status
        )
        return _shown(app, refund)


def _fail_refund(app: App, options: Options, refund_id: str) -> Obj:
    with app.store.transaction() as tx:
        reason = options.take("reason", "expired_or_canceled_card")
        _schedule_webhooks(app, tx, options)
        options.finish()
        return _shown(app, afterwards.fail_refund(tx, refund_id, reason=reason))


def _succeed_refund(app: App, options: Options, refund_id: str) -> Obj:
    with app.store.transaction() as tx:
        _schedule_webhooks(app, tx, options)
        options.finish()
        return _shown(app, afterwards.succeed_refund(tx, refund_id))


def _resend(app: App, options: Options, event_id: str) -> Obj:
    times = options.take("times", 1)
    options.finish()
    return {"attempts": [app.dispatcher.send_now(event_id) for _ in range(times)]}


def _show_webhooks(app: App, options: Options) -> Obj:
    options.finish()
    return asdict(app.dispatcher.settings)


def _change_webhooks(app: App, options: Options) -> Obj:
    now = asdict(app.dispatcher.settings)
    kinds: dict[str, tuple[type, ...]] = {
        "timeout_seconds": (int, float),
        "jitter_seconds": (int, float),
    }
    changes = {name: options.take(name, now[name], *kinds.get(name, ())) for name in now}
    options.finish()
    app.dispatcher.change(**changes)
    return changes


def _flush(app: App, options: Options) -> Obj:
    options.finish()
    return {"flushed": app.dispatcher.flush()}


def _add_fault(app: App, options: Options) -> Obj:
    settings = {
        "match": options.take("match", "* *", str),
        "kind": options.one_of("kind", faults.KINDS, ""),
        "times": options.take("times", 1, int, type(None)),
        "skip": options.take("skip", 0),
        "seconds": options.take("seconds", 10.0, int, float),
        "add_cents": options.take("add_cents", 100),
        "currency": options.take("currency", "eur"),
    }
    options.finish()
    return asdict(app.faults.add(**settings))


def _list_faults(app: App, options: Options) -> Obj:
    options.finish()
    return {"data": app.faults.all()}


def _clear_faults(app: App, options: Options, fault_id: str | None = None) -> Obj:
    options.finish()
    app.faults.clear(int(fault_id) if fault_id else None)
    return {"data": app.faults.all()}


def _requests(app: App, options: Options) -> Obj:
    options.finish()
    return {"data": list(app.requests)}


def _clear_requests(app: App, options: Options) -> Obj:
    options.finish()
    app.requests.clear()
    return {"data": []}


def _deliveries(app: App, options: Options) -> Obj:
    options.finish()
    types = {event["id"]: event["type"] for event in app.store.all(EVENT)}
    rows = app.store.all(DELIVERY)
    return {"data": [{**row, "type": types.get(row["event"])} for row in rows]}


def _state(app: App, options: Options) -> Obj:
    options.finish()
    charges = app.store.all(CHARGE)

    def count(kind: str, field: str = "status") -> dict[str, int]:
        return dict(Counter(record[field] for record in app.store.all(kind)))

    return {
        "sessions": count(SESSION),
        "payment_intents": count(INTENT),
        "charges": count(CHARGE),
        "refunds": count(REFUND),
        "disputes": count(DISPUTE),
        "events": count(EVENT, "type"),
        "deliveries": count(DELIVERY, "state"),
        "captured_cents": sum(charge["amount_captured"] for charge in charges),
        "refunded_cents": sum(charge["amount_refunded"] for charge in charges),
        "idempotency_keys": len(app.store.all(SAVED_ANSWER)),
        "faults": len(app.faults.all()),
        "webhooks": asdict(app.dispatcher.settings),
    }


def _reset(app: App, options: Options) -> Obj:
    options.finish()
    app.faults.clear()
    app.requests.clear()
    app.store.wipe()
    app.dispatcher.change(paused=False, copies=1, jitter_seconds=0.0)
    return {"reset": True}


Action = Callable[..., Obj]
_ID = r"(\w+)"
ACTIONS: tuple[tuple[str, str, Action], ...] = (
    ("GET", "state", _state),
    ("GET", "requests", _requests),
    ("DELETE", "requests", _clear_requests),
    ("GET", "deliveries", _deliveries),
    ("POST", f"sessions/{_ID}/pay", _pay),
    ("POST", f"sessions/{_ID}/authenticate", _authenticate),
    ("POST", f"sessions/{_ID}/settle", _settle),
    ("POST", f"sessions/{_ID}/expire", _expire),
    ("POST", "charges", _foreign_charge),
    ("POST", f"charges/{_ID}/dispute", _dispute),
    ("POST", f"charges/{_ID}/dashboard_refund", _dashboard_refund),
    ("POST", f"disputes/{_ID}", _update_dispute),
    ("POST", f"refunds/{_ID}/fail", _fail_refund),
    ("POST", f"refunds/{_ID}/succeed", _succeed_refund),
    ("POST", f"events/{_ID}/resend", _resend),
    ("GET", "webhooks", _show_webhooks),
    ("POST", "webhooks", _change_webhooks),
    ("POST", "webhooks/flush", _flush),
    ("GET", "faults", _list_faults),
    ("POST", "faults", _add_fault),
    ("DELETE", "faults", _clear_faults),
    ("DELETE", r"faults/(\d+)", _clear_faults),
    ("POST", "reset", _reset),
)
