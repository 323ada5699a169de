"""Webhooks: signed posts of events, tried again until the receiver says 2xx.

Events of one payment go out one after another, in order, unless one has to be tried again; events
of different payments may overtake each other. What has not been delivered is in the store, so a
restart loses none (it may repeat one: receivers must cope, as with Stripe).
"""

import hashlib
import hmac
import itertools
import json
import logging
import random
import threading
import time
import zlib
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from payments.sandbox.store import DELIVERY, EVENT, Obj, Store, delivery_id, public
from totetaxi.lib.standin.hooks import post

log = logging.getLogger("payments.sandbox.webhooks")

LANES = 4
LONGEST_WAIT_SECONDS = 60
GIVE_UP_SECONDS = 3 * 24 * 3600
KEPT_ATTEMPTS = 20


@dataclass
class WebhookSettings:
    """Where events go. Tests change these while the process runs; a restart forgets that."""

    url: str
    secrets: list[str]
    timeout_seconds: float = 10.0
    paused: bool = False
    # Each event is sent this many times, every one at a random moment within the jitter.
    copies: int = 1
    jitter_seconds: float = 0.0


@dataclass(order=True)
class _Due:
    at: float
    number: int
    event_id: str = field(compare=False)
    # The attempt this is; a mismatch with the store means that another one has overtaken it.
    tries: int = field(compare=False)
    is_copy: bool = field(compare=False, default=False)


def signature_header(body: bytes, secrets: list[str], moment: int) -> str:
    """``t=…,v1=…`` as Stripe signs, with one ``v1`` per secret (two while one is rotated)."""
    signed = f"{moment}.".encode() + body
    marks = (hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in secrets)
    return ",".join([f"t={moment}", *(f"v1={mark}" for mark in marks)])


def event_body(event: Obj) -> bytes:
    return json.dumps(public(event), indent=2, ensure_ascii=False).encode()


class Dispatcher:
    """Threads that send what is due."""

    def __init__(self, store: Store, settings: WebhookSettings) -> None:
        self.store = store
        self.settings = settings
        self._lanes: list[list[_Due]] = [[] for _ in range(LANES)]
        self._wake = threading.Condition()
        self._numbers = itertools.count()
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._work, args=(lane,), name=f"webhooks-{at}", daemon=True)
            for at, lane in enumerate(self._lanes)
        ]

    def start(self) -> None:
        now = time.time()
        for delivery in self.store.all(DELIVERY):
            if delivery["state"] == "pending":
                # What failed before the restart is tried at once; what was delayed stays so.
                late = delivery["tries"] > 0 or delivery["due"] < now
                self._push(delivery, at=now if late else delivery["due"])
        self.store.listeners.append(self._committed)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the attempts under way end; everything else waits in the store."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(timeout=2)

    def change(self, **changes: Any) -> None:
        """Set fields of the settings; what was pending without an address is sent to a new one."""
        had_url = bool(self.settings.url)
        with self._wake:
            for name, value in changes.items():
                setattr(self.settings, name, value)
            self._wake.notify_all()
        if self.settings.url and not had_url:
            self._committed(self.store.all(DELIVERY))

    def flush(self) -> int:
        """Make everything pending due now; returns how many that were."""
        pending = [item for item in self.store.all(DELIVERY) if item["state"] == "pending"]
        with self.store.transaction() as tx:
            for delivery in pending:
                tx.edit(DELIVERY, delivery["id"])["due"] = time.time()
        return len(pending)

    def send_now(self, event_id: str) -> Obj:
        """Send an event in this thread, even if paused, delivered or withheld; its attempt."""
        return self._attempt(self.store.get(EVENT, event_id), is_copy=False)

    def _committed(self, records: list[Obj]) -> None:
        for record in records:
            if record["object"] == DELIVERY and record["state"] == "pending":
                self._push(record, at=record["due"])

    def _push(self, delivery: Obj, *, at: float) -> None:
        first = zlib.crc32(delivery["subject"].encode())
        with self._wake:
            if not self.settings.url:
                return
            copies = self.settings.copies if delivery["tries"] == 0 else 1
            for copy in range(copies):
                wait = random.uniform(0, self.settings.jitter_seconds)  # noqa: S311 (a delay)
                due = _Due(
                    at + wait, next(self._numbers), delivery["event"], delivery["tries"], copy > 0
                )
                heappush(self._lanes[(first + copy) % LANES], due)
            self._wake.notify_all()

    def _work(self, lane: list[_Due]) -> None:
        while (due := self._next(lane)) is not None:
            delivery = self.store.find(DELIVERY, delivery_id(due.event_id))
            event = self.store.find(EVENT, due.event_id)
            if delivery is None or event is None:
                continue  # wiped meanwhile
            if due.is_copy or (delivery["state"], delivery["tries"]) == ("pending", due.tries):
                try:
                    self._attempt(event, is_copy=due.is_copy)
                except Exception:
                    if self._stopped:
                        return  # too late to record it: it is sent again after the restart
                    log.exception("webhook %s could not be recorded", event["id"])

    def _next(self, lane: list[_Due]) -> _Due | None:
        with self._wake:
            while not self._stopped:
                wait = None
                if lane and not self.settings.paused:
                    wait = lane[0].at - time.time()
                    if wait <= 0:
                        return heappop(lane)
                self._wake.wait(wait)
            return None

    def _attempt(self, event: Obj, *, is_copy: bool) -> Obj:
        started = time.time()
        status, error = self._post(event_body(event))
        took_ms = int((time.time() - started) * 1000)
        attempt = {"at": started, "status": status, "error": error, "ms": took_ms}
        log.info(
            "webhook %s %s -> %s (%d ms)", event["type"], event["id"], status or error, took_ms
        )
        if is_copy:
            return attempt  # recorded by the original alone: each commit of it plans a try
        with self.store.transaction() as tx:
            record = delivery_id(event["id"])
            if tx.find(DELIVERY, record) is None:
                return attempt
            delivery = tx.edit(DELIVERY, record)
            delivery["log"] = [*delivery["log"], attempt][-KEPT_ATTEMPTS:]
            if status is not None and 200 <= status < 300:
                delivery["state"] = "delivered"
            elif delivery["state"] == "pending":
                delivery["tries"] += 1
                delivery["due"] = time.time() + wait_seconds(delivery["tries"])
                if delivery["due"] > event["created"] + GIVE_UP_SECONDS:
                    delivery["state"] = "gave_up"
        return attempt

    def _post(self, body: bytes) -> tuple[int | None, str]:
        settings = self.settings
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature_header(body, settings.secrets, int(time.time())),
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
        }
        return post(settings.url, body, headers, timeout=settings.timeout_seconds)


def wait_seconds(tries: int) -> float:
    """1, 2, 4, 8, … up to 60 seconds after a failed attempt."""
    return float(min(2 ** min(tries - 1, 10), LONGEST_WAIT_SECONDS))
