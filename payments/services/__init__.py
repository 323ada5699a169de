"""What can be done with money; views, handlers, jobs and the office call nothing below."""

from payments.services.alerts import count_refused_webhook, dismiss_alert
from payments.services.checkout import (
    Checkout,
    CheckoutResult,
    CheckoutUnavailableError,
    begin_checkout,
    end_live_session,
)
from payments.services.events import process_event, record_event, replay_event
from payments.services.links import (
    LinkRefusedError,
    LinkState,
    create_link,
    link_of_session,
    link_of_token,
    link_state,
    open_link,
    revoke_link,
)
from payments.services.policy import RefundTerms, refund_by_policy, refund_terms
from payments.services.refunds import (
    RefundRefusedError,
    approve_refund,
    deny_refund,
    open_policy_refund,
    remaining_cents,
    request_refund,
    send_refund,
)
from payments.services.sessions import is_our_session
from payments.services.settlement import Outcome, Settlement, apply_state, settle, settle_payment
from payments.services.sync import sync_disputes, sync_refunds

__all__ = [
    "Checkout",
    "CheckoutResult",
    "CheckoutUnavailableError",
    "LinkRefusedError",
    "LinkState",
    "Outcome",
    "RefundRefusedError",
    "RefundTerms",
    "Settlement",
    "apply_state",
    "approve_refund",
    "begin_checkout",
    "count_refused_webhook",
    "create_link",
    "deny_refund",
    "dismiss_alert",
    "end_live_session",
    "is_our_session",
    "link_of_session",
    "link_of_token",
    "link_state",
    "open_link",
    "open_policy_refund",
    "process_event",
    "record_event",
    "refund_by_policy",
    "refund_terms",
    "remaining_cents",
    "replay_event",
    "request_refund",
    "revoke_link",
    "send_refund",
    "settle",
    "settle_payment",
    "sync_disputes",
    "sync_refunds",
]
