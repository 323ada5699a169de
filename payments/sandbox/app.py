"""The parts of the stand-in, put together."""

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from payments.sandbox.checkout import Settings
from payments.sandbox.idempotency import Keys
from payments.sandbox.store import Store
from payments.sandbox.timers import Timers
from payments.sandbox.webhooks import Dispatcher
from totetaxi.lib.standin.faults import FaultBook

KEPT_REQUESTS = 1000


@dataclass
class App:
    """One running stand-in."""

    store: Store
    dispatcher: Dispatcher
    timers: Timers
    settings: Settings
    merchant: str = "ToteTaxi"
    # How long "Pay and delay the webhook" holds the webhook back.
    webhook_delay_seconds: float = 20.0
    faults: FaultBook = field(default_factory=FaultBook)
    # The newest API requests, newest last.
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.keys = Keys(self.store)

    def start(self) -> None:
        self.dispatcher.start()
        self.timers.start()

    def stop(self) -> None:
        self.timers.stop()
        self.dispatcher.stop()
        self.store.close()
