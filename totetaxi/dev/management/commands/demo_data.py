"""Fill the database with made-up bookings, as many as wanted."""

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.price_book import CatalogUnavailableError, load_policy
from totetaxi.dev.demo_data import loading
from totetaxi.dev.demo_data.baskets import NothingToSellError
from totetaxi.dev.demo_data.places import NoPlacesError
from totetaxi.dev.demo_data.plans import NoRoomError
from totetaxi.lib import clock
from totetaxi.lib.arguments import day
from totetaxi.lib.progress import Progress

PAST_DAYS: Final = 540
AHEAD_DAYS: Final = 120
BOOKINGS_OF_A_MEMBER: Final = 10


class Command(BaseCommand):
    """Refused in production and with a live Stripe key (rule R691)."""

    help = (
        "Add made-up bookings: all services and states, past and coming, priced by the real price "
        "engine, with payments marked as demonstration, history, refunds and deliveries. Nothing "
        "is mailed or sent to a driver. Run it again to add more; wipe_test_data takes all away."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """How many of what, and when."""
        parser.add_argument("--bookings", type=int, default=1000, help="how many (default 1000)")
        parser.add_argument(
            "--customers", type=int, help="new accounts among those who book (default: a tenth)"
        )
        parser.add_argument("--seed", type=int, default=1, help="another number, other bookings")
        for name, where in (("from", "first"), ("to", "last")):
            parser.add_argument(
                f"--{name}",
                dest=where,
                type=day,
                metavar="DATE",
                help=f"{where} pickup day, such as 2026-06-01",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, with progress."""
        refuse_where_money_is_real()
        order = self._order(options)
        try:
            with Progress(order.bookings, "bookings") as progress:
                loading.load(order, progress.add)
        except (CatalogUnavailableError, NoPlacesError, NothingToSellError, NoRoomError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{order.bookings:,} bookings and {order.customers:,} customers added in "
            f"{progress.seconds:.1f} s, pickups from {order.first} to {order.last}."
        )

    def _order(self, options: dict[str, Any]) -> loading.Order:
        today, bookings = clock.today(), options["bookings"]
        policy = load_policy()
        horizon = today + timedelta(days=policy.horizon_days if policy else 0)
        first = options["first"] or today - timedelta(days=PAST_DAYS)
        last = options["last"] or max(first, min(today + timedelta(days=AHEAD_DAYS), horizon))
        customers = options["customers"]
        if customers is None:
            customers = bookings // BOOKINGS_OF_A_MEMBER
        if bookings < 1 or customers < 0:
            raise CommandError("--bookings is at least 1, --customers at least 0.")
        if first > last:
            raise CommandError("--from is after --to.")
        if last > horizon:
            raise CommandError(f"Nobody can book beyond {horizon}: choose an earlier --to.")
        return loading.Order(bookings, customers, first, last, options["seed"])


def refuse_where_money_is_real() -> None:
    """Raise CommandError in production, and wherever Stripe would move real money."""
    if settings.ENVIRONMENT == "production":
        raise CommandError("This is production: there are no demonstrations here.")
    if "_live_" in settings.STRIPE_SECRET_KEY:
        raise CommandError("STRIPE_SECRET_KEY is a live one: there are no demonstrations here.")
