"""The processes of a running site, and their sudden end. Linux only: it reads /proc."""

import contextlib
import os
import random
import signal
from dataclasses import dataclass
from pathlib import Path

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
    family = [p for p in below(root) if SERVICES[service] in p.command and p.parent != root]
    if not family:
        return f"no {service} yet"
    victim = dice.choice(family)
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim.pid, signal.SIGKILL)
    return f"one process of the {service}"


def kill_all(root: int, service: str) -> str:
    """End a whole service at once, as when its machine dies."""
    for master in below(root):
        if SERVICES[service] in master.command and master.parent == root:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(master.pid, signal.SIGKILL)
            return f"the whole {service}"
    return f"no {service} yet"


def _read(path: Path) -> Process | None:
    try:
        stat = (path / "stat").read_text()
        command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:  # It ended meanwhile.
        return None
    return Process(int(path.name), int(stat.rpartition(")")[2].split()[1]), command)
