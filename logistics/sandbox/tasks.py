"""Tasks and what drivers do with them; every step that Onfleet announces is a webhook.

States: 0 unassigned, 1 assigned, 2 active, 3 completed (well or not).
"""

from collections.abc import Mapping
from typing import Any, Final

from logistics.sandbox.errors import invalid, refused, unknown
from logistics.sandbox.store import (
    DELIVERY,
    DESTINATION,
    PICTURE,
    RECIPIENT,
    TASK,
    WORKER,
    Changes,
    Obj,
    new_id,
    now_ms,
)

UNASSIGNED, ASSIGNED, ACTIVE, COMPLETED = range(4)
TRIGGERS: Final = (
    "taskStarted",
    "taskEta",
    "taskArrival",
    "taskCompleted",
    "taskFailed",
    "workerDuty",
    "taskCreated",
    "taskUpdated",
    "taskDeleted",
    "taskAssigned",
    "taskUnassigned",
)
ETA_SECONDS: Final = 25 * 60


def create(changes: Changes, body: Obj, public_url: str) -> Obj:
    """Store a new task as Onfleet shapes it. Raises ApiError for an unknown dependency."""
    for dependency in body.get("dependencies", []):
        if changes.find(TASK, dependency) is None:
            raise invalid(f"dependencies: there is no task {dependency}")
    task_id, now = new_id(), now_ms()
    short_id = task_id[:8].lower()
    task: Obj = {
        "id": task_id,
        "timeCreated": now,
        "timeLastModified": now,
        "organization": "organization",
        "shortId": short_id,
        "trackingURL": f"{public_url}/track/{short_id}",
        "worker": None,
        "state": UNASSIGNED,
        "completeAfter": None,
        "completeBefore": None,
        "pickupTask": False,
        "notes": "",
        "dependencies": [],
        "metadata": [],
        "quantity": 0,
        "serviceTime": 0,
        "completionDetails": _nothing_completed(),
        "estimatedArrivalTime": None,
        "estimatedCompletionTime": None,
        "trackingViewed": False,
        "_deleted": False,
    }
    changes.add(TASK, task)
    _fill(changes, task, body)
    announce(changes, "taskCreated", task)
    return task


def update(changes: Changes, task_id: str, body: Obj) -> Obj:
    """Change a task that nobody has begun; raises ApiError for any other."""
    task = edit(changes, task_id)
    if task["state"] in (ACTIVE, COMPLETED):
        raise refused("the task is under way or completed")
    _fill(changes, task, body)
    announce(changes, "taskUpdated", task)
    return task


def delete(changes: Changes, task_id: str) -> None:
    """Remove a task that nobody has begun; raises ApiError for any other."""
    task = edit(changes, task_id)
    if task["state"] in (ACTIVE, COMPLETED):
        raise refused("the task is under way or completed")
    task["_deleted"] = True
    announce(changes, "taskDeleted", task)


def edit(changes: Changes, task_id: str) -> Obj:
    task = changes.edit(TASK, task_id)
    if task is None or task["_deleted"]:
        raise unknown("task")
    return task


def assign(changes: Changes, task_id: str, worker_id: str) -> Obj:
    task = edit(changes, task_id)
    if changes.find(WORKER, worker_id) is None:
        raise unknown("worker")
    if task["state"] not in (UNASSIGNED, ASSIGNED):
        raise refused("the task has begun")
    task["worker"], task["state"] = worker_id, ASSIGNED
    announce(changes, "taskAssigned", task)
    return task


def unassign(changes: Changes, task_id: str) -> Obj:
    task = edit(changes, task_id)
    if task["state"] != ASSIGNED:
        raise refused("the task is not assigned")
    task["worker"], task["state"] = None, UNASSIGNED
    announce(changes, "taskUnassigned", task)
    return task


def start(changes: Changes, task_id: str) -> Obj:
    """Begin a task; one that nobody was given takes the first driver. Dependencies come first."""
    task = edit(changes, task_id)
    if task["state"] == UNASSIGNED:
        task = assign(changes, task_id, "driver1")
    if task["state"] != ASSIGNED:
        raise refused("the task has begun")
    for dependency in task["dependencies"]:
        before = changes.find(TASK, dependency)
        if before and not before["_deleted"] and before["state"] != COMPLETED:
            raise refused("a task it depends on is not completed")
    task["state"] = ACTIVE
    task["estimatedArrivalTime"] = now_ms() + ETA_SECONDS * 1000
    announce(changes, "taskStarted", task)
    announce(changes, "taskEta", task, eta_seconds=ETA_SECONDS)
    return task


