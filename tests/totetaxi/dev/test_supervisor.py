"""The supervisor restarts what ends, and leaves nothing behind."""

import os
import signal
import sys
import threading
import time

import pytest

from totetaxi.dev import supervisor as module
from totetaxi.dev.supervisor import Service, Supervisor

FOREVER = [sys.executable, "-c", "import time; time.sleep(600)"]
FAILS = [sys.executable, "-c", "raise SystemExit(3)"]
# Ignores SIGTERM and has a child of its own, whose process id it writes to a file.
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time; signal.signal(15, signal.SIG_IGN); "
    "child = subprocess.Popen(['sleep', '600']); open(sys.argv[1], 'w').write(str(child.pid)); "
    "time.sleep(600)",
]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(module, "BACK_OFF_SECONDS", (0, 0))
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(module, "STOP_SECONDS", 0.5)


def run(*services, ready=lambda: None, when_ready=lambda: True):
    """Run the services; whether they ended because of a signal, and what was said."""
    said: list[str] = []
    return Supervisor(services, say=said.append).run(when_ready=when_ready, ready=ready), said


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_signal_stops_every_service():
    services = [Service("One", FOREVER), Service("Two", FOREVER)]
    before = signal.getsignal(signal.SIGINT)
    assert run(*services, ready=interrupt) == (True, [])
    assert [service.ended_with for service in services] == [-signal.SIGTERM, -signal.SIGTERM]
    assert signal.getsignal(signal.SIGINT) == before


def test_service_that_keeps_failing_ends_the_run():
    other = Service("Other", FOREVER)
    ended_well, said = run(Service("Web", FAILS), other)
    assert not ended_well
    assert said == [
        "Web ended with code 3; starting it again in 0 s.",
        "Web ended with code 3; starting it again in 0 s.",
        "Web ended with code 3, time after time: see above what it printed.",
    ]
    assert not other.is_running


def test_service_that_ends_once_is_started_again():
    service = Service("Web", FOREVER)

    def kill_then_interrupt():
        assert service.process is not None
        service.process.kill()
        threading.Timer(1, interrupt).start()

    ended_well, said = run(service, ready=kill_then_interrupt)
    assert ended_well
    assert said == ["Web ended with code -9; starting it again in 0 s."]
    assert service.ended_with == -signal.SIGTERM


def test_service_that_does_not_stop_is_killed_with_its_children(tmp_path):
    noted = tmp_path / "pid"
    service = Service("Stubborn", [*STUBBORN, str(noted)])
    ended_well, _ = run(service, when_ready=noted.exists, ready=interrupt)
    assert ended_well
    assert service.ended_with == -signal.SIGKILL
    deadline = time.monotonic() + 5
    while is_alive(int(noted.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)  # It is dead, and waits for being noticed by its new parent.
    assert not is_alive(int(noted.read_text()))


def test_changed_source_replaces_the_services_that_follow(monkeypatch):
    changes = iter([1, 1, 2])
    monkeypatch.setattr(module, "newest_source", lambda: next(changes, 2))
    follows = Service("Queue", FOREVER, follows_sources=True)
    stays = Service("Web", FOREVER)
    first: list[tuple[object, object]] = []

    def started_anew():
        first.append((follows.process, stays.process))
        return follows.process != first[0][0]

    ended_well, said = run(follows, stays, when_ready=started_anew, ready=interrupt)
    assert ended_well
    assert said == ["Queue starts again with the changed code."]
    assert stays.process == first[0][1]
