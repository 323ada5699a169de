"""A day in the office on the keyboard alone: today, search, calendar, manifest, customer, reports.

It is Tuesday, June 2, 2026, 11:00, with a full Saturday ahead.
"""

import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from booking.models import Booking
from catalog.models import CapacityDay, ClosedDay
from staff import sessions
from staff.capabilities import Role
from tests.e2e.conftest import LiveSite, Visitor
from tests.e2e.test_accessibility import inspect
from tests.staff.helpers import make_staff
from tests.staff.office import at, booked, customer, gave_back, took
from totetaxi.outbox.beats import SCHEDULER
from totetaxi.outbox.models import Beat
from totetaxi.users.models import User

SATURDAY = "2026-06-06"


def come_in(context: BrowserContext, url: str, user: User) -> None:
    """Give a browser the session of somebody who signed in to the office."""
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    session["_auth_user_hash"] = user.get_session_auth_hash()
    sessions.mark(session, user.staff_profile, second_factor=True)
    session.save()
    context.add_cookies([{"name": "sessionid", "value": session.session_key or "", "url": url}])


@pytest.fixture
def manager(site: LiveSite) -> User:
    user = make_staff(Role.MANAGER)
    Beat.objects.create(name=SCHEDULER, at=timezone.now())
    return user


@pytest.fixture
def season(site: LiveSite) -> dict[str, Any]:
    """A busy Saturday, something to do, and a customer who comes again."""
    ada = customer("ada@example.com", profile={"is_vip": True})
    paid = at("2026-05-28", "10:00")
    full = [
        booked(
            service,
            pickup=SATURDAY,
            name=f"{name} Sample",
            email=f"{name.lower()}@example.com",
            paid=paid,
            coi_required=service == "standard_delivery",
            special_instructions="Ring twice",
        )
        for service, name in zip(
            ("blade_transfer", "mini_move", "standard_delivery", "specialty_item") * 2,
            ("Otis", "Pia", "Quinn", "Rosa", "Ivo", "Lena", "Max", "Nora"),
            strict=True,
        )
    ]
    for booking in full:
        took(booking, 285_00, paid)
    CapacityDay.objects.create(date=SATURDAY, limit=10, used=8, limit_is_own=True)
    ClosedDay.objects.create(date="2026-06-14", reason="Marathon")
    booked(pickup="2026-06-02", name="Tom Today", customer=ada, cents=995_00)
    urgent = booked(status="confirmed", pickup="2026-06-03", name="Uma Urgent")
    gave_back(took(urgent, 285_00, paid), 100_00, status="requested")
    return {"saturday": full, "ada": ada, "urgent": urgent}


def tab_to(page: Page, name: str, *, most: int = 60) -> None:
    """Press Tab until the link or button of this name has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        text = page.evaluate("document.activeElement.innerText")
        if re.search(name, text or ""):
            return
    raise AssertionError(f"no {name} within {most} stops")


def test_a_day_in_the_office_by_keyboard(
    site: LiveSite, visitor: Visitor, manager: User, season: dict[str, Any]
) -> None:
    page = visitor()
    come_in(page.context, site.url, manager)
    page.goto("/staff/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tuesday, June 2")
    expect(page.get_by_text("Uma Urgent").first).to_be_visible()
    inspect(page)

    page.keyboard.press("/")
    page.keyboard.type("quinn")
    found = page.locator("#search-results")
    expect(found.get_by_text("Quinn Sample")).to_be_visible()
    page.keyboard.press("ArrowDown")
    quinn = next(one for one in season["saturday"] if one.first_name == "Quinn")
    expect(page.locator(":focus")).to_have_attribute("href", f"/staff/bookings/{quinn.pk}/")
    inspect(page)
    page.keyboard.press("Escape")
    expect(found).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/staff/search/\?q=quinn"))
    inspect(page)

    page.goto("/staff/calendar/?day=2026-06-02")
    inspect(page)
    tab_to(page, r"^6")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Saturday, June 6, 2026")
    expect(page.get_by_text("8 of 10 places taken, busy")).to_be_visible()
    inspect(page)
    tab_to(page, "Manifest of the day")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Manifest, Saturday, June 6, 2026")
    tab_to(page, "With bag labels")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Bag labels")).to_be_visible()
    inspect(page)

    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Staff")).to_be_hidden()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.get_by_text("Ring twice").first).to_be_visible()
    page.emulate_media(media="screen")

    for path in ("calendar/?view=week&day=2026-06-06", "customers/", "reports/"):
        page.goto(f"/staff/{path}")
        inspect(page)
    page.goto(f"/staff/customers/{season['ada'].pk}/")
    inspect(page)


def test_the_office_without_javascript(
    site: LiveSite, visitor: Visitor, manager: User, season: dict[str, Any]
) -> None:
    page = visitor(js=False)
    come_in(page.context, site.url, manager)
    page.goto("/staff/")
    page.get_by_label("Find a booking, customer, phone or email").fill("ada@")
    page.get_by_label("Find a booking, customer, phone or email").press("Enter")
    page.get_by_role("link", name="Ada Sample").click()
    page.get_by_label("Notes for the office").fill("Prefers the side door")
    page.get_by_role("button", name="Save notes").click()
    expect(page.get_by_text("Notes saved.")).to_be_visible()

    page.goto("/staff/calendar/?view=day&day=2026-06-07")
    page.get_by_label("Reason").fill("Storm")
    page.get_by_role("button", name="Close the day").click()
    expect(page.get_by_text("Closed: Storm")).to_be_visible()
    page.get_by_label("Limit of its own").check()
    page.locator("#id_limit").fill("4")
    page.get_by_role("button", name="Save places").click()
    expect(page.get_by_text("0 of 4 places taken")).to_be_visible()
    page.get_by_role("link", name="Previous day").click()
    page.get_by_role("link", name="Manifest of the day").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Saturday, June 6")
    assert Booking.objects.filter(pickup_date=SATURDAY).count() == page.locator(".stop").count()
