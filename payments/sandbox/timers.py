"""What happens by itself as time passes: sessions expire, bank debits and refunds settle."""

import logging
import threading
import time

from payments.sandbox import afterwards, checkout
from payments.sandbox.errors import ApiError
from payments.sandbox.store import SAVED_ANSWER, TIMER, Obj, Store, Transaction

log = logging.getLogger("payments.sandbox.timers")

INTERVAL_SECONDS = 0.5
_PURGE_SECONDS = 3600


class Timers:
    """A thread that does what is due, each timer in a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stop = threading.Event()
        self._purged = time.time()
        self._thread = threading.Thread(target=self._work, name="timers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=2)

    def _work(self) -> None:
        while not self._stop.wait(INTERVAL_SECONDS):
            try:
                self.run_due()
            except Exception:
                log.exception("a timer failed")

    def run_due(self) -> None:
        now = time.time()
        for timer in self._store.all(TIMER):
            if timer["due"] <= now:
                self._run(timer)
        if now > self._purged + _PURGE_SECONDS:
            self._purged = now
            with self._store.transaction() as tx:
                for answer in self._store.all(SAVED_ANSWER):
                    if answer["expires"] <= now:
                        tx.drop(answer["id"])

    def _run(self, timer: Obj) -> None:
        try:
            with self._store.transaction() as tx:
                if tx.find(TIMER, timer["id"]):
                    tx.drop(timer["id"])
                    _act(tx, timer)
        except ApiError as refusal:
            # Overtaken: the session was paid, the refund failed by hand, ...
            log.debug("timer %s: %s", timer["action"], refusal)
            with self._store.transaction() as tx:
                tx.drop(timer["id"])


def _act(tx: Transaction, timer: Obj) -> None:
    match timer["action"]:
        case "expire_session":
            checkout.expire_session(tx, timer["session"])
        case "settle":
            checkout.settle(tx, timer["session"], succeeded=timer["succeeded"])
        case "refund_succeeds":
            afterwards.succeed_refund(tx, timer["refund"])
        case "refund_fails":
            afterwards.fail_refund(tx, timer["refund"])
        case "dispute":
            afterwards.create_dispute(
                tx, timer["charge"], reason=timer["reason"], amount_cents=None
            )
        case action:
            raise ValueError(f"unknown timer {action}")
