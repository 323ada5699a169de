"""What every template of the office may use."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from logistics.services import dispatch_is_on
from staff.navigation import navigation
from totetaxi.outbox.health import standstill


def staff(request: HttpRequest) -> dict[str, Any]:
    """On pages of the office: the profile, its capabilities by name, the menu, what is amiss."""
    profile = getattr(request, "staff", None)
    if profile is None:
        return {}
    return {
        "staff": profile,
        "staff_can": profile.capabilities,
        "staff_nav": SimpleLazyObject(lambda: navigation(request, profile)),
        "dispatch_is_off": not dispatch_is_on(),
        "standstill": SimpleLazyObject(standstill),
    }
