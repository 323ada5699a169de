"""The only place that knows Onfleet: frozen data in and out, two errors of ours, nothing else.

``TemporaryError`` means that nobody knows whether it happened: look again, then repeat.
``PermanentError`` means that Onfleet said no: the same request will never work.
"""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import quote

import httpx
from django.conf import settings

from logistics.onfleet_data import (
    Destination,
    EventNotice,
    NewTask,
    Recipient,
    RemoteState,
    TaskContent,
    TaskState,
    WebhookState,
    Worker,
)
from totetaxi.lib.errors import PermanentError, TemporaryError

TIMEOUT_SECONDS: Final = 10
GLANCE_SECONDS: Final = 3  # where a person waits for what is only nice to know
# Onfleet takes 20 calls a second from all of us together; a 429 did nothing, so it is asked again.
THROTTLE_SECONDS: Final = 1
THROTTLE_TRIES: Final = 4
MOST_TRIGGER: Final = 32_767
LARGEST_PICTURE: Final = 15 * 1024 * 1024  # bytes
ETA: Final = 1


class NotFoundError(PermanentError):
    """Onfleet has no such task in our account."""


class UnderWayError(PermanentError):
    """The task has begun or is over: it can be neither changed nor deleted."""


class InvalidSignatureError(Exception):
    """The body was not signed by Onfleet with our secret."""


class OnfleetGateway:
    """Onfleet's API over HTTP; address and key come from the settings."""

    def __init__(self, api_key: str, api_base: str, picture_url: str) -> None:
        self._picture_url = picture_url
        self._client = httpx.Client(
            base_url=f"{api_base}/api/v2/",
            auth=(api_key, ""),
            timeout=TIMEOUT_SECONDS,
            headers={"Content-Type": "application/json"},
        )
        # Pictures lie elsewhere: no key goes there.
        self._pictures = httpx.Client(timeout=TIMEOUT_SECONDS)
        self._rest_until = 0.0

    def organization_name(self) -> str:
        found = _object(self._ask("GET", "organization", seconds=GLANCE_SECONDS))
        return _text(found.get("name"))

    def workers(self) -> tuple[Worker, ...]:
        return tuple(
            Worker(
                id=_text(item.get("id")),
                name=_text(item.get("name")),
                on_duty=bool(item.get("onDuty")),
            )
            for item in _objects(self._ask("GET", "workers", seconds=GLANCE_SECONDS))
        )

    def webhooks(self) -> tuple[WebhookState, ...]:
        return tuple(
            WebhookState(
                url=_text(item.get("url")),
                failures=int(item.get("count") or 0),
                is_enabled=bool(item.get("isEnabled", True)),
            )
            for item in _objects(self._ask("GET", "webhooks"))
        )

    def create_task(self, new: NewTask) -> TaskState:
        """Make a task. It may have been made even if this raises TemporaryError."""
        body = _content(new.content)
        body["pickupTask"] = new.is_pickup
        body["metadata"] = _metadata(
            task_key=new.key,
            booking_number=new.booking_number,
            task_type=new.kind,
            service_type=new.service_type,
        )
        if new.depends_on:
            body["dependencies"] = [new.depends_on]
        return _task_state(self._ask("POST", "tasks", body))

    def find_task(self, key: str) -> TaskState | None:
        """The task that carries our row's id, if it was made."""
        found = _objects(self._ask("POST", "tasks/metadata", _metadata(task_key=key)))
        return _task_state(found[0]) if found else None

    def get_task(self, task_id: str) -> TaskState:
        state = _task_state(self._ask("GET", _path(task_id)))
        if state.id != task_id:
            raise TemporaryError("Onfleet answered with another task than the one asked for")
        return state

    def update_task(self, task_id: str, content: TaskContent) -> TaskState:
        """Change a task that nobody has begun; UnderWayError for any other.

        Onfleet changes no place and no person through a task: they are made first, and named.
        """
        body = _content(content)
        place = _object(self._ask("POST", "destinations", body["destination"]))
        body["destination"] = _id_of(place)
        body["recipients"] = [self._person(one) for one in body["recipients"]]
        return _task_state(self._ask("PUT", _path(task_id), body))

    def _person(self, person: dict[str, str]) -> str:
        """The id of the recipient with this number, who is made or brought up to date."""
        number = quote(person["phone"], safe="+")
        try:
            known = _id_of(_object(self._ask("GET", f"recipients/phone/{number}")))
        except NotFoundError:
            return _id_of(_object(self._ask("POST", "recipients", person)))
        changes = {"name": person["name"], "notes": person["notes"]}
        self._ask("PUT", f"recipients/{quote(known, safe='')}", changes)
        return known

    def delete_task(self, task_id: str) -> None:
        """Recall a task that nobody has begun; UnderWayError, or NotFoundError if it is gone."""
        self._ask("DELETE", _path(task_id))

    def picture(self, upload_id: str) -> bytes:
        """A photo or signature as Onfleet's file host serves it."""
        url = self._picture_url.format(id=quote(upload_id, safe=""))
        content = bytearray()
        try:
            with self._pictures.stream("GET", url) as response:
                if response.status_code != 200:
                    # They appear a little after the task is completed.
                    raise TemporaryError(f"Onfleet's pictures: {response.status_code}")
                for part in response.iter_bytes():
                    content += part
                    if len(content) > LARGEST_PICTURE:
                        raise PermanentError("Onfleet's pictures: too large")
        except httpx.HTTPError as error:
            raise TemporaryError(f"Onfleet's pictures: {type(error).__name__}") from error
        return bytes(content)

    def _ask(
        self, method: str, path: str, body: Any = None, *, seconds: float = TIMEOUT_SECONDS
    ) -> Any:
        """Make one call, with what goes wrong turned into our errors."""
        content = None if body is None else json.dumps(body)
        response = self._within_the_limit(method, path, content, seconds)
        status = response.status_code
        if status >= 500 or status in (401, 403, 408, 425, 429):
            # A wrong key is mended by people; what waits must not be lost meanwhile.
            raise TemporaryError(f"Onfleet: {status}")
        if status >= 400:
            raise _refusal(status)
        if method == "DELETE":
            return None
        try:
            return response.json()
        except ValueError as error:
            raise TemporaryError("Onfleet: the answer came garbled") from error

    def _within_the_limit(
        self, method: str, path: str, content: str | None, seconds: float
    ) -> httpx.Response:
        """The answer; while Onfleet says that we ask too often, wait a little and ask again."""
        for last in (False,) * (THROTTLE_TRIES - 1) + (True,):
            time.sleep(max(0.0, self._rest_until - time.monotonic()))
            try:
                response = self._client.request(method, path, content=content, timeout=seconds)
            except httpx.HTTPError as error:
                raise TemporaryError(f"Onfleet: {type(error).__name__}") from error
            if response.status_code == 429 or response.headers.get("X-RateLimit-Remaining") == "0":
                self._rest_until = time.monotonic() + THROTTLE_SECONDS
            if response.status_code != 429 or last:
                break
        return response


