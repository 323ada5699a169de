"""Payment intents, charges, refunds and disputes as the pinned API version shapes them.

Amounts are in cents, times in seconds since 1970.
"""

from collections.abc import Mapping
from typing import Any

from payments.sandbox.cards import Card
from payments.sandbox.session_objects import DAY, NO_ADDRESS
from payments.sandbox.store import (
    CHARGE,
    DISPUTE,
    INTENT,
    REFUND,
    Obj,
    new_id,
)
from totetaxi.lib.standin.web import random_text


def new_intent(
    data: Mapping[str, Any], *, amount_cents: int, currency: str, types: list[str], now: int
) -> Obj:
    intent_id = new_id(INTENT)
    return {
        "id": intent_id,
        "object": INTENT,
        "amount": amount_cents,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": data.get("capture_method", "automatic_async"),
        "client_secret": f"{intent_id}_secret_{random_text(24)}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": data.get("description"),
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": dict(data.get("metadata", {})),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": types,
        "processing": None,
        "receipt_email": data.get("receipt_email"),
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": data.get("statement_descriptor"),
        "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def new_charge(
    intent: Obj,
    method: Obj,
    *,
    status: str,
    payer: Mapping[str, str],
    now: int,
    public_url: str,
) -> Obj:
    """A charge of the intent's whole amount; ``status`` is succeeded, pending or failed."""
    charge_id = new_id(CHARGE)
    taken = status == "succeeded"
    return {
        "id": charge_id,
        "object": CHARGE,
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if taken else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": f"txn_3{random_text(23)}" if taken else None,
        "billing_details": {
            "address": {
                **NO_ADDRESS,
                "country": "US" if payer.get("zip") else None,
                "postal_code": payer.get("zip") or None,
            },
            "email": payer.get("email") or None,
            "name": payer.get("name") or None,
            "phone": None,
            "tax_id": None,
        },
        "calculated_statement_descriptor": "TEST PAYMENT",
        "captured": status != "failed",
        "created": now,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": outcome(status),
        "paid": taken,
        "payment_intent": intent["id"],
        "payment_method": f"pm_1{random_text(23)}",
        "payment_method_details": method,
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": f"{public_url}/receipts/{charge_id}" if taken else None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": None,
        "transfer_group": None,
    }


def outcome(status: str, reason: str | None = None) -> Obj:
    failed = status == "failed"
    return {
        "advice_code": "try_again_later" if reason == "insufficient_funds" else None,
        "network_advice_code": None,
        "network_decline_code": "05" if failed else None,
        "network_status": "declined_by_network" if failed else "approved_by_network",
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": "The bank did not return any further details with this decline."
        if failed
        else "Payment complete.",
        "type": "issuer_declined" if failed else "authorized",
    }


def card_method(card: Card, *, amount_cents: int, authenticated: bool, now: int) -> Obj:
    year = 1970 + now // (365 * DAY) + 2
    secure = {"authentication_flow": "challenge", "result": "authenticated", "version": "2.2.0"}
    return {
        "card": {
            "amount_authorized": amount_cents,
            "authorization_code": None,
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": "pass",
                "cvc_check": "fail" if card.decline == "incorrect_cvc" else "pass",
            },
            "country": card.country,
            "exp_month": 12,
            "exp_year": year,
            "extended_authorization": {"status": "disabled"},
            "fingerprint": f"test{card.last4}{card.number[4:12]}",
            "funding": card.funding,
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "last4": card.last4,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": card.brand,
            "network_token": {"used": False},
            "overcapture": {"maximum_amount_capturable": amount_cents, "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": secure if authenticated else None,
            "wallet": None,
        },
        "type": "card",
    }


def bank_method() -> Obj:
    return {
        "type": "us_bank_account",
        "us_bank_account": {
            "account_holder_type": "individual",
            "account_type": "checking",
            "bank_name": "STRIPE TEST BANK",
            "fingerprint": "testbank6789",
            "last4": "6789",
            "mandate": None,
            "payment_reference": None,
            "routing_number": "110000000",
        },
    }


def new_refund(
    charge: Obj, params: Mapping[str, Any], *, amount_cents: int, status: str, now: int
) -> Obj:
    kind = charge["payment_method_details"]["type"]
    card = {"reference_status": "pending", "reference_type": "acquirer_reference_number"}
    destination = {"card": {**card, "type": "refund"}} if kind == "card" else {}
    return {
        "id": new_id(REFUND),
        "object": REFUND,
        "amount": amount_cents,
        "balance_transaction": f"txn_3{random_text(23)}",
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "destination_details": {
            **destination,
            "type": kind if kind == "card" else "us_bank_transfer",
        },
        "metadata": params.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
        **({"pending_reason": "processing"} if status == "pending" else {}),
    }


def new_dispute(charge: Obj, *, reason: str, amount_cents: int, now: int) -> Obj:
    details = charge["payment_method_details"].get("card", {})
    return {
        "id": new_id(DISPUTE),
        "object": DISPUTE,
        "amount": amount_cents,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": now + 9 * DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": details.get("brand"),
                "case_type": "chargeback",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }
