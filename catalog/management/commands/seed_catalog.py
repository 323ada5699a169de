"""Load the catalog a fresh site needs."""

from typing import Any

from django.core.management.base import BaseCommand

from catalog.seeding import seed


class Command(BaseCommand):
    """Creates what is missing and changes nothing that is there; safe to run at every start."""

    help = "Create what the catalog lacks: prices, rules, ZIP codes, policy. Changes nothing else."

    def handle(self, *args: Any, **options: Any) -> None:
        created = seed()
        for kind, count in created.items():
            self.stdout.write(f"{kind}: {count} created")
        if not created:
            self.stdout.write("The catalog is complete; nothing to do.")
