"""Bring a backup back, and prove that it is all there (R687)."""

import re
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from totetaxi.lib.progress import Progress
from totetaxi.operations.errors import OperationError
from totetaxi.operations.facts import (
    facts,
    known_migrations,
    table_names,
    tables_with_rows,
)
from totetaxi.operations.manifest import Manifest, manifest_path, sha256_of
from totetaxi.operations.programs import Program, program, server_major

ENTRIES = re.compile(r"TOC Entries: (\d+)")
DONE = re.compile(r"(?:finished|processing) item \d")
SHOWN = 5


def restore(path: Path, *, replace: bool, really: str, jobs: int) -> list[str]:
    """Fill the database from ``path``; what differs from the manifest afterwards (nothing).

    Unless ``replace``, the database must be without rows. In production ``really`` must be its
    name. Everything is checked before anything is touched. Raises OperationError.
    """
    manifest = Manifest.read(manifest_path(path))
    _refuse_wrong_file(path, manifest)
    _refuse_wrong_migrations(manifest)
    _refuse_wrong_database(replace=replace, really=really)
    needed = max(manifest.pg_dump_major, server_major())
    pg_restore = program("pg_restore", for_major=needed)
    _empty_the_database()
    _fill(pg_restore, path, jobs)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with Progress(len(table_names()) + 1, "tables counted and checked") as done:
        return manifest.facts.differences(facts(at=manifest.made_at, step=done.add))


def _refuse_wrong_file(path: Path, manifest: Manifest) -> None:
    if not path.is_file():
        raise OperationError(f"There is no {path}.")
    if path.stat().st_size != manifest.file_bytes or sha256_of(path) != manifest.sha256:
        raise OperationError(
            f"{path} is not what was written then (its SHA-256 differs): take another copy."
        )


def _refuse_wrong_migrations(manifest: Manifest) -> None:
    known, applied = {*known_migrations()}, {*manifest.migrations}
    for missing, words in (
        (applied - known, "The backup is of a newer release than this; it has"),
        (known - applied, "The backup is of an older release than this; it lacks"),
    ):
        if missing:
            raise OperationError(
                f"{words} {_some(sorted(missing))}. Restore with the release that made it, and "
                "then release this one."
            )


def _refuse_wrong_database(*, replace: bool, really: str) -> None:
    name = str(connection.settings_dict["NAME"])
    if settings.PRODUCTION and really != name:
        raise OperationError(f"This is production: say --yes-really {name} if you mean it.")
    if not replace and (filled := tables_with_rows()):
        raise OperationError(
            f"The database {name} has rows in {_some(filled)}. Restore into an empty one, or say "
            "--replace to lose them."
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        (others,) = cursor.fetchone()
    if others:
        raise OperationError(f"{others} others use the database {name}: stop web and queue first.")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _empty_the_database() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS public CASCADE")
        cursor.execute("CREATE SCHEMA public")
        cursor.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


def _fill(pg_restore: Program, path: Path, jobs: int) -> None:
    arguments = [
        *("--no-owner", "--no-privileges", "--exit-on-error", "--verbose", f"--jobs={jobs}"),
        *(f"--dbname={connection.settings_dict['NAME']}", str(path)),
    ]
    listed = "\n".join(pg_restore.lines(["--list", str(path)]))
    entries = ENTRIES.search(listed)
    try:
        with Progress(int(entries[1]) if entries else 0, "objects restored") as done:
            for line in pg_restore.lines(arguments):
                if DONE.search(line):
                    done.add()
    except OperationError as error:
        raise OperationError(
            f"{error}\nThe database holds a part of the backup now: restore again with --replace."
        ) from error
