"""Plots as the geometry of an inline SVG: whole numbers in a fixed frame, drawn by the template.

The numbers of a plot always stand in a table beside it, so the drawing itself only needs a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH, HEIGHT = 1000, 260
LEFT, TOP, BOTTOM, RIGHT = 86, 12, 30, 8
MOST_TICKS: Final = 9
STEPS: Final = (1, 2, 5, 10)


@dataclass(frozen=True)
class Value:
    """What one column shows: ``whole`` behind, ``part`` (at most as high) in front of it."""

    tick: str
    title: str
    whole: int
    part: int


@dataclass(frozen=True)
class Column:
    """One column of the plot; ``part_...`` is the part in front."""

    x: int
    width: int
    whole_y: int
    whole_height: int
    part_y: int
    part_height: int
    title: str
    tick: str
    middle: int


@dataclass(frozen=True)
class Plot:
    """Columns over a scale; ``lines`` are (y, amount) of the scale."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[int, int], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    baseline: int = HEIGHT - BOTTOM

    @property
    def tick_y(self) -> int:
        return self.height - 8

    @property
    def scale_x(self) -> int:
        return self.left - 8


def plot(values: Sequence[Value]) -> Plot:
    """Place the columns; never fewer than one step of scale, so that nothing divides by nought."""
    top = nice_top(max((value.whole for value in values), default=0))
    depth = HEIGHT - TOP - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / max(len(values), 1)
    gap = 1 if slot < 8 else max(2, int(slot) // 4)
    every = -(-len(values) // MOST_TICKS)
    columns = []
    for number, value in enumerate(values):
        whole, part = value.whole * depth // top, value.part * depth // top
        columns.append(
            Column(
                x=LEFT + int(number * slot) + gap // 2,
                width=max(int(slot) - gap, 1),
                whole_y=TOP + depth - whole,
                whole_height=whole,
                part_y=TOP + depth - part,
                part_height=part,
                title=value.title,
                tick=value.tick if number % every == 0 else "",
                middle=LEFT + int((number + 0.5) * slot),
            )
        )
    lines = tuple((TOP + depth - depth * n // 4, top * n // 4) for n in range(5))
    return Plot(tuple(columns), lines)


def nice_top(most: int) -> int:
    """The end of a scale of four steps, each a round number of dollars."""
    step = 100  # a dollar, in cents
    while True:
        for factor in STEPS:
            if step * factor * 4 >= most:
                return step * factor * 4
        step *= 10


def share(value: int, most: int, of: int = 100) -> int:
    """How long a bar of ``value`` is when the longest is ``of``; what there is shows."""
    return max(value * of // most, 1) if most > 0 and value > 0 else 0
