"""The site under a real browser: live server, stand-in Stripe that calls it back, and visitors.

Business time is Tuesday, June 2, 2026, 11:00 in New York, so that every date of the journeys is
known; the browser believes it is in New Zealand, because its clock must not matter.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import caches
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from booking.models import Booking, Draft
from payments.gateway import get_gateway
from tests.booking.helpers import make_draft
from tests.conftest import StripeSandbox
from tests.payments.conftest import Stripe
from totetaxi.dev.models import Mail
from totetaxi.outbox.testing import run_queue

CLOCK_START = "2026-06-02T11:00"
WAIT_SECONDS = 20
# Two busy cores are slow; what passes does not wait for it.
expect.set_options(timeout=WAIT_SECONDS * 1000)
# A form with mistakes, an expired checkout and a page that is not there are answers, not faults.
EXPECTED_CODES = (402, 404, 409, 410, 422)
EXPECTED_NOISE = tuple(f"the server responded with a status of {code}" for code in EXPECTED_CODES)


class LiveStripe(Stripe):
    """The stand-in Stripe of a running site."""

    def mend(self) -> None:
        """End all faults."""
        self._http.delete("/sandbox/faults").raise_for_status()


@dataclass(frozen=True)
class LiveSite:
    """The site as its visitors and Stripe reach it, with what a test asks behind the scenes."""

    url: str
    stripe: LiveStripe

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Work off the queue until ``condition`` holds; AssertionError if it never does."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            run_queue()
            if condition():
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"still not so after {WAIT_SECONDS} s: {what}")
            time.sleep(0.05)

    def wait_for_status(self, status: str) -> Booking:
        """The only booking, once it has ``status``."""
        self.wait_until(
            lambda: list(Booking.objects.values_list("status", flat=True)) == [status],
            f"one booking, {status}",
        )
        return Booking.objects.get()

    def wait_for_quiet(self) -> None:
        """Return once every webhook that Stripe has to send is delivered and worked off."""
        self.wait_until(
            lambda: self.stripe.state()["deliveries"].get("pending", 0) == 0, "webhooks delivered"
        )
        run_queue()

    def captured(self) -> tuple[int, int]:
        """How many payments the stand-in has taken, and cents in all."""
        state = self.stripe.state()
        return state["charges"].get("succeeded", 0), state["captured_cents"]

    def confirmations(self) -> list[Mail]:
        """The confirmation mails in the mailbox."""
        run_queue()
        return list(Mail.objects.filter(subject__icontains="booked").order_by("sent_at"))


@pytest.fixture
def stripe(
    stripe_sandbox: StripeSandbox, live_server: LiveServer, settings: Any
) -> Iterator[LiveStripe]:
    """An empty stand-in Stripe, used by the site and calling its webhook."""
    settings.STRIPE_SECRET_KEY = "sk_test_of_the_tests"
    settings.STRIPE_API_BASE = stripe_sandbox.url
    settings.STRIPE_WEBHOOK_SECRETS = [stripe_sandbox.webhook_secret]
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    settings.CONTENT_SECURITY_POLICY = {
        "DIRECTIVES": {**policy, "form-action": ["'self'", stripe_sandbox.url]}
    }
    get_gateway.cache_clear()
    driver = LiveStripe(stripe_sandbox.url)
    driver.reset()
    driver.control("webhooks", url=f"{live_server.url}/webhooks/stripe/")
    yield driver
    driver.control("webhooks", url="")
    driver.reset()
    get_gateway.cache_clear()


@pytest.fixture
def business_time(settings: Any) -> Callable[[str], None]:
    """Sets business time, as in ``business_time("2026-06-10T09:59")``; it goes on from there."""

    def start(moment: str) -> None:
        settings.CLOCK_START = moment
        settings.CLOCK_STARTED_AT = time.time()

    start(CLOCK_START)
    return start


@pytest.fixture
def site(
    live_server: LiveServer,
    business_time: Callable[[str], None],
    catalog: None,
    stripe: LiveStripe,
    settings: Any,
) -> LiveSite:
    """The running site with its catalog; mail goes to the mailbox page."""
    settings.EMAIL_BACKEND = "totetaxi.dev.mailbox.EmailBackend"
    settings.SITE_URL = live_server.url
    # One checkout locks the same rows before and after it asks Stripe, each time anew: on purpose.
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, {"model": "*", "field": "get()"}]
    caches["counters"].clear()
    return LiveSite(live_server.url, stripe)


@dataclass
class Watch:
    """What browsers did that they should not: errors in the console, requests to strangers."""

    allowed: set[str]
    complaints: list[str] = field(default_factory=list)

    def look_after(self, context: BrowserContext) -> None:
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(f"exception: {error.error}"))
        context.on("request", self._on_request)

    def look_away(self, context: BrowserContext) -> None:
        context.remove_listener("console", self._on_console)
        context.remove_listener("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        expected = any(noise in message.text for noise in EXPECTED_NOISE)
        if message.type == "error" and not expected:
            self.complaints.append(f"console: {message.text} at {message.location}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.netloc not in self.allowed:
            self.complaints.append(f"request to {request.url}")


Visitor = Callable[..., Page]


@pytest.fixture
def watch(site: LiveSite) -> Iterator[Watch]:
    """Fails the test if any page wrote an error to its console or asked another origin."""
    watch = Watch({urlsplit(site.url).netloc, urlsplit(site.stripe.url).netloc})
    yield watch
    assert watch.complaints == []


@pytest.fixture
def visitor(site: LiveSite, watch: Watch, browser: Browser) -> Iterator[Visitor]:
    """Makes visitors, each with a browser of their own and a blank page in it.

    ``visitor(js=False, scheme="dark", width=360, draft=draft)``: with ``draft`` the visitor has
    already answered what is in it, as if they had come back to it. ``place`` is the time zone
    their browser believes in.
    """
    contexts: list[BrowserContext] = []

    def forget(context: BrowserContext) -> None:
        contexts.remove(context)

    def come(
        *,
        js: bool = True,
        scheme: str = "light",
        width: int = 1280,
        draft: Draft | None = None,
        place: str = "Pacific/Auckland",
    ) -> Page:
        context = browser.new_context(
            base_url=site.url,
            java_script_enabled=js,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 900},
            timezone_id=place,
            reduced_motion="reduce",
        )
        context.set_default_timeout(WAIT_SECONDS * 1000)
        watch.look_after(context)
        contexts.append(context)
        context.on("close", forget)
        if draft is not None:
            context.add_cookies([session_cookie(site.url, draft)])
        return context.new_page()

    yield come
    for context in contexts.copy():
        # A page that is left sends what was typed in it. What this one sends now would be answered
        # in the midst of the next test: it gets nowhere.
        watch.look_away(context)
        context.set_offline(True)
        for page in context.pages:
            page.goto("about:blank")
        context.close()


def session_cookie(url: str, draft: Draft) -> Any:
    """The cookie of a browser that has answered what is in ``draft``."""
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session["draft_id"] = str(draft.pk)
    session.save()
    return {"name": "sessionid", "value": session.session_key, "url": url}


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """A visitor at a desk, with nothing answered yet."""
    return visitor()


@pytest.fixture
def ordered(site: LiveSite) -> Callable[..., Draft]:
    """Makes the draft of an order that is complete but not paid; takes the answers."""

    def order(answers: dict[str, Any] | None = None) -> Draft:
        return make_draft(answers)

    return order
