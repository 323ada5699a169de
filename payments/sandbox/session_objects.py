"""A Checkout Session and its line items as the pinned API version shapes them."""

from collections.abc import Mapping

from payments.sandbox.params import Params
from payments.sandbox.store import SESSION, Obj, new_id
from totetaxi.lib.standin.web import random_text

DAY = 24 * 3600
NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def new_session(params: Params, *, now: int, public_url: str) -> Obj:
    session_id = new_id(SESSION)
    items = [
        _line_item(item, now=now, session_currency=item["price_data"]["currency"])
        for item in params["line_items"]
    ]
    total = sum(item["amount_total"] for item in items)
    custom_text = params.get("custom_text", {})
    return {
        "id": session_id,
        "object": SESSION,
        "adaptive_pricing": params.get("adaptive_pricing", {"enabled": False}),
        "after_expiration": None,
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": now,
        "currency": params["line_items"][0]["price_data"]["currency"],
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            name: custom_text.get(name)
            for name in (
                "after_submit",
                "shipping_address",
                "submit",
                "terms_of_service_acceptance",
            )
        },
        "customer": None,
        "customer_account": None,
        "customer_creation": params.get("customer_creation", "if_required"),
        "customer_details": _customer_details(params["customer_email"])
        if "customer_email" in params
        else None,
        "customer_email": params.get("customer_email"),
        "discounts": [],
        "expires_at": params.get("expires_at", now + DAY),
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": "payment",
        "origin_context": params.get("origin_context"),
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": params.get(
            "payment_method_options", {"card": {"request_three_d_secure": "automatic"}}
        ),
        "payment_method_types": params.get("payment_method_types", ["card"]),
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": params.get("phone_number_collection", {"enabled": False}),
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{public_url}/c/pay/{session_id}",
        "wallet_options": None,
        "_line_items": items,
        "_intent_data": params.get("payment_intent_data", {}),
    }


def _line_item(item: Params, *, now: int, session_currency: str) -> Obj:
    price = item["price_data"]
    product = price["product_data"]
    amount = price["unit_amount"] * item["quantity"]
    return {
        "id": f"li_1{random_text(23)}",
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": session_currency,
        "description": product["name"],
        "metadata": item.get("metadata", {}),
        "price": {
            "id": f"price_1{random_text(23)}",
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": now,
            "currency": session_currency,
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": f"prod_{random_text(14)}",
            "recurring": None,
            "tax_behavior": price.get("tax_behavior", "unspecified"),
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": price["unit_amount"],
            "unit_amount_decimal": str(price["unit_amount"]),
        },
        "quantity": item["quantity"],
        # Shown on the hosted page; Stripe keeps it on the product.
        "_description": product.get("description"),
    }


def _customer_details(
    email: str, *, name: str | None = None, postal_code: str | None = None
) -> Obj:
    country = "US" if postal_code else None
    return {
        "address": {**NO_ADDRESS, "country": country, "postal_code": postal_code},
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def customer_details(payer: Mapping[str, str]) -> Obj:
    return _customer_details(
        payer["email"], name=payer.get("name") or None, postal_code=payer.get("zip") or None
    )
