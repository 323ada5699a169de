"""Load ZIP codes we serve from a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DataError, IntegrityError, transaction

from catalog.seeding import ZIPS, load_zips


class Command(BaseCommand):
    """Adds ZIP codes; those we know already stay as staff left them."""

    help = "Add the ZIP codes of a file that are not known yet (default: those of the catalog)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path",
            nargs="?",
            type=Path,
            default=ZIPS,
            help="JSON: zones (core, surcharge), each a list of label, state and zips; place_names",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                count = load_zips(options["path"])
        except (OSError, LookupError, TypeError, ValueError) as error:
            raise CommandError(f"{options['path']} could not be read: {error!r}") from error
        except (DataError, IntegrityError) as error:
            # A ZIP is five digits, a state is NY, NJ or CT.
            detail = str(error).splitlines()[-1]
            raise CommandError(f"{options['path']}: nothing was loaded. {detail}") from error
        self.stdout.write(f"ZIP codes: {count} created")
