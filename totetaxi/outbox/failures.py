"""Failures in words that may be stored and logged."""

import re

from totetaxi.outbox.models import ERROR_LENGTH

EMAIL = re.compile(r"[^\s@<>\"'(]+@[^\s@<>\"')]+")
PHONE = re.compile(
    r"(?<![\w-])(?:\+\d{8,15}|(?:\+?1[\s.-]?)?\(?\d{3}\)?[\s.-]?\d{3}[\s.-]?\d{4})(?![\w-])"
)
# Keys, and anything as long as a signed token; our ids (UUIDs) have 36 characters.
SECRET = re.compile(r"\b(?:sk|rk|whsec)_\w+|[\w-]{40,}")


def describe(error: BaseException) -> str:
    """An error's class and first line, without emails, phone numbers and tokens."""
    first_line = (str(error).strip().splitlines() or [""])[0]
    for pattern in (EMAIL, SECRET, PHONE):
        first_line = pattern.sub("...", first_line)
    return f"{type(error).__name__}: {first_line}".rstrip(": ")[:ERROR_LENGTH]
