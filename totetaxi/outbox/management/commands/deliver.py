"""Deliver one message, or all that are due, without the queue."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from totetaxi.lib.clock import real_now
from totetaxi.outbox.models import Message
from totetaxi.outbox.services import deliver, retry_dead


class Command(BaseCommand):
    """For the day on which the queue itself is the trouble."""

    help = "Deliver the message with this id (a dead one is revived), or all that are due."

    def add_arguments(self, parser: CommandParser) -> None:
        """The message's id."""
        parser.add_argument("message_id", nargs="?")

    def handle(self, *args: Any, **options: Any) -> None:
        """Deliver, and say what became of it."""
        due = Message.objects.due(real_now())
        if options["message_id"]:
            message = _message(options["message_id"])
            if message is None:
                raise CommandError(f"There is no message {options['message_id']}.")
            retry_dead(message)
            due = Message.objects.waiting().filter(pk=message.pk)
        ids = list(due.values_list("pk", flat=True))
        done = sum(deliver(message_id) for message_id in ids)
        self.stdout.write(f"{done} of {len(ids)} delivered")


def _message(text: str) -> Message | None:
    try:
        return Message.objects.filter(pk=UUID(text)).first()
    except ValueError:
        return None
