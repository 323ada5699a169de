"""The dashboard's figures and findings, counted by hand at Friday, June 12, 2026, 10:00."""

from datetime import date, timedelta
from itertools import groupby
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from booking.models import Document
from catalog.models import CapacityDay, ClosedDay
from payments.models import (
    AlertKind,
    Method,
    MoneyAlert,
    PaymentLink,
    PaymentStatus,
    RefundStatus,
)
from staff.office import attention, days, figures, runs
from staff.office.attention import Rights
from tests.staff.office import at, booked, customer, gave_back, took
from totetaxi.lib.template_tags import clock_time
from totetaxi.outbox import registry
from totetaxi.outbox.beats import SCHEDULER
from totetaxi.outbox.models import Beat, Job, Message

NOW = at("2026-06-12", "10:00")
TODAY = NOW.date()
ALL = Rights(financials=True, administer=True)
JOBS = reverse("staff:jobs")


@pytest.fixture
def beating(db):
    """The scheduler is alive, or the list below would begin with that."""
    Beat.objects.create(name=SCHEDULER, at=timezone.now())


def found(rights: Rights = ALL) -> list[tuple[str, str]]:
    """(kind, number) of what needs somebody."""
    return [(item.kind, item.number) for item in attention.items(NOW, rights)]


@pytest.mark.usefixtures("catalog")
def test_figures_are_what_was_counted_by_hand():
    paid = booked(cents=300_00, pickup="2026-06-13")
    took(paid, 300_00, at("2026-06-01"))
    part = booked(status="completed", cents=200_00, pickup="2026-05-01")
    gave_back(took(part, 200_00, at("2026-05-01"), status="partially_refunded"), 50_00)
    booked(status="confirmed", pickup="2026-06-14")  # urgent
    unpaid = booked(status="pending", pickup="2026-06-12")  # urgent
    took(unpaid, 285_00, None, status=PaymentStatus.FAILED)
    took(unpaid, 285_00, None, status=PaymentStatus.PENDING)
    booked(status="pending", pickup="2026-06-15")  # too far off
    booked(status="pending", pickup="2026-06-12", hold_released_at=NOW)  # gave its place back
    booked(status="pending", pickup="2026-06-12", made=NOW - timedelta(minutes=5))  # is paying
    booked(status="cancelled", pickup="2026-06-12")
    gone = booked(pickup="2026-06-12", deleted_at=NOW)
    took(gone, 900_00, at("2026-06-11"))
    took(booked(), 9999_00, at("2026-06-11"), method=Method.DEMO)
    customer("ada@example.com", profile={"is_vip": True})
    customer("bob@example.com")

    shown = figures.figures(NOW, financials=True)

    assert shown.by_status == {
        "pending": 4,
        "confirmed": 1,
        "paid": 2,
        "completed": 1,
        "cancelled": 1,
    }
    assert shown.bookings == 9
    assert shown.payments == figures.Payments(succeeded=2, pending=1, failed=1)
    assert shown.payments.success_words == "66.7 %"
    assert shown.urgent == 2
    assert (shown.customers, shown.vips) == (2, 1)
    assert shown.revenue.ever.net_cents == 450_00
    assert shown.revenue.recent.net_cents == 300_00  # from May 14 on
    assert figures.figures(NOW, financials=False).revenue is None


@pytest.mark.usefixtures("catalog")
def test_next_bookings_are_ten_unpaid_ones_by_pickup():
    later = booked(status="pending", pickup="2026-06-20")
    sooner = booked(status="confirmed", pickup="2026-06-12")
    booked(status="paid", pickup="2026-06-12")
    booked(status="pending", pickup="2026-06-11")
    assert list(figures.next_bookings(NOW)) == [sooner, later]
    for _ in range(10):
        booked(status="pending", pickup="2026-06-13")
    assert len(figures.next_bookings(NOW)) == 10


def test_a_calm_office_has_nothing_to_do(beating):
    assert attention.items(NOW, ALL) == []


def paper(booking, kind, **fields):
    given = {"name": "a.pdf", "content_type": "application/pdf", "size_bytes": 1, "file": "a.pdf"}
    Document.objects.create(booking=booking, kind=kind, **given, **fields)


