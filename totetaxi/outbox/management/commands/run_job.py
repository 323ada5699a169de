"""Run a job by hand."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from totetaxi.outbox.registry import jobs
from totetaxi.outbox.services import run_job


class Command(BaseCommand):
    """Respects the job's switch, as the schedule does."""

    help = "Run a job now and print what it says it did; without a name, list the jobs."

    def add_arguments(self, parser: CommandParser) -> None:
        """The job's name."""
        parser.add_argument("name", nargs="?", help="such as outbox.deliver_due")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it."""
        if not options["name"]:
            for job in jobs():
                self.stdout.write(f"{job.name:32} {job.cron:16} {job.label}")
            return
        try:
            result = run_job(options["name"])
        except LookupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(result)
