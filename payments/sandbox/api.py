"""The API below ``/v1``: who is asking, which endpoint, with which parameters, and the answer."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from payments.sandbox import afterwards, checkout, render, schemas
from payments.sandbox.app import App
from payments.sandbox.errors import ApiError, ParameterError, missing_object
from payments.sandbox.idempotency import Claim
from payments.sandbox.params import Params, Shape, parse_form, read_object
from payments.sandbox.store import (
    CHARGE,
    DELIVERY,
    DISPUTE,
    EVENT,
    INTENT,
    REFUND,
    SESSION,
    Obj,
    Transaction,
    delivery_id,
)
from totetaxi.lib.standin.web import Request, Response, json_bytes

DEFAULT_PAGE = 10
Keep = Callable[[Obj], bool]


@dataclass(frozen=True)
class Read:
    """A GET: ``answer(app, params, *ids)``."""

    pattern: str
    shape: Shape
    answer: Callable[..., Obj]


@dataclass(frozen=True)
class Write:
    """A POST: ``work(tx, app, params, *ids)`` returns the record that is answered."""

    pattern: str
    shape: Shape
    work: Callable[..., Obj]


def handle(app: App, request: Request, pause: Callable[[], None]) -> Response:
    """Answer an API request; ``pause`` is called before the work, with the key already held."""
    headers = {"Cache-Control": "no-cache, no-store"}
    version = request.headers.get("Stripe-Version") or app.store.api_version
    headers["Stripe-Version"] = version
    try:
        account = _account(request.headers.get("Authorization"))
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(\.\w+)*", version):
            raise ApiError(400, f"Invalid Stripe API version: {version}")
        if request.method == "GET":
            body = _read(app, request, pause)
        elif request.method == "POST":
            return _post(app, request, pause, account, headers)
        else:
            raise _unrecognized(request)
    except ApiError as error:
        return Response(error.status, json_bytes(error.body()), headers=headers)
    return Response(200, body, headers=headers)


def _account(header: str | None) -> str:
    """The secret key that was sent, as a bearer token or as a basic user name."""
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            value = ""
    elif scheme.lower() != "bearer":
        value = ""
    value = value.strip()
    if not value:
        raise ApiError(
            401,
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
            "YOUR_SECRET_KEY'). See https://docs.stripe.com/api#authentication for details, or "
            "we can help at https://support.stripe.com/.",
        )
    if not re.fullmatch(r"sk_test_\w+", value):
        hidden = re.sub(r"^((?:sk|rk|pk)_(?:test|live)_)?.*?(.{0,4})$", r"\1************\2", value)
        raise ApiError(401, f"Invalid API Key provided: {hidden}")
    return value


def _unrecognized(request: Request) -> ApiError:
    return ApiError(
        404,
        f"Unrecognized request URL ({request.method}: {request.path}). The stand-in knows only "
        "the endpoints this site uses; see https://docs.stripe.com/api for all of them.",
    )


def _read(app: App, request: Request, pause: Callable[[], None]) -> bytes:
    for route in READS:
        if match := re.fullmatch(route.pattern, request.path):
            params = read_object(parse_form(request.query), route.shape)
            pause()
            return json_bytes(route.answer(app, params, *match.groups()))
    raise _unrecognized(request)


def _post(
    app: App, request: Request, pause: Callable[[], None], account: str, headers: dict[str, str]
) -> Response:
    for route in WRITES:
        if match := re.fullmatch(route.pattern, request.path):
            break
    else:
        raise _unrecognized(request)
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if request.body and kind != "application/x-www-form-urlencoded":
        raise ApiError(
            400,
            "Invalid request (check that your POST content type is "
            "application/x-www-form-urlencoded). If you have any questions, we can help at "
            "https://support.stripe.com/.",
        )
    key = request.headers.get("Idempotency-Key")
    if not key:
        pause()
        status, body = _work(app, request, route, match.groups(), None)
        return Response(status, body, headers=headers)
    headers["Idempotency-Key"] = key
    with app.keys.claim(
        account=account, key=key, path=request.path, body=request.body, request_id=request.id
    ) as claim:
        headers["Original-Request"] = request.id
        if claim.saved:
            headers["Original-Request"] = claim.saved["request_id"]
            headers["Idempotent-Replayed"] = "true"
            return Response(claim.saved["status"], claim.saved["body"].encode(), headers=headers)
        pause()
        status, body = _work(app, request, route, match.groups(), claim)
        return Response(status, body, headers=headers)


def _work(
    app: App, request: Request, route: Write, ids: tuple[str, ...], claim: Claim | None
) -> tuple[int, bytes]:
    """Do the work and save its answer under the key in one transaction."""
    key = claim.key if claim else None
    try:
        params = read_object(parse_form(request.body.decode("utf-8", "replace")), route.shape)
        with app.store.transaction(request_id=request.id, key=key) as tx:
            expand = params.pop("expand", [])
            record = route.work(tx, app, params, *ids)
            body = json_bytes(render.one(app.store, record, expand, find=tx.find))
            if claim:
                claim.save(tx, 200, body)
        return 200, body
    except ApiError as error:
        body = json_bytes(error.body())
        if claim and error.executed:
            with app.store.transaction() as tx:
                claim.save(tx, error.status, body)
        return error.status, body


def _create_session(tx: Transaction, app: App, params: Params) -> Obj:
    return checkout.create_session(tx, params, app.settings)


def _expire_session(tx: Transaction, app: App, params: Params, session_id: str) -> Obj:
    del app, params
    return checkout.expire_session(tx, session_id)


def _create_refund(tx: Transaction, app: App, params: Params) -> Obj:
    return afterwards.create_refund(tx, params, settle_seconds=app.settings.settle_seconds)


def _get(kind: str, param: str = "id") -> Callable[..., Obj]:
    def answer(app: App, params: Params, record_id: str) -> Obj:
        record = app.store.get(kind, record_id, param)
        return render.one(app.store, record, params.get("expand", ()))

    return answer


def _line_items(app: App, params: Params, session_id: str) -> Obj:
    session = app.store.get(SESSION, session_id, "session")
    items = render.line_items(session)["data"]
    path = f"/v1/checkout/sessions/{session_id}/line_items"
    return _page(items, params, kind="item", path=path, keep=lambda item: True)


def _balance(app: App, params: Params) -> Obj:
    del params
    cents: dict[str, int] = {"usd": 0}
    for charge in app.store.all(CHARGE):
        taken = charge["amount_captured"] - charge["amount_refunded"]
        cents[charge["currency"]] = cents.get(charge["currency"], 0) + taken
    return {
        "object": "balance",
        "available": [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in cents.items()
        ],
        "livemode": False,
        "pending": [
            {"amount": 0, "currency": currency, "source_types": {"card": 0}} for currency in cents
        ],
        "refund_and_dispute_prefunding": {"available": [], "pending": []},
    }


def _list(kind: str, path: str, *fields: str) -> Callable[..., Obj]:
    """A list endpoint that can be filtered by ``created`` and by equality of ``fields``."""

    def answer(app: App, params: Params) -> Obj:
        def keep(record: Obj) -> bool:
            return (
                _within(record["created"], params.get("created", {}))
                and all(record[name] == params[name] for name in fields if name in params)
                and _special(app, record, params)
            )

        records = app.store.all(kind, intent=params.get("payment_intent"))[::-1]
        found = _page(records, params, kind=kind, path=path, keep=keep)
        expand = render.data_paths(params.get("expand", ()))
        found["data"] = [render.one(app.store, record, expand) for record in found["data"]]
        return found

    return answer


def _special(app: App, record: Obj, params: Params) -> bool:
    """The filters that are not plain equality."""
    if "customer_details" in params:
        details = record["customer_details"] or {}
        return bool(details.get("email") == params["customer_details"]["email"])
    wanted = params.get("types") or ([params["type"]] if "type" in params else [])
    if wanted and not any(_type_matches(record["type"], pattern) for pattern in wanted):
        return False
    if "delivery_success" in params:
        delivery = app.store.find(DELIVERY, delivery_id(record["id"]))
        delivered = delivery is None or delivery["state"] == "delivered"
        return bool(delivered == params["delivery_success"])
    return True


def _type_matches(event_type: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return event_type.startswith(pattern[:-1])
    return event_type == pattern


def _within(moment: int, bounds: dict[str, int]) -> bool:
    return (
        moment > bounds.get("gt", -1)
        and moment >= bounds.get("gte", 0)
        and moment < bounds.get("lt", moment + 1)
        and moment <= bounds.get("lte", moment)
    )


def _page(records: Iterable[Obj], params: Params, *, kind: str, path: str, keep: Keep) -> Obj:
    """One page of ``records`` (newest first), from a cursor on, with those ``keep`` accepts."""
    if "starting_after" in params and "ending_before" in params:
        message = "You cannot use both `starting_after` and `ending_before`."
        raise ParameterError(message, "ending_before")
    records = list(records)
    limit = params.get("limit", DEFAULT_PAGE)
    backwards = "ending_before" in params
    name = "ending_before" if backwards else "starting_after"
    if name in params:
        at = next((i for i, record in enumerate(records) if record["id"] == params[name]), None)
        if at is None:
            raise missing_object(kind, params[name], name)
        records = records[:at] if backwards else records[at + 1 :]
    found = [record for record in records if keep(record)]
    data: list[Any] = found[-limit:] if backwards else found[:limit]
    return render.page(data, url=path, has_more=len(found) > limit)


READS = (
    Read(
        r"/v1/checkout/sessions",
        schemas.SESSION_LIST,
        _list(SESSION, "/v1/checkout/sessions", "status"),
    ),
    Read(r"/v1/checkout/sessions/([^/]+)", schemas.ONLY_EXPAND, _get(SESSION, "session")),
    Read(r"/v1/checkout/sessions/([^/]+)/line_items", schemas.LINE_ITEM_LIST, _line_items),
    Read(r"/v1/payment_intents", schemas.PAYMENT_INTENT_LIST, _list(INTENT, "/v1/payment_intents")),
    Read(r"/v1/payment_intents/([^/]+)", schemas.ONLY_EXPAND, _get(INTENT, "intent")),
    Read(r"/v1/charges", schemas.CHARGE_LIST, _list(CHARGE, "/v1/charges")),
    Read(r"/v1/charges/([^/]+)", schemas.ONLY_EXPAND, _get(CHARGE)),
    Read(r"/v1/refunds", schemas.REFUND_LIST, _list(REFUND, "/v1/refunds", "charge")),
    Read(r"/v1/refunds/([^/]+)", schemas.ONLY_EXPAND, _get(REFUND)),
    Read(r"/v1/disputes", schemas.DISPUTE_LIST, _list(DISPUTE, "/v1/disputes", "charge")),
    Read(r"/v1/disputes/([^/]+)", schemas.ONLY_EXPAND, _get(DISPUTE)),
    Read(r"/v1/events", schemas.EVENT_LIST, _list(EVENT, "/v1/events")),
    Read(r"/v1/events/([^/]+)", schemas.ONLY_EXPAND, _get(EVENT)),
    Read(r"/v1/balance", schemas.ONLY_EXPAND, _balance),
)
WRITES = (
    Write(r"/v1/checkout/sessions", schemas.SESSION_CREATE, _create_session),
    Write(r"/v1/checkout/sessions/([^/]+)/expire", schemas.ONLY_EXPAND, _expire_session),
    Write(r"/v1/refunds", schemas.REFUND_CREATE, _create_refund),
)
