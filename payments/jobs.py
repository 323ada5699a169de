"""Work on the clock about money. Each job has a switch, runs alone, and can be run by hand."""

from payments.services import alerts, comparison, reconciliation
from payments.services.runs import run_alone
from totetaxi.outbox.registry import job


@job(
    "reconcile_payments",
    cron="*/5 * * * *",
    label="Ask Stripe about open payments and refunds",
    setting="ORPHAN_AUTORECOVERY_ENABLED",
)
def reconcile_payments() -> str:
    return run_alone("reconcile_payments", reconciliation.reconcile)


@job("alert_money", cron="*/15 * * * *", label="Tell staff what is wrong with money")
def alert_money() -> str:
    return run_alone("alert_money", alerts.look)


@job("cancel_unpaid", cron="0 6 * * *", label="Cancel bookings nobody paid")
def cancel_unpaid() -> str:
    return run_alone("cancel_unpaid", reconciliation.cancel_unpaid)


@job("compare_with_stripe", cron="0 5 * * *", label="Compare yesterday’s money with Stripe’s")
def compare_with_stripe() -> str:
    return run_alone("compare_with_stripe", comparison.compare_missing_days)
