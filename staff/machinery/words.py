"""Jobs and messages in words of the office."""

import re
from datetime import time
from typing import Final

from staff.bookings.mails import MAILS
from totetaxi.lib.template_tags import clock_time
from totetaxi.outbox.registry import ScheduledJob

#: What stands still while a job is off: of those that must not be switched off by a slip.
CONSEQUENCES: Final = {
    "reconcile_payments": "A payment whose notice from Stripe was lost stays unpaid here, and "
    "refunds under way are not looked after.",
    "alert_money": "Nobody is told when something is wrong with money.",
    "cancel_unpaid": "Bookings that nobody pays stay open.",
    "compare_with_stripe": "Money that is in Stripe’s books and not in ours is not noticed.",
    "outbox.deliver_due": "Mails, refunds and orders to Onfleet that failed once are not tried "
    "again.",
}
EVERY_MINUTES: Final = re.compile(r"\*/(\d+)")
HOURS: Final = re.compile(r"(\d+)-(\d+)")


def needs_confirmation(job: ScheduledJob) -> bool:
    """Whether switching it needs a tick besides the reason: it moves money or what is given up."""
    return job.function.__module__.startswith("payments.") or job.name in CONSEQUENCES


def consequence(job: ScheduledJob) -> str:
    """What stands still while the job is off."""
    return CONSEQUENCES.get(job.name, f"“{job.label}” is not done until it is switched on again.")


def cadence(cron: str) -> str:
    """A cron expression in words: "every 5 minutes", "daily at 6 AM", "hourly, 9 AM to 8 PM".

    One of a form that no job has is shown as it is.
    """
    minute, hour, *days = cron.split()
    if days != ["*", "*", "*"]:
        return cron
    if (minute, hour) == ("*", "*"):
        return "every minute"
    if (every := EVERY_MINUTES.fullmatch(minute)) and hour == "*":
        return f"every {every[1]} minutes"
    if not minute.isdigit():
        return cron
    if hour.isdigit():
        return f"daily at {clock_time(time(int(hour), int(minute)))}"
    past = f", {int(minute)} minutes past" if int(minute) else ""
    if hour == "*":
        return f"hourly{past}"
    if between := HOURS.fullmatch(hour):
        first, last = (clock_time(time(int(number))) for number in between.groups())
        return f"hourly{past}, {first} to {last}"
    return cron


def duration(milliseconds: int | None) -> str:
    """How long a run took: "0.2 s", "1 min 5 s"; empty if nobody knows."""
    if milliseconds is None:
        return ""
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def handler_words(handler: str) -> str:
    """What a message makes happen: "Confirmation", "Process stripe event"."""
    if handler in MAILS:
        return f"Mail: {MAILS[handler]}"
    return handler.rpartition(".")[2].replace("_", " ").capitalize()