@cache
def get_gateway() -> OnfleetGateway:
    """The gateway of this process, as the settings want it."""
    return OnfleetGateway(
        settings.ONFLEET_API_KEY, settings.ONFLEET_API_BASE, settings.ONFLEET_PICTURE_URL
    )


def parse_event(body: bytes, signature: str) -> EventNotice | None:
    """The news in a signed webhook body; None where it is not about a task.

    The key of the signature is the secret decoded from hexadecimal. Raises InvalidSignatureError
    for a body that Onfleet did not sign, also while we have no secret or one that is not
    hexadecimal; ValueError for a signed body that is no event.
    """
    if not any(_is_signed(body, signature, secret) for secret in settings.ONFLEET_WEBHOOK_SECRETS):
        raise InvalidSignatureError
    event = json.loads(body)
    if not isinstance(event, dict) or not _is_trigger(event.get("triggerId")):
        raise ValueError("no event")
    task_id = _text(event.get("taskId"))
    happened_at = _moment(event.get("time"))
    if not task_id or happened_at is None:
        return None
    return EventNotice(
        trigger=event["triggerId"],
        task_id=task_id[:100],
        happened_at=happened_at,
        eta_at=_event_eta(event, happened_at),
    )


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        key = bytes.fromhex(secret)
    except ValueError:
        return False
    expected = hmac.new(key, body, hashlib.sha512).hexdigest()
    return bool(key) and hmac.compare_digest(expected.encode(), signature.lower().encode())


