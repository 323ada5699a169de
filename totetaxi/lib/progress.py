"""How far a long command is: a bar in a terminal, a line every few seconds anywhere else."""

import sys
import time
from types import TracebackType
from typing import Final, TextIO

from tqdm import tqdm

SECONDS_BETWEEN_LINES: Final = 5.0


class Progress:
    """Counts up to ``total`` of ``unit``: ``with Progress(100, "bookings") as done: done.add(3)``.

    It goes to the error output, so that what a command prints can be used by another program.
    """

    def __init__(self, total: int, unit: str, out: TextIO | None = None) -> None:
        self.total, self.unit, self.done = total, unit, 0
        self._out = out or sys.stderr
        self._begun = self._told = time.monotonic()
        self._bar = tqdm(
            total=total, unit=f" {unit}", file=self._out, disable=not self._out.isatty()
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._begun

    def add(self, count: int = 1) -> None:
        """``count`` more are done."""
        self.done += count
        self._bar.update(count)
        now = time.monotonic()
        if self._bar.disable and now - self._told >= SECONDS_BETWEEN_LINES:
            self._told = now
            print(
                f"{self.done:,} of {self.total:,} {self.unit} after {self.seconds:.0f} s",
                file=self._out,
                flush=True,
            )
