"""``make run``: one command starts everything, one signal stops everything."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import folder_for_servers, free_port
from totetaxi.dev.postgres import Cluster
from totetaxi.dev.stamps import PROJECT


@pytest.fixture
def folder():
    """Where the site keeps its data."""
    with folder_for_servers() as folder:
        yield folder


@pytest.fixture
def make_run(folder):
    """Starts the site; returns it once it is running."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DJANGO_SETTINGS_MODULE", "POSTGRES_HOME", "DATABASE_URL", "DB_NAME"}
    } | {
        "ENVIRONMENT": "development",
        "ENV_FILE": "",
        "LOCAL_HOME": str(folder),
        "PORT": str(free_port()),
        "SANDBOX_STRIPE_PORT": str(free_port()),
    }
    started = []

    def start():
        site = subprocess.Popen(
            [sys.executable, "-m", "totetaxi.dev"],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(site)
        assert site.stdout is not None
        printed = []
        for line in site.stdout:
            printed.append(line.rstrip())
            if "Ctrl-C stops everything." in line:
                return site, printed, environment
        raise AssertionError("\n".join(printed))

    yield start
    for site in started:
        site.kill()
        site.communicate()


def processes_of(folder):
    """The processes of the site that keeps its data in ``folder`` (on Linux)."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # It has ended meanwhile, or belongs to another user.
            if f"LOCAL_HOME={folder}".encode() in environ.read_bytes():
                found.append(environ.parent.name)
    return found


def test_make_run_starts_everything_and_leaves_nothing_behind(make_run, folder):
    site, printed, environment = make_run()
    address = f"http://localhost:{environment['PORT']}"
    assert f"  The site         {address}" in printed
    assert any("admin@example.com / totetaxi-demo" in line for line in printed)
    with urllib.request.urlopen(f"{address}/services/") as answer:
        assert answer.status == 200
    assert Cluster(folder / "pg").is_up

    site.send_signal(signal.SIGINT)
    site.communicate(timeout=30)

    assert site.returncode == 0
    assert not Cluster(folder / "pg").is_up
    assert processes_of(folder) == []


def test_second_start_does_nothing_again(make_run):
    first, printed, _ = make_run()
    first.terminate()
    first.communicate(timeout=30)
    _, again, _ = make_run()
    steps = [line.split(" ...")[0].strip() for line in printed if line.endswith(" s")]
    assert steps[-2:] == ["Preparing the database", "Loading catalog and demo data"]
    assert [line for line in again if line.endswith(" s")] == []
