"""Who may open which page of the office, and how often."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control

from staff import sessions
from staff.capabilities import WHO_CAN, Capability
from staff.models import StaffProfile
from totetaxi.lib import clock
from totetaxi.lib.htmx import HtmxRequest, is_refresh
from totetaxi.lib.ratelimit import count, too_many_requests, typed_before

if TYPE_CHECKING:
    from totetaxi.users.models import User

__all__ = ["Capability", "StaffRequest", "is_refresh", "staff_page"]

Rate = Literal["dashboard", "lists", "reports", "booking", "detail", "change", "resend", "refresh"]
View = TypeVar("View", bound=Callable[..., HttpResponseBase])
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class StaffRequest(HtmxRequest):
    """A request of somebody who is signed in to the office and may do what the view is for."""

    staff: StaffProfile
    user: "User"


def staff_page(capability: Capability, rate: Rate = "lists") -> Callable[[View], View]:
    """Declare that a view belongs to the office and needs ``capability``, and hold to it.

    Stands above all other decorators. Signed out: to the office's sign-in. Customers: 403.
    Lacking the capability: 403, a page that says who has it. More often than the "staff_..." rates
    allow this person this view: 429. Page loads count under ``rate``, what htmx refreshes under
    "refresh", and whatever changes something under "change", or "resend" where that is the rate;
    with ``rate="refresh"`` all counts there, for previews that are posted.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response: HttpResponseBase | None = _refusal(request, capability)
            response = response or _too_often(request, view, rate)
            response = response or view(request, *args, **kwargs)
            # Nothing of the office stays behind in a browser or a proxy.
            patch_cache_control(response, private=True, no_store=True)
            return response

        made: Any = guarded
        made.audience = f"staff:{capability}"
        made.capability = capability
        return made  # type: ignore[no-any-return]  # Wrapped: the same signature.

    return mark


def _refusal(request: HtmxRequest, capability: Capability) -> HttpResponse | None:
    """Why this person may not open the page; None, and request.staff set, if they may."""
    profile = sessions.profile_of(request)
    if profile is None and request.user.is_authenticated:
        return render(request, "staff/403_customer.html", status=403)
    if profile is None or not sessions.is_valid(request, profile):
        if sessions.SESSION_KEY in request.session or profile is not None:
            sessions.end(request)  # For good, also if their standing is restored.
        return _to_sign_in(request)
    request.staff = profile  # type: ignore[attr-defined]  # This makes it a StaffRequest.
    if not profile.can(capability):
        return render(request, "staff/403.html", {"who_can": WHO_CAN[capability]}, status=403)
    return None


def _to_sign_in(request: HtmxRequest) -> HttpResponse:
    """To the sign-in page, and from there back to this page if it can be opened by a link."""
    back = request.get_full_path() if request.method in SAFE_METHODS else reverse("staff:dashboard")
    return redirect_to_login(back, reverse("staff:login"))


def _too_often(request: StaffRequest, view: Callable[..., Any], rate: Rate) -> HttpResponse | None:
    """The 429 page, if this person asked this view more often than they may."""
    kind = _kind(request, rate)
    seconds = count(
        request,
        f"staff_{kind}",
        value=str(request.user.pk),
        group=f"staff:{kind}:{view.__module__}.{view.__qualname__}",
    )
    if not seconds:
        return None
    if is_refresh(request):
        return too_many_requests(request, seconds)
    again = clock.now() + timedelta(seconds=seconds)
    context = {"seconds": seconds, "again": again, "typed": typed_before(request)}
    response = render(request, "staff/429.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _kind(request: StaffRequest, rate: Rate) -> Rate:
    """Under which of the office's rates this request counts."""
    if rate == "refresh":
        return "refresh"
    if request.method not in SAFE_METHODS:
        return "resend" if rate == "resend" else "change"
    if is_refresh(request):
        return "refresh"
    # A form is opened as a record is; what it sends counts as a change.
    return "detail" if rate in ("change", "resend") else rate