def arrive(changes: Changes, task_id: str) -> Obj:
    task = edit(changes, task_id)
    if task["state"] != ACTIVE:
        raise refused("the task is not under way")
    announce(changes, "taskArrival", task)
    return task


def complete(changes: Changes, task_id: str, details: Mapping[str, Any]) -> Obj:
    """Complete a task under way, with a photo or a signature if ``details`` say so."""
    task = edit(changes, task_id)
    if task["state"] != ACTIVE:
        raise refused("the task is not under way")
    done = task["completionDetails"]
    done.update(success=True, time=now_ms(), notes=str(details.get("notes", "")))
    if details.get("photo"):
        done["photoUploadIds"] = [_picture(changes, "photo")]
        done["photoUploadId"] = done["photoUploadIds"][0]
    if details.get("signature"):
        done["signatureUploadId"] = _picture(changes, "signature")
    task["state"] = COMPLETED
    announce(changes, "taskCompleted", task)
    return task


def fail(changes: Changes, task_id: str, details: Mapping[str, Any]) -> Obj:
    task = edit(changes, task_id)
    if task["state"] != ACTIVE:
        raise refused("the task is not under way")
    task["completionDetails"].update(
        success=False,
        time=now_ms(),
        failureReason=str(details.get("reason", "OTHER")),
        failureNotes=str(details.get("notes", "")),
    )
    task["state"] = COMPLETED
    announce(changes, "taskFailed", task)
    return task


def announce(changes: Changes, trigger: str, task: Obj, *, eta_seconds: int | None = None) -> None:
    """Store the webhook that tells of a step, with the task as it is now."""
    task["timeLastModified"] = now_ms()
    worker = changes.find(WORKER, task["worker"]) if task["worker"] else None
    body: Obj = {
        "taskId": task["id"],
        "workerId": task["worker"],
        "actionContext": None,
        "adminId": None,
        "triggerId": TRIGGERS.index(trigger),
        "triggerName": trigger,
        "time": now_ms(),
        "data": {
            "task": None if task["_deleted"] else public(task),
            "worker": worker and {name: worker[name] for name in ("id", "name", "phone")},
        },
    }
    if eta_seconds is not None:
        body["etaSeconds"] = eta_seconds
    delivery = {"id": new_id(), "body": body, "state": "pending", "tries": 0, "error": ""}
    changes.add(DELIVERY, delivery)


def public(record: Obj) -> Obj:
    return {name: value for name, value in record.items() if not name.startswith("_")}


def _fill(changes: Changes, task: Obj, body: Obj) -> None:
    """Take over what the body says, as Onfleet stores it."""
    for name, value in body.items():
        if name == "destination":
            task["destination"] = _destination(changes, value)
        elif name == "recipients":
            task["recipients"] = [_person(changes, one) for one in value]
        else:
            task[name] = value


def _destination(changes: Changes, given: Any) -> Obj:
    """The place itself, or the one that was made before and is named."""
    if isinstance(given, str):
        return public(_made(changes, DESTINATION, given))
    location = given.get("location") or [-73.98, 40.74]
    return changes.add(DESTINATION, {"id": new_id(), **given, "location": location})


def _person(changes: Changes, given: Any) -> Obj:
    """As ``_destination``; a number has one recipient, whose name is the newest."""
    if isinstance(given, str):
        return public(_made(changes, RECIPIENT, given))
    for known in changes.all(RECIPIENT):
        if known["phone"] == given["phone"]:
            return {**changes.add(RECIPIENT, {**known, **given})}
    return changes.add(RECIPIENT, {"id": new_id(), **given})


def _made(changes: Changes, kind: str, record_id: str) -> Obj:
    found = changes.find(kind, record_id)
    if found is None:
        raise invalid(f"there is no {kind} {record_id}")
    return found


def _nothing_completed() -> Obj:
    return {
        "success": None,
        "time": None,
        "notes": "",
        "failureReason": "NONE",
        "failureNotes": "",
        "signatureUploadId": None,
        "photoUploadId": None,
        "photoUploadIds": None,
        "actions": [],
        "events": [],
        "unavailableAttachments": [],
    }


def _picture(changes: Changes, kind: str) -> str:
    picture: Obj = changes.add(PICTURE, {"id": new_id(), "kind": kind})
    picture_id: str = picture["id"]
    return picture_id
