"""Every view says who may call it; a test walks all URLs and fails on one that does not."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

Audience = Literal["public", "customer", "signed_webhook", "sandbox"]
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def audience(name: Audience) -> Callable[[View], View]:
    """Declare who may call a view, above all its other decorators, and hold to it.

    ``public``: anyone. ``customer``: who is signed in, others go to the sign-in page, and the
    office is told to use its own.
    ``signed_webhook``: a service that signs the body, which the view checks. ``sandbox``: anyone,
    outside production; there it does not exist.
    """

    def mark(view: View) -> View:
        guarded: Any = GUARDS.get(name, _open)(view)
        guarded.audience = name
        return guarded  # type: ignore[no-any-return]  # Wrapped: the same signature.

    return mark


def audience_of(callback: Callable[..., Any]) -> str | None:
    """The declared audience of a URL's callback, None if it has none."""
    return getattr(callback, "audience", None)


def _open(view: Callable[..., Any]) -> Callable[..., Any]:
    """A wrapper, so that marking a view of a library does not change the library's own."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = view(*args, **kwargs)
        return response

    return wrapper


def _outside_production(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.ENVIRONMENT == "production":
            raise Http404
        response: HttpResponseBase = view(request, *args, **kwargs)
        return response

    return wrapper


def _customers_only(view: Callable[..., Any]) -> Callable[..., Any]:
    @login_required
    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if getattr(request.user, "is_office", False):
            return render(request, "403_customers.html", status=403)
        response: HttpResponseBase = view(request, *args, **kwargs)
        return response

    return wrapper


GUARDS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "customer": _customers_only,
    "sandbox": _outside_production,
}
