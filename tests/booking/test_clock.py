"""The cut-offs to the minute through pages and checkout, on a server whose clock is UTC.

Moments are written in UTC, as such a server sees them; the comments say what New York's clocks
show. A code for everything keeps Stripe out of it, whose sessions run on real time.
"""

import os
import re
import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from booking.models import Booking, BookingStatus
from booking.services import NotBookableError, Shown
from catalog.models import DiscountCode
from payments.services import CheckoutResult, begin_checkout
from tests.booking.helpers import (
    ACCEPTANCE,
    airport_answers,
    make_draft,
    mini_move_answers,
    specialty_answers,
    standard_answers,
)
from totetaxi.lib import clock

ANSWERS = {
    "delivery": standard_answers,
    "specialty": specialty_answers,
    "move": mini_move_answers,
    "airport": airport_answers,
}
DELIVERIES, ALL = ("delivery", "specialty"), tuple(ANSWERS)
OTHERS = ("move", "airport")
# UTC moment, the day asked for, for which services, and what becomes of it.
MOMENTS = [
    # Wednesday, June 10: until 10:00 for the same day.
    ("2026-06-10T13:59:59", "2026-06-10", DELIVERIES, ""),  # 09:59:59
    ("2026-06-10T14:00:00", "2026-06-10", DELIVERIES, "too_soon"),  # 10:00
    ("2026-06-10T13:59:59", "2026-06-10", OTHERS, "too_soon"),
    # Until 18:00 for the next day.
    ("2026-06-10T21:59:59", "2026-06-11", ALL, ""),  # 17:59:59
    ("2026-06-10T22:00:00", "2026-06-11", ALL, "too_soon"),  # 18:00
    ("2026-06-10T22:00:00", "2026-06-12", ALL, ""),
    # 20:30 in New York is tomorrow in UTC already.
    ("2026-06-11T00:30:00", "2026-06-10", DELIVERIES, "too_soon"),
    ("2026-06-11T00:30:00", "2026-06-11", ALL, "too_soon"),
    # Midnight: what was tomorrow is today, and today is past.
    ("2026-06-11T03:59:59", "2026-06-11", DELIVERIES, "too_soon"),  # 23:59:59
    ("2026-06-11T04:00:00", "2026-06-11", DELIVERIES, ""),  # 00:00
    ("2026-06-11T04:00:00", "2026-06-11", OTHERS, "too_soon"),
    ("2026-06-11T03:59:59", "2026-06-10", ALL, "too_soon"),
    ("2026-06-11T04:00:00", "2026-06-10", ALL, "past"),
    # Sunday, March 8: at 02:00 the clocks go to 03:00.
    ("2026-03-07T22:59:59", "2026-03-08", ALL, ""),  # 17:59:59 winter time, the day before
    ("2026-03-07T23:00:00", "2026-03-08", ALL, "too_soon"),  # 18:00
    ("2026-03-08T04:59:59", "2026-03-08", DELIVERIES, "too_soon"),  # 23:59:59
    ("2026-03-08T05:00:00", "2026-03-08", DELIVERIES, ""),  # 00:00
    ("2026-03-08T06:59:59", "2026-03-08", DELIVERIES, ""),  # 01:59:59 winter time
    ("2026-03-08T07:00:00", "2026-03-08", DELIVERIES, ""),  # 03:00 summer time
    ("2026-03-08T13:59:59", "2026-03-08", DELIVERIES, ""),  # 09:59:59
    ("2026-03-08T14:00:00", "2026-03-08", DELIVERIES, "too_soon"),  # 10:00, nine hours into the day
    ("2026-03-08T21:59:59", "2026-03-09", ALL, ""),  # 17:59:59
    ("2026-03-08T22:00:00", "2026-03-09", ALL, "too_soon"),  # 18:00
    ("2026-03-09T03:59:59", "2026-03-08", ALL, "too_soon"),  # 23:59:59
    ("2026-03-09T04:00:00", "2026-03-08", ALL, "past"),  # 00:00
    # Sunday, November 1: at 02:00 the clocks go back to 01:00.
    ("2026-10-31T21:59:59", "2026-11-01", ALL, ""),  # 17:59:59 summer time, the day before
    ("2026-10-31T22:00:00", "2026-11-01", ALL, "too_soon"),  # 18:00
    ("2026-11-01T04:00:00", "2026-11-01", DELIVERIES, ""),  # 00:00
    ("2026-11-01T05:30:00", "2026-11-01", DELIVERIES, ""),  # 01:30 for the first time
    ("2026-11-01T06:30:00", "2026-11-01", DELIVERIES, ""),  # 01:30 for the second time
    ("2026-11-01T14:00:00", "2026-11-01", DELIVERIES, ""),  # 09:00, ten hours into the day
    ("2026-11-01T14:59:59", "2026-11-01", DELIVERIES, ""),  # 09:59:59
    ("2026-11-01T15:00:00", "2026-11-01", DELIVERIES, "too_soon"),  # 10:00
    ("2026-11-01T22:59:59", "2026-11-02", ALL, ""),  # 17:59:59
    ("2026-11-01T23:00:00", "2026-11-02", ALL, "too_soon"),  # 18:00
    ("2026-11-02T04:59:59", "2026-11-01", ALL, "too_soon"),  # 23:59:59
    ("2026-11-02T05:00:00", "2026-11-01", ALL, "past"),  # 00:00
    # Tuesday, February 29, 2028.
    ("2028-02-28T23:00:00", "2028-02-29", OTHERS[:1], "too_soon"),  # 18:00, the day before
    ("2028-02-29T04:59:59", "2028-02-29", DELIVERIES[:1], "too_soon"),  # 23:59:59
    ("2028-02-29T05:01:00", "2028-02-29", DELIVERIES[:1], ""),  # 00:01
    ("2028-02-29T05:01:00", "2028-03-01", OTHERS[:1], ""),
    ("2028-03-01T05:01:00", "2028-02-29", DELIVERIES[:1], "past"),  # 00:01, the day after
]
CASES = [
    pytest.param(moment, date.fromisoformat(day), service, verdict, id=f"{moment} {day} {service}")
    for moment, day, services, verdict in MOMENTS
    for service in services
]


