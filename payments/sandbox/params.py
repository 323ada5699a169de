"""Form parameters as Stripe reads them: brackets become a tree, and a tree is checked by a shape.

A shape names every parameter an endpoint takes; a reader turns the text of one into a value or
raises ``ParameterError`` with the message, code and parameter name that Stripe would answer.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from payments.sandbox.errors import ParameterError

Params = dict[str, Any]
Reader = Callable[[Any, str], Any]

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_EMAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\".]+(?:\.[^@\s<>,;\".]+)+")
MAX_FIELDS = 5000
MAX_TEXT = 5000
METADATA_KEYS, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 40, 500
# Stripe knows many more; these are the ones whose unit is a hundredth, as the amounts assume.
CURRENCIES = ("usd", "cad", "eur", "gbp", "aud", "chf", "mxn")


@dataclass(frozen=True)
class Field:
    """How one parameter is read, and whether it must be there."""

    read: Reader
    required: bool = False


Shape = Mapping[str, Field]


def may(reader: Reader) -> Field:
    return Field(reader)


def must(reader: Reader) -> Field:
    return Field(reader, required=True)


def parse_form(text: str) -> Params:
    """Turn ``a[b][0]=x&a[c]=y`` into ``{"a": {"b": {"0": "x"}, "c": "y"}}``."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise ParameterError("Invalid request: the form could not be read.", None) from error
    tree: Params = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        if match is None:
            raise ParameterError(f"Received unknown parameter: {key}", key, "parameter_unknown")
        parts = [match[1], *_PART.findall(match[2])]
        node = tree
        for part in parts[:-1]:
            node = node.setdefault(part or str(len(node)), {})
            if not isinstance(node, dict):
                raise ParameterError("Invalid object", join("", *parts[:-1]))
        last = parts[-1] or str(len(node))
        node[last] = value
    return tree


def join(path: str, *names: str) -> str:
    """``join("a", "b", "0")`` is ``a[b][0]``, the way Stripe names a nested parameter."""
    for name in names:
        path = f"{path}[{name}]" if path else name
    return path


def read_object(raw: Any, shape: Shape, path: str = "") -> Params:
    if not isinstance(raw, dict):
        raise ParameterError("Invalid object", path)
    unknown = [join(path, name) for name in raw if name not in shape]
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        message = f"Received unknown parameter{plural}: {', '.join(unknown)}"
        raise ParameterError(message, unknown[0], "parameter_unknown")
    values: Params = {}
    for name, field in shape.items():
        if name in raw:
            values[name] = field.read(raw[name], join(path, name))
        elif field.required:
            raise _missing(join(path, name))
    return values


def _missing(path: str) -> ParameterError:
    return ParameterError(f"Missing required param: {path}.", path, "parameter_missing")


def _scalar(raw: Any, path: str, kind: str = "string") -> str:
    if not isinstance(raw, str):
        raise ParameterError(f"Invalid {kind}: {{…}}", path)
    if raw == "":
        name = path
        raise ParameterError(
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{name}' cannot be unset. You should remove '{name}' "
            "from your request or supply a non-empty value.",
            path,
            "parameter_invalid_empty",
        )
    return raw


def text(longest: int = MAX_TEXT) -> Reader:
    def read(raw: Any, path: str) -> str:
        value = _scalar(raw, path)
        if len(value) > longest:
            shown = f"{value[:3]}…{value[-3:]}"
            raise ParameterError(
                f"Invalid string: {shown}; must be at most {longest} characters", path
            )
        return value

    return read


def whole(lowest: int | None = None, highest: int | None = None) -> Reader:
    """A whole number; Stripe has three different messages for one that is not."""

    def read(raw: Any, path: str) -> int:
        value = _scalar(raw, path, "integer")
        if not re.fullmatch(r"-?\d{1,15}", value):
            raise ParameterError(f"Invalid integer: {value}", path, "parameter_invalid_integer")
        number = int(value)
        if lowest is not None and number < lowest:
            message = (
                "Invalid non-negative integer"
                if lowest == 0
                else f"This value must be greater than or equal to {lowest}."
            )
            raise ParameterError(message, path, "parameter_invalid_integer")
        if highest is not None and number > highest:
            raise ParameterError(
                f"This value must be less than or equal to {highest}.",
                path,
                "parameter_invalid_integer",
            )
        return number

    return read


