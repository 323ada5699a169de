"""Lists of the office: pages of 25 rows and an order that stands in the address."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PER_PAGE = 25


class TablePage(Page[Any]):
    """A page that knows which numbers to link: first, last, and those around it."""

    @property
    def links(self) -> Iterator[int | str]:
        """1 … 4 5 6 … 20: page numbers, and an ellipsis where some are left out."""
        return self.paginator.get_elided_page_range(self.number, on_each_side=1, on_ends=1)


class TablePaginator(Paginator[Any]):
    """Makes TablePages."""

    def _get_page(self, *args: Any, **kwargs: Any) -> TablePage:
        return TablePage(*args, **kwargs)


def page_of(
    request: HttpRequest, rows: QuerySet[Any] | Sequence[Any], per_page: int = PER_PAGE
) -> TablePage:
    """The page that ``?page=`` asks for; the nearest one there is for a number that is none."""
    page = TablePaginator(rows, per_page).get_page(request.GET.get("page"))
    assert isinstance(page, TablePage)  # noqa: S101 (for the type checker)
    return page


@dataclass(frozen=True)
class Sort:
    """How a list is sorted: by which column, in which direction, and what that is to the ORM."""

    key: str
    descending: bool
    order_by: tuple[str, ...]


def ordering(request: HttpRequest, allowed: Mapping[str, tuple[str, ...]], default: str) -> Sort:
    """The order that ``?sort=`` asks for ("when", or "-when" from the end), else ``default``.

    ``allowed`` names the columns and the fields each is sorted by; "-" reverses all of them.
    """
    asked = request.GET.get("sort", "")
    if asked.removeprefix("-") not in allowed:
        asked = default
    key, descending = asked.removeprefix("-"), asked.startswith("-")
    fields = tuple(_reversed(field) if descending else field for field in allowed[key])
    return Sort(key, descending, fields)


def _reversed(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"
