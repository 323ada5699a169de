"""A machine to throw away: this one's files below, everything written in a folder above them.

An overlay in a mount namespace of its own, as containers have it. What lies in /tmp and in the
checkout cannot be seen from inside. Needs root and Linux; nothing of it outlives its process.
"""

import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import PROJECT

PYTHON = "/image-python"


@dataclass
class Machine:
    """One stage of the image."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "root"
    # Folders of this machine that are seen inside: from where, to where.
    shared: dict[Path, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("written", "work", "all"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        # What FROM brings: a Python with pip and nothing else, which every user may run.
        self.run(f"chmod 711 /root && {_base_python()} -m venv {PYTHON}")

    def path(self, inside: str) -> Path:
        """Where something written inside lies outside."""
        return self.home / "written" / inside.lstrip("/")

    def command(self, shell: str, *, user: str = "") -> list[str]:
        """The command line that runs ``shell`` inside; it becomes that process."""
        everything, user = self.home / "all", user or self.user
        hidden = [PROJECT, Path("/tmp")]  # noqa: S108 (what is hidden)
        steps = [
            "mount -t overlay overlay -o"
            f" lowerdir=/,upperdir={self.home}/written,workdir={self.home}/work {everything}",
            f"mount --bind /dev {everything}/dev",
            f"mount -t tmpfs -o mode=1777 tmpfs {everything}/dev/shm",  # noqa: S108 (as Docker)
            f"mount -t proc proc {everything}/proc",
            *(f"mount -t tmpfs -o mode=1777 tmpfs {everything}{one}" for one in hidden),
            *(
                f"mkdir -p {everything}{target} && mount --bind {source} {everything}{target}"
                for source, target in self.shared.items()
            ),
        ]
        inside = f"cd {self.workdir} && {shell}"
        entry = (
            f"exec chroot --userspec={user}:{user} {everything} /bin/sh -c {shlex.quote(inside)}"
        )
        return ["unshare", "--mount", "sh", "-ec", "\n".join([*steps, entry])]

    def variables(self, **more: str) -> dict[str, str]:
        """The environment inside: how to reach a package index, and what ENV said."""
        ours = {
            name: value
            for name, value in os.environ.items()
            if name.startswith("PIP_") or name.lower().endswith("_proxy") or name == "SSL_CERT_FILE"
        }
        path = f"{PYTHON}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {**ours, "PATH": path, "HOME": "/", **self.environment, **more}

    def run(
        self, shell: str, *, user: str = "", may_fail: bool = False, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run ``shell`` inside and wait. Fails the test if it fails."""
        done = subprocess.run(
            self.command(shell, user=user),
            env=self.variables(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert may_fail or done.returncode == 0, f"{shell}\n{done.stdout[-4000:]}"
        return done

    def start(self, shell: str, log: Path, **more: str) -> "subprocess.Popen[bytes]":
        """Run ``shell`` inside, beside us."""
        with log.open("wb") as file:
            return subprocess.Popen(
                self.command(shell),
                env=self.variables(**more),
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run_and_tell(self, shell: str) -> int:
        """Run a line of the Dockerfile, and print it with its exit code."""
        begun = time.monotonic()
        done = self.run(shell, may_fail=True)
        print(f"RUN {shell}\n    exit code {done.returncode}, {time.monotonic() - begun:.1f} s")
        if done.returncode:
            print(done.stdout[-4000:])
        return done.returncode


def _base_python() -> str:
    """The Python that our own environment was made from."""
    return str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")


def is_possible() -> bool:
    """Whether this machine lets us."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return tried.returncode == 0
