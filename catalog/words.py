"""Dates, times and lists as sentences say them; for the texts the engine itself writes."""

from collections.abc import Iterable
from datetime import date, time


def day_words(day: date) -> str:
    """Write a date as "Saturday, June 13"."""
    return f"{day:%A, %B} {day.day}"


def clock_words(at: time) -> str:
    """Write a time as "8 AM" or "12:59 PM"."""
    hour = at.hour % 12 or 12
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{hour}{minutes} {'AM' if at.hour < 12 else 'PM'}"


def list_words(words: Iterable[str], *, last: str = "and") -> str:
    """Join words as "A", "A and B" or "A, B and C"; there must be one at least."""
    *first, final = words
    return f"{', '.join(first)} {last} {final}" if first else final


def count_words(count: int, noun: str) -> str:
    """Write a number of things as "1 item" or "2 items"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
