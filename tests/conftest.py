"""What every test may use: database, catalog, queue, stand-ins and a browser."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.onfleet import KEY, SECRET, Onfleet
from totetaxi.dev import browser
from totetaxi.dev.postgres import Cluster

PROJECT = Path(__file__).resolve().parents[1]
BROWSER_TESTS = PROJECT / "tests" / "e2e"
MEASUREMENTS = tuple(PROJECT / "tests" / name for name in ("bench", "faults", "image", "load"))
START_SECONDS = 15


def pytest_configure(config: pytest.Config) -> None:
    """Hold the embedded PostgreSQL; workers of pytest-xdist rely on their controller's hold."""
    if settings.EMBEDDED_POSTGRES and not hasattr(config, "workerinput"):
        Cluster.for_environment(settings.ENVIRONMENT).hold()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what measures instead of testing, unless it is asked for by name."""
    if collection_path not in MEASUREMENTS:
        return None
    asked_for = [config.invocation_params.dir / arg.split("::")[0] for arg in config.args]
    return not any(collection_path in (path, *path.parents) for path in asked_for)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the browser tests."""
    for item in items:
        if BROWSER_TESTS in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # Playwright's own event loop runs in this thread, which Django takes for async code.
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture
def run_queue(db: None) -> Callable[..., int]:
    """Delivers what the outbox holds and is due, until nothing is left."""
    from totetaxi.outbox.testing import run_queue

    return run_queue


@pytest.fixture
def catalog(db: None) -> None:
    """The catalog as ``seed_catalog`` makes it."""
    from catalog.seeding import seed

    seed()


@pytest.fixture
def admin_client(admin_user: Any) -> Any:
    """A superuser who came in through the office's sign-in; Django admin lets in nobody else."""
    from staff.models import StaffProfile
    from tests.staff.helpers import signed_in

    StaffProfile.objects.create(user=admin_user, role="admin")
    return signed_in(admin_user)


@dataclass(frozen=True)
class StripeSandbox:
    """A running stand-in Stripe."""

    url: str
    webhook_secret: str


@contextmanager
def folder_for_servers() -> Iterator[Path]:
    """A temporary folder that PostgreSQL may enter even if we are root and it is not.

    Those of pytest are closed to all other users.
    """
    with tempfile.TemporaryDirectory(prefix="totetaxi-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Return once ``process`` listens on ``port``; fail the test if it ended or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"{process.args!r} ended with code {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"{process.args!r} does not listen on port {port}")


@pytest.fixture(scope="session")
def stripe_sandbox_webhook_url() -> str:
    """Where the stand-in Stripe sends its webhooks; override it to receive them."""
    return ""


@pytest.fixture(scope="session")
def stripe_sandbox(
    tmp_path_factory: pytest.TempPathFactory, stripe_sandbox_webhook_url: str
) -> Iterator[StripeSandbox]:
    """A stand-in Stripe on a port of its own, with nothing in it."""
    port = free_port()
    sandbox = StripeSandbox(f"http://localhost:{port}", "whsec_test")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "payments.sandbox", "--port", str(port)),
            *("--state", str(tmp_path_factory.mktemp("stripe"))),
            *("--webhook-url", stripe_sandbox_webhook_url),
            *("--webhook-secret", sandbox.webhook_secret, "--public-url", sandbox.url),
        ],
        cwd=PROJECT,
    )
    try:
        wait_for_port(port, process)
        yield sandbox
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="session")
def onfleet_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A stand-in Onfleet on a port of its own."""
    port = free_port()
    url = f"http://localhost:{port}"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "logistics.sandbox", "--quiet", "--port", str(port)),
            *("--state", str(tmp_path_factory.mktemp("onfleet")), "--api-key", KEY),
            *("--webhook-secret", SECRET, "--public-url", url),
        ],
        cwd=PROJECT,
    )
    try:
        wait_for_port(port, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def onfleet(db: None, onfleet_url: str, settings: Any, tmp_path: Any) -> Iterator[Onfleet]:
    """An empty stand-in Onfleet that the gateway talks to over HTTP; files lie in a folder."""
    from django.core.cache import cache

    from logistics.gateway import get_gateway

    settings.ONFLEET_API_KEY = KEY
    settings.ONFLEET_API_BASE = onfleet_url
    settings.ONFLEET_PICTURE_URL = f"{onfleet_url}/attachments/{{id}}/800x.png"
    settings.ONFLEET_WEBHOOK_SECRETS = [SECRET]
    settings.MEDIA_ROOT = tmp_path / "media"
    get_gateway.cache_clear()
    cache.clear()
    driver = Onfleet(onfleet_url)
    driver.reset()
    driver.control("limit", calls_a_second=1000)
    yield driver
    driver.reset()
    get_gateway.cache_clear()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's own Chromium, without what it does besides showing pages."""
    return {**browser_type_launch_args, **browser.launch_options()}
