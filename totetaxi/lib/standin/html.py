"""HTML from files of templates: ``$name`` is replaced, escaped unless it is ``Html``."""

import html
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template

from totetaxi.lib.standin.web import Response

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Html(str):
    """Text that is HTML already; two of them added up are HTML too."""

    __slots__ = ()

    def __add__(self, other: str) -> "Html":
        return Html(str(self) + escape(other))


def escape(value: object) -> str:
    return value if isinstance(value, Html) else html.escape(str(value))


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


@cache
def _template(path: Path) -> Template:
    return Template(path.read_text(encoding="utf-8"))


class Templates:
    """The pages of one stand-in: a folder with ``layout.html``, and the files it serves."""

    def __init__(self, folder: Path, assets: Mapping[str, str]) -> None:
        self._folder = folder
        self._assets = assets

    def fill(self, name: str, /, **values: object) -> Html:
        safe = {key: escape(value) for key, value in values.items()}
        return Html(_template(self._folder / name).substitute(safe))

    def page(self, title: str, content: Html, *, kind: str = "", status: int = 200) -> Response:
        body = self.fill("layout.html", title=title, content=content, kind=kind).encode()
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": _POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(status, body, "text/html; charset=utf-8", headers)

    def asset(self, name: str) -> Response | None:
        """A file that belongs to the pages; None for any other name."""
        if name not in self._assets:
            return None
        body = (self._folder / name).read_bytes()
        return Response(200, body, self._assets[name], {"Cache-Control": "max-age=300"})
