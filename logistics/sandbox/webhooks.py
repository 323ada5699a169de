"""Webhooks: posts signed with HMAC-SHA512, tried again until the receiver answers 2xx.

Onfleet switches a webhook off after 300 failures; so does the stand-in.
"""

import hashlib
import hmac
import json
import logging
import random
import threading
import time
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any

from logistics.sandbox.store import DELIVERY, Obj, Store
from totetaxi.lib.standin.hooks import post

log = logging.getLogger("logistics.sandbox.webhooks")

SIGNATURE = "X-Onfleet-Signature"
LONGEST_WAIT_SECONDS = 60
FAILURES_ALLOWED = 300


@dataclass
class WebhookSettings:
    """Where webhooks go. Tests change these while the process runs; a restart forgets that."""

    url: str
    secret: str  # hexadecimal digits, as Onfleet shows it
    timeout_seconds: float = 10.0
    paused: bool = False
    # Each webhook is sent this many times, every one at a random moment within the jitter.
    copies: int = 1
    jitter_seconds: float = 0.0


def signature(body: bytes, secret: str) -> str:
    """What Onfleet puts beside a body: the key is the secret's bytes, not its digits."""
    return hmac.new(bytes.fromhex(secret), body, hashlib.sha512).hexdigest()


class Dispatcher:
    """A thread that sends what is due."""

    def __init__(self, store: Store, settings: WebhookSettings) -> None:
        self.store = store
        self.settings = settings
        self.failures_in_a_row = 0
        self._due: list[tuple[float, str, int]] = []
        self._wake = threading.Condition()
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._work, name=f"webhooks-{number}", daemon=True)
            for number in (1, 2)
        ]

    @property
    def is_enabled(self) -> bool:
        return self.failures_in_a_row < FAILURES_ALLOWED

    def start(self) -> None:
        for delivery in self.store.all(DELIVERY):
            self._changed(DELIVERY, delivery)
        self.store.listeners.append(self._changed)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(timeout=2)

    def change(self, **changes: Any) -> None:
        """Set fields of the settings; what is pending goes out at once."""
        with self._wake:
            for name, value in changes.items():
                setattr(self.settings, name, value)
            self._due = [(time.time(), name, copy) for _, name, copy in self._due]
            heapify(self._due)
            self._wake.notify_all()

    def forget(self) -> None:
        with self._wake:
            self._due.clear()
            self.failures_in_a_row = 0

    def pending(self) -> int:
        return sum(delivery["state"] == "pending" for delivery in self.store.all(DELIVERY))

    def _changed(self, kind: str, record: Obj) -> None:
        if kind != DELIVERY or record["state"] != "pending":
            return
        settings, tries = self.settings, record["tries"]
        wait = min(2.0 ** (tries - 1), LONGEST_WAIT_SECONDS) if tries else 0.0
        with self._wake:
            for copy in range(settings.copies if tries == 0 else 1):
                jitter = random.uniform(0, settings.jitter_seconds)  # noqa: S311 (a delay)
                heappush(self._due, (time.time() + wait + jitter, record["id"], copy))
            self._wake.notify_all()

    def _work(self) -> None:
        while (due := self._next()) is not None:
            _, delivery_id, copy = due
            delivery = self.store.find(DELIVERY, delivery_id)
            if delivery is not None and (copy or delivery["state"] == "pending"):
                self._attempt(delivery, is_copy=copy > 0)

    def _next(self) -> tuple[float, str, int] | None:
        with self._wake:
            while not self._stopped:
                wait = None
                if self._due and self.settings.url and not self.settings.paused:
                    wait = self._due[0][0] - time.time()
                    if wait <= 0:
                        return heappop(self._due)
                self._wake.wait(wait)
            return None

    def _attempt(self, delivery: Obj, *, is_copy: bool) -> None:
        status, error = self._post(json.dumps(delivery["body"]).encode())
        delivered = status is not None and 200 <= status < 300
        trigger = delivery["body"]["triggerName"]
        log.info("webhook %s %s -> %s", trigger, delivery["id"], status or error)
        if is_copy:
            return
        self.failures_in_a_row = 0 if delivered else self.failures_in_a_row + 1
        with self.store.changes() as changes:
            record = changes.edit(DELIVERY, delivery["id"])
            if record is None or record["state"] != "pending":
                return
            record["tries"] += 1
            record["error"] = "" if delivered else str(status or error)
            if delivered:
                record["state"] = "delivered"
            elif not self.is_enabled:
                record["state"] = "gave_up"

    def _post(self, body: bytes) -> tuple[int | None, str]:
        settings = self.settings
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: signature(body, settings.secret),
        }
        return post(settings.url, body, headers, timeout=settings.timeout_seconds)
