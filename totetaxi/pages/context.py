"""What every page knows about the site itself."""

import hashlib
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from catalog.context import facts_of

ANNOUNCEMENT_COOKIE: Final = "announcement"


def site(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``site_url``, the address that canonical links start with."""
    return {"site_url": settings.SITE_URL}


def announcement(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``announcement``, until this visitor has closed it."""
    return {"announcement": SimpleLazyObject(lambda: _not_closed(request))}


def _not_closed(request: HttpRequest) -> str:
    text = facts_of(request).announcement.strip()
    return "" if request.COOKIES.get(ANNOUNCEMENT_COOKIE) == mark_of(text) else text


def mark_of(text: str) -> str:
    """A short mark of a text, so that the next announcement is shown again."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
