"""Faults that tests ask for: what goes wrong with the next matching requests.

Kinds that keep the work from being done: ``error_500``, ``error_429``, ``timeout_before``,
``reset``. Kinds that do the work and lose or spoil the answer: ``timeout_after``,
``error_500_after``, ``reset_after``, ``truncate`` (the connection ends early), ``bad_json`` (half a
body under the right length). ``slow`` waits first, holding the idempotency key. The ``wrong_…`` and
``other_session`` kinds change what is answered, never what is stored.
"""

import itertools
import threading
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from payments.sandbox.store import CHARGE, INTENT, SESSION, Obj, new_id

BEFORE = ("error_500", "error_429", "timeout_before", "reset")
AFTER = ("timeout_after", "error_500_after", "reset_after", "truncate", "bad_json")
ALTERING = ("wrong_amount", "wrong_currency", "other_session")
KINDS = (*BEFORE, *AFTER, "slow", *ALTERING)
_AMOUNTS = {
    SESSION: ("amount_total", "amount_subtotal"),
    INTENT: ("amount", "amount_received"),
    CHARGE: ("amount", "amount_captured"),
}


@dataclass
class Fault:
    """What goes wrong, for which requests (``METHOD /path``, ``*`` is a wildcard), how often.

    ``times`` None means until removed; ``skip`` lets that many matching requests through first.
    """

    id: int
    match: str
    kind: str
    times: int | None = 1
    skip: int = 0
    seconds: float = 10.0
    add_cents: int = 100
    currency: str = "eur"
    hits: int = field(default=0)


class FaultBook:
    """The faults in force. The first that matches is used up first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._ids = itertools.count(1)

    def add(self, **settings: Any) -> Fault:
        with self._lock:
            fault = Fault(id=next(self._ids), **settings)
            self._faults.append(fault)
            return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if any; counts it."""
        line = f"{method} {path}"
        with self._lock:
            for fault in self._faults:
                if not fnmatchcase(line, fault.match):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times is None or fault.hits < fault.times:
                    fault.hits += 1
                    return fault
        return None

    def all(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def clear(self, fault_id: int | None = None) -> None:
        with self._lock:
            self._faults = [
                fault for fault in self._faults if fault_id is not None and fault.id != fault_id
            ]


def spoil(answer: Any, fault: Fault, other_session: Obj | None) -> Any:
    """The answer as an altering fault shows it, expanded objects inside included."""
    if isinstance(answer, list):
        return [spoil(item, fault, other_session) for item in answer]
    if not isinstance(answer, dict):
        return answer
    kind = answer.get("object")
    if fault.kind == "other_session":
        return _someone_elses(answer, other_session) if kind == SESSION else answer
    spoiled = {name: spoil(value, fault, other_session) for name, value in answer.items()}
    if kind in _AMOUNTS:
        if fault.kind == "wrong_currency":
            spoiled["currency"] = fault.currency
        else:
            for name in _AMOUNTS[kind]:
                spoiled[name] += fault.add_cents
    return spoiled


def _someone_elses(answer: Obj, other: Obj | None) -> Obj:
    """Another session of the account, or one made up from this one without its marks."""
    if other is not None:
        return other
    return {
        **answer,
        "id": new_id(SESSION),
        "client_reference_id": None,
        "customer_email": None,
        "metadata": {},
        "payment_intent": answer["payment_intent"] and new_id(INTENT),
    }
