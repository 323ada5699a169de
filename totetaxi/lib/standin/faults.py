"""Faults that tests ask for: what goes wrong with the next matching requests.

Kinds that keep the work from being done: ``error_500``, ``error_429``, ``timeout_before``,
``reset``. Kinds that do the work and lose or spoil the answer: ``timeout_after``,
``error_500_after``, ``reset_after``, ``truncate`` (the connection ends early), ``bad_json`` (half a
body under the right length). ``slow`` waits first. A stand-in may add kinds of its own.
"""

import itertools
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from totetaxi.lib.standin.web import Response

BEFORE: Final = ("error_500", "error_429", "timeout_before", "reset")
AFTER: Final = ("timeout_after", "error_500_after", "reset_after", "truncate", "bad_json")
KINDS: Final = (*BEFORE, *AFTER, "slow")

#: Waits so many seconds, or until the stand-in stops.
Wait = Callable[[float], object]
#: The service's own answer with this status.
ErrorAnswer = Callable[[int], Response]


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


def fail_first(fault: Fault, wait: Wait, error: ErrorAnswer) -> Response | None:
    """The failure that keeps the work from being done, if the fault is of that sort."""
    match fault.kind:
        case "error_500":
            return error(500)
        case "error_429":
            return error(429)
        case "timeout_before":
            wait(fault.seconds)
            return Response(0, ending="drop")
        case "reset":
            return Response(0, ending="reset")
    return None


def fail_after(fault: Fault, wait: Wait, error: ErrorAnswer, response: Response) -> Response:
    """The answer to work that was done, lost or spoiled as the fault says."""
    match fault.kind:
        case "error_500_after":
            return error(500)
        case "timeout_after":
            wait(fault.seconds)
            return Response(0, ending="drop")
        case "reset_after":
            return Response(0, ending="reset")
        case "truncate":
            return replace(response, ending="cut")
        case "bad_json":
            return replace(response, body=response.body[: len(response.body) // 2])
    return response
