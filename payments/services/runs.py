"""How the work on the clock runs: alone, row by row, within its time, and by hand as well."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

from django.db import connection

from totetaxi.lib.errors import PermanentError, TemporaryError

logger = logging.getLogger(__name__)

Row = TypeVar("Row")

# The first part of this module's advisory locks, so that they meet no others.
RUN_LOCKS: Final = 20_261
# The queue ends a task after 60 seconds; one call to a dead Stripe may take half of that.
SECONDS: Final = 25.0
# Stripe does not answer so often in a row: it is down, and the next run is soon.
UNANSWERED: Final = 3
# Words for what a run could not do.
NO_ANSWER, REFUSED, BROKEN, LEFT = "unanswered", "refused by Stripe", "broken", "put off"
ALREADY_RUNNING: Final = "skipped: running elsewhere"


def _silent(text: str) -> None:
    """Jobs have nobody to talk to."""


@dataclass
class Run:
    """One run of a job: by the clock, or by hand with progress and perhaps without effect."""

    dry_run: bool = False
    say: Callable[[str], None] = _silent
    seconds: float | None = SECONDS
    counts: Counter[str] = field(default_factory=Counter)

    def each(self, rows: Iterable[Row], work: Callable[[Row], str]) -> None:
        """Do ``work`` for each row, each by itself: what one row raises does not stop the rest.

        ``work`` answers in a word what came of it. Stops when its time is over or Stripe is down.
        """
        started, unanswered = time.monotonic(), 0
        for row in rows:
            if self.seconds is not None and time.monotonic() - started > self.seconds:
                self.counts[LEFT] += 1
                return
            try:
                outcome = work(row)
                unanswered = 0
            except TemporaryError as error:
                outcome, unanswered = NO_ANSWER, unanswered + 1
                logger.warning("no answer about %s: %s", row, error)
            except PermanentError as error:
                outcome = REFUSED
                logger.warning("refused for %s: %s", row, error)
            except Exception:
                outcome = BROKEN
                logger.exception("could not finish %s", row)
            self.counts[outcome] += 1
            self.say(f"{row}: {outcome}")
            if unanswered >= UNANSWERED:
                logger.error("Stripe does not answer; the rest waits for the next run")
                return

    @property
    def gaps(self) -> int:
        """How many rows it could not finish."""
        return sum(self.counts[word] for word in (NO_ANSWER, REFUSED, BROKEN, LEFT))

    def summary(self, nothing: str) -> str:
        """ "3 paid, 1 unanswered"."""
        words = [f"{count} {word}" for word, count in sorted(self.counts.items()) if count]
        text = ", ".join(words) or nothing
        return f"{text} (nothing was changed)" if self.dry_run else text


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether this connection alone runs ``name``; a dead connection gives it up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [RUN_LOCKS, name])
        (locked,) = cursor.fetchone()
    try:
        yield locked
    finally:
        if locked and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [RUN_LOCKS, name])


def run_alone(name: str, work: Callable[[Run], str], run: Run | None = None) -> str:
    """Do the work unless it is under way elsewhere, by the clock or by hand."""
    with alone(name) as locked:
        return work(run or Run()) if locked else ALREADY_RUNNING
