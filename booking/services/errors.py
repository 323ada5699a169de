"""Why an order cannot be taken or a price not kept: what callers tell the customer."""

from catalog.request import Problem


class NotBookableError(Exception):
    """The draft cannot become a booking as it stands; ``problems`` say what to do about it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


class PriceChangedError(Exception):
    """What the customer saw is not what it costs now; amounts in cents, nothing was changed."""

    def __init__(self, shown_cents: int, total_cents: int) -> None:
        super().__init__(f"{shown_cents} is now {total_cents}")
        self.shown_cents = shown_cents
        self.total_cents = total_cents


class DraftChangedError(Exception):
    """The draft was changed (in another tab) after the review page showed it."""
