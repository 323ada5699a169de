"""Run a job by hand."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from totetaxi.lib.clock import NEW_YORK
from totetaxi.outbox.failures import describe
from totetaxi.outbox.models import Job
from totetaxi.outbox.registry import ScheduledJob, jobs
from totetaxi.outbox.services import run_job


class Command(BaseCommand):
    """Respects the job's switch, as the schedule does. Ends with 1 if the job failed."""

    help = "Run a job now and print what it says it did; without a name, list the jobs."

    def add_arguments(self, parser: CommandParser) -> None:
        """The job's name."""
        parser.add_argument("name", nargs="?", help="such as outbox.deliver_due")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it; a failure is on its record as well."""
        if not options["name"]:
            self._list()
            return
        try:
            result = run_job(options["name"])
        except LookupError as error:
            raise CommandError(str(error)) from error
        except Exception as error:
            raise CommandError(f"{options['name']} failed: {describe(error)}") from error
        self.stdout.write(result)

    def _list(self) -> None:
        """Each job with its cadence, its switch and its last run, New York time."""
        records = {record.name: record for record in Job.objects.all()}
        for job in jobs():
            record = records.get(job.name) or Job(name=job.name)
            switch = "on" if record.enabled else "off"
            self.stdout.write(f"{job.name:24} {job.cron:14} {switch:4} {_last_run(record)}")
            self.stdout.write(f"{'':24} {_described(job)}")


def _described(job: ScheduledJob) -> str:
    return f"{job.label} (first value: {job.setting})" if job.setting else job.label


def _last_run(record: Job) -> str:
    if record.last_started_at is None:
        return "not run yet"
    when = f"{record.last_started_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
    if record.is_unfinished:
        return f"{when} started, not finished"
    return f"{when} {'ok: ' + record.last_result if record.last_ok else record.last_error}"
