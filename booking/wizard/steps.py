"""The steps of the wizard: which there are, in which order, and who may open which.

There is one rule set: a step may be opened once ``evaluate`` finds no problem in any step before
it. Nothing here judges answers by itself. Whose contact is in their profile walks a path without
the contact step; it can still be opened from the review.
"""

from dataclasses import dataclass
from typing import Final, Literal

from django.urls import reverse

from catalog.pricing import Evaluation

Path = tuple["Step", ...]
State = Literal["done", "now", "ahead"]


@dataclass(frozen=True)
class Step:
    """One page of the wizard; ``slug`` is also the step that problems name."""

    slug: str
    title: str

    @property
    def url(self) -> str:
        """Where it is."""
        if self.slug == "review":
            return reverse("booking:review")
        return reverse("booking:step", args=[self.slug])

    @property
    def position(self) -> int:
        """Its place among the steps, from 0."""
        return STEPS.index(self)


STEPS: Final = (
    Step("service", "Service"),
    Step("schedule", "Date and time"),
    Step("addresses", "Addresses"),
    Step("contact", "Contact"),
    Step("review", "Review and pay"),
)
REVIEW: Final = STEPS[-1]
BY_SLUG: Final = {step.slug: step for step in STEPS}
CONTACT: Final = BY_SLUG["contact"]


def path(*, contact: bool, at: Step = REVIEW) -> Path:
    """The steps of an order, as seen from ``at``; ``contact`` is whether it is to be asked for."""
    return tuple(step for step in STEPS if contact or step != CONTACT or step == at)


@dataclass(frozen=True)
class Stop:
    """One step in the progress line; ``is_open`` ones are links."""

    step: Step
    state: State
    is_open: bool


@dataclass(frozen=True)
class Progress:
    """The progress line of a page."""

    stops: tuple[Stop, ...]
    now: Step

    @property
    def number(self) -> int:
        """Which step this is, from 1."""
        return [stop.step for stop in self.stops].index(self.now) + 1


def first_incomplete(evaluation: Evaluation) -> Step:
    """The first step with something to put right, or the review."""
    steps = (step for step in STEPS[:-1] if evaluation.problems_for(step.slug))
    return next(steps, REVIEW)


def is_open(step: Step, evaluation: Evaluation) -> bool:
    """Whether every step before ``step`` is complete."""
    return step.position <= first_incomplete(evaluation).position


def before(step: Step, path: Path = STEPS) -> Step | None:
    """The step that Back leads to; None at the start."""
    place = path.index(step)
    return path[place - 1] if place else None


def after(step: Step, path: Path = STEPS) -> Step:
    """The step that Continue leads to."""
    return path[min(path.index(step) + 1, len(path) - 1)]


def progress(now: Step, evaluation: Evaluation, path: Path = STEPS) -> Progress:
    """The progress line as seen from ``now``: every step that may be opened can be gone to."""
    frontier = first_incomplete(evaluation).position

    def state(step: Step) -> State:
        if step == now:
            return "now"
        return "done" if step.position < frontier else "ahead"

    stops = (Stop(step, state(step), step.position <= frontier) for step in path)
    return Progress(tuple(stops), now)
