"""Records as the API shows them: our own fields left out, ids expanded on request."""

from collections.abc import Callable, Iterable
from typing import Any

from payments.sandbox.errors import ParameterError
from payments.sandbox.store import (
    CHARGE,
    DELIVERY,
    DISPUTE,
    EVENT,
    INTENT,
    REFUND,
    SESSION,
    Obj,
    Store,
    delivery_id,
    public,
)

Find = Callable[[str, str], Obj | None]
DEEPEST_EXPANSION = 4

_EXPANDABLE: dict[str, dict[str, str]] = {
    SESSION: {"payment_intent": INTENT},
    INTENT: {"latest_charge": CHARGE},
    CHARGE: {"payment_intent": INTENT},
    REFUND: {"charge": CHARGE, "payment_intent": INTENT},
    DISPUTE: {"charge": CHARGE, "payment_intent": INTENT},
    EVENT: {},
}
# Expandable at Stripe and always null here.
_ALWAYS_NULL = {"customer", "invoice", "subscription", "setup_intent", "payment_link", "review"}


def one(store: Store, record: Obj, expand: Iterable[str] = (), *, find: Find | None = None) -> Obj:
    """The record as answered; ``find`` looks ids up inside a transaction."""
    shown = public(record)
    if record["object"] == EVENT:
        delivery = store.find(DELIVERY, delivery_id(record["id"]))
        shown["pending_webhooks"] = int(delivery is not None and delivery["state"] == "pending")
    for path in expand:
        names = path.split(".")
        if len(names) > DEEPEST_EXPANSION:
            message = f"You cannot expand more than {DEEPEST_EXPANSION} levels of a property."
            raise ParameterError(message, "expand")
        _expand(store, find or store.find, shown, record, names, path)
    return shown


def _expand(store: Store, find: Find, shown: Obj, record: Obj, names: list[str], path: str) -> None:
    name, *rest = names
    kind = record["object"]
    if kind == SESSION and name == "line_items":
        shown[name] = line_items(record)
        return
    if kind == CHARGE and name == "refunds":
        refunds = [item for item in _refunds(store, record) if item["charge"] == record["id"]]
        url = f"/v1/refunds?charge={record['id']}"
        shown[name] = page([public(item) for item in refunds], url=url, has_more=False)
        return
    if name in _ALWAYS_NULL and record.get(name, "") is None:
        return
    target_kind = _EXPANDABLE[kind].get(name)
    if target_kind is None:
        message = f"This property cannot be expanded ({path})."
        raise ParameterError(message, "expand")
    if record[name] is None:
        return
    target = find(target_kind, record[name])
    if target is None:
        raise ValueError(f"{record['id']} names {record[name]}, which does not exist")
    # Two paths may go through the same object: keep what the first has expanded.
    if not isinstance(shown[name], dict):
        shown[name] = public(target)
    if rest:
        _expand(store, find, shown[name], target, rest, path)


def _refunds(store: Store, charge: Obj) -> list[Obj]:
    return store.all(REFUND, intent=charge["payment_intent"])[::-1]


def line_items(session: Obj) -> Obj:
    items = [public(item) for item in session["_line_items"]]
    return page(items, url=f"/v1/checkout/sessions/{session['id']}/line_items", has_more=False)


def page(data: list[Any], *, url: str, has_more: bool) -> Obj:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def data_paths(expand: Iterable[str]) -> list[str]:
    """The expansions of a list, each of which must begin with ``data.``."""
    paths = []
    for path in expand:
        prefix, _, rest = path.partition(".")
        if prefix != "data" or not rest:
            message = f"This property cannot be expanded ({path}). Start it with `data.`"
            raise ParameterError(message, "expand")
        paths.append(rest)
    return paths
