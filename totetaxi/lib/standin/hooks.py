"""One webhook, posted: what both stand-ins have in common about sending."""

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

MOST_BYTES_READ = 65536


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, timeout: float
) -> tuple[int | None, str]:
    """Post ``body``; the status of the answer, or None and why there was none.

    ``timeout`` is in seconds. Every call has a connection of its own, and no redirect is followed.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        return None, "no webhook URL"
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        response.read(MOST_BYTES_READ)
        return response.status, ""
    except (OSError, http.client.HTTPException) as error:
        return None, getattr(error, "strerror", None) or str(error) or type(error).__name__
    finally:
        connection.close()
