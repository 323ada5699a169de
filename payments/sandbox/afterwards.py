"""What happens to a charge after it was paid: refunds and disputes, inside a transaction."""

from collections.abc import Mapping
from typing import Any

from payments.sandbox import objects
from payments.sandbox.errors import ApiError, ParameterError
from payments.sandbox.store import CHARGE, DISPUTE, INTENT, REFUND, Obj, Transaction

DISPUTE_REASONS = (
    "bank_cannot_process",
    "credit_not_processed",
    "customer_initiated",
    "duplicate",
    "fraudulent",
    "general",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
DISPUTE_STATUSES = (
    "lost",
    "needs_response",
    "under_review",
    "warning_closed",
    "warning_needs_response",
    "warning_under_review",
    "won",
)
_CLOSED = {"lost", "warning_closed", "won"}


def money(cents: int) -> str:
    return f"${cents // 100:,}.{cents % 100:02d}"


def create_refund(
    tx: Transaction, params: Mapping[str, Any], *, settle_seconds: float, status: str = ""
) -> Obj:
    """Give back a part of a charge, or all that is left of it if no amount is given.

    ``status`` (pending or succeeded) overrides what the card that was paid with decides.
    """
    charge = _charge_of(tx, params)
    left_cents = charge["amount_captured"] - charge["amount_refunded"]
    if charge["disputed"] and not charge.get("_dispute_won"):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise ApiError(400, message, code="charge_disputed")
    if left_cents <= 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise ApiError(400, message, code="charge_already_refunded")
    amount_cents = params.get("amount", left_cents)
    if amount_cents > left_cents:
        message = (
            f"Refund amount ({money(amount_cents)}) is greater than unrefunded amount on charge "
            f"({money(left_cents)})"
        )
        raise ApiError(400, message, param="amount")
    slow = charge.get("_refund")
    status = status or ("pending" if slow == "pending" else "succeeded")
    refund = tx.add(
        objects.new_refund(charge, params, amount_cents=amount_cents, status=status, now=tx.now)
    )
    _count(charge, amount_cents)
    tx.emit("refund.created", refund, subject=_subject(charge))
    tx.emit("charge.refunded", charge, subject=_subject(charge))
    if slow:
        action = "refund_succeeds" if slow == "pending" else "refund_fails"
        tx.set_timer(action, tx.now + settle_seconds, refund=refund["id"])
    return refund


def _charge_of(tx: Transaction, params: Mapping[str, Any]) -> Obj:
    if ("charge" in params) == ("payment_intent" in params):
        message = (
            "You may only specify one of these parameters: charge, payment_intent."
            if "charge" in params
            else "One of the following params should be provided for this request: "
            "payment_intent or charge."
        )
        raise ParameterError(message, None, None if "charge" in params else "parameter_missing")
    if "charge" in params:
        charge = tx.edit(CHARGE, params["charge"], "charge")
    else:
        intent = tx.get(INTENT, params["payment_intent"], "payment_intent")
        if intent["status"] != "succeeded":
            message = (
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            )
            raise ApiError(400, message, code="payment_intent_unexpected_state")
        charge = tx.edit(CHARGE, intent["latest_charge"])
    if charge["status"] != "succeeded":
        message = f"Charge {charge['id']} has not been paid and cannot be refunded."
        raise ApiError(400, message, param="charge")
    return charge


def succeed_refund(tx: Transaction, refund_id: str) -> Obj:
    """A pending refund reaches the customer."""
    refund = tx.edit(REFUND, refund_id)
    if refund["status"] != "pending":
        raise ApiError(400, f"Refund {refund_id} has a status of `{refund['status']}`.")
    refund["status"] = "succeeded"
    refund.pop("pending_reason", None)
    charge = tx.get(CHARGE, refund["charge"])
    tx.emit("refund.updated", refund, subject=_subject(charge))
    tx.emit("charge.refund.updated", refund, subject=_subject(charge))
    return refund


def fail_refund(tx: Transaction, refund_id: str, *, reason: str = "unknown") -> Obj:
    """The bank sends a refund back, maybe days later: the money is ours again."""
    refund = tx.edit(REFUND, refund_id)
    if refund["status"] not in ("pending", "succeeded"):
        raise ApiError(400, f"Refund {refund_id} has a status of `{refund['status']}`.")
    refund.pop("pending_reason", None)
    refund.update(
        status="failed",
        failure_reason=reason,
        failure_balance_transaction=f"txn_3{refund_id[4:]}",
    )
    charge = tx.edit(CHARGE, refund["charge"])
    _count(charge, -refund["amount"])
    tx.emit("refund.failed", refund, subject=_subject(charge))
    tx.emit("refund.updated", refund, subject=_subject(charge))
    tx.emit("charge.refund.updated", refund, subject=_subject(charge))
    return refund


def create_dispute(
    tx: Transaction, charge_id: str, *, reason: str, amount_cents: int | None
) -> Obj:
    """The customer's bank takes the money back (a chargeback) until the dispute is decided."""
    charge = tx.edit(CHARGE, charge_id)
    if charge["status"] != "succeeded":
        raise ApiError(400, f"Charge {charge_id} was not paid.")
    if charge["disputed"]:
        raise ApiError(400, f"Charge {charge_id} is disputed already.")
    cents = charge["amount"] if amount_cents is None else amount_cents
    if not 0 < cents <= charge["amount"]:
        raise ApiError(400, "The disputed amount must be from 1 cent to the charge's amount.")
    charge["disputed"] = True
    dispute = tx.add(objects.new_dispute(charge, reason=reason, amount_cents=cents, now=tx.now))
    tx.emit("charge.dispute.created", dispute, subject=_subject(charge))
    tx.emit("charge.dispute.funds_withdrawn", dispute, subject=_subject(charge))
    return dispute


def update_dispute(tx: Transaction, dispute_id: str, status: str) -> Obj:
    """Move a dispute on; won, lost and warning_closed end it."""
    dispute = tx.edit(DISPUTE, dispute_id)
    if dispute["status"] in _CLOSED:
        raise ApiError(400, f"Dispute {dispute_id} is closed: `{dispute['status']}`.")
    dispute["status"] = status
    charge = tx.edit(CHARGE, dispute["charge"])
    subject = _subject(charge)
    if status not in _CLOSED:
        tx.emit("charge.dispute.updated", dispute, subject=subject)
        return dispute
    if status != "lost":
        charge["_dispute_won"] = True
        tx.emit("charge.dispute.funds_reinstated", dispute, subject=subject)
    tx.emit("charge.dispute.closed", dispute, subject=subject)
    return dispute


def _count(charge: Obj, cents: int) -> None:
    charge["amount_refunded"] += cents
    charge["refunded"] = charge["amount_refunded"] >= charge["amount_captured"]


def _subject(charge: Obj) -> str:
    return str(charge.get("_subject") or charge["payment_intent"])
