"""What tests of deliveries need besides the stand-in Onfleet."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client

from tests.onfleet import signed

Deliver = Callable[[dict[str, Any]], int]


@pytest.fixture
def deliver(client: Client) -> Deliver:
    """Posts a webhook body, signed as Onfleet does; the status of the answer."""

    def post(event: dict[str, Any]) -> int:
        body = json.dumps(event).encode()
        headers = {"X-Onfleet-Signature": signed(body)}
        answer = client.post("/webhooks/onfleet/", body, "application/json", headers=headers)
        return answer.status_code

    return post


@pytest.fixture
def httpserver_calls() -> Iterator[tuple[list[tuple[bytes, str]], str]]:
    """What a receiver of webhooks got (body, signature), and its address; it refuses the first."""
    calls: list[tuple[bytes, str]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.append((body, self.headers["X-Onfleet-Signature"]))
            self.send_response(500 if len(calls) == 1 else 200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield calls, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
