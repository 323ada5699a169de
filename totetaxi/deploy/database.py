"""How processes connect to PostgreSQL."""

import sys
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

ENGINE = "django.db.backends.postgresql"


def database(env: environ.Env, *, embedded: str) -> dict[str, Any]:
    """The database of DATABASE_URL, else of DB_NAME and the rest, else the one at ``embedded``."""
    if url := env.str("DATABASE_URL", "") or embedded:
        found: dict[str, Any] = environ.Env.db_url_config(url)
    else:
        found = {
            "ENGINE": ENGINE,
            "NAME": env.str("DB_NAME", ""),
            "USER": env.str("DB_USER", ""),
            "PASSWORD": env.str("DB_PASSWORD", ""),
            "HOST": env.str("DB_HOST", ""),
            "PORT": env.str("DB_PORT", ""),
        }
    if found["ENGINE"] != ENGINE:
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database.")
    found["CONN_HEALTH_CHECKS"] = True
    # The queue forks, and its children would share the sockets of a pool.
    if "qcluster" in sys.argv:
        found["CONN_MAX_AGE"] = 60
    elif pool_size := env.int("DB_POOL_SIZE", 0):
        pool = {"min_size": 1, "max_size": pool_size, "timeout": env.int("DB_POOL_TIMEOUT", 10)}
        found["OPTIONS"] = {**found.get("OPTIONS", {}), "pool": pool}
    return found
