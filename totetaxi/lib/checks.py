"""System checks of what this package reads from the settings."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from totetaxi.lib.clock import parse_start

# Counters there are not shared by processes, or lose hits.
UNSHARED_CACHES = ("locmem", "dummy", "filebased", "db.DatabaseCache")


@register(Tags.compatibility)
def clock_start(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """CLOCK_START is a moment."""
    try:
        parse_start(settings.CLOCK_START)
    except ValueError:
        message = f"CLOCK_START is no moment: {settings.CLOCK_START!r}"
        return [Error(message, hint="Write it as 2026-06-10T09:59.", id="totetaxi.E001")]
    return []


@register(Tags.security)
def trusted_proxies(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """TRUSTED_PROXIES counts proxies."""
    if settings.TRUSTED_PROXIES >= 0:
        return []
    return [Error("TRUSTED_PROXIES is negative; 0 means none.", id="totetaxi.E002")]


@register(Tags.caches)
def counter_cache(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Rate limits are counted once for all processes, and every hit."""
    backend = settings.CACHES.get(settings.RATELIMIT_USE_CACHE, {}).get("BACKEND", "")
    if backend and not any(name in backend for name in UNSHARED_CACHES):
        return []
    message = f"Rate limits cannot be counted in {backend or 'a cache that is not configured'}."
    return [Error(message, hint="Use PgCounterCache or Redis.", id="totetaxi.E003")]
