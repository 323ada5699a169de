"""Restore a backup."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from totetaxi.operations.errors import OperationError
from totetaxi.operations.restores import restore


class Command(BaseCommand):
    """Ends with code 1 unless every row is as it was."""

    help = "Fill the database from FILE and compare every row and the invariants with FILE.json."

    def add_arguments(self, parser: CommandParser) -> None:
        """From where, and what may be lost."""
        parser.add_argument("file", type=Path)
        into = parser.add_mutually_exclusive_group(required=True)
        into.add_argument(
            "--into-empty", action="store_true", help="Only if the database has no rows."
        )
        into.add_argument("--replace", action="store_true", help="Lose what the database holds.")
        parser.add_argument(
            "--yes-really", default="", metavar="NAME", help="In production: the database's name."
        )
        parser.add_argument("--jobs", type=int, default=2, help="How many connections work.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, and say whether all is there."""
        started = time.monotonic()
        try:
            differences = restore(
                options["file"],
                replace=options["replace"],
                really=options["yes_really"],
                jobs=options["jobs"],
            )
        except OperationError as error:
            raise CommandError(str(error)) from error
        seconds = time.monotonic() - started
        if differences:
            raise CommandError("\n".join(["Not what was backed up:", *differences]))
        self.stdout.write(f"Every row and I1 to I6 are as they were ({seconds:.1f} s).")
