"""Everything the stand-in remembers: one dictionary of records, changed only by transactions.

A record is a JSON object with ``id`` and ``object``. Stripe's objects, and our own (idempotency
keys, webhook deliveries, timers; their ``object`` begins with an underscore), are kept alike. A
committed record is never changed in place, so a reader needs no lock. Fields whose name begins
with an underscore are ours and are left out of every answer.
"""

import copy
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from payments.sandbox.errors import missing_object
from totetaxi.lib.standin.journal import Journal
from totetaxi.lib.standin.web import random_text

Obj = dict[str, Any]

SESSION, INTENT, CHARGE = "checkout.session", "payment_intent", "charge"
REFUND, DISPUTE, EVENT = "refund", "dispute", "event"
DELIVERY, TIMER, SAVED_ANSWER = "_delivery", "_timer", "_saved_answer"
_PREFIX = {
    SESSION: "cs_test_a1",
    INTENT: "pi_3",
    CHARGE: "ch_3",
    REFUND: "re_3",
    DISPUTE: "du_1",
    EVENT: "evt_1",
    TIMER: "tmr_",
}


def new_id(kind: str) -> str:
    return _PREFIX[kind] + random_text(56 if kind == SESSION else 23)


def public(record: Obj) -> Obj:
    return {name: value for name, value in record.items() if not name.startswith("_")}


class Transaction:
    """Changes that become visible, durable and announced together, or not at all."""

    def __init__(self, store: "Store", request_id: str | None, key: str | None) -> None:
        self._store = store
        self._request = {"id": request_id, "idempotency_key": key}
        self.now = int(time.time())
        self.changed: dict[str, Obj] = {}
        self.dropped: set[str] = set()
        # When this transaction's webhooks go out: seconds from now, or never.
        self.webhook_delay: float | None = 0.0

    def find(self, kind: str, record_id: str) -> Obj | None:
        if record_id in self.dropped:
            return None
        record = self.changed.get(record_id) or self._store.records.get(record_id)
        return record if record and record["object"] == kind else None

    def get(self, kind: str, record_id: str, param: str = "id") -> Obj:
        record = self.find(kind, record_id)
        if record is None:
            raise missing_object(kind, record_id, param)
        return record

    def edit(self, kind: str, record_id: str, param: str = "id") -> Obj:
        """A copy that may be changed; it replaces the record at the end of the transaction."""
        record = self.get(kind, record_id, param)
        if record_id not in self.changed:
            self.changed[record_id] = copy.deepcopy(record)
        return self.changed[record_id]

    def add(self, record: Obj) -> Obj:
        self.changed[record["id"]] = record
        return record

    def drop(self, record_id: str) -> None:
        self.changed.pop(record_id, None)
        self.dropped.add(record_id)

    def emit(self, event_type: str, record: Obj, *, subject: str) -> Obj:
        """Store an event with the record as it is now, and its delivery.

        Events of one ``subject`` are sent one after another, in the order they were emitted.
        """
        event = self.add(
            {
                "id": new_id(EVENT),
                "object": EVENT,
                "api_version": self._store.api_version,
                "context": None,
                "created": self.now,
                "data": {"object": copy.deepcopy(public(record))},
                "livemode": False,
                "pending_webhooks": 1,
                "request": dict(self._request),
                "type": event_type,
            }
        )
        delay = self.webhook_delay
        self.add(
            {
                "id": delivery_id(event["id"]),
                "object": DELIVERY,
                "event": event["id"],
                "subject": subject,
                "state": "withheld" if delay is None else "pending",
                "due": time.time() + (delay or 0),
                "tries": 0,
                "log": [],
            }
        )
        return event

    def set_timer(self, action: str, due: float, **details: Any) -> None:
        timer = {"id": new_id(TIMER), "object": TIMER, "action": action, "due": due, **details}
        self.add(timer)


def delivery_id(event_id: str) -> str:
    return f"dlv_{event_id}"


class Store:
    """The records in memory and the journal that lets them survive."""

    def __init__(self, directory: Path, *, api_version: str) -> None:
        self.api_version = api_version
        self.lock = threading.RLock()
        self.records: dict[str, Obj] = {}
        self._by_kind: dict[str, dict[str, None]] = {}
        self._by_intent: dict[tuple[str, str], dict[str, None]] = {}
        # Called with the records of each committed transaction.
        self.listeners: list[Callable[[list[Obj]], None]] = []
        self._journal = Journal(directory)
        self._load()

    def _load(self) -> None:
        for entry in self._journal.read():
            for record_id in entry["drop"]:
                self._forget(record_id)
            for record in entry["put"]:
                self._remember(record)
        now = time.time()
        for answer in self.all(SAVED_ANSWER):
            if answer["expires"] <= now:
                self._forget(answer["id"])
        self._journal.rewrite({"put": [record], "drop": []} for record in self.records.values())

    def _remember(self, record: Obj) -> None:
        self.records[record["id"]] = record
        kind = record["object"]
        self._by_kind.setdefault(kind, {})[record["id"]] = None
        intent = record.get("payment_intent")
        if isinstance(intent, str):
            self._by_intent.setdefault((kind, intent), {})[record["id"]] = None

    def _forget(self, record_id: str) -> None:
        record = self.records.pop(record_id, None)
        if record is not None:
            self._by_kind[record["object"]].pop(record_id, None)

    def find(self, kind: str, record_id: str) -> Obj | None:
        record = self.records.get(record_id)
        return record if record and record["object"] == kind else None

    def get(self, kind: str, record_id: str, param: str = "id") -> Obj:
        record = self.find(kind, record_id)
        if record is None:
            raise missing_object(kind, record_id, param)
        return record

    def all(self, kind: str, *, intent: str | None = None) -> list[Obj]:
        """Records of a kind, oldest first; only those of one payment intent if it is given."""
        with self.lock:
            if intent is None:
                ids = self._by_kind.get(kind, {})
            else:
                ids = self._by_intent.get((kind, intent), {})
            return [self.records[record_id] for record_id in ids]

    @contextmanager
    def transaction(
        self, *, request_id: str | None = None, key: str | None = None
    ) -> Iterator[Transaction]:
        """One change at a time: applied, written and announced when the block ends well."""
        with self.lock:
            changes = Transaction(self, request_id, key)
            yield changes
            if not changes.changed and not changes.dropped:
                return
            put = list(changes.changed.values())
            point = self._journal.append({"put": put, "drop": sorted(changes.dropped)})
            for record_id in changes.dropped:
                self._forget(record_id)
            for record in put:
                self._remember(record)
        self._journal.sync(point)
        for listener in self.listeners:
            listener(put)

    def wipe(self) -> None:
        """Forget everything, on disk too."""
        with self.lock:
            self.records.clear()
            self._by_kind.clear()
            self._by_intent.clear()
            self._journal.rewrite(())

    def close(self) -> None:
        with self.lock:
            self._journal.close()
