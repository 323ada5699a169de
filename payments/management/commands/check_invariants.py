"""Check what must always be true of money."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from payments.services.books import IN_FLIGHT, read_books
from payments.services.invariants import Result, check_all
from totetaxi.lib.errors import PermanentError, TemporaryError


class Command(BaseCommand):
    """Ends with code 1 if an invariant is broken, 2 if Stripe could not be asked."""

    help = "Check the invariants I1 to I6; with --stripe, against everything at Stripe."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether Stripe is asked, and about the last minutes as well."""
        parser.add_argument("--stripe", action="store_true", help="Compare with Stripe, now.")
        parser.add_argument(
            "--settled",
            action="store_true",
            help="Nothing is on its way: compare money of the last minutes, too.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, and print each result."""
        in_flight = timedelta() if options["settled"] else IN_FLIGHT
        try:
            books = read_books(in_flight=in_flight) if options["stripe"] else None
        except (TemporaryError, PermanentError) as error:
            raise CommandError(f"Stripe could not be asked: {error}", returncode=2) from error
        results = check_all(books)
        for result in results:
            self._print(result)
        broken = [result.number for result in results if not result.holds]
        if broken:
            raise CommandError(f"Broken: {', '.join(broken)}", returncode=1)

    def _print(self, result: Result) -> None:
        verdict = "holds" if result.holds else f"{len(result.offenders)} BREAK IT"
        self.stdout.write(f"{result.number} {result.title}: {verdict} ({result.checked} checked)")
        for name, count in result.apart.items():
            self.stdout.write(f"   apart: {count} {name}")
        if result.proven_at:
            self.stdout.write(f"   last proven against Stripe: {result.proven_at:%Y-%m-%d %H:%M}")
        for offender in result.offenders:
            self.stdout.write(f"   - {offender}")
