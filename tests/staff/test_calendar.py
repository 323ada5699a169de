"""The calendar: the right days, and changing a day where it is shown."""

from datetime import date
from functools import partial

import pytest
from django.urls import reverse
from django.utils import timezone

from catalog.models import CapacityDay, ClosedDay
from staff.models import ActionType, StaffAction
from tests.staff.office import booked, queries_of

DAY = date(2026, 6, 13)


@pytest.fixture(autouse=True)
def late_in_the_evening(settings):
    """Friday, June 12, 2026, 23:30 in New York: in London it is Saturday."""
    settings.CLOCK_START = "2026-06-12T23:30"
    settings.CLOCK_STARTED_AT = timezone.now().timestamp()


def url(view: str, day: str = "") -> str:
    return f"{reverse('staff:calendar')}?view={view}&day={day}"


def act(name: str, day: str = DAY.isoformat()) -> str:
    return reverse(f"staff:calendar_{name}", args=[day])


def recorded() -> list[tuple[str, dict, dict]]:
    rows = StaffAction.objects.filter(action_type=ActionType.MANAGE_CATALOGUE)
    return [(row.description, row.before, row.after) for row in rows]


def test_today_is_the_day_in_new_york(catalog, staff_client, operator):
    client = staff_client(operator)
    assert '<h1 class="mr-2">June 2026</h1>' in client.get(url("month")).text
    assert "Week of June 7, 2026" in client.get(url("week")).text
    assert "Friday, June 12, 2026" in client.get(url("day")).text


@pytest.mark.parametrize("odd", ["", "now", "2026-02-30", "20260612", "9999-12-31", "²"])
def test_what_is_no_day_means_today(catalog, staff_client, operator, odd):
    for view in ("month", "week", "day", "year"):
        page = staff_client(operator).get(reverse("staff:calendar"), {"view": view, "day": odd})
        assert page.status_code == 200
        assert "June" in page.text


@pytest.mark.parametrize("day", ["2000-01-01", "2999-12-31"])
@pytest.mark.parametrize("view", ["month", "week", "day"])
def test_the_calendar_ends_without_a_fault(catalog, staff_client, operator, view, day):
    assert staff_client(operator).get(url(view, day)).status_code == 200


def test_month_shows_load_bookings_and_surcharge(catalog, staff_client, operator):
    CapacityDay.objects.create(date=DAY, limit=10, used=3, limit_is_own=True)
    shown = [booked(pickup="2026-06-13", name=f"Ada {name}") for name in ("One", "Two", "Three")]
    page = staff_client(operator).get(url("month", "2026-06-01")).text

    assert "Saturday, June 13: 3 of 10 places taken, quiet, " in page
    assert sum(reverse("staff:booking", args=[one.pk]) in page for one in shown) == 2
    assert '+1<span class="sr-only"> more on Saturday, June 13</span>' in page
    assert "+$175" in page


def test_week_and_day_list_every_booking(catalog, staff_client, operator):
    shown = [booked(pickup="2026-06-13") for _ in range(4)]
    hidden = booked(status="cancelled", pickup="2026-06-13")
    for view in ("week", "day"):
        page = staff_client(operator).get(url(view, "2026-06-13")).text
        assert all(reverse("staff:booking", args=[one.pk]) in page for one in shown)
        assert reverse("staff:booking", args=[hidden.pk]) not in page


def test_a_day_is_closed_and_opened_again_on_record(catalog, staff_client, manager):
    client = staff_client(manager)

    closed = client.post(act("close"), {"reason": "Marathon"})
    assert closed.status_code == 302
    assert ClosedDay.objects.get().date == DAY
    assert "Closed: Marathon" in client.get(closed["Location"]).text

    client.post(act("close"), {"reason": "Storm"})
    assert ClosedDay.objects.get().reason == "Storm"
    client.post(act("open"))
    client.post(act("open"))
    assert not ClosedDay.objects.exists()

    assert sorted(text.split()[0] for text, _, _ in recorded()) == ["Added", "Changed", "Deleted"]


def test_closing_without_a_reason_is_told_beside_the_field(catalog, staff_client, manager):
    page = staff_client(manager).post(act("close"), {"reason": " "})
    assert page.status_code == 422
    assert 'href="#id_reason"' in page.text
    assert not ClosedDay.objects.exists()


def test_places_of_a_day_are_set_and_on_record(catalog, staff_client, manager):
    client = staff_client(manager)
    stamp = client.get(url("day", DAY.isoformat())).context["limit"].stamp
    saved = client.post(act("limit"), {"limit_is_own": "on", "limit": "4", "stamp": stamp})
    assert saved.status_code == 302
    assert CapacityDay.objects.get(pk=DAY).limit == 4
    ((_, _, after),) = recorded()
    assert after["limit"] == 4


def test_fewer_places_than_are_taken_are_refused_beside_the_field(catalog, staff_client, manager):
    CapacityDay.objects.create(date=DAY, limit=10, used=5, limit_is_own=True)
    client = staff_client(manager)
    stamp = client.get(url("day", DAY.isoformat())).context["limit"].stamp
    page = client.post(act("limit"), {"limit_is_own": "on", "limit": "4", "stamp": stamp})
    assert page.status_code == 422
    assert "5 places are taken that day already." in page.text
    assert 'value="4"' in page.text
    assert CapacityDay.objects.get(pk=DAY).limit == 10


def test_who_may_not_change_the_catalog_sees_no_form_and_is_refused(
    catalog, staff_client, operator
):
    client = staff_client(operator)
    assert "Save places" not in client.get(url("day")).text
    for name in ("close", "open", "limit"):
        assert client.post(act(name)).status_code == 403
        assert client.get(act(name)).status_code in (403, 405)


@pytest.mark.parametrize("odd", ["today", "2026-13-01", "2026-6-1"])
def test_a_day_that_is_none_is_not_found(catalog, staff_client, manager, odd):
    assert staff_client(manager).post(act("close", odd), {"reason": "x"}).status_code == 404


def test_queries_do_not_grow_with_bookings(catalog, staff_client, operator):
    client = staff_client(operator)
    booked("mini_move", pickup="2026-06-13")
    urls = [url(view, "2026-06-13") for view in ("month", "week", "day")]
    few = [queries_of(partial(client.get, one)) for one in urls]
    for _ in range(99):
        booked("mini_move", pickup="2026-06-13")
        booked("specialty_item", pickup="2026-06-14")
    assert [queries_of(partial(client.get, one)) for one in urls] == few
