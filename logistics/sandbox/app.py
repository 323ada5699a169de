"""The parts of the stand-in, put together."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from logistics.sandbox.store import Store
from logistics.sandbox.webhooks import Dispatcher
from totetaxi.lib.standin.faults import FaultBook

KEPT_REQUESTS: Final = 1000
CALLS_A_SECOND: Final = 20


class Throttle:
    """Onfleet's limit: 20 calls within any second. Tests that are not about it raise it."""

    def __init__(self) -> None:
        self.limit = CALLS_A_SECOND
        self._calls: deque[float] = deque()
        self._lock = threading.Lock()

    def remaining(self) -> int:
        """Count a call; how many more are allowed now, -1 when this one was too many."""
        now = time.monotonic()
        with self._lock:
            while self._calls and self._calls[0] <= now - 1:
                self._calls.popleft()
            if len(self._calls) >= self.limit:
                return -1
            self._calls.append(now)
            return self.limit - len(self._calls)

    def reset(self) -> None:
        with self._lock:
            self._calls.clear()


@dataclass
class App:
    """One running stand-in."""

    store: Store
    dispatcher: Dispatcher
    api_key: str
    public_url: str = ""
    throttle: Throttle = field(default_factory=Throttle)
    faults: FaultBook = field(default_factory=FaultBook)
    # The newest API requests, newest last.
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self.dispatcher.start()

    def stop(self) -> None:
        self.dispatcher.stop()
        self.store.close()
