"""What can be done with money; views, handlers, jobs and the office call nothing below."""

from payments.services.checkout import (
    Checkout,
    CheckoutResult,
    CheckoutUnavailableError,
    begin_checkout,
)
from payments.services.events import process_event, record_event
from payments.services.refunds import remaining_cents, send_refund
from payments.services.settlement import Outcome, Settlement, apply_state, settle, settle_payment

__all__ = [
    "Checkout",
    "CheckoutResult",
    "CheckoutUnavailableError",
    "Outcome",
    "Settlement",
    "apply_state",
    "begin_checkout",
    "process_event",
    "record_event",
    "remaining_cents",
    "send_refund",
    "settle",
    "settle_payment",
]
