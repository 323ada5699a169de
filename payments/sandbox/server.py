"""Which part answers a request, and the faults on the way."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from payments.sandbox import api, control, faults, overview, pages, templates
from payments.sandbox.app import App
from payments.sandbox.errors import ApiError
from payments.sandbox.store import SESSION, Obj
from payments.sandbox.templates import message
from totetaxi.lib.standin.faults import Fault, fail_after, fail_first
from totetaxi.lib.standin.html import Html
from totetaxi.lib.standin.server import Server
from totetaxi.lib.standin.web import Request, Response, json_bytes, json_response


def make_server(address: tuple[str, int], app: App) -> Server:
    """The server of a stand-in; it answers once it is told to serve."""
    return Server(
        address, partial(respond, app), broken=partial(_error, 500), stopping=app.stopping
    )


def route(app: App, request: Request, fault: Fault | None) -> Response:
    """The answer of the part that is responsible; ``fault`` may slow it down."""

    def pause() -> None:
        if fault and fault.kind == "slow":
            app.stopping.wait(fault.seconds)

    path = request.path
    if path.startswith("/v1/") or path == "/v1":
        return api.handle(app, request, pause)
    pause()
    if path == "/healthz":
        return json_response({"status": "ok", "api_version": app.store.api_version})
    if path.startswith("/sandbox"):
        return control.handle(app, request)
    try:
        return _page(app, request)
    except ApiError as error:
        return message("Nothing here", error.message, back=Html(""), status=error.status)


PAGES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("GET", r"/", lambda app, request: overview.home(app)),
    ("GET", r"/c/pay/(\w+)", lambda app, request, name: pages.show(app, name)),
    ("POST", r"/c/pay/(\w+)", pages.submit),
    ("GET", r"/c/auth/(\w+)", lambda app, request, name: pages.show_authentication(app, name)),
    ("POST", r"/c/auth/(\w+)", pages.submit_authentication),
    ("GET", r"/c/closed/(\w+)", lambda app, request, name: pages.closed(app, name)),
    ("GET", r"/receipts/(\w+)", lambda app, request, name: pages.receipt(app, name)),
    ("GET", r"/objects/(\w+)", lambda app, request, name: overview.record(app, name)),
    ("GET", r"/assets/([\w.]+)", lambda app, request, name: templates.asset(name)),
)


def _page(app: App, request: Request) -> Response:
    for method, pattern, show in PAGES:
        match = re.fullmatch(pattern, request.path)
        if match and method == request.method:
            return show(app, request, *match.groups())
    raise ApiError(404, "There is no such page.")


def respond(app: App, request: Request) -> Response:
    """The answer, after whatever fault was asked for."""
    exempt = request.path.startswith("/sandbox") or request.path == "/healthz"
    fault = None if exempt else app.faults.take(request.method, request.path)
    response = fail_first(fault, app.stopping.wait, _error) if fault else None
    if response is None:
        response = route(app, request, fault)
        if fault:
            response = _fail_after(app, fault, response)
    if request.path.startswith("/v1"):
        app.requests.append(
            {
                "at": time.time(),
                "method": request.method,
                "path": request.path,
                "status": response.status,
                "ending": response.ending,
                "request_id": request.id,
                "idempotency_key": request.headers.get("Idempotency-Key"),
                "replayed": "Idempotent-Replayed" in response.headers,
                "fault": fault.kind if fault else None,
            }
        )
    return response


def _fail_after(app: App, fault: Fault, response: Response) -> Response:
    """The answer to work that was done, lost or spoiled as the fault says."""
    if fault.kind in faults.ALTERING and response.status == 200:
        answer = json.loads(response.body)
        spoiled = faults.spoil(answer, fault, _another_session(app, answer))
        return replace(response, body=json_bytes(spoiled))
    return fail_after(fault, app.stopping.wait, _error, response)


def _error(status: int) -> Response:
    """Stripe's answer when it is broken (500) or asked too often (429)."""
    if status == 429:
        message = "Too many requests hit the API too quickly. Request rate limit exceeded."
        return Response(429, json_bytes(ApiError(429, message, code="rate_limit").body()))
    error = ApiError(500, "An unknown error occurred.", kind="api_error")
    return Response(500, json_bytes(error.body()))


def _another_session(app: App, answer: Obj) -> Obj | None:
    """The newest session that is not the one answered, as the API would show it."""
    for session in reversed(app.store.all(SESSION)):
        if session["id"] != answer.get("id"):
            return {name: value for name, value in session.items() if not name.startswith("_")}
    return None
