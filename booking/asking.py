"""Mails nobody waits for: at which hours they go out, and how a job goes through its bookings."""

import logging
import time as process_time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, time
from typing import Final
from uuid import UUID

logger = logging.getLogger(__name__)

FIRST: Final = time(9)
# The run at 20:00 may start some minutes late, behind others in the queue.
LAST: Final = time(20, 5)
# The queue ends a task after 60 seconds, waits for a lost database included (rule R657); what is
# left waits for the next run.
SECONDS: Final = 25.0


def is_daytime(now: datetime) -> bool:
    """Whether such mails may go out at ``now``, by New York's wall clocks (rules R649 and R653)."""
    return FIRST <= now.time() <= LAST


def each(booking_ids: Iterable[UUID], ask: Callable[[UUID], bool], *, done: str) -> str:
    """Call ``ask`` for each booking by itself and say in words what came of it.

    What one raises does not stop the rest. ``ask`` answers whether it did anything.
    """
    counts: Counter[str] = Counter({done: 0})
    started = process_time.monotonic()
    for booking_id in booking_ids:
        if process_time.monotonic() - started > SECONDS:
            counts["put off"] += 1
            break
        try:
            counts[done if ask(booking_id) else "not wanted"] += 1
        except Exception:
            counts["broken"] += 1
            logger.exception("could not write about booking %s", booking_id)
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count or word == done)
