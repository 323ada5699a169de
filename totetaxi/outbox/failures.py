"""Failures in words that may be stored."""

from totetaxi.lib.scrub import first_line
from totetaxi.outbox.models import ERROR_LENGTH


def describe(error: BaseException) -> str:
    """An error's class and first line, without emails, phone numbers and tokens."""
    return f"{type(error).__name__}: {first_line(error)}".rstrip(": ")[:ERROR_LENGTH]
