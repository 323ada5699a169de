"""What tests and the driver's page may do that no outside service offers: ``/sandbox/...``.

Only this machine may call these. Bodies and answers are JSON; a page's forms are taken as well.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from logistics.sandbox import tasks
from logistics.sandbox.app import App
from logistics.sandbox.errors import ApiError, invalid
from logistics.sandbox.store import DELIVERY, TASK, Obj
from totetaxi.lib.standin import faults
from totetaxi.lib.standin.web import Request, Response, json_bytes, json_response

WEBHOOK_OPTIONS = ("url", "secret", "timeout_seconds", "paused", "copies", "jitter_seconds")
FAULT_OPTIONS = ("match", "kind", "times", "skip", "seconds")


def handle(app: App, request: Request) -> Response:
    if not request.from_loopback:
        return json_response({"error": "Only from this machine."}, 403)
    try:
        options = json.loads(request.body) if request.body else {}
        for method, pattern, act in ROUTES:
            match = re.fullmatch("/sandbox" + pattern, request.path)
            if match and method == request.method:
                return json_response(act(app, options, *match.groups()))
    except ApiError as error:
        return Response(error.status, json_bytes(error.body()))
    except (ValueError, TypeError, KeyError) as error:
        return json_response({"error": str(error)}, 400)
    return json_response({"error": "There is no such control."}, 404)


def drive(app: App, action: str, task_id: str, details: Obj) -> Obj:
    """Let the driver do one thing; raises ApiError where the task does not allow it."""
    with app.store.changes() as changes:
        match action:
            case "assign":
                task = tasks.assign(changes, task_id, str(details.get("worker", "driver1")))
            case "unassign":
                task = tasks.unassign(changes, task_id)
            case "start":
                task = tasks.start(changes, task_id)
            case "arrive":
                task = tasks.arrive(changes, task_id)
            case "complete":
                task = tasks.complete(changes, task_id, details)
            case "fail":
                task = tasks.fail(changes, task_id, details)
            case _:
                raise invalid(f"there is no action {action}")
        return tasks.public(task)


def _drive(app: App, options: Obj, task_id: str, action: str) -> Obj:
    return drive(app, action, task_id, options)


def _delete(app: App, options: Obj, task_id: str) -> Obj:
    """As a dispatcher does in Onfleet's own screens."""
    with app.store.changes() as changes:
        tasks.delete(changes, task_id)
    return {}


def _state(app: App, options: Obj) -> Obj:
    found = app.store.all(TASK)
    return {
        "tasks": [tasks.public(task) for task in found if not task["_deleted"]],
        "deleted": [task["id"] for task in found if task["_deleted"]],
        "pending_webhooks": app.dispatcher.pending(),
        "failures_in_a_row": app.dispatcher.failures_in_a_row,
        "webhooks_enabled": app.dispatcher.is_enabled,
        "requests": list(app.requests),
    }


def _webhooks(app: App, options: Obj) -> Obj:
    app.dispatcher.change(**{name: options[name] for name in WEBHOOK_OPTIONS if name in options})
    return asdict(app.dispatcher.settings)


def _sent(app: App, options: Obj) -> Obj:
    return {"data": app.store.all(DELIVERY)}


def _add_fault(app: App, options: Obj) -> Obj:
    if options.get("kind") not in faults.KINDS:
        raise ValueError(f"kind is one of {', '.join(faults.KINDS)}")
    return asdict(
        app.faults.add(**{name: options[name] for name in FAULT_OPTIONS if name in options})
    )


def _clear_faults(app: App, options: Obj) -> Obj:
    app.faults.clear()
    return {}


def _limit(app: App, options: Obj) -> Obj:
    """How many API calls a second are answered; forgotten by a restart."""
    app.throttle.limit = int(options["calls_a_second"])
    app.throttle.reset()
    return {"calls_a_second": app.throttle.limit}


def _reset(app: App, options: Obj) -> Obj:
    app.faults.clear()
    app.store.wipe()
    app.dispatcher.forget()
    app.throttle.reset()
    app.requests.clear()
    return {}


ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "/state", _state),
    ("POST", "/webhooks", _webhooks),
    ("GET", "/webhooks", _sent),
    ("POST", "/faults", _add_fault),
    ("DELETE", "/faults", _clear_faults),
    ("POST", "/limit", _limit),
    ("POST", "/reset", _reset),
    ("POST", r"/tasks/([\w~]+)/(assign|unassign|start|arrive|complete|fail)", _drive),
    ("DELETE", r"/tasks/([\w~]+)", _delete),
)
