"""Run the job alert_money by hand."""

from payments.management.commands._by_hand import ByHand
from payments.services import alerts


class Command(ByHand):
    """As the schedule does, with progress."""

    help = "Look for what is wrong with money, and mail what is new."
    job_name = "alert_money"
    work = staticmethod(alerts.look)
