"""Everything the stand-in remembers: records by kind and id, on disk before they are answered."""

import copy
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from totetaxi.lib.standin.journal import Journal
from totetaxi.lib.standin.web import random_text

Obj = dict[str, Any]

TASK: Final = "task"
WORKER: Final = "worker"
DELIVERY: Final = "delivery"
PICTURE: Final = "picture"
DESTINATION: Final = "destination"
RECIPIENT: Final = "recipient"
DRIVERS: Final = ("Test driver 1", "Test driver 2")


def new_id() -> str:
    """An id with a character that is none of a word, as Onfleet's have."""
    return f"{random_text(12)}~{random_text(11)}"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Changes:
    """Records changed together: all become visible and durable, or none."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self.put: dict[tuple[str, str], Obj] = {}

    def find(self, kind: str, record_id: str) -> Obj | None:
        return self.put.get((kind, record_id)) or self._store.find(kind, record_id)

    def edit(self, kind: str, record_id: str) -> Obj | None:
        """A copy that may be changed; it replaces the record at the end."""
        record = self.find(kind, record_id)
        if record is None:
            return None
        return self.put.setdefault((kind, record_id), copy.deepcopy(record))

    def all(self, kind: str) -> list[Obj]:
        """Records of a kind, these changes included."""
        known = {record["id"]: record for record in self._store.all(kind)}
        known.update({key: record for (of, key), record in self.put.items() if of == kind})
        return list(known.values())

    def add(self, kind: str, record: Obj) -> Obj:
        self.put[kind, record["id"]] = record
        return record


class Store:
    """The records in memory and the journal that lets them survive."""

    def __init__(self, directory: Path) -> None:
        self.lock = threading.RLock()
        self._records: dict[str, dict[str, Obj]] = {}
        # Called with (kind, record) of each change once it is on the disk.
        self.listeners: list[Callable[[str, Obj], None]] = []
        self._journal = Journal(directory)
        for entry in self._journal.read():
            self._remember(entry["kind"], entry["record"])
        self._journal.rewrite(
            {"kind": kind, "record": record}
            for kind, records in self._records.items()
            for record in records.values()
        )
        if not self.all(WORKER):
            self._hire()

    def _hire(self) -> None:
        with self.changes() as changes:
            for number, name in enumerate(DRIVERS, start=1):
                worker = {"id": f"driver{number}", "name": name, "onDuty": True}
                changes.add(WORKER, {**worker, "phone": f"+1631555010{number}"})

    def _remember(self, kind: str, record: Obj) -> None:
        self._records.setdefault(kind, {})[record["id"]] = record

    def find(self, kind: str, record_id: str) -> Obj | None:
        return self._records.get(kind, {}).get(record_id)

    def all(self, kind: str) -> list[Obj]:
        """Records of a kind, oldest first."""
        with self.lock:
            return list(self._records.get(kind, {}).values())

    @contextmanager
    def changes(self) -> Iterator[Changes]:
        """One change at a time: applied, written and announced when the block ends well."""
        with self.lock:
            changes = Changes(self)
            yield changes
            point = 0
            for (kind, _), record in changes.put.items():
                point = self._journal.append({"kind": kind, "record": record})
            for (kind, _), record in changes.put.items():
                self._remember(kind, record)
        if point:
            self._journal.sync(point)
        for (kind, _), record in changes.put.items():
            for listener in self.listeners:
                listener(kind, record)

    def wipe(self) -> None:
        """Forget everything but the drivers, on disk too."""
        with self.lock:
            self._records.clear()
            self._journal.rewrite(())
            self._hire()

    def close(self) -> None:
        with self.lock:
            self._journal.close()
