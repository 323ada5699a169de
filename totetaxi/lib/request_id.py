"""An id for each request and each queued task, on every log line written meanwhile."""

import logging
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# What a proxy may choose. Anything else could break a log line or hide in it.
ACCEPTED = re.compile(r"[A-Za-z0-9-]{8,64}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The id of what is being worked on, empty between requests."""
    return _current.get()


@contextmanager
def working_on(identifier: str) -> Iterator[None]:
    """Log lines written inside carry ``identifier``."""
    token = _current.set(identifier)
    try:
        yield
    finally:
        _current.reset(token)


class RequestIdFilter(logging.Filter):
    """Gives log records their ``request_id``; lets all of them pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id."""
        record.request_id = current()
        return True


class RequestIdMiddleware:
    """Takes the id from a trusted proxy or makes one, and answers with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with X-Request-ID."""
        given = request.headers.get(HEADER, "") if settings.TRUSTED_PROXIES else ""
        identifier = given if ACCEPTED.fullmatch(given) else uuid.uuid4().hex
        with working_on(identifier):
            response = self.get_response(request)
        response[HEADER] = identifier
        return response
