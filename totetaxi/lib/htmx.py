"""Pages and their parts for htmx."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

# Whatever decides between a page and its part, or the browser's Back may show a bare part.
VARY = ("HX-Request", "HX-Target", "HX-Boosted", "HX-History-Restore-Request")
REDIRECTS = {301, 302, 303, 307, 308}


class HtmxRequest(HttpRequest):
    """A request as django-htmx's middleware leaves it."""

    htmx: HtmxDetails


def is_refresh(request: HtmxRequest) -> bool:
    """Whether htmx asks for a part of a page that is open already."""
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_page(
    request: HtmxRequest,
    template: str,
    context: dict[str, Any],
    *,
    partials: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render ``template``, or the partial that ``partials`` names for the targeted element id.

    A client can ask only for the ids listed, so it cannot reach a partial past a check. Boosted
    links and a restored history need the whole page.
    """
    partial = (partials or {}).get(_target(request))
    name = f"{template}#{partial}" if partial else template
    response = render(request, name, context, status=status)
    patch_vary_headers(response, VARY)
    return response


def _target(request: HtmxRequest) -> str:
    """The id of the element that htmx will swap, empty if it wants the whole page."""
    return (request.htmx.target or "") if is_refresh(request) else ""


class RedirectMiddleware:
    """Sends htmx to another page where a browser would be redirected.

    htmx would follow the redirect by itself and swap, say, the sign-in page into a fragment.
    """

    def __init__(self, get_response: Callable[[HtmxRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HtmxRequest) -> HttpResponse:
        """Answer; a redirect for htmx becomes 204 with HX-Redirect, cookies and all."""
        response = self.get_response(request)
        if request.htmx and response.status_code in REDIRECTS and response.has_header("Location"):
            response.headers["HX-Redirect"] = _back_to_page(request, response["Location"])
            del response.headers["Location"]
            response.status_code = 204
            response.content = b""
            patch_vary_headers(response, VARY)
        return response


def _back_to_page(request: HtmxRequest, location: str) -> str:
    """``location``; if it is the sign-in page, then one that leads back to the page in view.

    Without this, signing in would end on the address of the fragment.
    """
    parts = urlsplit(location)
    query = dict(parse_qsl(parts.query))
    try:
        page = request.htmx.current_url_abs_path
    except ValueError:  # The header holds no address.
        page = None
    sign_ins = {resolve_url(settings.LOGIN_URL), resolve_url(settings.STAFF_LOGIN_URL)}
    if not page or REDIRECT_FIELD_NAME not in query or parts.path not in sign_ins:
        return location
    return urlunsplit(parts._replace(query=urlencode(query | {REDIRECT_FIELD_NAME: page})))


class MessagesMiddleware:
    """Appends waiting messages to a fragment, to be swapped into #messages out of band."""

    def __init__(self, get_response: Callable[[HtmxRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HtmxRequest) -> HttpResponse:
        """Answer; messages that the response does not show itself come after a fragment."""
        response = self.get_response(request)
        if request.htmx and _is_fragment(response):
            storage = get_messages(request)
            if not getattr(storage, "used", False) and len(storage):
                context = {"messages": storage, "oob": True}
                response.write(render_to_string("_messages.html", context))
        return response


def _is_fragment(response: HttpResponse) -> bool:
    """Whether htmx will swap the body of this response into the page."""
    return (
        response.status_code == 200
        and not response.streaming
        and response.get("Content-Type", "").startswith("text/html")
        and not any(response.has_header(name) for name in ("HX-Redirect", "HX-Refresh"))
    )
