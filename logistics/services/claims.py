"""One worker at a time at a task: calls to Onfleet cannot be made under a row lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from logistics.models import OnfleetTask
from totetaxi.lib import clock
from totetaxi.lib.errors import TemporaryError

# Longer than the queue lets a worker live (Q_CLUSTER["timeout"]), so that it outlives nobody.
CLAIM: Final = timedelta(seconds=90)


@contextmanager
def claimed(task: OnfleetTask) -> Iterator[None]:
    """Have a task alone, read anew; TemporaryError if somebody else has it."""
    if not task.claim(clock.real_now(), CLAIM):
        raise TemporaryError("another worker is at this task")
    try:
        task.refresh_from_db()
        yield
    finally:
        task.release()
