"""What browsers are told with every answer: settings for Django, and the headers it has none for.

Rules R680-R681.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

YEAR: Final = 365 * 24 * 60 * 60  # seconds
SELF: Final = "'self'"
NONE: Final = "'none'"

# Features of the browser that no page of ours, nor anything in it, may use; paying is for us alone.
PERMISSIONS: Final = ", ".join(
    [
        *(
            f"{feature}=()"
            for feature in (
                *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture"),
                *("geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi"),
                *("screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
            )
        ),
        "payment=(self)",
    ]
)
# Also on the answers to requests that no page of ours makes, which Django's own middleware leaves
# without: an unknown Host ends in it.
ALWAYS: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# Pages about somebody, and those that carry a token: for no cache and no search engine.
PRIVATE_PATHS: Final = (
    *("/account/", "/admin/", "/booking/", "/pay/", "/sandbox/", "/staff/", "/webhooks/"),
    # Of the wizard the first page alone is for search engines.
    *("/book/calendar/", "/book/quote/", "/book/reset/", "/book/review/", "/book/zip/"),
)


def header_settings(
    *, production: bool, checkout_origins: Sequence[str], https: bool, hsts_seconds: int
) -> dict[str, Any]:
    """The settings of Django and django-csp about headers and cookies, by name.

    ``checkout_origins``: where forms may lead besides us (Stripe's pages). ``https``: whether
    http:// is answered with a redirect. ``hsts_seconds``: how long browsers insist on https://.
    """
    settings: dict[str, Any] = {
        "CONTENT_SECURITY_POLICY": {
            "DIRECTIVES": _content_security_policy(checkout_origins, production=production)
        },
        "SECURE_REFERRER_POLICY": ALWAYS["Referrer-Policy"],
        "SECURE_SSL_REDIRECT": production and https,
        "SECURE_REDIRECT_EXEMPT": [r"^health/(ready/)?$"],  # Load balancers ask without TLS.
        "SECURE_HSTS_SECONDS": hsts_seconds if production else 0,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": production,
        "SECURE_HSTS_PRELOAD": production,
        "SESSION_COOKIE_SECURE": production,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",  # Strict would sign people out on the way from a mail.
        "CSRF_COOKIE_SECURE": production,
        "CSRF_COOKIE_HTTPONLY": True,  # htmx sends the token of the page's <body>.
        "CSRF_COOKIE_SAMESITE": "Lax",
    }
    if production:
        # Browsers take cookies of these names from this host alone, never from a subdomain.
        settings["SESSION_COOKIE_NAME"] = "__Host-sessionid"
        settings["CSRF_COOKIE_NAME"] = "__Host-csrftoken"
    return settings


def _content_security_policy(
    checkout_origins: Sequence[str], *, production: bool
) -> dict[str, list[str] | bool]:
    """Everything from our own files, nothing inline, nothing in frames."""
    directives: dict[str, list[str] | bool] = {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF, "data:"],  # The QR code of a second factor, arrows of select fields.
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        # The development mailbox shows mails in frames.
        "frame-src": [NONE if production else SELF],
        # Chromium also applies this to the redirect that follows a form's POST.
        "form-action": [SELF, *checkout_origins],
    }
    if production:
        directives["upgrade-insecure-requests"] = True
    return directives


class HeadersMiddleware:
    """Adds what a response lacks of ALWAYS; keeps private pages out of caches and indexes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the headers."""
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if request.path_info.startswith(PRIVATE_PATHS):
            response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
            if "no-store" not in response.get("Cache-Control", ""):
                patch_cache_control(response, private=True, no_store=True)
        return response
