"""The part of Onfleet's API, version 2, that the site uses."""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from logistics.sandbox import tasks
from logistics.sandbox.app import App
from logistics.sandbox.checks import check_changes, check_destination, check_recipient, check_task
from logistics.sandbox.errors import ApiError, invalid, too_many, unauthorised, unknown
from logistics.sandbox.store import DESTINATION, RECIPIENT, TASK, WORKER, Obj, new_id
from totetaxi.lib.standin.web import Request, Response, json_bytes

ROOT = "/api/v2"
PAGE = 64


def handle(app: App, request: Request, pause: Callable[[], None]) -> Response:
    """Answer a call; ``pause`` is where a slow answer takes its time."""
    remaining = app.throttle.remaining()
    headers = {
        "X-RateLimit-Limit": str(app.throttle.limit),
        "X-RateLimit-Remaining": str(max(remaining, 0)),
    }
    try:
        _authenticate(app, request)
        if remaining < 0:
            raise too_many()
        pause()
        answer = _route(app, request)
    except ApiError as error:
        return Response(error.status, json_bytes(error.body()), headers=headers)
    return Response(200, json_bytes(answer), headers=headers)


def _authenticate(app: App, request: Request) -> None:
    """The key is the user name of HTTP basic authentication; the password is empty."""
    scheme, _, coded = request.headers.get("Authorization", "").partition(" ")
    try:
        key = base64.b64decode(coded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        key = ""
    if scheme.lower() != "basic" or not hmac.compare_digest(key.encode(), app.api_key.encode()):
        raise unauthorised()


def _route(app: App, request: Request) -> Any:
    for method, pattern, call in ROUTES:
        match = re.fullmatch(ROOT + pattern, request.path)
        if match and method == request.method:
            return call(app, request, *match.groups())
    raise unknown("resource")


def _body(request: Request) -> Any:
    try:
        return json.loads(request.body or b"{}")
    except ValueError as error:
        raise invalid("the body is not JSON") from error


def _organization(app: App, request: Request) -> Obj:
    return {
        "id": "organization",
        "name": "ToteTaxi (stand-in)",
        "timezone": "America/New_York",
        "country": "US",
        "delegatees": [],
    }


def _workers(app: App, request: Request) -> list[Obj]:
    return [{**worker, "tasks": [], "activeTask": None} for worker in app.store.all(WORKER)]


def _create(app: App, request: Request) -> Obj:
    body = check_task(_body(request))
    with app.store.changes() as changes:
        return tasks.public(tasks.create(changes, body, app.public_url))


def _live(app: App, task_id: str) -> Obj:
    task = app.store.find(TASK, task_id)
    if task is None or task["_deleted"]:
        raise unknown("task")
    return task


def _get(app: App, request: Request, task_id: str) -> Obj:
    return tasks.public(_live(app, task_id))


def _update(app: App, request: Request, task_id: str) -> Obj:
    body = check_changes(_body(request))
    with app.store.changes() as changes:
        return tasks.public(tasks.update(changes, task_id, body))


def _new_destination(app: App, request: Request) -> Obj:
    body = check_destination(_body(request))
    with app.store.changes() as changes:
        return tasks.public(changes.add(DESTINATION, {"id": new_id(), **body}))


def _recipient(app: App, phone: str) -> Obj:
    for person in app.store.all(RECIPIENT):
        if person["phone"] == phone:
            return person
    raise unknown("recipient")


def _by_phone(app: App, request: Request, phone: str) -> Obj:
    return tasks.public(_recipient(app, phone))


def _new_recipient(app: App, request: Request) -> Obj:
    body = check_recipient(_body(request))
    with app.store.changes() as changes:
        if any(person["phone"] == body["phone"] for person in app.store.all(RECIPIENT)):
            raise invalid("phone: there is a recipient with this number")
        return tasks.public(changes.add(RECIPIENT, {"id": new_id(), **body}))


def _change_recipient(app: App, request: Request, recipient_id: str) -> Obj:
    body = _body(request)
    if not isinstance(body, dict) or set(body) - {"name", "notes"}:
        raise invalid("name and notes can be changed")
    with app.store.changes() as changes:
        person = changes.edit(RECIPIENT, recipient_id)
        if person is None:
            raise unknown("recipient")
        person.update(body)
        return tasks.public(person)


def _delete(app: App, request: Request, task_id: str) -> int:
    with app.store.changes() as changes:
        tasks.delete(changes, task_id)
    return 200


def _by_metadata(app: App, request: Request) -> list[Obj]:
    """Tasks that carry all the entries asked for."""
    wanted = _body(request)
    if not isinstance(wanted, list) or not wanted:
        raise invalid("a list of metadata entries is required")
    entries = {(str(item.get("name")), str(item.get("value"))) for item in wanted}
    return [
        tasks.public(task)
        for task in app.store.all(TASK)
        if not task["_deleted"]
        and entries <= {(item["name"], str(item["value"])) for item in task["metadata"]}
    ]


def _all(app: App, request: Request) -> Obj:
    query = parse_qs(request.query)
    since = int(query.get("from", ["0"])[0])
    found = [task for task in app.store.all(TASK) if not task["_deleted"]]
    found = [task for task in found if task["timeCreated"] >= since]
    if last := query.get("lastId", [""])[0]:
        ids = [task["id"] for task in found]
        found = found[ids.index(last) + 1 :] if last in ids else []
    page = [tasks.public(task) for task in found[:PAGE]]
    more = {"lastId": page[-1]["id"]} if len(found) > PAGE else {}
    return {**more, "tasks": page}


def _webhooks(app: App, request: Request) -> list[Obj]:
    settings = app.dispatcher.settings
    return [
        {
            "id": f"webhook{number}",
            "count": app.dispatcher.failures_in_a_row,
            "url": settings.url,
            "trigger": number,
            "isEnabled": app.dispatcher.is_enabled,
        }
        for number in range(len(tasks.TRIGGERS))
        if settings.url
    ]


ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "/organization", _organization),
    ("GET", "/workers", _workers),
    ("GET", "/webhooks", _webhooks),
    ("POST", "/tasks", _create),
    ("POST", "/tasks/metadata", _by_metadata),
    ("GET", "/tasks/all", _all),
    ("POST", "/destinations", _new_destination),
    ("POST", "/recipients", _new_recipient),
    ("GET", r"/recipients/phone/(\+?\d+)", _by_phone),
    ("PUT", r"/recipients/([\w~]+)", _change_recipient),
    ("GET", r"/tasks/([\w~]+)", _get),
    ("PUT", r"/tasks/([\w~]+)", _update),
    ("DELETE", r"/tasks/([\w~]+)", _delete),
)
