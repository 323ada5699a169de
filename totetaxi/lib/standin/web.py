"""What the server hands to the pages, the API and the control endpoints, and gets back."""

import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, quote

# How the connection ends: as it should, closed without an answer, reset, or cut in mid-answer.
Ending = Literal["normal", "drop", "reset", "cut"]
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    id: str
    from_loopback: bool

    @property
    def form(self) -> dict[str, str]:
        """The fields of a plain HTML form."""
        pairs = parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return dict(pairs)


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    ending: Ending = "normal"


def random_text(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def json_bytes(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"


def json_response(value: Any, status: int = 200) -> Response:
    return Response(status, json_bytes(value))


def redirect(location: str) -> Response:
    """See other; what a header cannot carry (é) is percent-encoded as a browser would."""
    safe = quote(location, safe="%/:?#[]@!$&'()*+,;=~{}")
    return Response(303, headers={"Location": safe}, content_type="text/plain")
