"""Back up the database."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from totetaxi.operations.backups import back_up_media, backup, default_path
from totetaxi.operations.errors import OperationError
from totetaxi.operations.manifest import manifest_path


class Command(BaseCommand):
    """While the site runs; ends with code 1 if there is no backup afterwards."""

    help = "Write the database to FILE, and to FILE.json what `restore` compares with."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and whether with files."""
        parser.add_argument("file", nargs="?", type=Path, help="default: a new one in BACKUP_HOME")
        parser.add_argument(
            "--media", action="store_true", help="Pack the uploaded files beside it, too."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Back up, and say what is in it."""
        path = options["file"] or default_path()
        started = time.monotonic()
        try:
            manifest = backup(path)
        except OperationError as error:
            raise CommandError(str(error)) from error
        rows = sum(table.rows for table in manifest.facts.tables.values())
        broken = [one.number for one in manifest.facts.invariants if one.offenders]
        self.stdout.write(
            f"{path}: {manifest.file_bytes / 1e6:.1f} MB, {rows} rows in"
            f" {len(manifest.facts.tables)} tables, {time.monotonic() - started:.1f} s\n"
            f"{manifest_path(path)}: what a restore is compared with; invariants"
            f" {'broken: ' + ', '.join(broken) if broken else 'I1 to I6 hold'}"
        )
        if options["media"]:
            packed = back_up_media(path)
            self.stdout.write(f"{packed}" if packed else "Files lie in the bucket: see docs.")
