"""The HTTP side: threads, connections, faults on the wire, and which part answers a request."""

import ipaddress
import json
import logging
import os
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from payments.sandbox import api, control, faults, overview, pages, templates
from payments.sandbox.app import App
from payments.sandbox.errors import ApiError
from payments.sandbox.faults import Fault
from payments.sandbox.store import SESSION, Obj, random_text
from payments.sandbox.templates import Html, message
from payments.sandbox.web import Request, Response, json_bytes, json_response

log = logging.getLogger("payments.sandbox.server")

LONGEST_BODY = 1_000_000
IDLE_SECONDS = 75
LAST_SECONDS = 5


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
    response = _fail_first(app, fault) if fault else None
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


def _fail_first(app: App, fault: Fault) -> Response | None:
    """The failure that keeps the work from being done, if the fault is of that sort."""
    match fault.kind:
        case "error_500":
            return _server_error()
        case "error_429":
            message = "Too many requests hit the API too quickly. Request rate limit exceeded."
            error = ApiError(429, message, code="rate_limit")
            return Response(429, json_bytes(error.body()))
        case "timeout_before":
            app.stopping.wait(fault.seconds)
            return Response(0, ending="drop")
        case "reset":
            return Response(0, ending="reset")
    return None


def _fail_after(app: App, fault: Fault, response: Response) -> Response:
    """The answer to work that was done, lost or spoiled as the fault says."""
    if fault.kind in faults.ALTERING and response.status == 200:
        answer = json.loads(response.body)
        spoiled = faults.spoil(answer, fault, _another_session(app, answer))
        return replace(response, body=json_bytes(spoiled))
    match fault.kind:
        case "error_500_after":
            return _server_error()
        case "timeout_after":
            app.stopping.wait(fault.seconds)
            return Response(0, ending="drop")
        case "reset_after":
            return Response(0, ending="reset")
        case "truncate":
            return replace(response, ending="cut")
        case "bad_json":
            return replace(response, body=response.body[: len(response.body) // 2])
    return response


def _server_error() -> Response:
    text = "An unknown error occurred."
    return Response(500, json_bytes(ApiError(500, text, kind="api_error").body()))


def _another_session(app: App, answer: Obj) -> Obj | None:
    """The newest session that is not the one answered, as the API would show it."""
    for session in reversed(app.store.all(SESSION)):
        if session["id"] != answer.get("id"):
            return {name: value for name, value in session.items() if not name.startswith("_")}
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "StripeStandIn"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    wbufsize = 65536  # headers and body leave in one packet
    server: "Server"

    def _handle(self) -> None:
        request = self._read_request()
        if request is None:
            return
        started = time.monotonic()
        with self.server.busy():
            try:
                response = respond(self.server.app, request)
            except Exception:
                log.exception("%s %s failed", request.method, request.path)
                response = _server_error()
            took_ms = (time.monotonic() - started) * 1000
            outcome = response.status if response.ending == "normal" else response.ending
            log.info("%s %s -> %s (%.0f ms)", request.method, request.path, outcome, took_ms)
            self._send(response, request.id)
            self.wfile.flush()

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815

    def _read_request(self) -> Request | None:
        length = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not length.isdigit():
            self._refuse(411)
            return None
        if int(length) > LONGEST_BODY:
            self._refuse(413)
            return None
        body = self.rfile.read(int(length))
        parts = urlsplit(self.path)
        return Request(
            method="GET" if self.command == "HEAD" else self.command,
            path=unquote(parts.path),
            query=parts.query,
            headers=self.headers,  # type: ignore[arg-type]  # Message has the methods of a Mapping
            body=body,
            id=f"req_{random_text(14)}",
            from_loopback=_is_loopback(self.client_address[0]),
        )

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self._send(Response(status, b"", "text/plain"), "")

    def _send(self, response: Response, request_id: str) -> None:
        if response.ending in ("drop", "reset"):
            self._abandon(reset=response.ending == "reset")
            return
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        if request_id:
            self.send_header("Request-Id", request_id)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if self.close_connection or self.server.app.stopping.is_set():
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        body = b"" if self.command == "HEAD" else response.body
        if response.ending == "cut":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self._abandon(reset=False)
            return
        self.wfile.write(body)

    def _abandon(self, *, reset: bool) -> None:
        """Close the connection without another byte; a reset says so to the other side at once."""
        self.close_connection = True
        if reset:
            now = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
            os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:
        # Our own line is written in _handle.
        log.debug(format, *args)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], app: App) -> None:
        self.app = app
        self._busy = 0
        self._idle = threading.Condition()
        super().__init__(address, Handler)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Marks a request as under way, so that ``finish`` waits for it."""
        with self._idle:
            self._busy += 1
        try:
            yield
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def finish(self) -> None:
        """Take no more connections and let the requests under way be answered."""
        self.shutdown()
        self.server_close()
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0, timeout=LAST_SECONDS)

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that hangs up in mid-answer is everyday; anything else is worth a trace.
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            log.error("connection from %s failed", client_address, exc_info=error)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
