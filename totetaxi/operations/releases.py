"""What a release does to the database before its web and queue start (R688)."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError, connection

from staff.capabilities import Role
from staff.models import StaffProfile
from totetaxi.operations.errors import OperationError

RELEASE_LOCK = 20_262  # An advisory lock: each machine may run its release step.
DATABASE_SECONDS = 60
LOCK_SECONDS = 900
LOOK_SECONDS = 1.0


def release(say: Callable[[str], None]) -> None:
    """Bring tables, catalog and jobs to this code, and make the first administrator.

    Harmless to repeat, and for two at once: the second waits. Raises OperationError.
    """
    wait_for_database()
    with _alone():
        call_command("migrate", interactive=False)
        call_command("createcachetable")
        call_command("seed_catalog")
        call_command("sync_jobs")
        say(make_first_admin())


def wait_for_database(seconds: float = DATABASE_SECONDS) -> None:
    """Return as soon as the database takes connections. Raises OperationError after a while."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.ensure_connection()
            return
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > deadline:
                raise OperationError(
                    f"The database did not answer for {seconds:.0f} s: {error}"
                ) from error
            time.sleep(LOOK_SECONDS)


def make_first_admin() -> str:
    """Add FIRST_ADMIN_EMAIL as an administrator if there never was one; what was done, in words.

    The link to set a password goes by mail: what a release prints is kept in logs.
    """
    if not settings.FIRST_ADMIN_EMAIL:
        return "No FIRST_ADMIN_EMAIL."
    if StaffProfile.objects.filter(role=Role.ADMIN).exists():
        return "There is an administrator."
    try:
        call_command(
            *("create_staff", settings.FIRST_ADMIN_EMAIL, "--role", Role.ADMIN),
            *("--superuser", "--mail"),
        )
    except CommandError as error:
        return f"No administrator was made: {error}"
    return "The first administrator is added; create_staff EMAIL --again prints a link, too."


@contextmanager
def _alone() -> Iterator[None]:
    """Let one release after the other do its work.

    Asked for again and again, because a query that waits for a lock holds up the building of
    indexes for which the lock's owner may be waiting.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    while not _ask("SELECT pg_try_advisory_lock(%s)"):
        if time.monotonic() > deadline:
            raise OperationError(f"Another release has been at it for {LOCK_SECONDS} s.")
        time.sleep(LOOK_SECONDS)
    try:
        yield
    finally:
        if connection.is_usable():
            _ask("SELECT pg_advisory_unlock(%s)")


def _ask(query: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(query, [RELEASE_LOCK])
        return bool(cursor.fetchone()[0])
