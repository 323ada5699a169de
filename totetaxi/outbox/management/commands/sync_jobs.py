"""Make the queue's schedules those of the code."""

from typing import Any

from django.core.management.base import BaseCommand

from totetaxi.outbox.scheduling import sync_jobs


class Command(BaseCommand):
    """Run at every start, after the migrations; safe to repeat."""

    help = "Create, correct and remove the schedules of the jobs in the code."

    def handle(self, *args: Any, **options: Any) -> None:
        """Sync, and say what changed."""
        counts = sync_jobs()
        self.stdout.write(", ".join(f"{number} {word}" for word, number in counts.items()))
