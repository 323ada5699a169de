"""The door for the mail service's reports: anymail's views, open only while they are guarded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from totetaxi.lib.access import audience

# What a parser of anymail raises for a body that is not the service's.
UNREADABLE = (
    *(AnymailError, ImproperlyConfigured),
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
)


def webhook(service: str, view_class: type[Any]) -> Callable[..., HttpResponseBase]:
    """The view for reports of ``service``, anymail's word for it ("amazon_ses").

    It is there only while EMAIL_BACKEND names this service and ANYMAIL_WEBHOOK_SECRET is set:
    without a secret anymail would let everybody in.
    """

    class View(view_class):  # type: ignore[misc]  # anymail has no types
        def run_validators(self, request: HttpRequest) -> None:
            with _refusing_what_is_unreadable():
                super().run_validators(request)

        def parse_events(self, request: HttpRequest) -> Any:
            with _refusing_what_is_unreadable():
                return super().parse_events(request)

    view = View.as_view()

    @audience("signed_webhook")
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        backend = f"anymail.backends.{service}.EmailBackend"
        if backend != settings.EMAIL_BACKEND or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
            raise Http404
        response: HttpResponseBase = view(request)
        return response

    return guarded


@contextmanager
def _refusing_what_is_unreadable() -> Iterator[None]:
    """Answer 400, with words that quote nothing of the body."""
    try:
        yield
    except SuspiciousOperation:
        raise
    except UNREADABLE as error:
        raise SuspiciousOperation(f"Unreadable mail report: {type(error).__name__}") from None
