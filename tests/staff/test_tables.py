"""Pages, orders and CSV cells of the office's lists."""

from decimal import Decimal

import pytest
from django.test import RequestFactory

from staff.exports import csv_response, inert
from staff.models import StaffAction
from staff.tables import Sort, ordering, page_of

SORTS = {"when": ("created_at", "-pk"), "name": ("name",)}


def asked(query):
    return RequestFactory().get(f"/?{query}")


@pytest.mark.parametrize(
    ("query", "sort"),
    [
        ("", Sort("when", True, ("-created_at", "pk"))),
        ("sort=when", Sort("when", False, ("created_at", "-pk"))),
        ("sort=-name", Sort("name", True, ("-name",))),
        ("sort=password", Sort("when", True, ("-created_at", "pk"))),
        ("sort=--name", Sort("when", True, ("-created_at", "pk"))),
        ("sort=-", Sort("when", True, ("-created_at", "pk"))),
    ],
)
def test_only_known_columns_sort(query, sort):
    assert ordering(asked(query), SORTS, "-when") == sort


@pytest.mark.parametrize(
    ("query", "number"), [("", 1), ("page=2", 2), ("page=99", 4), ("page=0", 4), ("page=x", 1)]
)
def test_odd_page_numbers_lead_to_a_page_there_is(query, number):
    page = page_of(asked(query), range(80))
    assert (page.number, page.paginator.per_page) == (number, 25)


def test_links_leave_out_what_is_far():
    page = page_of(asked("page=10"), range(500))
    assert list(page.links) == [1, "…", 9, 10, 11, "…", 20]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1 (212) 555-0142",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\uff1d1",
        "-a1",
    ],
)
def test_what_a_spreadsheet_would_run_is_made_inert(text):
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize(
    "cell", ["-12.50", "-$1,725.00", "$-5.00", "Ann", "a=b", "", -5, Decimal("-1.5"), True]
)
def test_plain_cells_stay_as_they_are(cell):
    assert inert(cell) == cell


def test_a_csv_is_utf8_with_a_mark_and_is_written_down(operator):
    request = asked("q=ann")
    request.user = operator
    rows = ([name, None, "=1"] for name in ("Zoë", 'a "b", c'))
    answer = csv_response(request, "people.csv", ("Name", "Phone", "Note"), rows, text="people")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.content.decode("utf-8-sig").splitlines() == [
        "Name,Phone,Note",
        "Zoë,,'=1",
        '"a ""b"", c",,\'=1',
    ]
    assert answer["Content-Disposition"] == 'attachment; filename="people.csv"'
    action = StaffAction.objects.get()
    assert (action.action_type, action.description) == ("export_data", "Exported people")
    assert action.after == {"file": "people.csv", "rows": 2, "filters": {"q": "ann"}}
