"""Take a person out of everything we keep, and keep the records of money."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from totetaxi.operations import persons
from totetaxi.operations.errors import OperationError
from totetaxi.operations.forgetting import forget


class Command(BaseCommand):
    """Cannot be undone (rules R694 to R696)."""

    help = (
        "Remove a person by email, in any case: account, guest bookings, or both. Bookings and "
        "money stay on record without them. Without --yes-remove-this-person it only says what "
        "there is. Refused for the office, and while a booking, refund or dispute is going on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom, and whether in earnest."""
        parser.add_argument("email")
        parser.add_argument("--yes-remove-this-person", action="store_true", help="Do it.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what there is, or take it out."""
        email = options["email"].strip()
        person = persons.find(email)
        if "@" not in email or not person.has_anything:
            raise CommandError(f"Nobody here has the email address {email}.")
        for name, count in person.counts().items():
            if count:
                self.stdout.write(f"{count:>6} {name}")
        for booking in person.bookings:
            self.stdout.write(f"       {booking.booking_number}, {booking.get_status_display()}")
        if reasons := list(persons.obstacles(person)):
            raise CommandError("Not yet:\n  - " + "\n  - ".join(reasons))
        others = list(persons.elsewhere(person))
        if not options["yes_remove_this_person"]:
            self.stdout.write("Nothing was removed. To do it: --yes-remove-this-person")
            return
        try:
            left = forget(email)
        except OperationError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Removed. What only others can remove:")
        for sentence in others:
            self.stdout.write(f"  - {sentence}")
        if left:
            raise CommandError(f"{len(left)} files could not be deleted: {', '.join(left[:5])}")
