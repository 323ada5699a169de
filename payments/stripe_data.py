"""What goes to Stripe and what comes back: frozen, and in words of ours."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class NewSession:
    """A checkout to open; ``key`` is the id of the attempt row and the idempotency key."""

    key: str
    payment_id: str
    booking_id: str
    booking_number: str
    amount_cents: int
    currency: str
    line_text: str
    customer_email: str
    success_url: str
    cancel_url: str
    expires_at: datetime


@dataclass(frozen=True)
class SessionState:
    """A Checkout Session as Stripe has it now; ids of ours are "" when it is not ours."""

    id: str
    url: str
    status: str  # open, complete or expired
    is_paid: bool
    amount_cents: int
    currency: str
    intent_id: str
    charge_id: str
    attempt_id: str
    payment_id: str
    booking_id: str
    intent_status: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it ended unpaid for good: expired, or the bank refused what was promised."""
        if self.is_paid:
            return False
        refused = self.intent_status in ("requires_payment_method", "canceled")
        return self.status == "expired" or (self.status == "complete" and refused)


@dataclass(frozen=True)
class ChargeState:
    """Money taken at Stripe, as Stripe has it now; ids of ours are "" when it is not ours."""

    id: str
    intent_id: str
    captured_cents: int
    currency: str
    created_at: datetime
    payment_id: str
    booking_id: str


@dataclass(frozen=True)
class DisputeState:
    """A dispute as Stripe has it now."""

    id: str
    intent_id: str
    status: str
    reason: str
    amount_cents: int
    currency: str
    opened_at: datetime
    evidence_due_at: datetime | None


@dataclass(frozen=True)
class RefundState:
    """A refund as Stripe has it now; ``refund_id`` is our row's id, "" for one made there."""

    id: str
    status: str  # pending, succeeded, failed, canceled, requires_action
    amount_cents: int
    intent_id: str
    refund_id: str
    failure_reason: str
    payment_id: str
    created_at: datetime

    @property
    def is_ours(self) -> bool:
        """Whether we sent it; one made at Stripe of our money has no mark of ours."""
        return bool(self.refund_id)


@dataclass(frozen=True)
class EventNotice:
    """A signed event: only which object it is about; its state is asked for afterwards."""

    id: str
    type: str
    object_id: str
    created_at: datetime
