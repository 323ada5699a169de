"""Limits on how often one client may do something, counted in the shared counter cache.

The rates themselves are one table, ``totetaxi.deploy.rates``.
"""

import logging
import re
from collections.abc import Callable
from functools import wraps
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, Final, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django_ratelimit.core import get_usage

from totetaxi.lib.counters import CACHE_IS_DOWN
from totetaxi.lib.htmx import VARY, HtmxRequest, is_refresh

logger = logging.getLogger(__name__)
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 (a name for "no address", nothing listens there)
IPV6_CLIENT_BITS = 64  # One customer line usually has a whole /64 to choose addresses from.
#: Names of fields whose values are never put into a page.
SECRETS: Final = re.compile(r"password|secret|^code$")

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
Key = Callable[[str, HttpRequest], str]


def client_address(request: HttpRequest) -> str:
    """The client's IP address, which no header that the client itself sends can change.

    Each of our TRUSTED_PROXIES appends to X-Forwarded-For the address it was called from, so the
    client is that many entries from the right; what stands further left is the client's own
    invention. Without proxies, and if the header is too short or not an address, it is the
    address of the connection.
    """
    hops = settings.TRUSTED_PROXIES
    forwarded = request.headers.get("X-Forwarded-For", "").split(",") if hops else []
    candidates = [forwarded[-hops]] if 0 < hops <= len(forwarded) else []
    candidates.append(request.META.get("REMOTE_ADDR", ""))
    addresses = (_parse(text) for text in candidates)
    return next((str(address) for address in addresses if address), UNKNOWN_ADDRESS)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address in "1.2.3.4", "1.2.3.4:80", "::1", "[::1]:80" or "fe80::1%eth0", else None."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def client_network(address: str) -> IPv4Network | IPv6Network:
    """What counts as one client: an IPv4 address, or the whole /64 of an IPv6 address."""
    bits = f"/{IPV6_CLIENT_BITS}" if ":" in address else ""
    return ip_network(f"{address}{bits}", strict=False)


def by_address(group: str, request: HttpRequest) -> str:
    """Count by client address; all of an IPv6 client's network counts as one."""
    address = client_address(request)
    return str(client_network(address)) if ":" in address else address


def by_user(group: str, request: HttpRequest) -> str:
    """Count by account, and by client address for those not signed in."""
    return str(request.user.pk) if request.user.is_authenticated else by_address(group, request)


def by_field(name: str) -> Key:
    """Count by what was typed into a field, such as the email of an account, in any case."""

    def key(group: str, request: HttpRequest) -> str:
        return request.POST.get(name, "").strip().lower()

    return key


def limit(
    rate: str,
    *,
    key: Key = by_address,
    group: str | None = None,
    methods: tuple[str, ...] = (),
    refreshes: bool = False,
) -> Callable[[View], View]:
    """Answer 429 when one ``key`` calls the view more often than settings.RATES[``rate``] says.

    Views with the same ``group`` share a count (default: each view has its own). With ``methods``
    only those requests count, and with ``refreshes`` also what htmx refreshes. Refused requests
    count as well. Raises KeyError where the view is defined if there is no such rate.
    """
    settings.RATES[rate]  # A misspelt name is found at the start.

    def decorate(view: View) -> View:
        name = group or f"{view.__module__}.{view.__qualname__}"

        @wraps(view)
        def limited(request: HtmxRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            is_counted = not methods or request.method in methods
            if is_counted or (refreshes and is_refresh(request)):
                seconds = count(request, rate, value=key(name, request), group=name)
                if seconds:
                    return too_many_requests(request, seconds)
            return view(request, *args, **kwargs)

        limited.rates = {rate, *getattr(view, "rates", ())}  # type: ignore[attr-defined]  # Tests read it
        return limited  # type: ignore[return-value]  # Wrapped: the same signature.

    return decorate


def count(request: HttpRequest, rate: str, *, value: str, group: str | None = None) -> int:
    """Count one call by ``value``: 0 if it is within settings.RATES[``rate``], else the wait.

    The wait is in seconds. For limits that a view can check only in its middle, such as checkouts
    per draft. While the counters cannot be reached nobody is refused (rule R672).
    """
    if not value:  # An empty field is nobody: whoever leaves it empty is told so by the form.
        return 0
    group = group or rate
    try:
        usage: dict[str, Any] | None = get_usage(
            request,
            group=group,
            key=lambda group, request: value,
            rate=settings.RATES[rate],
            increment=True,
        )
    except CACHE_IS_DOWN as error:
        logger.error("limit %s not counted: %s", rate, type(error).__name__)
        return 0
    if usage is None or not usage["should_limit"]:
        return 0
    return max(int(usage["time_left"]), 1)


def too_many_requests(request: HtmxRequest, seconds: int) -> HttpResponse:
    """The 429 page; an htmx request gets its friendly line alone, shown among the messages.

    The line goes to #messages instead of the refreshed part, which so keeps what it shows. The
    page after a form holds what was typed, and a button that sends it again (rule R671).
    """
    if is_refresh(request):
        response = render(request, "_too_many_requests.html", {"seconds": seconds}, status=429)
        response["HX-Retarget"] = "#messages"
        response["HX-Reswap"] = "innerHTML"
    else:
        context = {"seconds": seconds, "typed": typed_before(request)}
        response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(seconds)
    response["Vary"] = ", ".join(VARY)
    response["Cache-Control"] = "no-store"
    return response


def typed_before(request: HttpRequest) -> list[tuple[str, str]]:
    """What a refused form sent, to be sent again; nothing of forms with secrets or files."""
    if request.method != "POST" or request.FILES:
        return []
    if any(SECRETS.search(name) for name in request.POST):
        return []
    return [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]
