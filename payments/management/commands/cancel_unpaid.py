"""Run the job cancel_unpaid by hand."""

from payments.management.commands._by_hand import ByHand
from payments.services import reconciliation


class Command(ByHand):
    """As the schedule does, with progress."""

    help = "Cancel bookings nobody paid, after asking Stripe."
    job_name = "cancel_unpaid"
    work = staticmethod(reconciliation.cancel_unpaid)
