"""``python -m totetaxi.deploy.healthy`` ends with 0 if this container's web server is well."""

import os
import sys
import urllib.request

SECONDS = 4


def is_healthy() -> bool:
    """Whether /health/ answers 200, asked under a host name that the site allows."""
    request = urllib.request.Request(f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/health/")
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].lstrip(".")
    request.add_header("Host", host)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(not is_healthy())
