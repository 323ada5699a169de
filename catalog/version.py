"""The version of the catalog: a token in the shared cache that every committed change replaces.

A random token, not a count: a cache that lost the old one can never hand out a number that some
process still holds a stale copy for.
"""

import logging
import uuid

from django.core.cache import cache
from django.db import connection, transaction
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
KEY = "catalog-version"


def current() -> str | None:
    """The version all processes share, made when there is none.

    None inside a transaction while there is none: writing it there would make every other
    process that wants to write it wait for this transaction to end. None also while the cache
    cannot be reached: then every price is read from its rows (rule R672).
    """
    try:
        token: str | None = cache.get(KEY)
        if token is None and not connection.in_atomic_block:
            cache.add(KEY, uuid.uuid4().hex, timeout=None)
            token = cache.get(KEY)
    except (RedisError, OSError) as error:
        logger.error("catalog version not read: %s", type(error).__name__)
        return None
    return token


def replace() -> None:
    """Tell every process that what it read of the catalog is out of date."""
    cache.set(KEY, uuid.uuid4().hex, timeout=None)


def replace_after_commit() -> None:
    """Replace the version once the change just made is there for everyone, never before.

    A cache that is down does not undo the change: copies live for minutes only.
    """
    transaction.on_commit(replace, robust=True)


def changed_in_this_transaction() -> bool:
    """Whether the open transaction has changed the catalog, so that only it sees its rows.

    Django drops a hook when the savepoint it was made in is rolled back, which makes the list of
    hooks the exact record of what is still to be committed.
    """
    return any(entry[1] is replace for entry in connection.run_on_commit)
