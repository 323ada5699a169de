"""Which part answers a request, and the faults on the way."""

import re
import time
from functools import partial

from logistics.sandbox import api, control, errors, pages
from logistics.sandbox.app import App
from logistics.sandbox.errors import ApiError
from totetaxi.lib.standin.faults import Fault, fail_after, fail_first
from totetaxi.lib.standin.server import Server
from totetaxi.lib.standin.web import Request, Response, json_bytes, json_response


def make_server(address: tuple[str, int], app: App) -> Server:
    """The server of a stand-in; it answers once it is told to serve."""
    return Server(
        address, partial(respond, app), broken=partial(_error, 500), stopping=app.stopping
    )


def respond(app: App, request: Request) -> Response:
    """The answer, after whatever fault was asked for."""
    if request.path == "/healthz":
        return json_response({"status": "ok"})
    if request.path.startswith("/sandbox"):
        return control.handle(app, request)
    fault = app.faults.take(request.method, request.path)
    response = fail_first(fault, app.stopping.wait, _error) if fault else None
    if response is None:
        response = _route(app, request, fault)
        if fault:
            response = fail_after(fault, app.stopping.wait, _error, response)
    if request.path.startswith(api.ROOT):
        app.requests.append(
            {
                "at": time.time(),
                "method": request.method,
                "path": request.path,
                "status": response.status,
                "ending": response.ending,
                "fault": fault.kind if fault else None,
            }
        )
    return response


def _route(app: App, request: Request, fault: Fault | None) -> Response:
    def pause() -> None:
        if fault and fault.kind == "slow":
            app.stopping.wait(fault.seconds)

    if request.path.startswith(api.ROOT):
        return api.handle(app, request, pause)
    pause()
    try:
        for method, pattern, show in pages.PAGES:
            match = re.fullmatch(pattern, request.path)
            if match and method == request.method:
                return show(app, request, *match.groups())
    except ApiError as error:
        return pages.message(error.message, error.status)
    return pages.message("There is no such page.", 404)


def _error(status: int) -> Response:
    """Onfleet's answer when it is broken (500) or asked too often (429)."""
    error = errors.too_many() if status == 429 else errors.broken()
    return Response(status, json_bytes(error.body()))
