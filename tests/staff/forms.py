"""Forms as a browser sends them: what the page holds, with what a person typed over it."""

from html.parser import HTMLParser
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


class _Reader(HTMLParser):
    """The values of the first POST form in <main> that has fields, ticked and chosen ones only."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self.open_field = self.select = ""
        self.in_form = False
        self.feed(page)

    def add(self, name: str | None, value: str | None) -> None:
        if name and self.in_form:
            self.forms[-1].setdefault(name, []).append(value or "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        match tag:
            case "form":
                self.in_form = (found.get("method") or "get").lower() == "post"
                if self.in_form:
                    self.forms.append({})
            case "input" if found.get("type") in ("checkbox", "radio"):
                if "checked" in found and "disabled" not in found:
                    self.add(found.get("name"), found.get("value") or "on")
            case "input" if found.get("type") != "submit" and "disabled" not in found:
                self.add(found.get("name"), found.get("value"))
            case "textarea":
                self.open_field = found.get("name") or ""
                self.add(self.open_field, "")
            case "select":
                self.select = found.get("name") or ""
            case "option" if self.select and "selected" in found:
                self.add(self.select, found.get("value"))

    def handle_data(self, data: str) -> None:
        if self.open_field and self.in_form:
            self.forms[-1][self.open_field][-1] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.open_field = ""
        elif tag == "select":
            self.select = ""
        elif tag == "form":
            self.in_form = False


def form_of(page: Any) -> dict[str, Any]:
    """What a browser would send of the largest form on a page."""
    forms = _Reader(page.content.decode()).forms
    fields = max(forms, key=len)
    return {name: values if len(values) > 1 else values[0] for name, values in fields.items()}


def fill(client: Client, url: str, **typed: Any) -> Any:
    """Open a page, type into its form, and send it; None unticks a box."""
    held = {**form_of(client.get(url)), **typed}
    return client.post(url, {name: value for name, value in held.items() if value is not None})


def count_queries(client: Client, path: str) -> int:
    """How many queries a page takes, once everything that is kept in memory is there."""
    client.get(path)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return len(seen)