@pytest.fixture(autouse=True)
def server_in_utc(monkeypatch, catalog):
    """The process believes it is in Greenwich, as most servers do."""
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    DiscountCode.objects.create(
        code="ALL",
        discount_type="percentage",
        percent=100,
        valid_from=datetime(2020, 1, 1, tzinfo=UTC),
    )
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


def at(moment: str) -> time_machine.travel:
    return time_machine.travel(datetime.fromisoformat(moment).replace(tzinfo=UTC), tick=False)


def answers(service: str, day: date) -> dict[str, Any]:
    field = "blade_flight_date" if service == "airport" else "pickup_date"
    return ANSWERS[service](**{field: day.isoformat()}, discount_code="ALL")


def visit(client, draft) -> None:
    """Let this browser work on ``draft``."""
    session = client.session
    session["draft_id"] = str(draft.pk)
    session.save()


@pytest.mark.parametrize(("moment", "day", "service", "verdict"), CASES)
def test_wizard_takes_a_day_until_its_cut_off(client, moment, day, service, verdict):
    with at(moment):
        slug = "service" if service == "airport" else "schedule"
        draft = make_draft({**answers(service, day), "pickup_date": None})
        visit(client, draft)
        if service != "airport":
            assert is_open(client, day) == (verdict == "")
        answer = client.post(reverse("booking:step", args=[slug]), typed(service, day))

        if verdict:
            assert answer.status_code == 422
            assert "Choose a date from" in answer.text
        else:
            assert answer.status_code == 303
            assert client.get(reverse("booking:review")).status_code == 200
        draft.refresh_from_db()
        assert draft.to_request().normalised().pickup_date == day, "nothing typed is lost"


def typed(service: str, day: date) -> dict[str, str]:
    """What the browser sends for the step that asks for the date."""
    if service != "airport":
        return {"pickup_date": day.isoformat(), "pickup_time": "morning"}
    flight = {
        name: str(value)
        for name, value in answers(service, day).items()
        if name.startswith(("service", "blade_"))
    }
    return {**flight, "fields_for": "blade_transfer"}


def is_open(client, day: date) -> bool:
    """Whether the calendar lets the customer choose the day."""
    page = client.get(reverse("booking:calendar"), {"month": f"{day:%Y-%m}"})
    found = re.search(rf'<input[^>]*id="day-{day.isoformat()}"[^>]*>', page.text)
    # A month that is over is not shown at all.
    return found is not None and " disabled" not in found[0]


@pytest.mark.parametrize(("moment", "day", "service", "verdict"), CASES)
def test_checkout_books_a_day_until_its_cut_off(moment, day, service, verdict):
    with at(moment):
        draft = make_draft(answers(service, day))
        shown = Shown(draft.version, 0)
        if verdict:
            with pytest.raises(NotBookableError) as refusal:
                begin_checkout(draft.pk, shown, ACCEPTANCE, base_url="http://testserver")
            assert [problem.code for problem in refusal.value.problems] == [verdict]
            assert Booking.objects.count() == 0
            return
        checkout = begin_checkout(draft.pk, shown, ACCEPTANCE, base_url="http://testserver")
        assert checkout.result is CheckoutResult.BOOKED
        booking = Booking.objects.get()
        assert (booking.pickup_date, booking.status) == (day, BookingStatus.PAID)
        is_today = day == clock.today()
        assert booking.lines.filter(code="same_day").exists() == is_today
        assert booking.is_same_day_delivery == is_today


def test_review_open_at_the_cut_off_is_refused_a_second_later(client):
    day = date(2026, 6, 10)
    draft = make_draft(answers("delivery", day))
    with at("2026-06-10T13:59:59"):
        visit(client, draft)
        page = client.get(reverse("booking:review"))
        assert page.status_code == 200
    with at("2026-06-10T14:00:00"):
        sent = {"terms": "on", "draft_version": draft.version, "shown_total_cents": 0}
        answer = client.post(reverse("payments:start"), sent, follow=True)
        assert answer.redirect_chain[-1][0] == reverse("booking:step", args=["schedule"])
        assert "today" in answer.text
        assert Booking.objects.count() == 0


def test_price_of_the_same_day_appears_at_midnight(client):
    day = date(2026, 6, 11)
    with at("2026-06-10T16:00:00"):  # noon
        draft = make_draft({**standard_answers(pickup_date=day.isoformat())})
        visit(client, draft)
        assert client.get(reverse("booking:review")).context["summary"].total_cents == 285_00
    with at("2026-06-11T04:00:00"):  # midnight
        page = client.get(reverse("booking:review"))
        assert page.context["summary"].total_cents == 645_00
        assert "from $285.00 to $645.00" in page.text
