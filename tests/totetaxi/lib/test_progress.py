"""How far a long command is."""

from io import StringIO

import pytest

from totetaxi.lib import progress


class Terminal(StringIO):
    """An output that people look at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    """Two seconds pass between one look and the next."""
    seconds = iter(range(0, 1000, 2))
    monkeypatch.setattr("time.monotonic", lambda: float(next(seconds)))


def test_without_a_terminal_a_line_every_few_seconds(clock):
    out = StringIO()
    with progress.Progress(1000, "bookings", out) as done:
        for _ in range(4):
            done.add(250)
    lines = out.getvalue().splitlines()
    assert [line.split(" after")[0] for line in lines] == ["750 of 1,000 bookings"]


def test_in_a_terminal_a_bar():
    out = Terminal()
    with progress.Progress(1000, "bookings", out) as done:
        done.add(1000)
    assert "100%" in out.getvalue()
    assert "1000/1000" in out.getvalue()
