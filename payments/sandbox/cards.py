"""Stripe's test cards and what each of them does."""

import re
from dataclasses import dataclass
from typing import Literal

from payments.sandbox.errors import ApiError

_DECLINED = "Your card was declined."
# decline_code -> (code, message), as Stripe words them.
_REASONS = {
    "generic_decline": ("card_declined", _DECLINED),
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
    "lost_card": ("card_declined", _DECLINED),
    "stolen_card": ("card_declined", _DECLINED),
    "card_velocity_exceeded": (
        "card_declined",
        "Your card was declined for making repeated attempts too frequently or exceeding its "
        "amount limit.",
    ),
    "fraudulent": ("card_declined", _DECLINED),
    "expired_card": ("expired_card", "Your card has expired."),
    "incorrect_cvc": ("incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": (
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
}
AUTHENTICATION_FAILED = (
    "We are unable to authenticate your payment method. Please choose a different payment method "
    "and try again."
)


@dataclass(frozen=True)
class Card:
    """A test card: its number, and how the bank behind it answers."""

    number: str
    decline: str | None = None
    authenticate: bool = False
    dispute: str | None = None
    refund: Literal["pending", "fails"] | None = None
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def refusal(self) -> tuple[str, str]:
        """The error code and the sentence of a declined payment."""
        return _REASONS[self.decline or "generic_decline"]


GOOD = "4242424242424242"
DECLINED = "4000000000000002"
INSUFFICIENT_FUNDS = "4000000000009995"
AUTHENTICATE = "4000002500003155"

CARDS = {
    card.number: card
    for card in (
        Card(GOOD),
        Card("4000056655665556", funding="debit"),
        Card("5555555555554444", brand="mastercard"),
        Card("2223003122003222", brand="mastercard"),
        Card("5200828282828210", brand="mastercard", funding="debit"),
        Card("378282246310005", brand="amex"),
        Card("371449635398431", brand="amex"),
        Card("6011111111111117", brand="discover"),
        Card("3056930009020004", brand="diners"),
        Card("3566002020360505", brand="jcb"),
        Card("6200000000000005", brand="unionpay"),
        Card("4000000760000002", country="BR"),
        Card("4000001240000000", country="CA"),
        Card("4000008260000000", country="GB"),
        Card(DECLINED, decline="generic_decline"),
        Card(INSUFFICIENT_FUNDS, decline="insufficient_funds"),
        Card("4000000000009987", decline="lost_card"),
        Card("4000000000009979", decline="stolen_card"),
        Card("4000000000000069", decline="expired_card"),
        Card("4000000000000127", decline="incorrect_cvc"),
        Card("4000000000000119", decline="processing_error"),
        Card("4000000000006975", decline="card_velocity_exceeded"),
        Card("4100000000000019", decline="fraudulent"),
        Card("4000000000000341", decline="generic_decline"),
        Card(AUTHENTICATE, authenticate=True),
        Card("4000002760003184", authenticate=True),
        Card("4000003800000446", authenticate=True),
        Card("4000000000003220", authenticate=True),
        Card("4000000000003063", authenticate=True),
        Card("4000008400001629", authenticate=True, decline="generic_decline"),
        Card("4000008260003178", authenticate=True, decline="insufficient_funds"),
        Card("4000000000000259", dispute="fraudulent"),
        Card("4000000000002685", dispute="product_not_received"),
        Card("4000000000007726", refund="pending"),
        Card("4000000000005126", refund="fails"),
    )
}


def card_error(
    message: str, code: str, *, param: str | None = None, decline_code: str | None = None
) -> ApiError:
    extra = {"decline_code": decline_code} if decline_code else {}
    return ApiError(402, message, kind="card_error", code=code, param=param, **extra)


def find_card(typed: str) -> Card:
    """The test card with this number, spaces and dashes allowed; a ``card_error`` if there is none.

    A number that is no test card is neither kept nor repeated in the answer.
    """
    number = re.sub(r"[\s-]", "", typed)
    if number in CARDS:
        return CARDS[number]
    if not re.fullmatch(r"\d{12,19}", number) or not _luhn(number):
        raise card_error("Your card number is incorrect.", "incorrect_number", param="number")
    raise card_error(
        "Your card was declined. Your request was in test mode, but used a non test card. For a "
        "list of valid test cards, visit: https://docs.stripe.com/testing.",
        "card_declined",
        param="number",
        decline_code="test_mode_live_card",
    )


def _luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
