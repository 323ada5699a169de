"""The parameters of each endpoint. Names Stripe knows but the stand-in lacks are refused aloud."""

from payments.sandbox.params import (
    Shape,
    boolean,
    choice,
    currency,
    email,
    group,
    many,
    may,
    metadata,
    must,
    text,
    time_range,
    unsupported,
    url,
    whole,
)

# fmt: off
LOCALES = (
    "auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr",
    "fr-CA", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt",
    "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
)
# fmt: on
PAYMENT_METHOD_TYPES = ("amazon_pay", "card", "cashapp", "klarna", "link", "us_bank_account")
HIGHEST_AMOUNT_CENTS = 99_999_999

_EXPAND = may(many(text()))
_SWITCH = may(group({"enabled": must(boolean)}))

_PRODUCT_DATA: Shape = {
    "name": must(text()),
    "description": may(text()),
    "images": may(many(url, at_most=8)),
    "metadata": may(metadata),
    "tax_code": may(text()),
    "unit_label": may(text(12)),
    "tax_details": may(unsupported),
}
_PRICE_DATA: Shape = {
    "currency": must(currency),
    "product_data": must(group(_PRODUCT_DATA)),
    "unit_amount": must(whole(0, HIGHEST_AMOUNT_CENTS)),
    "tax_behavior": may(choice("exclusive", "inclusive", "unspecified")),
    "product": may(unsupported),
    "recurring": may(unsupported),
    "unit_amount_decimal": may(unsupported),
}
_LINE_ITEM: Shape = {
    "price_data": must(group(_PRICE_DATA)),
    "quantity": must(whole(1, 999_999)),
    "metadata": may(metadata),
    "adjustable_quantity": may(unsupported),
    "price": may(unsupported),
    "tax_rates": may(unsupported),
}
_PAYMENT_INTENT_DATA: Shape = {
    "capture_method": may(choice("automatic", "automatic_async")),
    "description": may(text(1000)),
    "metadata": may(metadata),
    "receipt_email": may(email),
    "statement_descriptor": may(text(22)),
    "statement_descriptor_suffix": may(text(22)),
    **dict.fromkeys(
        (
            "application_fee_amount",
            "on_behalf_of",
            "setup_future_usage",
            "shipping",
            "transfer_data",
            "transfer_group",
        ),
        may(unsupported),
    ),
}
_CARD_OPTIONS: Shape = {
    "request_three_d_secure": may(choice("any", "automatic", "challenge")),
    "setup_future_usage": may(unsupported),
    "restrictions": may(unsupported),
    "installments": may(unsupported),
}
_SUBMIT_TEXT = may(group({"message": must(text(1200))}))

SESSION_CREATE: Shape = {
    "mode": must(choice("payment", "setup", "subscription")),
    "line_items": must(many(group(_LINE_ITEM))),
    "success_url": must(url),
    "cancel_url": may(url),
    "client_reference_id": may(text(200)),
    "customer_email": may(email),
    "expires_at": may(whole(0)),
    "expand": _EXPAND,
    "locale": may(choice(*LOCALES)),
    "metadata": may(metadata),
    "payment_intent_data": may(group(_PAYMENT_INTENT_DATA)),
    "payment_method_options": may(group({"card": may(group(_CARD_OPTIONS))})),
    "payment_method_types": may(many(choice(*PAYMENT_METHOD_TYPES))),
    "submit_type": may(choice("auto", "book", "donate", "pay", "subscribe")),
    "ui_mode": may(choice("hosted_page")),
    "currency": may(currency),
    "adaptive_pricing": _SWITCH,
    "allow_promotion_codes": may(boolean),
    "automatic_tax": _SWITCH,
    "billing_address_collection": may(choice("auto", "required")),
    "customer_creation": may(choice("always", "if_required")),
    "phone_number_collection": _SWITCH,
    "invoice_creation": _SWITCH,
    "origin_context": may(choice("mobile_app", "web")),
    "custom_text": may(
        group(
            {
                "submit": _SUBMIT_TEXT,
                "after_submit": _SUBMIT_TEXT,
                "shipping_address": _SUBMIT_TEXT,
                "terms_of_service_acceptance": _SUBMIT_TEXT,
            }
        )
    ),
    **dict.fromkeys(
        (
            "after_expiration",
            "allowed_payment_method_types",
            "branding_settings",
            "consent_collection",
            "custom_fields",
            "customer",
            "customer_account",
            "customer_update",
            "discounts",
            "excluded_payment_method_types",
            "integration_identifier",
            "managed_payments",
            "name_collection",
            "optional_items",
            "payment_method_collection",
            "payment_method_configuration",
            "payment_method_data",
            "permissions",
            "redirect_on_completion",
            "return_url",
            "saved_payment_method_options",
            "setup_intent_data",
            "shipping_address_collection",
            "shipping_options",
            "subscription_data",
            "tax_id_collection",
            "wallet_options",
        ),
        may(unsupported),
    ),
}

REFUND_CREATE: Shape = {
    "amount": may(whole(1)),
    "charge": may(text()),
    "payment_intent": may(text()),
    "expand": _EXPAND,
    "metadata": may(metadata),
    "reason": may(choice("duplicate", "fraudulent", "requested_by_customer")),
    **dict.fromkeys(
        (
            "currency",
            "customer",
            "instructions_email",
            "origin",
            "refund_application_fee",
            "reverse_transfer",
        ),
        may(unsupported),
    ),
}

ONLY_EXPAND: Shape = {"expand": _EXPAND}

_LIST: Shape = {
    "created": may(time_range),
    "ending_before": may(text()),
    "expand": _EXPAND,
    "limit": may(whole(1, 100)),
    "starting_after": may(text()),
}
SESSION_LIST: Shape = {
    **_LIST,
    "payment_intent": may(text()),
    "status": may(choice("complete", "expired", "open")),
    "customer_details": may(group({"email": must(email)})),
    **dict.fromkeys(
        ("customer", "customer_account", "payment_link", "subscription"), may(unsupported)
    ),
}
LINE_ITEM_LIST: Shape = {name: field for name, field in _LIST.items() if name != "created"}
PAYMENT_INTENT_LIST: Shape = {**_LIST, "customer": may(unsupported)}
CHARGE_LIST: Shape = {
    **_LIST,
    "payment_intent": may(text()),
    "customer": may(unsupported),
    "transfer_group": may(unsupported),
}
REFUND_LIST: Shape = {**_LIST, "charge": may(text()), "payment_intent": may(text())}
DISPUTE_LIST: Shape = REFUND_LIST
EVENT_LIST: Shape = {
    **_LIST,
    "type": may(text()),
    "types": may(many(text(), at_most=20)),
    "delivery_success": may(boolean),
}
