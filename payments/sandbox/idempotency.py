"""Idempotency keys: the same key gets the same answer for 24 hours.

An answer is saved in the transaction of the work itself, so after a crash either both are there or
neither. A request refused before it began (unknown parameter, ...) saves nothing, as at Stripe.
"""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from payments.sandbox.errors import ApiError
from payments.sandbox.store import SAVED_ANSWER, Obj, Store, Transaction

KEPT_SECONDS = 24 * 3600
LONGEST_KEY = 255


@dataclass(frozen=True)
class Claim:
    """One request's hold on a key, with the answer saved under it earlier, if there is one."""

    record_id: str
    key: str
    path: str
    fingerprint: str
    request_id: str
    saved: Obj | None

    def save(self, tx: Transaction, status: int, body: bytes) -> None:
        tx.add(
            {
                "id": self.record_id,
                "object": SAVED_ANSWER,
                "path": self.path,
                "fingerprint": self.fingerprint,
                "request_id": self.request_id,
                "status": status,
                "body": body.decode(),
                "expires": time.time() + KEPT_SECONDS,
            }
        )


class Keys:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._in_use: dict[str, str] = {}  # record id -> fingerprint of the request under way

    @contextmanager
    def claim(
        self, *, account: str, key: str, path: str, body: bytes, request_id: str
    ) -> Iterator[Claim]:
        """Hold ``key`` while the block runs; raises if it is held, or was used differently."""
        if len(key) > LONGEST_KEY:
            message = f"Idempotency keys can be at most {LONGEST_KEY} characters long."
            raise ApiError(400, message, kind="idempotency_error")
        fingerprint = _digest(path.encode() + b"\n" + b"&".join(sorted(body.split(b"&"))))
        record_id = f"key_{_digest(account.encode())[:12]}_{_digest(key.encode())}"
        with self._lock:
            saved = self._store.find(SAVED_ANSWER, record_id)
            if saved and saved["expires"] <= time.time():
                saved = None
            _check_same(key, path, fingerprint, saved, self._in_use.get(record_id))
            if record_id in self._in_use:
                raise ApiError(
                    409,
                    "There is currently another in-progress request using this Idempotent Key "
                    "(that probably means you submitted twice, and the other request is still "
                    f"going through): {key}. Please try again later.",
                    kind="idempotency_error",
                    code="idempotency_key_in_use",
                )
            self._in_use[record_id] = fingerprint
        try:
            yield Claim(record_id, key, path, fingerprint, request_id, saved)
        finally:
            with self._lock:
                del self._in_use[record_id]


def _check_same(
    key: str, path: str, fingerprint: str, saved: Obj | None, in_use: str | None
) -> None:
    known = saved["fingerprint"] if saved else in_use
    if known is None or known == fingerprint:
        return
    advice = f"Try using a key other than '{key}' if you meant to execute a different request."
    if saved and saved["path"] != path:
        message = (
            "Keys for idempotent requests can only be used for the same endpoint they were first "
            f"used for ('{path}' vs '{saved['path']}'). {advice}"
        )
    else:
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. {advice}"
        )
    raise ApiError(400, message, kind="idempotency_error")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
