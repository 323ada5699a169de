"""The pages: the driver's list, one task to drive, and what a tracking link shows."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from logistics.sandbox import pictures, tasks
from logistics.sandbox.app import App
from logistics.sandbox.control import drive
from logistics.sandbox.errors import ApiError
from logistics.sandbox.store import DELIVERY, PICTURE, TASK, WORKER, Obj
from totetaxi.lib.standin.html import Html, Templates, join, tag
from totetaxi.lib.standin.web import Request, Response, redirect

ASSETS = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_templates = Templates(Path(__file__).parent / "html", ASSETS)
STATES = ("Waiting for a driver", "Assigned", "Under way", "Done")
NEW_YORK = ZoneInfo("America/New_York")


def home(app: App, request: Request) -> Response:
    """Every task, newest first."""
    found = [task for task in reversed(app.store.all(TASK)) if not task["_deleted"]]
    rows = join([_row(task) for task in found])
    empty = tag("p", "There are no tasks yet: pay for a booking, and its two tasks appear here.")
    content = _templates.fill(
        "home.html",
        tasks=_templates.fill("tasks.html", rows=rows) if found else empty,
        waiting=app.dispatcher.pending(),
        failed=sum(item["state"] == "gave_up" for item in app.store.all(DELIVERY)),
    )
    return _templates.page("Driver", content)


def show(app: App, request: Request, task_id: str, *, problem: str = "") -> Response:
    task = _task(app, task_id)
    worker = app.store.find(WORKER, task["worker"]) if task["worker"] else None
    content = _templates.fill(
        "task.html",
        kind=_kind(task),
        state=_state(task),
        problem=tag("p", problem, class_="problem", role="alert") if problem else Html(""),
        number=_metadata(task).get("booking_number", "-"),
        address=_address(task),
        window=_window(task),
        recipient=_recipient(task),
        driver=worker["name"] if worker else "nobody yet",
        notes=task["notes"] or "-",
        forms=_forms(task),
    )
    return _templates.page(_kind(task), content, status=409 if problem else 200)


def act(app: App, request: Request, task_id: str, action: str) -> Response:
    """A driver's button; where the task does not allow it, the page says why."""
    try:
        drive(app, action, task_id, dict(request.form))
    except ApiError as error:
        if error.status == 404:
            raise
        reason = str(error.body()["message"]["cause"]) or error.message
        return show(app, request, task_id, problem=f"Not possible: {reason}.")
    return redirect(f"/drive/{task_id}")


def track(app: App, request: Request, short_id: str) -> Response:
    for task in app.store.all(TASK):
        if task["shortId"] == short_id and not task["_deleted"]:
            content = _templates.fill("track.html", kind=_kind(task), state=_state(task))
            return _templates.page("Tracking", content)
    raise ApiError(404, "ResourceNotFound", 1402, "There is no such task.")


def picture(app: App, request: Request, picture_id: str) -> Response:
    """A photo or signature, as Onfleet's file host serves it."""
    found = app.store.find(PICTURE, picture_id)
    if found is None:
        raise ApiError(404, "ResourceNotFound", 1402, "There is no such picture.")
    return Response(200, pictures.png(found["kind"]), "image/png")


def asset(app: App, request: Request, name: str) -> Response:
    found = _templates.asset(name)
    if found is None:
        raise ApiError(404, "ResourceNotFound", 1402, "There is no such file.")
    return found


def message(text: str, status: int) -> Response:
    content = tag("h1", "Nothing here") + tag("p", text)
    return _templates.page("Nothing here", content, status=status)


PAGES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("GET", r"/", home),
    ("GET", r"/drive/([\w~]+)", show),
    ("POST", r"/drive/([\w~]+)/(assign|unassign|start|arrive|complete|fail)", act),
    ("GET", r"/track/(\w+)", track),
    ("GET", r"/attachments/([\w~]+)/800x\.png", picture),
    ("GET", r"/assets/([\w.]+)", asset),
)


def _task(app: App, task_id: str) -> Obj:
    task = app.store.find(TASK, task_id)
    if task is None or task["_deleted"]:
        raise ApiError(404, "ResourceNotFound", 1402, "There is no such task.")
    return task


def _forms(task: Obj) -> Html:
    names = {
        tasks.UNASSIGNED: ("start",),
        tasks.ASSIGNED: ("start", "unassign"),
        tasks.ACTIVE: ("arrive", "complete", "fail"),
        tasks.COMPLETED: (),
    }[task["state"]]
    forms = [_templates.fill(f"form-{name}.html", task=task["id"]) for name in names]
    return join(forms) if forms else tag("p", "There is nothing left to do.")


def _row(task: Obj) -> Html:
    link = tag("a", _metadata(task).get("booking_number", task["shortId"]), href=_href(task))
    cells = (link, _kind(task), _window(task), _address(task), _state(task))
    return tag("tr", join([tag("td", cell) for cell in cells]))


def _href(task: Obj) -> str:
    return f"/drive/{task['id']}"


def _kind(task: Obj) -> str:
    return "Pickup" if task["pickupTask"] else "Drop-off"


def _state(task: Obj) -> str:
    if task["state"] == tasks.COMPLETED and not task["completionDetails"]["success"]:
        return "Failed"
    return STATES[task["state"]]


def _metadata(task: Obj) -> dict[str, str]:
    return {item["name"]: str(item["value"]) for item in task["metadata"]}


def _address(task: Obj) -> str:
    address = task["destination"]["address"]
    street = f"{address.get('number', '')} {address.get('street', '')}".strip()
    return ", ".join(part for part in (street, address.get("city", "")) if part)


def _recipient(task: Obj) -> str:
    people = [f"{person['name']}, {person['phone']}" for person in task.get("recipients", [])]
    return "; ".join(people) or "nobody to call"


def _window(task: Obj) -> str:
    ends = [task["completeAfter"], task["completeBefore"]]
    times = [datetime.fromtimestamp(end / 1000, NEW_YORK) for end in ends if end]
    if len(times) < len(ends):
        return "any time"
    return f"{times[0]:%b %-d, %-I:%M %p} to {times[1]:%-I:%M %p}"
