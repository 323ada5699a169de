"""The whole site as real processes, and customers who speak HTTP to it as a browser would."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import psycopg

from tests.conftest import PROJECT, free_port
from totetaxi.dev.postgres import Cluster

START_SECONDS = 120
STOP_SECONDS = 40


@dataclass(frozen=True)
class Site:
    """A running site: web server, queue, stand-in Stripe and a database of its own."""

    url: str
    stripe_url: str
    database_url: str
    process: "subprocess.Popen[bytes]"
    # The variables it runs with, for whoever runs more beside it.
    environment: dict[str, str]

    def control(self, path: str, **body: Any) -> Any:
        """Tell the stand-in Stripe what a customer, a bank or a bad network does."""
        answer = httpx.post(f"{self.stripe_url}/sandbox/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def stripe_state(self) -> Any:
        return httpx.get(f"{self.stripe_url}/sandbox/state", timeout=30).json()

    def query(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """Ask the site's database, over a connection of our own."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    def value(self, sql: str, *params: Any) -> Any:
        return self.query(sql, *params)[0][0]

    def wait_until(self, sql: str, expected: Any, *, seconds: float = 60) -> None:
        """Return once ``sql`` answers ``expected``; raise AssertionError when it never does."""
        deadline = time.monotonic() + seconds
        while (found := self.value(sql)) != expected:
            if time.monotonic() > deadline:
                raise AssertionError(f"{sql} is {found}, not {expected}, after {seconds} s")
            time.sleep(0.2)


@contextmanager
def running_site(home: Path, **environment: str) -> Iterator[Site]:
    """``make run`` in a world of its own: ports, database and stand-in state below ``home``."""
    port, stripe_port, onfleet_port = free_port(), free_port(), free_port()
    settings = {
        **os.environ,
        "ENVIRONMENT": "development",
        "PORT": str(port),
        "SANDBOX_STRIPE_PORT": str(stripe_port),
        "SANDBOX_ONFLEET_PORT": str(onfleet_port),
        "POSTGRES_HOME": str(home / "pg"),
        "LOCAL_HOME": str(home),
        "TRUSTED_PROXIES": "1",
        # A shopper of tests tries again as often as it takes, and types fast.
        "HOLDS_PER_EMAIL": "1000",
        "HOLDS_PER_ADDRESS": "1000",
        "FORM_SECONDS": "0",
        **environment,
    }
    settings.pop("DJANGO_SETTINGS_MODULE", None)
    with (home / "site.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "totetaxi.dev"],
            cwd=PROJECT,
            env=settings,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        site = Site(
            f"http://localhost:{port}",
            f"http://localhost:{stripe_port}",
            Cluster(home / "pg").url,
            process,
            settings,
        )
        try:
            _wait_for(site, home / "site.log")
            yield site
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=STOP_SECONDS)


def _wait_for(site: Site, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if site.process.poll() is not None:
            break
        try:
            if httpx.get(f"{site.url}/health/", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError(f"the site did not start:\n{log.read_text()[-3000:]}")


TICKS = ("radio", "checkbox")


def _is_sent(given: dict[str, str]) -> bool:
    """Whether a browser sends this input when no button of its own is pressed."""
    kind = given.get("type", "text")
    if kind in TICKS:
        return "checked" in given and "disabled" not in given
    return kind not in ("submit", "button") and "disabled" not in given


class _Forms(HTMLParser):
    """Reads the forms of a page with the values a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            method, action = given.get("method", "get").lower(), given.get("action", "")
            self.forms.append({"method": method, "action": action, "fields": {}})
        elif self.forms:
            self._read(tag, given, self.forms[-1]["fields"])

    def _read(self, tag: str, given: dict[str, str], fields: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "input" and name and _is_sent(given):
            fields[name] = given.get("value", "on" if given.get("type") in TICKS else "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in fields:
                fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._textarea = name
            fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.forms[-1]["fields"][self._textarea] += data


class Shopper:
    """One customer with cookies and an address of their own, and without JavaScript."""

    def __init__(
        self, site_url: str, address: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.http = httpx.Client(
            base_url=site_url,
            transport=transport,
            headers={"X-Forwarded-For": address, "User-Agent": "a shopper"},
            follow_redirects=False,
            timeout=60,
        )
        self.page = httpx.Response(200)

    def get(self, path: str) -> httpx.Response:
        self.page = self._follow(self.http.get(path))
        return self.page

    def submit(self, marker: str = "", **changes: str) -> httpx.Response:
        """Send the page's form whose action contains ``marker``, with ``changes`` typed in."""
        self.page = self._follow(self.send(marker, **changes))
        return self.page

    def send(self, marker: str = "", **changes: str) -> httpx.Response:
        """As ``submit``, without following where it leads."""
        form = self.form(marker)
        url = urljoin(str(self.page.url), form["action"] or str(self.page.url))
        fields = {**form["fields"], **changes}
        return self.http.post(url, data=fields, headers={"Referer": str(self.page.url)})

    def form(self, marker: str = "") -> dict[str, Any]:
        """The posting form of the page that has an action with ``marker``, or the last one."""
        reader = _Forms()
        reader.feed(self.page.text)
        posting = [form for form in reader.forms if form["method"] == "post"]
        found = [form for form in posting if marker and marker in form["action"]]
        if not (found or posting):
            raise AssertionError(f"no form on {self.page.url}:\n{self.page.text[:2000]}")
        return (found or [form for form in posting if "reset" not in form["action"]])[-1]

    def book_until_review(self, answers: dict[str, dict[str, str]]) -> httpx.Response:
        """Walk the wizard with ``answers`` by step, up to the review page."""
        self.get("/book/service/")
        for step in ("service", "schedule", "addresses", "contact"):
            path = self.page.url.path
            if f"/book/{step}/" not in path:
                raise AssertionError(f"at {path} instead of {step}: {self.errors()}")
            typed = answers.get(step, {})
            self.submit(f"/book/{step}/", **typed)
            if f"/book/{step}/" in self.page.url.path and step == "service":
                # The service's own fields come after the service is chosen.
                self.submit(f"/book/{step}/", **typed)
        if "/book/review/" not in self.page.url.path:
            raise AssertionError(f"at {self.page.url.path}: {self.errors()}")
        return self.page

    def pay(self) -> httpx.Response:
        """Agree to the terms and press the pay button; where that leads, not followed."""
        return self.send("/pay/start/", terms="on")

    def errors(self) -> str:
        """What the page asks to put right."""
        start = self.page.text.find('id="error-summary"')
        return self.page.text[start : start + 800] if start >= 0 else ""

    def close(self) -> None:
        self.http.close()

    def _follow(self, answer: httpx.Response) -> httpx.Response:
        for _ in range(5):
            if not answer.is_redirect:
                break
            answer = self.http.get(urljoin(str(answer.url), answer.headers["location"]))
        return answer