def _is_trigger(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST_TRIGGER


def _event_eta(event: dict[str, Any], happened_at: datetime) -> datetime | None:
    """When the driver will arrive: told in seconds from then, or in the task."""
    if event["triggerId"] != ETA:
        return None
    seconds = event.get("etaSeconds")
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0:
        return _moment(happened_at.timestamp() * 1000 + seconds * 1000)
    task = _object(_object(event.get("data")).get("task"))
    return _moment(task.get("estimatedArrivalTime") or task.get("estimatedCompletionTime"))


def _refusal(status: int) -> PermanentError:
    message = f"Onfleet: {status}"
    if status == 404:
        return NotFoundError(message)
    if status in (409, 412):
        return UnderWayError(message)
    return PermanentError(message)


def _path(task_id: str) -> str:
    return f"tasks/{quote(task_id, safe='')}"


def _metadata(**entries: str) -> list[dict[str, str]]:
    return [{"name": name, "type": "string", "value": value} for name, value in entries.items()]


def _content(content: TaskContent) -> dict[str, Any]:
    who = content.recipient
    return {
        "destination": _destination(content.destination),
        "recipients": [] if who is None else [_recipient(who)],
        "completeAfter": int(content.after.timestamp() * 1000),
        "completeBefore": int(content.before.timestamp() * 1000),
        "notes": content.notes,
        "quantity": content.quantity,
        "serviceTime": content.service_minutes,
    }


def _recipient(who: Recipient) -> dict[str, str]:
    return {"name": who.name, "phone": who.phone, "notes": who.notes}


def _destination(place: Destination) -> dict[str, Any]:
    destination: dict[str, Any] = {
        "address": {
            "number": place.number,
            "street": place.street,
            "apartment": place.apartment,
            "city": place.city,
            "state": place.state,
            "postalCode": place.postal_code,
            "country": "USA",
        }
    }
    if place.lng_lat is not None:
        destination["location"] = list(place.lng_lat)
    return destination


def _task_state(task: Any) -> TaskState:
    """Read a task; every field but its id may be missing or null."""
    if not isinstance(task, dict) or not isinstance(task.get("id"), str):
        raise TemporaryError("Onfleet: the answer is no task")
    details = _object(task.get("completionDetails"))
    succeeded = details.get("success")
    url = _text(task.get("trackingURL"))
    return TaskState(
        id=task["id"],
        short_id=_text(task.get("shortId")),
        tracking_url=url if url.startswith(("https://", "http://")) else "",
        state=_remote_state(task.get("state")),
        worker_id=_id_of(task.get("worker")),
        changed_at=_moment(task.get("timeLastModified")),
        eta_at=_moment(task.get("estimatedArrivalTime") or task.get("estimatedCompletionTime")),
        succeeded=succeeded if isinstance(succeeded, bool) else None,
        finished_at=_moment(details.get("time")),
        failure_reason=_text(details.get("failureReason")),
        notes=_text(details.get("failureNotes")) or _text(details.get("notes")),
        photo_ids=_photo_ids(details),
        signature_id=_id_of(details.get("signatureUploadId")),
    )


def _remote_state(value: Any) -> RemoteState | None:
    try:
        return RemoteState(value)
    except (ValueError, TypeError):
        return None


def _photo_ids(details: dict[str, Any]) -> tuple[str, ...]:
    """Photo ids: a list of texts, or of objects with an id, or a single one."""
    value = details.get("photoUploadIds") or details.get("photoUploadId") or []
    items = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(found for item in items if (found := _id_of(item))))


def _id_of(thing: Any) -> str:
    """The id of something given as an id or as an object; "" for nothing."""
    if isinstance(thing, dict):
        thing = thing.get("id") or thing.get("attachmentId")
    return _text(thing)


def _object(thing: Any) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    return thing if isinstance(thing, dict) else {}


def _objects(thing: Any) -> list[dict[str, Any]]:
    """The objects of a list; none of anything else."""
    return [item for item in thing if isinstance(item, dict)] if isinstance(thing, list) else []


def _text(thing: Any) -> str:
    """A text without what the database refuses; "" for anything else."""
    return thing.replace("\x00", "") if isinstance(thing, str) else ""


def _moment(milliseconds: Any) -> datetime | None:
    """A time in milliseconds since 1970, as Onfleet writes it; None for anything else."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None
