"""Look at one booking from every side."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from totetaxi.operations import checkup


class Command(BaseCommand):
    """Only reads; ends with code 1 if something is wrong (rule R697)."""

    help = (
        "All about one booking on one screen: state, price, history, money, place, deliveries, "
        "messages, and what is wrong with it. Without names and addresses unless --show-contact."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which booking, and whom else to ask."""
        parser.add_argument("booking", help="number (TT-000123 or 123) or id")
        parser.add_argument("--stripe", action="store_true", help="Ask Stripe as well.")
        parser.add_argument("--onfleet", action="store_true", help="Ask Onfleet as well.")
        parser.add_argument("--show-contact", action="store_true", help="Name, email, addresses.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the report and the verdict."""
        booking = checkup.find(options["booking"])
        if booking is None:
            raise CommandError(f"There is no booking {options['booking']}.")
        report = checkup.check(
            booking,
            ask_stripe=options["stripe"],
            ask_onfleet=options["onfleet"],
            show_contact=options["show_contact"],
        )
        for title, lines in report.sections:
            self.stdout.write(self.style.MIGRATE_HEADING(title))
            for line in lines:
                self.stdout.write(f"  {line}")
        if report.faults:
            raise CommandError("Something is wrong:\n  - " + "\n  - ".join(report.faults))
        self.stdout.write(self.style.SUCCESS("All is well."))
