"""Run the job reconcile_payments by hand."""

from payments.management.commands._by_hand import ByHand
from payments.services import reconciliation


class Command(ByHand):
    """As the schedule does, with progress."""

    help = "Ask Stripe about open payments and refunds."
    job_name = "reconcile_payments"
    work = staticmethod(reconciliation.reconcile)
