"""The HTTP side of a stand-in: threads, connections, and answers that end badly on purpose."""

import ipaddress
import logging
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import unquote, urlsplit

from totetaxi.lib.standin.journal import StateError
from totetaxi.lib.standin.web import Request, Response, random_text

log = logging.getLogger("standin")

LONGEST_BODY = 1_000_000
IDLE_SECONDS = 75
LAST_SECONDS = 5

Respond = Callable[[Request], Response]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "StandIn"
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
                response = self.server.respond(request)
            except Exception:
                log.exception("%s %s failed", request.method, request.path)
                response = self.server.broken()
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
        if self.close_connection or self.server.stopping.is_set():
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

    def __init__(
        self,
        address: tuple[str, int],
        respond: Respond,
        *,
        broken: Callable[[], Response],
        stopping: threading.Event,
    ) -> None:
        """``respond`` answers requests, ``broken`` when it fails; ``stopping`` ends connections."""
        self.respond = respond
        self.broken = broken
        self.stopping = stopping
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


class Parts(Protocol):
    """What works beside the server of a stand-in, such as its webhooks."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


def run(
    service: str,
    build: Callable[[], tuple[Parts, Server]],
    announce: Callable[[str], None],
    *,
    state: Path,
    quiet: bool,
) -> int:
    """Run a stand-in until SIGTERM or Ctrl-C; the exit code. ``announce`` tells people of it.

    Raises SystemExit, with a sentence, if it cannot start.
    """
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
    )
    try:
        parts, server = build()
    except (StateError, OSError) as error:
        raise SystemExit(f"The stand-in for {service} cannot start: {error}") from error
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stopping.set())
    parts.start()
    threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
    host, port = cast("tuple[str, int]", server.server_address)
    announce(f"Stand-in for {service} on http://{host}:{port}, state in {state}")
    server.stopping.wait()
    server.finish()
    parts.stop()
    return 0


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