def boolean(raw: Any, path: str) -> bool:
    value = _scalar(raw, path, "boolean")
    if value not in ("true", "false"):
        raise ParameterError(f"Invalid boolean: {value}", path)
    return value == "true"


def choice(*allowed: str) -> Reader:
    def read(raw: Any, path: str) -> str:
        value = _scalar(raw, path)
        if value not in allowed:
            names = ", ".join(allowed[:-1]) + f", or {allowed[-1]}" if allowed[1:] else allowed[0]
            raise ParameterError(f"Invalid {path}: must be one of {names}", path)
        return value

    return read


def email(raw: Any, path: str) -> str:
    value = _scalar(raw, path)
    if len(value) > 512 or not _EMAIL.fullmatch(value):
        raise ParameterError(f"Invalid email address: {value}", path, "email_invalid")
    return value


def url(raw: Any, path: str) -> str:
    value = _scalar(raw, path)
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"[\s\x00-\x1f\x7f]", value):
        raise ParameterError("Not a valid URL", path, "url_invalid")
    return value


def currency(raw: Any, path: str) -> str:
    value = _scalar(raw, path).lower()
    if value not in CURRENCIES:
        names = ", ".join(CURRENCIES)
        raise ParameterError(
            f"Invalid currency: {value}. Stripe currently supports these currencies: {names}",
            path,
        )
    return value


def metadata(raw: Any, path: str) -> dict[str, str]:
    """At most 50 pairs, names of 40 and values of 500 characters; an empty value unsets a name."""
    if raw == "":
        return {}
    if not isinstance(raw, dict):
        raise ParameterError("Invalid object", path)
    if len(raw) > METADATA_KEYS:
        raise ParameterError(
            f"You can only set {METADATA_KEYS} metadata keys, but you passed {len(raw)}.", path
        )
    for name, value in raw.items():
        if len(name) > METADATA_KEY_LENGTH:
            raise ParameterError(
                f"Metadata keys can have up to {METADATA_KEY_LENGTH} characters, but you passed "
                f"in a key that is {len(name)} characters. Invalid key: {name}",
                path,
            )
        if not isinstance(value, str):
            raise ParameterError("Metadata values must be strings", join(path, name))
        if len(value) > METADATA_VALUE_LENGTH:
            raise ParameterError(
                f"Metadata values can have up to {METADATA_VALUE_LENGTH} characters, but you "
                f"passed in a value that is {len(value)} characters. Invalid value: {value}",
                join(path, name),
            )
    return {name: value for name, value in raw.items() if value != ""}


def group(shape: Shape) -> Reader:
    return lambda raw, path: read_object(raw, shape, path)


def many(reader: Reader, *, at_most: int = 100) -> Reader:
    def read(raw: Any, path: str) -> list[Any]:
        if raw == "":
            return []
        if not isinstance(raw, dict) or not all(name.isdecimal() for name in raw):
            raise ParameterError("Invalid array", path)
        if len(raw) > at_most:
            raise ParameterError(f"Array too long: at most {at_most} elements", path)
        names = sorted(raw, key=int)
        return [reader(raw[name], join(path, str(at))) for at, name in enumerate(names)]

    return read


def unsupported(raw: Any, path: str) -> None:
    """A parameter Stripe knows and this stand-in does not: say so instead of ignoring it."""
    del raw
    raise ParameterError(
        f"The stand-in for Stripe does not support the parameter {path}.",
        path,
        "sandbox_unsupported",
    )


def time_range(raw: Any, path: str) -> dict[str, int]:
    """``created=…`` or ``created[gte]=…``; the answer is always bounds."""
    if isinstance(raw, dict):
        seconds = may(whole(0))
        return read_object(raw, dict.fromkeys(("gt", "gte", "lt", "lte"), seconds), path)
    moment: int = whole(0)(raw, path)
    return {"gte": moment, "lte": moment}
