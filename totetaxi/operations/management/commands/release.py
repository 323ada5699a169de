"""The release step."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from totetaxi.operations.errors import OperationError
from totetaxi.operations.releases import release


class Command(BaseCommand):
    """Once for each release, before its web and queue start."""

    help = "Wait for the database, migrate, seed the catalog, sync the jobs, add the first admin."

    def handle(self, *args: Any, **options: Any) -> None:
        """Release, and say what was done."""
        try:
            release(self.stdout.write)
        except OperationError as error:
            raise CommandError(str(error)) from error
