"""Stripe's own ways to go wrong, beside those every stand-in has.

The ``wrong_…`` and ``other_session`` kinds change what is answered, never what is stored; ``slow``
holds the idempotency key while it waits.
"""

from typing import Any

from payments.sandbox.store import CHARGE, INTENT, SESSION, Obj, new_id
from totetaxi.lib.standin import faults
from totetaxi.lib.standin.faults import Fault

ALTERING = ("wrong_amount", "wrong_currency", "other_session")
KINDS = (*faults.KINDS, *ALTERING)
_AMOUNTS = {
    SESSION: ("amount_total", "amount_subtotal"),
    INTENT: ("amount", "amount_received"),
    CHARGE: ("amount", "amount_captured"),
}


def spoil(answer: Any, fault: Fault, other_session: Obj | None) -> Any:
    """The answer as an altering fault shows it, expanded objects inside included."""
    if isinstance(answer, list):
        return [spoil(item, fault, other_session) for item in answer]
    if not isinstance(answer, dict):
        return answer
    kind = answer.get("object")
    if fault.kind == "other_session":
        return _someone_elses(answer, other_session) if kind == SESSION else answer
    spoiled = {name: spoil(value, fault, other_session) for name, value in answer.items()}
    if kind in _AMOUNTS:
        if fault.kind == "wrong_currency":
            spoiled["currency"] = fault.currency
        else:
            for name in _AMOUNTS[kind]:
                spoiled[name] += fault.add_cents
    return spoiled


def _someone_elses(answer: Obj, other: Obj | None) -> Obj:
    """Another session of the account, or one made up from this one without its marks."""
    if other is not None:
        return other
    return {
        **answer,
        "id": new_id(SESSION),
        "client_reference_id": None,
        "customer_email": None,
        "metadata": {},
        "payment_intent": answer["payment_intent"] and new_id(INTENT),
    }
