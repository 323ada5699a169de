"""Runs the processes of the site side by side, and stops all it has started."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from totetaxi.dev.assets import PACKAGES
from totetaxi.dev.stamps import PROJECT

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 15  # Longer than a request, a task and what a server needs to end.
LOOK_SECONDS = 0.2
# A process that ends sooner than this has failed to start.
HEALTHY_SECONDS = 30
BACK_OFF_SECONDS = (1, 2, 4, 8)
PR_SET_PDEATHSIG = 1


def _end_with_parent() -> None:
    """Have the kernel end this process when the supervisor is killed (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def newest_source() -> int:
    """When the project's Python was last changed, in nanoseconds since 1970."""
    newest = 0
    for package in PACKAGES:
        for source in (PROJECT / package).rglob("*.py"):
            with contextlib.suppress(FileNotFoundError):  # An editor may be replacing it.
                newest = max(newest, source.stat().st_mtime_ns)
    return newest


@dataclass
class Service:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    follows_sources: bool = False
    can_wait: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    replacing: bool = False
    started_at: float = 0.0
    restart_at: float | None = None
    failures: int = 0

    def start(self) -> None:
        """Start the process, in a session of its own: Ctrl-C in the terminal reaches only us."""
        self.restart_at = None
        self.replacing = False
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=PROJECT,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 (we run no threads)
        )

    @property
    def is_running(self) -> bool:
        """Whether the process has been started and has not ended."""
        return self.process is not None and self.process.poll() is None

    @property
    def ended_with(self) -> int | None:
        """The code with which the process has ended, minus the signal if one ended it."""
        return self.process.poll() if self.process is not None else None

    def back_off(self, now: float) -> int | None:
        """Plan the next start; the seconds until then, or None after too many failures."""
        lasted = now - self.started_at
        self.failures = 1 if lasted >= HEALTHY_SECONDS else self.failures + 1
        if self.failures > len(BACK_OFF_SECONDS):
            return None
        wait = BACK_OFF_SECONDS[self.failures - 1]
        self.restart_at = now + wait
        return wait

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process alone: a queue whose workers get it, too, never ends."""
        if self.process is not None and self.is_running:
            self.process.terminate()

    def kill(self) -> None:
        """End the process and all it has started."""
        if self.process is not None and self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Supervisor:
    """Starts services, restarts those that end, and stops them all when told to."""

    def __init__(
        self,
        services: Sequence[Service],
        *,
        say: Callable[[str], None],
        look_after_the_rest: Callable[[], None] = lambda: None,
    ) -> None:
        self.services = services
        self.say = say
        self.look_after_the_rest = look_after_the_rest
        self._stop = threading.Event()
        self._signals = 0
        self._newest = 0

    def run(self, *, when_ready: Callable[[], bool], ready: Callable[[], None]) -> bool:
        """Run until a signal comes (True) or a service keeps failing (False).

        ``ready`` is called once, as soon as ``when_ready`` answers True; then start the services
        that can wait, too, so that they do not slow down the others.
        """
        previous = {number: signal.signal(number, self._on_signal) for number in STOP_SIGNALS}
        waiting = True
        try:
            self._start(can_wait=False)
            while not self._stop.wait(LOOK_SECONDS):
                if not all(self._look_after(service) for service in self._started):
                    return False
                self.look_after_the_rest()
                if self._sources_changed():
                    self._replace_followers()
                if waiting and when_ready():
                    waiting = False
                    self._start(can_wait=True)
                    ready()
            return True
        finally:
            self._stop_all()
            for number, handler in previous.items():
                signal.signal(number, handler)

    @property
    def _started(self) -> list[Service]:
        return [service for service in self.services if service.process is not None]

    def _start(self, *, can_wait: bool) -> None:
        for service in self.services:
            if service.can_wait == can_wait:
                service.start()

    def _sources_changed(self) -> bool:
        """Whether a Python file of the project was changed since the last look."""
        if not any(service.follows_sources for service in self.services):
            return False
        before, self._newest = self._newest, newest_source()
        return bool(before) and self._newest != before

    def _replace_followers(self) -> None:
        for service in self.services:
            if service.follows_sources and service.is_running:
                self.say(f"{service.name} starts again with the changed code.")
                service.replacing = True
                service.ask_to_stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        self._stop.set()

    def _look_after(self, service: Service) -> bool:
        """Restart the service if it has ended; False if that has been tried too often."""
        now = time.monotonic()
        if service.is_running:
            return True
        if service.replacing or (service.restart_at is not None and now >= service.restart_at):
            service.start()
        elif service.restart_at is None:
            ended = f"{service.name} ended with code {service.ended_with}"
            wait = service.back_off(now)
            if wait is None:
                self.say(f"{ended}, time after time: see above what it printed.")
                return False
            self.say(f"{ended}; starting it again in {wait} s.")
        return True

    def _stop_all(self) -> None:
        """Ask every service to stop, wait, and kill what is left; a second Ctrl-C kills at once."""
        for service in self.services:
            service.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        while any(service.is_running for service in self.services):
            if time.monotonic() > deadline or self._signals > 1:
                break
            time.sleep(0.05)
        for service in self.services:
            service.kill()