@pytest.mark.usefixtures("catalog", "beating")
def test_everything_that_waits_is_told_once_with_a_way_to_it():
    today = booked(status="pending", pickup="2026-06-12")
    certificate = booked(pickup="2026-06-13", coi_required=True)
    booked(pickup="2026-06-20", coi_required=True)
    done = booked(pickup="2026-06-13", coi_required=True)
    sampled = booked(pickup="2026-06-13", coi_required=True)
    removed = booked(pickup="2026-06-13", coi_required=True)
    paper(done, "coi_certificate")
    paper(sampled, "coi_sample")
    paper(removed, "coi_certificate", removed_at=timezone.now())
    linked = booked(status="pending", pickup="2026-06-25")
    PaymentLink.objects.create(
        booking=linked, expires_at=at("2026-06-12", "17:40"), sent_at=NOW, created_at=NOW
    )
    unsent = booked(status="pending", pickup="2026-06-25")
    PaymentLink.objects.create(
        booking=unsent, expires_at=at("2026-06-15"), created_at=NOW - timedelta(hours=1)
    )
    refunded = took(booked(), 285_00, at("2026-06-01"))
    gave_back(refunded, 100_00, status=RefundStatus.REQUESTED)
    MoneyAlert.objects.create(
        kind=AlertKind.PAID_NOT_BOOKED, subject="p1", booking=today, last_seen_at=timezone.now()
    )
    failed = Message(event="booking_paid", handler="booking.confirm", subject_id="1", key="1")
    failed.booking_id, failed.dead_at = certificate.pk, timezone.now()
    failed.save()

    assert sorted(found()) == sorted(
        [
            ("Unpaid", today.booking_number),
            ("Money alert", today.booking_number),
            ("Link not sent", unsent.booking_number),
            ("Message failed", certificate.booking_number),
            ("Refund waiting", ""),
            ("Link ends soon", linked.booking_number),
            ("Certificate", certificate.booking_number),
            ("Certificate", sampled.booking_number),
            ("Certificate", removed.booking_number),
        ]
    )
    levels = [item.level for item in attention.items(NOW, ALL)]
    assert [level for level, _ in groupby(levels)] == ["bad", "warn"]
    texts = {item.kind: item.text for item in attention.items(NOW, ALL)}
    assert texts["Unpaid"] == "is picked up today, 8–11 AM."
    assert texts["Link ends soon"].endswith("ends today at 5:40 PM.")
    assert texts["Refund waiting"] == ("1 refund request waits for a decision, $100.00 in all.")
    assert (
        "$"
        not in {i.kind: i for i in attention.items(NOW, Rights(False, False))}[
            "Refund waiting"
        ].text
    )
    assert "Money alert" not in dict(found(Rights(financials=False, administer=False)))


@pytest.mark.usefixtures("catalog", "beating")
def test_more_than_five_of_a_kind_become_a_number():
    for _ in range(7):
        booked(status="confirmed", pickup="2026-06-13")
    items = attention.items(NOW, ALL)
    assert [bool(item.number) for item in items] == [True] * 5 + [False]
    assert items[-1].text == "2 more bookings with a pickup in the next two days."


@pytest.mark.parametrize(
    ("age", "kinds"), [(timedelta(minutes=4), []), (timedelta(minutes=6), ["Scheduler late"])]
)
def test_a_silent_scheduler_is_told(db, age, kinds):
    Beat.objects.create(name=SCHEDULER, at=timezone.now() - age)
    assert [kind for kind, _ in found()] == kinds


def test_jobs_that_failed_or_are_late_are_told(beating):
    now = timezone.now()
    old, died = now - timedelta(days=2), now - timedelta(minutes=3)
    Job.objects.create(name="outbox.deliver_due", last_started_at=now, last_ok=False)
    Job.objects.create(name="outbox.purge", last_started_at=old, last_finished_at=old, last_ok=True)
    Job.objects.create(name="alert_money", last_started_at=died, last_ok=True)
    Job.objects.create(name="outbox.beat", last_started_at=now, last_ok=True)  # It runs.
    items = attention.items(NOW, ALL)
    due = clock_time(registry.job_named("outbox.purge").due_by(now - attention.JOB_PATIENCE))
    assert [(item.kind, item.text, item.url) for item in items] == [
        ("Job failed", "Tell staff what is wrong with money: the last run did not finish.", JOBS),
        ("Job failed", "Try waiting messages again: the last run failed.", JOBS),
        ("Job late", f"Remove what nobody needs any more: was due at {due}.", JOBS),
    ]
    Job.objects.update(enabled=False)
    assert attention.items(NOW, ALL) == []


