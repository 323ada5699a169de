"""Compare our books with Stripe's by hand."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser

from payments.management.commands._by_hand import ByHand
from payments.services import comparison
from payments.services.runs import Run
from totetaxi.lib import clock
from totetaxi.lib.arguments import day


class Command(ByHand):
    """As the schedule does, with progress, or for a day of choice."""

    help = "Compare yesterday (or --day) at Stripe with our books, both ways."
    job_name = "compare_with_stripe"

    def add_arguments(self, parser: CommandParser) -> None:
        """Which day."""
        super().add_arguments(parser)
        parser.add_argument("--day", type=day, help="such as 2026-11-21")

    def work_of(self, options: dict[str, Any]) -> Callable[[Run], str]:
        """Compare the day that was asked for, or what the schedule would."""
        if options["day"]:
            if options["day"] > clock.real_now().astimezone(clock.NEW_YORK).date():
                raise CommandError(f"{options['day']} has not come yet.")
            return partial(comparison.compare_day, day=options["day"])
        return comparison.compare_missing_days
