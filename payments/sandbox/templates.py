"""HTML from the files in ``html/``: ``$name`` is replaced, escaped unless it is ``Html``."""

import html
from functools import cache
from pathlib import Path
from string import Template

from payments.sandbox.errors import ApiError
from payments.sandbox.store import Obj
from payments.sandbox.web import Response

_FOLDER = Path(__file__).parent / "html"
ASSETS = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Html(str):
    """Text that is HTML already; two of them added up are HTML too."""

    __slots__ = ()

    def __add__(self, other: str) -> "Html":
        return Html(str(self) + escape(other))


@cache
def _template(name: str) -> Template:
    return Template((_FOLDER / name).read_text(encoding="utf-8"))


def escape(value: object) -> str:
    return value if isinstance(value, Html) else html.escape(str(value))


def fill(name: str, /, **values: object) -> Html:
    safe = {key: escape(value) for key, value in values.items()}
    return Html(_template(name).substitute(safe))


def tag(element: str, content: object, /, **attributes: str) -> Html:
    """One element; an attribute's trailing underscore is dropped (``class_``)."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"'
        for key, value in attributes.items()
    )
    return Html(f"<{element}{shown}>{escape(content)}</{element}>")


def link(href: str | None, text: str, **attributes: str) -> Html:
    """A link, or nothing when there is nowhere to go."""
    return tag("a", text, href=href, **attributes) if href else Html("")


def join(parts: list[Html]) -> Html:
    return Html("".join(parts))


def page(title: str, content: Html, *, kind: str = "", status: int = 200) -> Response:
    body = fill("layout.html", title=title, content=content, kind=kind).encode()
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": _POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(status, body, "text/html; charset=utf-8", headers)


def message(heading: str, text: str, *, back: Html, status: int = 200) -> Response:
    content = fill("message.html", heading=heading, text=text, link=back)
    return page(heading, content, status=status)


def asset(name: str) -> Response:
    if name not in ASSETS:
        raise ApiError(404, "There is no such file.")
    body = (_FOLDER / name).read_bytes()
    return Response(200, body, ASSETS[name], {"Cache-Control": "max-age=300"})


def amount(record: Obj, cents: int | None = None) -> str:
    """``$1,725.00``, or ``EUR 1,725.00`` in another currency."""
    whole: int = cents if cents is not None else record.get("amount_total") or record["amount"]
    figure = f"{whole // 100:,}.{whole % 100:02d}"
    return f"${figure}" if record["currency"] == "usd" else f"{record['currency'].upper()} {figure}"
