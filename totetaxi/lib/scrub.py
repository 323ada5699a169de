"""Takes out of texts what must stand in no log, error report or stored failure (rule R684)."""

import re
import traceback
from typing import Final

from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.db.utils import IntegrityError
from django.template import TemplateDoesNotExist, TemplateSyntaxError

from totetaxi.lib.errors import PermanentError, TemporaryError

# A signed link's token is a part of its path; our own ids (UUIDs) have 36 characters.
TOKEN_IN_PATH: Final = re.compile(r"(?<=/)[^/\s?]{37,}")
QUERY_STRING: Final = re.compile(r"\?[^\s\"]+")
# PostgreSQL names the offending values there: "Key (email)=(ann@example.com) already exists."
DATABASE_DETAIL: Final = re.compile(r"^DETAIL:.*$", re.MULTILINE)
# No name in front of an @ is longer; without a limit a long text without one would take minutes.
EMAIL: Final = re.compile(r"[^\s@<>\"'(]{1,64}@[^\s@<>\"')]+")
PHONE: Final = re.compile(
    r"(?<![\w-])(?:\+\d{8,15}|(?:\+?1[\s.-]?)?\(?\d{3}\)?[\s.-]?\d{3}[\s.-]?\d{4})(?![\w-])"
)
KEY: Final = re.compile(r"\b(?:sk|rk|whsec)_\w+|\w{1,64}_secret_\w+")
# As long as a signed token, but for Stripe's ids, and for long names in code and database.
TOKEN: Final = re.compile(
    r"(?<![\w-])(?!(?:cs|pi|ch|re|evt|dp|du|py|pyr)_)(?![a-z]+(?:_[a-z0-9]+)+(?![\w-]))[\w-]{40,}"
)
# Keys of sessions and of forms: 32 letters and digits. Our ids are hexadecimal.
SESSION_KEY: Final = re.compile(r"(?<![\w-])(?=\w*[g-zG-Z])(?=\w*\d)[A-Za-z0-9]{32}(?![\w-])")

# Errors whose words are about code, the database's structure or a service, never about a person.
TELLING: Final = (
    PermanentError,
    TemporaryError,
    FieldError,
    ImproperlyConfigured,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    TemplateDoesNotExist,
    TemplateSyntaxError,
    AttributeError,
    ImportError,
    NameError,
    TypeError,
)


def scrub(text: str) -> str:
    """``text`` without tokens, keys, query strings, emails, phones and values of the database."""
    text = DATABASE_DETAIL.sub("DETAIL: left out", text)
    text = TOKEN_IN_PATH.sub("...", QUERY_STRING.sub("", text))
    for pattern in (EMAIL, KEY, TOKEN, SESSION_KEY, PHONE):
        text = pattern.sub("...", text)
    return text


def first_line(error: BaseException) -> str:
    """The first line of what an error says, scrubbed."""
    return scrub((str(error).strip().splitlines() or [""])[0])


def words_of(error: BaseException) -> str:
    """An error's class, and its first line if its kind quotes nothing of people.

    Any other may quote what somebody typed: a name or a street, which no pattern knows.
    """
    return f"{type(error).__qualname__}: {what_it_says(error)}".rstrip(": ")


def what_it_says(error: BaseException) -> str:
    """The first line of an error whose kind quotes nothing of people; of any other, nothing."""
    return first_line(error) if isinstance(error, TELLING) else ""


def chain_of(error: BaseException | None) -> list[BaseException]:
    """An error and what led to it, as Python tells it, the first cause first."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.insert(0, error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain


def traceback_of(error: BaseException) -> str:
    """Where an error came from, its causes first, without what the errors quote."""
    return "\n\nIt led to:\n\n".join(
        "Traceback (most recent call last):\n"
        + "".join(traceback.format_tb(link.__traceback__))
        + words_of(link)
        for link in chain_of(error)
    )
