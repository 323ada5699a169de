"""What every page knows about the site itself."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``site_url``, the address that canonical links start with."""
    return {"site_url": settings.SITE_URL}
