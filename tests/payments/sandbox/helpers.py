"""The stand-in as a process, a browser without JavaScript, and a receiver of webhooks."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import stripe

PROJECT = Path(__file__).resolve().parents[3]
SECRET = "whsec_receiver"
SUCCESS_URL = "http://site.test/pay/done/?session_id={CHECKOUT_SESSION_ID}"
CANCEL_URL = "http://site.test/book/review/"


def session_params(amount_cents: int = 380_00, **changes: Any) -> Any:
    """A request for a Checkout Session such as the site makes."""
    return {
        "mode": "payment",
        "line_items": [
            {
                "price_data": {
                    "currency": "usd",
                    "unit_amount": amount_cents,
                    "product_data": {"name": "Standard Delivery", "description": "TT-000123"},
                },
                "quantity": 1,
            }
        ],
        "success_url": SUCCESS_URL,
        "cancel_url": CANCEL_URL,
        "customer_email": "ann@example.com",
        "client_reference_id": "booking-1",
        "metadata": {"booking_id": "booking-1"},
        "payment_intent_data": {"metadata": {"booking_id": "booking-1"}},
        **changes,
    }


def wait_until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """The first true value of ``condition``; fails the test when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


@dataclass
class Receiver:
    """Takes webhooks as the site would, and answers with ``statuses`` first, then 200."""

    statuses: deque[int] = field(default_factory=deque)
    # Each webhook that came: body and signature.
    received: list[tuple[bytes, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((body, self.headers["Stripe-Signature"]))
                status = receiver.statuses.popleft() if receiver.statuses else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/stripe/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self) -> list[stripe.Event]:
        """What came, each with its signature checked by the real library."""
        return [
            stripe.Webhook.construct_event(body, signature, SECRET)
            for body, signature in self.received
        ]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Sandbox:
    """The stand-in as a process of its own."""

    def __init__(self, state: Path, *flags: str) -> None:
        self.state = state
        self.flags = flags
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "payments.sandbox", "--quiet", "--port", "0"),
                *("--state", str(self.state), "--webhook-secret", SECRET),
                *("--settle-delay", "0.2", "--webhook-delay", "0.5", *self.flags),
            ],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        match = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert match, f"the stand-in did not start: {line!r}"
        self.url = match[0]
        self.http = httpx.Client(base_url=self.url, timeout=10)
        self.stripe = self.client()

    def client(self, *, timeout: float = 5, retries: int = 0, key: str = "sk_test_site") -> Any:
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.url},
            http_client=stripe.RequestsClient(timeout=timeout),
            max_network_retries=retries,
        ).v1

    def new_session(self, **changes: Any) -> Any:
        return self.stripe.checkout.sessions.create(session_params(**changes))

    def control(self, path: str, method: str = "POST", **body: Any) -> Any:
        """Call a control endpoint that must work."""
        content = body if method == "POST" else None
        response = self.http.request(method, f"/sandbox/{path}", json=content)
        assert response.status_code == 200, response.text
        return response.json()

    def see(self, what: str) -> Any:
        return self.control(what, "GET")

    def pay(self, session_id: str, **options: Any) -> Any:
        return self.control(f"sessions/{session_id}/pay", **options)

    def submit(self, session_id: str, scenario: str = "pay", **fields: str) -> httpx.Response:
        """Press a button of the hosted page."""
        return self.http.post(f"/c/pay/{session_id}", data={"scenario": scenario, **PAGE, **fields})

    def event_types(self) -> list[str]:
        """Every event there is, oldest first."""
        events = self.stripe.events.list({"limit": 100}).data
        return [event.type for event in reversed(events)]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.http.close()
        return code


PAGE = {
    "email": "ann@example.com",
    "card": "4242 4242 4242 4242",
    "expiry": "12 / 34",
    "cvc": "123",
    "name": "Ann Example",
    "zip": "10021",
}