@pytest.mark.usefixtures("catalog")
def test_a_run_goes_by_time_and_counts_pieces():
    hour: dict[str, Any] = {"pickup_time": "morning_specific"}
    ten = booked(pickup="2026-06-12", specific_pickup_hour=10, **hour)
    airport = booked("blade_transfer", pickup="2026-06-12")
    nine = booked("mini_move", pickup="2026-06-12", specific_pickup_hour=9, **hour)
    booked(status="pending", pickup="2026-06-12")
    booked(status="cancelled", pickup="2026-06-12")
    booked(pickup="2026-06-13")

    stops = runs.stops(date(2026, 6, 12))

    assert [stop.booking.pk for stop in stops] == [airport.pk, nine.pk, ten.pk]
    assert [stop.short_window for stop in stops] == ["Ready 5 AM", "9–10 AM", "10–11 AM"]
    assert [stop.pieces for stop in stops] == [2, None, 3]
    assert list(stops[0].labels()) == [(1, 2), (2, 2)]
    assert next(stops[1].labels()) == (1, None)
    assert [count for _, count in stops[2].labels()] == [3, 3, 3]


@pytest.mark.parametrize(
    ("used", "limit", "word"),
    [
        (0, 10, "Free"),
        (4, 10, "Quiet"),
        (5, 10, "Steady"),
        (7, 10, "Steady"),
        (8, 10, "Busy"),
        (10, 10, "Full"),
        (0, 0, "Full"),
        (0, None, "Free"),
        (2, None, "Quiet"),
        (3, None, "Steady"),
        (5, None, "Busy"),
        (8, None, "Very busy"),
    ],
)
def test_how_full_a_day_is_has_a_word(used, limit, word):
    assert days.level_of(used, limit).word == word


@pytest.mark.usefixtures("catalog")
def test_days_know_their_places_closing_and_surcharges():
    CapacityDay.objects.create(date=date(2026, 6, 13), limit=10, used=8, limit_is_own=True)
    ClosedDay.objects.create(date=date(2026, 6, 14), reason="Marathon")
    held = booked(status="pending", pickup="2026-06-13")
    booked(status="pending", pickup="2026-06-13", hold_released_at=NOW)
    booked(status="cancelled", pickup="2026-06-13")

    friday, saturday, sunday = days.days(TODAY, date(2026, 6, 14), today=TODAY)

    assert (friday.is_today, friday.load_words, friday.level.word) == (True, "0", "Free")
    assert friday.surcharges == ()
    assert (saturday.load_words, saturday.level.word, saturday.tenths) == ("8 of 10", "Busy", 8)
    assert saturday.surcharge_mark.startswith("+$")
    assert [stop.booking.pk for stop in saturday.stops] == [held.pk]
    assert saturday.held_only == 7
    assert (sunday.is_closed, sunday.level.word) == (True, "Closed")
    assert "closed: Marathon" in sunday.spoken


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [("2026-06-12", "2026-05-31", "2026-07-11"), ("2026-02-01", "2026-02-01", "2026-03-14")],
)
def test_a_month_is_shown_in_42_days_from_a_sunday(day, first, last):
    span = days.month_span(date.fromisoformat(day))
    assert span == (date.fromisoformat(first), date.fromisoformat(last))


def test_previous_and_next_of_the_last_day_of_a_month():
    day = date(2026, 3, 31)
    assert days.shifted(day, "month", -1) == date(2026, 2, 1)
    assert days.shifted(day, "month", 1) == date(2026, 4, 1)
    assert days.shifted(date(2026, 12, 5), "month", 1) == date(2027, 1, 1)
    assert days.shifted(day, "week", 1) == date(2026, 4, 7)
    assert days.shifted(day, "day", -1) == date(2026, 3, 30)
