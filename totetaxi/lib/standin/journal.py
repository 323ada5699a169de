"""An append-only file of changes: one line of JSON per transaction, safe against ``kill -9``.

``append`` hands the line to the kernel before it returns, so a killed process loses nothing;
``sync`` waits until it is on the disk too, several waiting threads sharing one ``fsync``.
"""

import fcntl
import json
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

FILE_NAME = "journal.jsonl"


class StateError(Exception):
    """The state directory cannot be used; the message says what to do."""


class Journal:
    """The file itself. Only one process at a time may hold it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.path = directory / FILE_NAME
        self._hold = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._hold)
            raise StateError(f"Another stand-in is already using {directory}.") from error
        self._file = -1
        self._written = 0  # bytes given to the kernel
        self._synced = 0  # bytes known to be on the disk
        self._syncing = False
        self._turn = threading.Condition()

    def read(self) -> Iterator[dict[str, Any]]:
        """Every whole line; a last line cut short by a crash is left out."""
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    entry = json.loads(line)
                except ValueError as error:
                    if not line.endswith(b"\n"):
                        return
                    raise StateError(
                        f"{self.path} is damaged at line {number}; remove it to start afresh."
                    ) from error
                yield entry

    def rewrite(self, entries: Iterable[dict[str, Any]]) -> None:
        """Replace the whole file, atomically, and go on appending to the new one."""
        fresh = self.path.with_suffix(".new")
        with fresh.open("wb") as lines:
            for entry in entries:
                lines.write(_line(entry))
            lines.flush()
            os.fsync(lines.fileno())
        with self._turn:
            self._turn.wait_for(lambda: not self._syncing)
            fresh.replace(self.path)
            folder = os.open(self.directory, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
            if self._file >= 0:
                os.close(self._file)
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
            self._written = self._synced = os.fstat(self._file).st_size

    def append(self, entry: dict[str, Any]) -> int:
        """Write one line and return the point up to which ``sync`` must go. Not thread-safe."""
        line = memoryview(_line(entry))
        before = self._written
        try:
            while line:
                line = line[os.write(self._file, line) :]
        except OSError:
            os.ftruncate(self._file, before)
            raise
        self._written = os.fstat(self._file).st_size
        return self._written

    def sync(self, point: int) -> None:
        """Return when everything up to ``point`` is on the disk."""
        with self._turn:
            while self._synced < point and self._syncing:
                self._turn.wait()
            if self._synced >= point:
                return
            self._syncing = True
            reached, file = self._written, self._file
        try:
            os.fdatasync(file)
        finally:
            with self._turn:
                self._syncing = False
                self._synced = max(self._synced, reached)
                self._turn.notify_all()

    def close(self) -> None:
        if self._file >= 0:
            self.sync(self._written)
            os.close(self._file)
            self._file = -1
        os.close(self._hold)


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"
