"""The office's search and lists among 100,000 bookings and customers; ``make bench`` prints it."""

import json
import time
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from staff.office import people
from staff.office.finding import find, matching_bookings, matching_customers
from tests.staff.crowd import many_bookings, many_customers

ROWS = 100_000
# A search that looks at every row takes many times that.
MOST_MS = 60


@pytest.mark.django_db
def test_search_among_very_many_rows() -> None:
    many_bookings(ROWS)
    many_customers(ROWS)
    for words, queryset, index in (
        ("a name", matching_bookings("number77777")[:9], "booking_search"),
        ("a phone number", matching_bookings("(212) 007-7777")[:9], "booking_search"),
        ("an email", matching_customers("customer77777@example.com")[:9], "customer_search"),
    ):
        plan = json.loads(queryset.explain(format="json"))
        assert index in json.dumps(plan), words
    print(f"\n{'':34}{'ms':>8}{'queries':>9}")
    searches = ("number77777", "guest77777@example.com", "2120077777", "77 maple", "TT-577777")
    for text in searches:
        taken = measured(f"search: {text}", partial(find, text))
        assert taken < MOST_MS
    measured("search: what nearly all rows hold", lambda: find("southampton"))
    measured(
        "customers, by name", lambda: list(people.customers().order_by("user__last_name")[:25])
    )
    measured("customers, searched", lambda: list(people.customers(text="family777")[:25]))


def measured(name: str, call: Callable[[], object]) -> float:
    """Milliseconds of the second call, printed."""
    call()
    start = time.perf_counter()
    with CaptureQueriesContext(connection) as queries:
        call()
    taken = (time.perf_counter() - start) * 1000
    print(f"{name:34}{taken:8.1f}{len(queries):9}")
    return taken
