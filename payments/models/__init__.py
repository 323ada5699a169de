"""Money in and out. A payment belongs to one booking from birth; nothing here is ever deleted.

Amounts are whole US cents. Rows change only in ``payments.services``, under the locks of the
booking's payments and then of the booking.
"""

from payments.models.alert import AlertKind, MoneyAlert, StripeProof
from payments.models.cancellation import Cancellation, CancellationKind
from payments.models.dispute import CLOSED_DISPUTES, Dispute
from payments.models.event import AuditKind, PaymentAudit, StripeEvent
from payments.models.link import PaymentLink, id_of_token
from payments.models.payment import (
    CAPTURED,
    LIVE_ATTEMPTS,
    PAYMENT_MOVES,
    AttemptStatus,
    CheckoutAttempt,
    Method,
    OutsideMethod,
    Payment,
    PaymentStatus,
    Purpose,
)
from payments.models.refund import (
    REFUND_MOVES,
    STANDING_REFUNDS,
    UNDER_WAY_REFUNDS,
    Refund,
    RefundKind,
    RefundStatus,
)

__all__ = [
    "CAPTURED",
    "CLOSED_DISPUTES",
    "LIVE_ATTEMPTS",
    "PAYMENT_MOVES",
    "REFUND_MOVES",
    "STANDING_REFUNDS",
    "UNDER_WAY_REFUNDS",
    "AlertKind",
    "AttemptStatus",
    "AuditKind",
    "Cancellation",
    "CancellationKind",
    "CheckoutAttempt",
    "Dispute",
    "Method",
    "MoneyAlert",
    "OutsideMethod",
    "Payment",
    "PaymentAudit",
    "PaymentLink",
    "PaymentStatus",
    "Purpose",
    "Refund",
    "RefundKind",
    "RefundStatus",
    "StripeEvent",
    "StripeProof",
    "id_of_token",
]
