"""Write the whole database into a file, and beside it what the file must restore (R686)."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from totetaxi.lib import clock
from totetaxi.lib.progress import Progress
from totetaxi.operations.errors import OperationError
from totetaxi.operations.facts import applied_migrations, facts, table_names
from totetaxi.operations.manifest import Manifest, manifest_path, sha256_of
from totetaxi.operations.programs import Program, program, server_major

TABLE = re.compile("dumping contents of table ")


def default_path() -> Path:
    """A name that says when, in the folder of backups."""
    return Path(settings.BACKUP_HOME) / f"totetaxi-{clock.real_now():%Y%m%d-%H%M%S}.dump"


def backup(path: Path) -> Manifest:
    """Dump everything into ``path`` and write its manifest; both show one and the same moment.

    The site may run meanwhile. Neither file stands at its place before it is whole. Raises
    OperationError.
    """
    pg_dump = program("pg_dump", for_major=server_major())
    if path.exists() or manifest_path(path).exists():
        raise OperationError(f"{path} exists already: a backup never overwrites another.")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.touch(mode=0o600)  # It holds everybody's address.
    try:
        with _one_moment() as snapshot:
            made_at = clock.real_now()
            _dump(pg_dump, unfinished, snapshot)
            tables = table_names()
            with Progress(len(tables) + 1, "tables counted and checked") as done:
                found = facts(at=made_at, step=done.add)
            manifest = Manifest(
                made_at=made_at,
                database=str(connection.settings_dict["NAME"]),
                server_version=_server_version(),
                pg_dump_major=pg_dump.major,
                migrations=tuple(applied_migrations()),
                file_bytes=unfinished.stat().st_size,
                sha256=sha256_of(unfinished),
                facts=found,
            )
        manifest.write(manifest_path(path))
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def back_up_media(path: Path) -> Path | None:
    """Pack the uploaded files beside the backup ``path``; None where they lie in a bucket."""
    if settings.AWS_STORAGE_BUCKET_NAME:
        return None
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    packed = path.with_name(f"{path.name}.media")
    packed.with_name(f"{packed.name}.tar.gz").touch(mode=0o600)  # As private as the dump.
    return Path(shutil.make_archive(str(packed), "gztar", settings.MEDIA_ROOT))


@contextmanager
def _one_moment() -> Iterator[str]:
    """A view of the database that does not change, and its name for others to share it."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # We sit idle while pg_dump works; without our transaction the snapshot would end.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout TO 0")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]


def _dump(pg_dump: Program, path: Path, snapshot: str) -> None:
    arguments = [
        *("--format=custom", "--no-owner", "--no-privileges", "--no-comments", "--verbose"),
        *(f"--snapshot={snapshot}", f"--file={path}"),
    ]
    with Progress(len(table_names()), "tables written") as done:
        for line in pg_dump.lines(arguments):
            if TABLE.search(line):
                done.add()


def _server_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])
