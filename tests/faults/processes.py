"""The processes of a running site, and their sudden end. Linux only: it reads /proc."""

import contextlib
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 30
SERVICES = {"web": "gunicorn", "worker": "qcluster"}


@dataclass(frozen=True)
class Process:
    """One process below the site's supervisor."""

    pid: int
    parent: int
    command: str


def below(root: int) -> list[Process]:
    """All descendants of a process, parents first."""
    everything = [found for path in Path("/proc").glob("[0-9]*") if (found := _read(path))]
    family, known = [], {root}
    while young := [p for p in everything if p.parent in known and p.pid not in known]:
        family += young
        known |= {process.pid for process in young}
    return family


def kill_one(root: int, service: str, dice: random.Random) -> str:
    """End one process of a service with SIGKILL, never the one the supervisor looks after."""
    victim = dice.choice(_wait_for(root, service))
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim.pid, signal.SIGKILL)
    return f"one process of the {service}"


def _wait_for(root: int, service: str) -> list[Process]:
    """The processes of a service below its own first one, once there are some."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        family = [p for p in below(root) if SERVICES[service] in p.command and p.parent != root]
        if family:
            return family
        time.sleep(0.2)
    raise AssertionError(f"there is no {service}")


def kill_all(root: int, service: str) -> str:
    """End a whole service at once, as when its machine dies."""
    for master in below(root):
        if SERVICES[service] in master.command and master.parent == root:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(master.pid, signal.SIGKILL)
            return f"the whole {service}"
    raise AssertionError(f"there is no {service}")


def _read(path: Path) -> Process | None:
    try:
        stat = (path / "stat").read_text()
        command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # It ended meanwhile.
        return None
    return Process(int(path.name), int(stat.rpartition(")")[2].split()[1]), command)
