"""The dashboard's page: who sees what, what is on record, and that it does not slow down."""

import pytest
from django.urls import reverse
from django.utils import timezone

from staff.models import ActionType, StaffAction
from tests.staff.office import at, booked, gave_back, queries_of, took
from totetaxi.lib import clock
from totetaxi.outbox.beats import SCHEDULER
from totetaxi.outbox.models import Beat

PART = {"HX-Request": "true", "HX-Target": "today"}


@pytest.fixture(autouse=True)
def friday(settings, db):
    """Friday, June 12, 2026, 10:00, and a scheduler that is alive."""
    settings.CLOCK_START = "2026-06-12T10:00"
    settings.CLOCK_STARTED_AT = timezone.now().timestamp()
    Beat.objects.create(name=SCHEDULER, at=timezone.now())


@pytest.mark.usefixtures("catalog")
def test_dashboard_shows_work_figures_and_runs(staff_client, manager):
    due = booked(status="confirmed", pickup="2026-06-12", name="Pia Sample")
    tomorrow = booked(pickup="2026-06-13", name="Rosa Sample")
    took(tomorrow, 285_00, clock.now())

    page = staff_client(manager).get(reverse("staff:dashboard"))

    assert page.status_code == 200
    assert "<h1>Friday, June 12</h1>" in page.text
    assert "Needs you, 1" in page.text
    assert reverse("staff:booking", args=[due.pk]) in page.text
    assert "Today’s run, 1" in page.text
    assert "Tomorrow’s run, 1" in page.text
    assert reverse("staff:manifest", args=["2026-06-13"]) in page.text
    assert "$285" in page.text


def test_a_calm_day_says_so(staff_client, manager):
    page = staff_client(manager).get(reverse("staff:dashboard"))
    assert "Nothing waits for you" in page.text
    assert "Nothing is picked up on Friday, June 12." in page.text


def test_loads_are_on_record_and_refreshes_are_not(staff_client, operator):
    client = staff_client(operator)
    client.get(reverse("staff:dashboard"))
    part = client.get(reverse("staff:dashboard"), headers=PART)

    assert "<html" not in part.text
    assert "Friday, June 12" in part.text
    opened = StaffAction.objects.filter(action_type=ActionType.VIEW_DASHBOARD)
    assert [action.staff_user for action in opened] == [operator]


@pytest.mark.usefixtures("catalog")
def test_money_is_for_those_who_may_see_it(staff_client, operator):
    gave_back(took(booked(), 285_00, at("2026-06-01")), 100_00, status="requested")
    page = staff_client(operator).get(reverse("staff:dashboard"))
    assert "Revenue" not in page.text
    assert "1 refund request waits for a decision." in page.text


@pytest.mark.usefixtures("catalog")
def test_demonstration_money_is_not_revenue(staff_client, manager):
    took(booked(), 9999_00, clock.now(), method="demo")
    page = staff_client(manager).get(reverse("staff:dashboard"))
    assert "demonstration data not counted" in page.text
    assert "$9,999" not in page.text


@pytest.mark.usefixtures("catalog")
def test_queries_do_not_grow_with_bookings(staff_client, manager):
    client = staff_client(manager)

    def fill(number: int) -> None:
        for _ in range(number):
            took(booked("mini_move", pickup="2026-06-12"), 285_00, clock.now())
            booked(status="confirmed", pickup="2026-06-13", coi_required=True)
            booked("blade_transfer", status="pending", pickup="2026-06-13")

    fill(1)
    few = queries_of(lambda: client.get(reverse("staff:dashboard")))
    fill(99)
    assert queries_of(lambda: client.get(reverse("staff:dashboard"))) == few
