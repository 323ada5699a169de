"""Pages for the developer: what happened lately, one record in full, the control endpoints."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from payments.sandbox import render
from payments.sandbox.app import App
from payments.sandbox.errors import ApiError
from payments.sandbox.store import (
    CHARGE,
    DELIVERY,
    EVENT,
    REFUND,
    SESSION,
    Obj,
    delivery_id,
)
from payments.sandbox.templates import amount, page
from totetaxi.lib.standin.html import Html, join, link, tag
from totetaxi.lib.standin.web import Response

SHOWN_ROWS = 25


def home(app: App) -> Response:
    newest = {
        kind: app.store.all(kind)[-SHOWN_ROWS:][::-1] for kind in (SESSION, CHARGE, REFUND, EVENT)
    }
    states = Counter(delivery["state"] for delivery in app.store.all(DELIVERY))
    counts = [
        tag("li", f"{len(app.store.all(kind))} {name}")
        for kind, name in (
            (SESSION, "sessions"),
            (CHARGE, "charges"),
            (REFUND, "refunds"),
            (EVENT, "events"),
        )
    ]
    counts += [tag("li", f"{number} webhooks {state}") for state, number in sorted(states.items())]
    parts = [
        tag("h1", f"Stand-in for Stripe: {app.merchant}"),
        tag("p", link("/sandbox/", "Control endpoints") + " for tests."),
        tag("ul", join(counts), class_="counts"),
        _table(
            "Sessions",
            ("Created", "Session", "Amount", "Status", "Page"),
            [
                (
                    _clock(item),
                    _record_link(item),
                    amount(item),
                    f"{item['status']}, {item['payment_status']}",
                    link(item["url"], "Open") if item["status"] == "open" else "",
                )
                for item in newest[SESSION]
            ],
        ),
        _table(
            "Charges",
            ("Created", "Charge", "Amount", "Refunded", "Status"),
            [
                (
                    _clock(item),
                    _record_link(item),
                    amount(item),
                    amount(item, item["amount_refunded"]),
                    item["status"] + (", disputed" if item["disputed"] else ""),
                )
                for item in newest[CHARGE]
            ],
        ),
        _table(
            "Refunds",
            ("Created", "Refund", "Amount", "Status"),
            [
                (_clock(item), _record_link(item), amount(item), item["status"])
                for item in newest[REFUND]
            ],
        ),
        _table(
            "Events",
            ("Created", "Event", "Type", "Webhook"),
            [
                (_clock(item), _record_link(item), item["type"], _delivery_text(app, item))
                for item in newest[EVENT]
            ],
        ),
    ]
    return page("Stand-in for Stripe", join(parts))


def record(app: App, record_id: str) -> Response:
    """One of Stripe's objects as JSON; an event with the attempts to deliver it."""
    found = app.store.records.get(record_id)
    if found is None or found["object"].startswith("_"):
        raise ApiError(404, f"There is no {record_id}.")
    shown = json.dumps(render.one(app.store, found), indent=2, ensure_ascii=False)
    parts = [tag("p", link("/", "All")), tag("h1", record_id), tag("pre", shown, tabindex="0")]
    delivery = app.store.find(DELIVERY, delivery_id(record_id))
    if delivery:
        attempts = json.dumps(delivery, indent=2)
        parts += [tag("h2", "Delivery"), tag("pre", attempts, tabindex="0")]
    return page(record_id, join(parts))


def help_page(lines: Iterable[tuple[str, str]]) -> Response:
    entries = [tag("dt", tag("code", name)) + tag("dd", text) for name, text in lines]
    intro = (
        "JSON in, JSON out, from this machine only. Every action that makes events also takes "
        "webhook (now, delay or never) and seconds. Faults, request log and webhook settings are "
        "forgotten by a restart; everything else is kept."
    )
    parts = [
        tag("p", link("/", "All")),
        tag("h1", "Control endpoints"),
        tag("p", intro),
        tag("dl", join(entries)),
    ]
    return page("Control endpoints", join(parts))


def _table(heading: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> Html:
    title = tag("h2", heading)
    if not rows:
        return title + tag("p", "None yet.")
    head = tag("tr", join([tag("th", name, scope="col") for name in columns]))
    body = [tag("tr", join([tag("td", cell) for cell in row])) for row in rows]
    table = tag("table", tag("thead", head) + tag("tbody", join(body)))
    return title + tag(
        "div", table, class_="scroll", tabindex="0", role="region", aria_label=heading
    )


def _clock(item: Obj) -> str:
    return time.strftime("%H:%M:%S", time.localtime(item["created"]))


def _record_link(item: Obj) -> Html:
    return link(f"/objects/{item['id']}", f"{item['id'][:12]}…{item['id'][-4:]}")


def _delivery_text(app: App, event: Obj) -> str:
    delivery = app.store.find(DELIVERY, delivery_id(event["id"]))
    if delivery is None:
        return ""
    last = delivery["log"][-1] if delivery["log"] else None
    tried = f" after {len(delivery['log'])}" if len(delivery["log"]) > 1 else ""
    trouble = (
        f" ({last['status'] or last['error']})" if last and delivery["state"] != "delivered" else ""
    )
    return f"{delivery['state']}{tried}{trouble}"
