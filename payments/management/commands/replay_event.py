"""Act on events of Stripe's again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from payments.models import StripeEvent
from payments.services import replay_event
from totetaxi.lib.errors import PermanentError, TemporaryError


class Command(BaseCommand):
    """Harmless to repeat: acting on an event asks Stripe how things stand now (rule R614)."""

    help = "Act on these events again (evt_...), or on all that were never acted on."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which events."""
        parser.add_argument("event_id", nargs="*")
        parser.add_argument("--unprocessed", action="store_true", help="All that still wait.")
        parser.add_argument("--dry-run", action="store_true", help="Only say which.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Act on each, and say what came of it."""
        ids: list[str] = list(options["event_id"])
        if options["unprocessed"]:
            waiting = StripeEvent.objects.filter(processed_at=None).order_by("received_at")
            ids += waiting.values_list("pk", flat=True)
        if not ids and not options["unprocessed"]:
            raise CommandError("Name events, or use --unprocessed.")
        if not ids:
            self.stdout.write("No event waits.")
        failed = 0
        for event_id in ids:
            if options["dry_run"]:
                self.stdout.write(f"{event_id}: would be acted on")
                continue
            try:
                self.stdout.write(f"{event_id}: {replay_event(event_id)}")
            except (TemporaryError, PermanentError) as error:
                failed += 1
                self.stdout.write(f"{event_id}: {error}")
        if failed:
            raise CommandError(f"{failed} of {len(ids)} could not be acted on.")
