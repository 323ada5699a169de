"""Load ZIP codes we serve from a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.seeding import ZIPS, load_zips


class Command(BaseCommand):
    """Adds ZIP codes; those we know already stay as staff left them."""

    help = "Add the ZIP codes of a file that are not known yet (default: those of the catalog)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, default=ZIPS, help="a JSON file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = load_zips(options["path"])
        except (OSError, LookupError, TypeError, ValueError) as error:
            raise CommandError(f"{options['path']} could not be read: {error!r}") from error
        self.stdout.write(f"ZIP codes: {count} created")
