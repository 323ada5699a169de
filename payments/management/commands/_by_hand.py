"""What the commands that run a job by hand have in common."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from payments.services.runs import Run, run_alone
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.outbox.models import Job


class ByHand(BaseCommand):
    """Runs one job now, with a line for each row; never beside another run of the same job."""

    job_name: str
    work: Callable[[Run], str]

    def add_arguments(self, parser: CommandParser) -> None:
        """What every such command understands."""
        parser.add_argument("--dry-run", action="store_true", help="Look, and change nothing.")
        parser.add_argument(
            "--anyway", action="store_true", help="Even while the job is switched off."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it, and say what it did."""
        switched_off = Job.objects.filter(name=self.job_name, enabled=False).exists()
        if switched_off and not (options["anyway"] or options["dry_run"]):
            raise CommandError(f"{self.job_name} is switched off; --anyway runs it all the same.")
        run = Run(dry_run=options["dry_run"], say=self.stdout.write, seconds=None)
        try:
            told = run_alone(self.job_name, self.work_of(options), run)
        except (TemporaryError, PermanentError) as error:
            raise CommandError(f"{self.job_name} could not go on: {error}") from error
        self.stdout.write(told)

    def work_of(self, options: dict[str, Any]) -> Callable[[Run], str]:
        """The work to do; a command with arguments of its own overrides this."""
        return type(self).work
