"""What people do about refunds, each act with its row in the audit (rules R971-R974)."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from payments import services
from payments.models import Payment, Refund, RefundStatus
from payments.services import RefundRefusedError
from staff.access import Capability, StaffRequest
from staff.audit import log_action
from staff.models import ActionType
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.lib.money import usd

MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Choices:
    """What this person may do with a refund now, and if not, why not."""

    may_approve: bool = False
    may_deny: bool = False
    why_not: str = ""
    may_send: bool = False
    may_ask_again: bool = False


def choices(request: StaffRequest, refund: Refund) -> Choices:
    """Said before the click; the services and the database hold to it whatever is clicked."""
    match refund.status:
        case RefundStatus.REQUESTED:
            why_not = _why_not(request, refund)
            approver = request.staff.can(Capability.APPROVE_REFUNDS)
            return Choices(may_approve=not why_not, may_deny=approver, why_not=why_not)
        case RefundStatus.APPROVED | RefundStatus.PROCESSING:
            return Choices(may_send=request.staff.can(Capability.APPROVE_REFUNDS))
        case RefundStatus.FAILED:
            return Choices(may_ask_again=True)
    return Choices()


def _why_not(request: StaffRequest, refund: Refund) -> str:
    if not request.staff.can(Capability.APPROVE_REFUNDS):
        return "Someone who may approve refunds decides about it."
    if refund.two_person and refund.requested_by_id == request.user.pk:
        return (
            "You asked for it, and it is above the amount that needs two people: another person"
            " approves it. You can still deny it."
        )
    return ""


@transaction.atomic
def ask(
    request: StaffRequest, payment: Payment, *, amount_cents: int, reason: str, approve: bool
) -> Refund:
    """Ask for a refund and, if wanted and allowed, approve it at once. Raises RefundRefusedError.

    One that needs a second person stays asked for.
    """
    refund = services.request_refund(
        payment.pk, amount_cents=amount_cents, reason=reason, by=request.user
    )
    log_action(
        request,
        ActionType.PROCESS_REFUND,
        f"Asked for a refund of {usd(amount_cents)}",
        booking=payment.booking,
        after=_facts(refund),
    )
    may = request.staff.can(Capability.APPROVE_REFUNDS)
    if approve and may and not refund.two_person:
        return decide(request, refund.pk, approve=True)
    return refund


@transaction.atomic
def decide(request: StaffRequest, refund_id: UUID, *, approve: bool, reason: str = "") -> Refund:
    """Approve or deny a refund, on record. Raises RefundRefusedError."""
    if approve:
        refund = services.approve_refund(refund_id, by=request.user)
        action, word = ActionType.APPROVE_REFUND, "Approved"
    else:
        refund = services.deny_refund(refund_id, reason=reason, by=request.user)
        action, word = ActionType.DENY_REFUND, "Denied"
    log_action(
        request,
        action,
        f"{word} a refund of {usd(refund.amount_cents)}",
        booking=refund.payment.booking,
        before={"status": RefundStatus.REQUESTED.value},
        after={**_facts(refund), "reason": reason.strip() or refund.reason},
    )
    return refund


def send_again(request: StaffRequest, refund: Refund) -> str:
    """Send an approved refund that is not at Stripe yet, or ask what became of it; in words.

    Stripe's list of refunds is asked first, so nothing is ever sent twice (rule R622).
    """
    log_action(
        request,
        ActionType.PROCESS_REFUND,
        f"Asked Stripe about the refund of {usd(refund.amount_cents)}",
        booking=refund.payment.booking,
        after=_facts(refund),
    )
    try:
        services.send_refund(refund.pk)
    except (TemporaryError, PermanentError):
        return "Stripe doesn’t answer. It is tried again by itself; look here in a few minutes."
    refund.refresh_from_db()
    return f"This refund is now: {refund.get_status_display().lower()}."


@dataclass(frozen=True)
class Outcome:
    """What came of one row of many."""

    refund: Refund
    error: str = ""


def decide_all(
    request: StaffRequest, refund_ids: Iterable[UUID], *, approve: bool, reason: str = ""
) -> list[Outcome]:
    """Decide about many, each in a transaction of its own: a refusal does not stop the rest."""
    rows = Refund.objects.filter(pk__in=list(refund_ids)[:MOST_AT_ONCE])
    ordered = rows.select_related("payment__booking").order_by("created_at")
    return [_decide_one(request, row, approve=approve, reason=reason) for row in ordered]


def _decide_one(request: StaffRequest, refund: Refund, *, approve: bool, reason: str) -> Outcome:
    try:
        decide(request, refund.pk, approve=approve, reason=reason)
    except RefundRefusedError as error:
        return Outcome(refund, str(error))
    return Outcome(refund)


def _facts(refund: Refund) -> dict[str, object]:
    return {
        "refund": str(refund.pk),
        "payment": str(refund.payment_id),
        "amount_cents": refund.amount_cents,
        "status": str(refund.status),
        "two_person": refund.two_person,
    }
