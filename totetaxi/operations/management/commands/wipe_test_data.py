"""Take all bookings away, where all of them are test data."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from totetaxi.lib.progress import Progress
from totetaxi.operations import wiping
from totetaxi.operations.errors import OperationError
from totetaxi.operations.real_money import why_not_test_data


class Command(BaseCommand):
    """Refused in production, with a live Stripe key and with Onfleet's production (rule R692)."""

    help = (
        "Take away every booking with its money, history, deliveries, mails and files. Without "
        "--yes-wipe-everything it only says what would go. People, staff, catalog and booking "
        "numbers stay. Nothing is recalled at Onfleet or refunded at Stripe. Never in production."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether in earnest, and what stays."""
        parser.add_argument("--yes-wipe-everything", action="store_true", help="Do it.")
        parser.add_argument(
            "--keep-addresses", action="store_true", help="Leave the addresses of bookings."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what would go, or make it go."""
        if refusal := why_not_test_data():
            raise CommandError(refusal)
        keep = options["keep_addresses"]
        self.stdout.write(f"Database {connection.settings_dict['NAME']}:")
        if not options["yes_wipe_everything"]:
            self._list(list(wiping.parts(keep_addresses=keep)))
            self.stdout.write("Nothing was wiped. To do it: --yes-wipe-everything")
            return
        counted = 0
        with Progress(len(list(wiping.parts(keep_addresses=keep))), "tables") as progress:

            def told(part: wiping.Part, rows: int) -> None:
                nonlocal counted
                counted += rows
                progress.add()
                self._line(part, rows)

            try:
                left = wiping.wipe(keep_addresses=keep, told=told)
            except OperationError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"{counted:,} rows wiped in {progress.seconds:.1f} s.")
        if left:
            raise CommandError(f"{len(left)} files could not be deleted: {', '.join(left[:5])}")

    def _list(self, parts: list[wiping.Part]) -> None:
        for part in parts:
            self._line(part, part.count())
        self.stdout.write(f"{len(wiping.files()):>10,} files of documents and proofs")

    def _line(self, part: wiping.Part, rows: int) -> None:
        if rows:
            which = f" ({part.where})" if len(part.where) < 40 and part.where else ""
            self.stdout.write(f"{rows:>10,} {part.model._meta.verbose_name_plural}{which}")
