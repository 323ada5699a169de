"""Limits on how often one client may do something, counted in the shared counter cache."""

from collections.abc import Callable
from functools import wraps
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django_ratelimit.core import get_usage

from totetaxi.lib.htmx import VARY, HtmxRequest

UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 (a name for "no address", nothing listens there)
IPV6_CLIENT_BITS = 64  # One customer line usually has a whole /64 to choose addresses from.

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
    """The address in "1.2.3.4", "1.2.3.4:80", "::1" or "[::1]:80"; None if there is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def by_address(group: str, request: HttpRequest) -> str:
    """Count by client address; all of an IPv6 client's network counts as one."""
    address = client_address(request)
    if ":" in address:
        return str(ip_network(f"{address}/{IPV6_CLIENT_BITS}", strict=False))
    return address


def by_user(group: str, request: HttpRequest) -> str:
    """Count by account, and by client address for those not signed in."""
    return str(request.user.pk) if request.user.is_authenticated else by_address(group, request)


def by_field(name: str) -> Key:
    """Count by what was typed into a field, such as the email of an account, in any case."""

    def key(group: str, request: HttpRequest) -> str:
        return request.POST.get(name, "").strip().lower()

    return key


def limit(
    rate: str, *, key: Key = by_address, group: str | None = None, methods: tuple[str, ...] = ()
) -> Callable[[View], View]:
    """Answer 429 when one ``key`` calls the view more often than ``rate`` ("60/m", "30/h").

    Views with the same ``group`` share a count (default: each view has its own). With ``methods``
    only those requests count. Refused requests count as well.
    """

    def decorate(view: View) -> View:
        name = group or f"{view.__module__}.{view.__qualname__}"

        @wraps(view)
        def limited(request: HtmxRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not methods or request.method in methods:
                seconds = count(request, group=name, rate=rate, value=key(name, request))
                if seconds:
                    return too_many_requests(request, seconds)
            return view(request, *args, **kwargs)

        return limited  # type: ignore[return-value]  # Wrapped: the same signature.

    return decorate


def count(request: HttpRequest, *, group: str, rate: str, value: str) -> int:
    """Count one call by ``value``: 0 if it is within ``rate``, else the seconds to wait.

    For limits that a view can check only in its middle, such as checkouts per draft.
    """
    usage: dict[str, Any] | None = get_usage(
        request, group=group, key=lambda group, request: value, rate=rate, increment=True
    )
    if usage is None or not usage["should_limit"]:
        return 0
    return max(int(usage["time_left"]), 1)


def too_many_requests(request: HtmxRequest, seconds: int) -> HttpResponse:
    """The 429 page; an htmx request gets its friendly line alone, shown among the messages.

    The line goes to #messages instead of the refreshed part, which so keeps what it shows.
    """
    if request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request:
        response = render(request, "_too_many_requests.html", {"seconds": seconds}, status=429)
        response["HX-Retarget"] = "#messages"
        response["HX-Reswap"] = "innerHTML"
    else:
        response = render(request, "429.html", {"seconds": seconds}, status=429)
    response["Retry-After"] = str(seconds)
    response["Vary"] = ", ".join(VARY)
    response["Cache-Control"] = "no-store"
    return response
