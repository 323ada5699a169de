"""How long the pages of a booking take, beside a view that does nothing; ``make bench`` prints it.

Times depend on the machine, so what counts are the ratios to the bare view of the same run.
"""

import statistics
import time
from collections.abc import Callable, Mapping

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.urls import reverse as address_of

from booking import services
from booking.models import Draft
from tests.booking.helpers import ACCEPTANCE, make_draft, quiet_day, shown_of, standard_answers
from totetaxi import urls

ROUNDS = 60
BARE = "bare/"


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path(BARE, bare), *urls.urlpatterns]


@pytest.fixture
def shopper(client: Client) -> Client:
    """A browser whose draft is complete up to the review."""
    session = client.session
    session["draft_id"] = str(make_draft(standard_answers()).pk)
    session.save()
    return client


@pytest.mark.usefixtures("catalog")
@pytest.mark.urls("tests.bench.test_pages")
@pytest.mark.django_db(transaction=True)  # committed, or the price book is not kept in memory
def test_pages_beside_a_bare_view(shopper: Client, settings) -> None:
    settings.RATELIMIT_ENABLE = False
    query = {"step": "schedule", "pickup_date": quiet_day().isoformat()}
    part = {"HX-Request": "true", "HX-Target": "summary"}
    measured = {
        "bare view": lambda: shopper.get(f"/{BARE}"),
        "price preview (part)": lambda: shopper.get(
            address_of("booking:quote"), query, headers=part
        ),
        "calendar (part)": lambda: shopper.get(
            address_of("booking:calendar"),
            query,
            headers={"HX-Request": "true", "HX-Target": "calendar"},
        ),
        "wizard step (page)": lambda: shopper.get(address_of("booking:step", args=["schedule"])),
        "review (page)": lambda: shopper.get(address_of("booking:review")),
        "place (service)": place_and_undo,
    }
    times = timed(measured)
    base = statistics.median(times["bare view"])
    print(f"\n{'':24}{'median ms':>10}{'p95 ms':>9}{'ratio':>8}{'queries':>9}")
    for name, call in measured.items():
        taken = sorted(times[name])
        p95 = taken[int(len(taken) * 0.95)]
        median = statistics.median(taken)
        count = queries_of(call)
        print(f"{name:24}{median:10.2f}{p95:9.2f}{median / base:8.1f}{count:9}")


def timed(measured: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Milliseconds of each, taken in turn so that a busy moment falls on all of them."""
    times: dict[str, list[float]] = {name: [] for name in measured}
    for number in range(ROUNDS + 3):
        for name, call in measured.items():
            start = time.perf_counter()
            call()
            if number >= 3:
                times[name].append((time.perf_counter() - start) * 1000)
    return times


def queries_of(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


def place_and_undo() -> None:
    """The transaction that stores a whole booking, rolled back."""
    with transaction.atomic():
        draft = make_draft()
        locked = Draft.objects.select_for_update().get(pk=draft.pk)
        services.place(locked, shown_of(draft), ACCEPTANCE)
        transaction.set_rollback(True)
