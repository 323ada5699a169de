"""A cache for counters alone: each add and increment is one atomic PostgreSQL statement.

Django's own database cache reads and then writes, so that under load most of the hits are lost. The
table is unlogged (a crash empties it, which is harmless) and belongs to ``totetaxi.outbox``.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import DatabaseError, connections
from redis.exceptions import RedisError

#: What a cache raises that cannot be reached, whichever it is.
CACHE_IS_DOWN: Final = (RedisError, DatabaseError, OSError)
FOREVER = 100 * 365 * 24 * 60 * 60  # seconds


class _Timeout(Protocol):
    """DEFAULT_TIMEOUT is a bare object(): nothing to hold on to."""


class PgCounterCache(BaseCache):
    """Whole numbers under string keys, in the table that LOCATION names."""

    def __init__(self, table: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._table = table
        self._alias: str = params.get("OPTIONS", {}).get("DB_ALIAS", "default")

    def _run(self, sql: str, arguments: Sequence[str | float | None]) -> tuple[Any, ...] | None:
        """The first row that ``sql`` returns; {t} in it stands for the table."""
        connection = connections[self._alias]
        with connection.cursor() as cursor:
            cursor.execute(sql.format(t=connection.ops.quote_name(self._table)), arguments)
            row: tuple[Any, ...] | None = cursor.fetchone() if cursor.description else None
            return row

    def _seconds(self, timeout: _Timeout | float | None) -> float:
        if timeout is DEFAULT_TIMEOUT:
            timeout = self.default_timeout
        return FOREVER if timeout is None else float(timeout)  # type: ignore[arg-type]  # object()

    def add(
        self,
        key: str,
        value: Any,
        timeout: _Timeout | float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Store ``value`` unless the key is there and has not expired; whether it was stored."""
        row = self._run(
            "INSERT INTO {t} AS counter (key, n, expires)"
            " VALUES (%s, %s, now() + %s * interval '1 second')"
            " ON CONFLICT (key) DO UPDATE SET n = EXCLUDED.n, expires = EXCLUDED.expires"
            " WHERE counter.expires <= now() RETURNING 1",
            [self.make_and_validate_key(key, version), int(value), self._seconds(timeout)],
        )
        return row is not None

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """The number under the key, else ``default``."""
        row = self._run(
            "SELECT n FROM {t} WHERE key = %s AND expires > now()",
            [self.make_and_validate_key(key, version)],
        )
        return default if row is None else row[0]

    def set(
        self,
        key: str,
        value: Any,
        timeout: _Timeout | float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        """Store ``value``, whatever was there."""
        self._run(
            "INSERT INTO {t} (key, n, expires) VALUES (%s, %s, now() + %s * interval '1 second')"
            " ON CONFLICT (key) DO UPDATE SET n = EXCLUDED.n, expires = EXCLUDED.expires",
            [self.make_and_validate_key(key, version), int(value), self._seconds(timeout)],
        )

    def touch(
        self,
        key: str,
        timeout: _Timeout | float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Let the key expire ``timeout`` seconds from now; whether it was there."""
        row = self._run(
            "UPDATE {t} SET expires = now() + %s * interval '1 second'"
            " WHERE key = %s AND expires > now() RETURNING 1",
            [self._seconds(timeout), self.make_and_validate_key(key, version)],
        )
        return row is not None

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add ``delta`` and return the sum; the expiry stays. Raises ValueError if it is gone."""
        row = self._run(
            "UPDATE {t} SET n = n + %s WHERE key = %s AND expires > now() RETURNING n",
            [delta, self.make_and_validate_key(key, version)],
        )
        if row is None:
            raise ValueError(f"Key {key!r} not found")
        total: int = row[0]
        return total

    def delete(self, key: str, version: int | None = None) -> bool:
        """Remove the key; whether it was there."""
        row = self._run(
            "DELETE FROM {t} WHERE key = %s RETURNING 1",
            [self.make_and_validate_key(key, version)],
        )
        return row is not None

    def clear(self) -> None:
        """Remove all keys."""
        self._run("DELETE FROM {t}", [])

    def purge(self) -> int:
        """Remove what has expired; how many keys that were."""
        row = self._run(
            "WITH gone AS (DELETE FROM {t} WHERE expires <= now() RETURNING 1)"
            " SELECT count(*) FROM gone",
            [],
        )
        return row[0] if row else 0
