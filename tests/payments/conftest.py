"""The stand-in Stripe as tests drive it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from payments.gateway import get_gateway
from payments.models import CheckoutAttempt
from tests.conftest import StripeSandbox


class Stripe:
    """What a customer, a bank or a bad network does at Stripe, over the stand-in's controls."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=30)

    def control(self, path: str, **body: Any) -> Any:
        answer = self._http.post(f"/sandbox/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def session_of(self, booking_id: UUID) -> str:
        """The newest session that was opened for a booking."""
        attempts = CheckoutAttempt.objects.filter(payment__booking_id=booking_id)
        return attempts.exclude(session_id="").order_by("-created_at")[0].session_id

    def pay(self, booking_id: UUID, **how: Any) -> str:
        """Pay the newest session of a booking; its id."""
        session_id = self.session_of(booking_id)
        self.control(f"sessions/{session_id}/pay", **how)
        return session_id

    def expire(self, booking_id: UUID) -> str:
        session_id = self.session_of(booking_id)
        self.control(f"sessions/{session_id}/expire")
        return session_id

    def fault(self, **fault: Any) -> None:
        self.control("faults", **fault)

    def state(self) -> Any:
        return self._http.get("/sandbox/state").json()

    def requests(self) -> Any:
        return self._http.get("/sandbox/requests").json()

    def events(self) -> Any:
        """The newest events, as Stripe's API lists them."""
        headers = {"Authorization": "Bearer sk_test_of_the_tests"}
        return self._http.get("/v1/events?limit=100", headers=headers).json()["data"]

    def reset(self) -> None:
        self._http.delete("/sandbox/faults")
        self.control("reset")


@pytest.fixture
def stripe(stripe_sandbox: StripeSandbox, settings: Any) -> Iterator[Stripe]:
    """An empty stand-in Stripe that the gateway talks to over HTTP."""
    settings.STRIPE_SECRET_KEY = "sk_test_of_the_tests"
    settings.STRIPE_API_BASE = stripe_sandbox.url
    settings.STRIPE_WEBHOOK_SECRETS = [stripe_sandbox.webhook_secret]
    get_gateway.cache_clear()
    driver = Stripe(stripe_sandbox.url)
    driver.reset()
    yield driver
    driver.reset()
    get_gateway.cache_clear()
