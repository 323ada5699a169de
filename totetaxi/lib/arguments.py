"""What people type after a command, read with an answer they understand."""

from argparse import ArgumentTypeError
from datetime import date


def day(text: str) -> date:
    """A day such as 2026-11-21."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no day: write it as 2026-11-21") from error
