"""Load the catalog a fresh site needs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from catalog.seeding import seed


class Command(BaseCommand):
    """Creates what is missing and changes nothing that is there; safe to run at every start."""

    help = "Create what the catalog lacks: prices, rules, ZIP codes, policy. Changes nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether in earnest."""
        parser.add_argument("--dry-run", action="store_true", help="Only say what is missing.")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            created = seed()
            transaction.set_rollback(options["dry_run"])
        what = "missing" if options["dry_run"] else "created"
        for kind, count in created.items():
            self.stdout.write(f"{kind}: {count} {what}")
        if not created:
            self.stdout.write("The catalog is complete; nothing to do.")
