"""What Onfleet refuses in a task, before anything is stored."""

import re
from collections.abc import Callable
from typing import Any

from logistics.sandbox.errors import invalid, not_geocoded
from logistics.sandbox.store import Obj

PHONE = re.compile(r"\+[1-9][0-9]{9,14}")
LONGEST_NOTES = 10_000
ADDRESS_PARTS = ("number", "street", "apartment", "city", "state", "postalCode", "country", "name")
METADATA_TYPES = ("string", "number", "boolean", "object", "array")


def check_task(body: Any) -> Obj:
    """A new task, if Onfleet would take it; raises ApiError. Unknown properties are refused."""
    known = _known(body)
    for name in ("destination", "recipients"):
        if name not in known:
            raise invalid(f"{name} is required")
    for name, value in known.items():
        CHECKS[name](name, value)
    _window(known)
    return known


def check_changes(body: Any) -> Obj:
    """Changes of a task: the place and the person are named by their ids, never given."""
    known = _known(body)
    for name, value in known.items():
        if name == "destination":
            _ids(name, [value])
        elif name == "recipients":
            _ids(name, value)
        else:
            CHECKS[name](name, value)
    _window(known)
    return known


def check_destination(body: Any) -> Obj:
    _destination("destination", body)
    return dict(body)


def check_recipient(body: Any) -> Obj:
    _recipients("recipients", [body])
    return dict(body)


def _known(body: Any) -> Obj:
    if not isinstance(body, dict):
        raise invalid("the body must be a JSON object")
    if strangers := sorted(set(body) - set(CHECKS)):
        raise invalid(f"unknown property: {strangers[0]}")
    return body


def _window(body: Obj) -> None:
    after, before = body.get("completeAfter"), body.get("completeBefore")
    if after is not None and before is not None and before <= after:
        raise invalid("completeBefore must be later than completeAfter")


def _text(name: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > LONGEST_NOTES:
        raise invalid(f"{name} must be a string of at most {LONGEST_NOTES} characters")


def _flag(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise invalid(f"{name} must be a boolean")


def _number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise invalid(f"{name} must be a number of at least 0")


def _moment(name: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 1_000_000_000_000:
        raise invalid(f"{name} must be a time in milliseconds since 1970")


def _destination(name: str, value: Any) -> None:
    if not isinstance(value, dict) or not isinstance(value.get("address"), dict):
        raise invalid(f"{name}.address is required")
    address = value["address"]
    if "unparsed" not in address:
        for part in address:
            if part not in ADDRESS_PARTS or not isinstance(address[part], str):
                raise invalid(f"{name}.address.{part} is not a known string")
        for part in ("street", "city", "country"):
            if not address.get(part, "").strip():
                raise invalid(f"{name}.address.{part} is required")
        if "number" not in address:
            raise invalid(f"{name}.address.number is required")
    _location(name, value.get("location"), address)


def _location(name: str, location: Any, address: Obj) -> None:
    if location is None:
        if "nowhere" in str(address.get("street", "")).lower():
            raise not_geocoded(f"{name}.address")
        return
    if not isinstance(location, list) or len(location) != 2:
        raise invalid(f"{name}.location must be [longitude, latitude]")
    longitude, latitude = location
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise invalid(f"{name}.location must be [longitude, latitude]")


def _recipients(name: str, value: Any) -> None:
    if not isinstance(value, list):
        raise invalid(f"{name} must be a list")
    for recipient in value:
        if not isinstance(recipient, dict) or not str(recipient.get("name", "")).strip():
            raise invalid(f"{name}: name is required")
        if not PHONE.fullmatch(str(recipient.get("phone", ""))):
            raise invalid(f"{name}: phone is not a valid number")


def _ids(name: str, value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(f"{name} must be a list of ids")


def _metadata(name: str, value: Any) -> None:
    if not isinstance(value, list):
        raise invalid(f"{name} must be a list")
    for item in value:
        if not isinstance(item, dict) or item.get("type") not in METADATA_TYPES:
            raise invalid(f"{name}: each entry has name, type and value")
        if not isinstance(item.get("name"), str) or "value" not in item:
            raise invalid(f"{name}: each entry has name, type and value")


CHECKS: dict[str, Callable[[str, Any], None]] = {
    "destination": _destination,
    "recipients": _recipients,
    "completeAfter": _moment,
    "completeBefore": _moment,
    "pickupTask": _flag,
    "dependencies": _ids,
    "notes": _text,
    "metadata": _metadata,
    "quantity": _number,
    "serviceTime": _number,
}
