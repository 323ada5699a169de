"""An id for each request and each queued task, on every log line written meanwhile."""

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# What a proxy may choose. Anything else could break a log line or hide in it.
ACCEPTED = re.compile(r"[A-Za-z0-9-]{8,64}")

# Load balancers ask for these all the time; style sheets and fonts say nothing.
QUIET_PATHS = ("/health/", "/static/")
# Longer than a word of ours in an address, shorter than a token.
LONGEST_WORD = 20

logger = logging.getLogger("totetaxi.requests")
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


class RequestLogMiddleware:
    """Writes one line for each request: what was asked, by whose id, what came, how long it took.

    Stands below RequestIdMiddleware, for the id.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and log it."""
        started = time.perf_counter()
        response = self.get_response(request)
        facts: dict[str, object] = {
            "method": request.method,
            "path": path_without_tokens(request),
            "status": response.status_code,
            "ms": round((time.perf_counter() - started) * 1000),
        }
        # Only where the request has found out who it is: a look costs a query.
        if user := getattr(request, "_cached_user", None):
            facts["user"] = user.pk or ""
        level = logging.DEBUG if request.path_info.startswith(QUIET_PATHS) else logging.INFO
        logger.log(level, "%s %s %s", *list(facts.values())[:3], extra=facts)
        return response


def path_without_tokens(request: HttpRequest) -> str:
    """The path, with "..." for what its URL takes as a text and is too long for a word."""
    path = request.path_info
    match = request.resolver_match
    for value in match.kwargs.values() if match else ():
        if isinstance(value, str) and len(value) > LONGEST_WORD:
            path = path.replace(value, "...")
    return path
