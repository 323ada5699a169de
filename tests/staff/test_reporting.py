"""Reports against three days counted by hand: the night on which the clocks change is in them.

                     captured (New York)      gross    refunded
1 Mini Move, Ann     Sat Mar 7 23:59        1000.00           (10.00 asked for, not given)
2 Standard, Bob      Sun Mar 8 00:30         300.00      50.00  given on March 20
  its change         Sun Mar 8 23:30          45.00
3 Standard, Bob      Sun Mar 8 12:00         285.00     142.50  cancelled
1 paid twice         Sun Mar 8 10:00        1000.00    1000.00
4 deleted            Sun Mar 8 12:00        (500.00)
5 Airport, Cat       Mon Mar 9 00:00         150.00             outside Stripe
6 Specialty, Ann     Mon Mar 9 15:00           0.00             free by a code of 250.00
7 demonstration      Sun Mar 8 12:00       (9999.00)
8 pending            card declined          (700.00)
9 Standard, Ann      Wed Apr 1 12:00          88.00             after the span
"""

import csv
import io
from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from booking.models import DiscountUse
from catalog.models import DiscountCode
from logistics.models import OnfleetTask
from payments.models import Method, PaymentStatus, Purpose, RefundStatus
from staff.models import ActionType, StaffAction
from staff.reports import deliveries, orders
from staff.reports import money as reporting
from staff.reports.money import Money, Span, Step, Sums
from tests.staff.office import at, booked, gave_back, queries_of, took

SPAN = Span(date(2026, 3, 7), date(2026, 3, 9))
REAL = Money.REAL


@pytest.fixture
def ledger(catalog: None) -> None:
    """The table above."""
    saturday, sunday = at("2026-03-07", "23:59"), at("2026-03-08")
    ann: dict[str, Any] = {"email": "ann@example.com", "name": "Ann Sample"}
    bob: dict[str, Any] = {"email": "bob@example.com", "name": "Bob Sample"}

    one = booked("mini_move", cents=1000_00, paid=saturday, pickup="2026-03-10", **ann)
    kept = took(one, 1000_00, saturday)
    gave_back(kept, 10_00, status=RefundStatus.REQUESTED)
    twice = took(
        one,
        1000_00,
        at("2026-03-08", "10:00"),
        unfulfillable_reason="duplicate",
        status=PaymentStatus.REFUNDED,
    )
    gave_back(twice, 1000_00, sunday)

    two = booked(cents=345_00, paid=at("2026-03-08", "00:30"), pickup="2026-03-09", **bob)
    partly = took(two, 300_00, at("2026-03-08", "00:30"), status=PaymentStatus.PARTIALLY_REFUNDED)
    gave_back(partly, 50_00, at("2026-03-20"))
    took(two, 45_00, at("2026-03-08", "23:30"), purpose=Purpose.CHANGE)

    three = booked(
        status="cancelled",
        cents=285_00,
        pickup="2026-03-09",
        email="BOB@example.com",
        name="Bob Sample",
        cancelled_at=sunday,
        paid_at=sunday,
    )
    half = took(three, 285_00, sunday, status=PaymentStatus.PARTIALLY_REFUNDED)
    gave_back(half, 142_50, sunday)

    four = booked(cents=500_00, paid=sunday, deleted_at=sunday)
    took(four, 500_00, sunday)

    monday = at("2026-03-09", "00:00")
    five = booked(
        "blade_transfer",
        status="completed",
        cents=150_00,
        paid=monday,
        made=at("2026-03-09", "00:00"),
        pickup="2026-03-09",
        email="cat@example.com",
        name="Cat Sample",
        zips=("10024", "11430"),
    )
    took(five, 150_00, monday, method=Method.OUTSIDE)

    six = booked(
        "specialty_item",
        cents=0,
        paid=at("2026-03-09", "15:00"),
        pickup="2026-03-15",
        email="Ann@example.com",
        name="Ann Sample",
    )
    took(six, 0, at("2026-03-09", "15:00"), method=Method.FREE)
    code = DiscountCode.objects.create(
        code="FREE", discount_type="fixed_amount", amount_cents=250_00, valid_from=monday
    )
    DiscountUse.objects.create(booking=six, code=code, email="ann@example.com", amount_cents=250_00)

    seven = booked(cents=9999_00, paid=sunday, email="demo@example.com")
    took(seven, 9999_00, sunday, method=Method.DEMO)

    eight = booked(status="pending", cents=700_00, pickup="2026-03-09")
    took(eight, 700_00, None, status=PaymentStatus.FAILED)
    released = DiscountUse.objects.create(
        booking=eight, code=code, email="ada@example.com", amount_cents=9_00
    )
    released.release(sunday)

    nine = booked(cents=88_00, paid=at("2026-04-01"), pickup="2026-04-02", **ann)
    took(nine, 88_00, at("2026-04-01"))


@pytest.mark.usefixtures("ledger")
def test_money_of_each_day_is_what_was_counted_by_hand():
    taken = reporting.takings(SPAN, REAL)
    made = orders.orders(SPAN, REAL)
    days = reporting.by_period(taken, made.by_day, SPAN, Step.DAY)

    assert [(one.first, one.sums, one.orders) for one in days] == [
        (date(2026, 3, 7), Sums(1, 1000_00, 0), 1),
        (date(2026, 3, 8), Sums(4, 1630_00, 1192_50), 1),
        (date(2026, 3, 9), Sums(2, 150_00, 0), 2),
    ]
    assert reporting.total(taken) == Sums(7, 2780_00, 1192_50)
    assert reporting.total(taken).net_cents == 1587_50


@pytest.mark.usefixtures("ledger")
def test_weeks_begin_on_sunday_and_are_cut_where_the_span_ends():
    taken = reporting.takings(SPAN, REAL)
    weeks = reporting.by_period(taken, {}, SPAN, Step.WEEK)
    months = reporting.by_period(taken, {}, SPAN, Step.MONTH)

    assert [(one.first, one.last, one.sums.net_cents) for one in weeks] == [
        (date(2026, 3, 7), date(2026, 3, 7), 1000_00),
        (date(2026, 3, 8), date(2026, 3, 9), 587_50),
    ]
    assert [(one.first, one.last, one.sums.net_cents) for one in months] == [
        (SPAN.first, SPAN.last, 1587_50)
    ]


@pytest.mark.usefixtures("ledger")
def test_services_and_what_belongs_to_none_come_to_the_same_sum():
    taken = reporting.takings(SPAN, REAL)
    lines = reporting.by_service(taken, orders.orders(SPAN, REAL).by_service)

    assert [
        (line.label, line.orders, line.sums.gross_cents, line.sums.net_cents) for line in lines
    ] == [
        ("Mini Move", 1, 2000_00, 1000_00),
        ("Standard Delivery", 1, 345_00, 295_00),
        ("Specialty Items", 1, 0, 0),
        ("Airport Transfer", 1, 150_00, 150_00),
        ("Kept or owed after a cancellation", 0, 285_00, 142_50),
    ]
    assert sum((line.sums for line in lines), Sums()) == reporting.total(taken)


@pytest.mark.usefixtures("ledger")
def test_money_outside_stripe_is_told_apart():
    methods = reporting.by_method(reporting.takings(SPAN, REAL))
    assert methods == [
        ("Card through Stripe", Sums(5, 2630_00, 1192_50)),
        ("Nothing to pay", Sums(1, 0, 0)),
        ("Outside Stripe: cash", Sums(1, 150_00, 0)),
    ]


@pytest.mark.usefixtures("ledger")
def test_demonstration_money_is_looked_at_alone():
    assert reporting.total(reporting.takings(SPAN, Money.DEMO)) == Sums(1, 9999_00, 0)
    assert orders.orders(SPAN, Money.DEMO).count == 1
    assert reporting.has_demo()


@pytest.mark.usefixtures("ledger")
def test_refunds_sent_in_a_span_are_those_that_arrived_in_it():
    assert reporting.sent_back(SPAN, REAL) == 1142_50
    assert reporting.sent_back(Span(date(2026, 3, 20), date(2026, 3, 20)), REAL) == 50_00


@pytest.mark.usefixtures("ledger")
def test_average_order_is_that_of_paid_and_completed_bookings():
    made = orders.orders(SPAN, REAL)
    # 1000 + 345 + 150 + 0, in four orders
    assert (made.count, made.value_cents, made.average_cents) == (4, 1495_00, 373_75)
    assert made.by_service == {
        "mini_move": 1,
        "standard_delivery": 1,
        "blade_transfer": 1,
        "specialty_item": 1,
    }


@pytest.mark.usefixtures("ledger")
def test_lead_time_counts_days_from_ordering_to_pickup():
    # Ordered March 1: pickups on March 9, 10 and 15; the airport on the day itself.
    counts = orders.lead_days(SPAN, REAL)
    assert counts == Counter({0: 1, 8: 1, 9: 1, 14: 1})
    assert orders.median(counts) == 8
    assert orders.median(Counter()) is None


@pytest.mark.usefixtures("ledger")
def test_a_customer_who_comes_again_is_one_email_in_any_case():
    # Ann has two orders; Bob's second was cancelled; Ann's third is after the span.
    assert orders.repeats(SPAN, REAL) == orders.Repeats(customers=3, again=1)
    assert orders.repeats(SPAN, REAL).tenths == 333
    april = Span(date(2026, 4, 1), date(2026, 4, 1))
    assert orders.repeats(april, REAL) == orders.Repeats(customers=1, again=1)


@pytest.mark.usefixtures("ledger")
def test_top_customers_are_grouped_by_email():
    found = [
        (one.email, one.name, one.orders, one.sums.net_cents)
        for one in orders.top_customers(SPAN, REAL)
    ]
    assert found == [
        ("ann@example.com", "Ann Sample", 2, 1000_00),
        ("bob@example.com", "Bob Sample", 1, 295_00),
        ("cat@example.com", "Cat Sample", 1, 150_00),
    ]


@pytest.mark.usefixtures("ledger")
def test_discounts_cost_what_standing_uses_took_off():
    assert orders.discounts(SPAN, REAL) == [orders.Discount("FREE", 1, 250_00)]


@pytest.mark.usefixtures("ledger")
def test_rates_are_of_the_pickups_of_the_span():
    # Pickups of March 9: bob paid, bob cancelled, cat completed, one pending.
    fates = orders.fates(SPAN, REAL)
    assert fates.by_status == {
        "pending": 1,
        "confirmed": 0,
        "paid": 1,
        "completed": 1,
        "cancelled": 1,
    }
    assert fates.completion_tenths == 333
    assert fates.cancellation_tenths == 250


@pytest.mark.usefixtures("ledger")
def test_places_count_both_ends_of_an_order():
    found = [(one.zip_code, one.pickups, one.deliveries) for one in orders.places(SPAN, REAL)]
    assert found == [("10001", 3, 0), ("11968", 0, 3), ("10024", 1, 0), ("11430", 0, 1)]


def test_nothing_is_nought_everywhere(db):
    made = orders.orders(SPAN, REAL)
    assert (made.count, made.average_cents) == (0, 0)
    assert reporting.total(reporting.takings(SPAN, REAL)) == Sums()
    assert orders.fates(SPAN, REAL).completion_tenths == 0
    assert orders.repeats(SPAN, REAL).tenths == 0
    assert orders.places(SPAN, REAL) == []


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_a_day_of_23_or_25_hours_is_one_day(catalog, day):
    for time in ("00:00", "23:59"):
        took(booked(cents=100_00, paid=at(day, time)), 100_00, at(day, time))
    before = date.fromisoformat(day) - timedelta(days=1)
    span = Span(before, before + timedelta(days=2))
    days = reporting.by_period(reporting.takings(span, REAL), {}, span, Step.DAY)
    assert [one.sums.gross_cents for one in days] == [0, 200_00, 0]


# -- the page ---------------------------------------------------------------------

QUERY = {"first": "2026-03-07", "last": "2026-03-09"}


def csv_of(client, key: str, **query: str) -> list[list[str]]:
    response = client.get(reverse("staff:report_csv", args=[key]), {**QUERY, **query})
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


@pytest.mark.usefixtures("ledger")
def test_the_page_shows_the_counted_numbers(staff_client, manager):
    page = staff_client(manager).get(reverse("staff:reports"), QUERY).text
    for words in (
        "$1,587.50",
        "$2,780.00 taken, $1,192.50 of it given back",
        "$373.75 on average",
        "33.3 %",
        "1 of 3",
        "Outside Stripe: cash",
        "Demonstration data is not counted here.",
        "<title>Sun, Mar 8, 2026: $437.50 net of $1,630</title>",
    ):
        assert words in page
    assert "9,999" not in page
    demo = staff_client(manager).get(reverse("staff:reports"), {**QUERY, "money": "demo"})
    assert "$9,999.00 taken" in demo.text


@pytest.mark.usefixtures("ledger")
def test_files_hold_the_same_numbers(staff_client, manager):
    client = staff_client(manager)
    assert csv_of(client, "revenue") == [
        ["Day", "Orders", "Gross", "Refunds", "Net"],
        ["2026-03-07", "1", "1000.00", "0.00", "1000.00"],
        ["2026-03-08", "1", "1630.00", "1192.50", "437.50"],
        ["2026-03-09", "2", "150.00", "0.00", "150.00"],
    ]
    assert csv_of(client, "revenue", by="month")[1:] == [
        ["2026-03-07", "2026-03-09", "4", "2780.00", "1192.50", "1587.50"]
    ]
    assert csv_of(client, "statuses")[4] == ["Completed", "1", "25.0"]
    exported = StaffAction.objects.filter(action_type=ActionType.EXPORT_DATA)
    assert exported.count() == 3
    assert exported.first().after["filters"]["first"] == "2026-03-07"


def test_what_a_customer_typed_runs_nothing(catalog, staff_client, manager):
    paid = at("2026-03-08")
    took(booked(name="=1+1 @SUM", paid=paid, cents=1_00), 1_00, paid)
    assert csv_of(staff_client(manager), "customers")[1][0] == "'=1+1 @SUM"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"first": "2026-03-09", "last": "2026-03-07"}, "on or after the first"),
        ({"first": "2020-01-01", "last": "2026-03-07"}, "at most five years"),
        ({"first": "yesterday", "last": "2026-03-07"}, "Enter a date such as"),
        ({"first": "0001-01-01", "last": "9999-12-31"}, "between the years"),
        ({"by": "hour"}, "not one of the available choices"),
    ],
)
def test_days_that_cannot_be_are_told_beside_the_field(
    catalog, staff_client, manager, query, words
):
    client = staff_client(manager)
    page = client.get(reverse("staff:reports"), query)
    assert page.status_code == 422
    assert words in page.text
    assert client.get(reverse("staff:report_csv", args=["revenue"]), query).status_code == 404


@pytest.mark.parametrize("first", ["2000-01-01", "2999-12-31"])
def test_empty_spans_are_shown(catalog, staff_client, manager, first):
    page = staff_client(manager).get(reverse("staff:reports"), {"first": first, "last": first})
    assert page.status_code == 200
    assert "No code was used." in page.text


def test_reports_are_for_those_who_may_see_money(catalog, staff_client, operator, manager):
    key = reverse("staff:report_csv", args=["revenue"])
    for url in (reverse("staff:reports"), key):
        assert staff_client(operator).get(url).status_code == 403
        assert staff_client(manager).get(url).status_code == 200
    assert staff_client(manager).get(reverse("staff:report_csv", args=["x"])).status_code == 404


@pytest.mark.usefixtures("ledger")
def test_queries_do_not_grow_with_the_span(staff_client, manager):
    client, url = staff_client(manager), reverse("staff:reports")
    few = queries_of(lambda: client.get(url, {"first": "2026-03-08", "last": "2026-03-08"}))
    many = queries_of(lambda: client.get(url, {"first": "2025-01-01", "last": "2026-12-31"}))
    assert many == few


def test_deliveries_on_time_are_what_was_counted_by_hand(catalog, staff_client, manager):
    """Three pickups (one late), one drop-off in its last second; the rest does not count.

    Two windows end on Sunday night, one a minute before midnight and one a minute after the span.
    """
    real = booked()
    demo, hidden = booked(), booked(deleted_at=at("2026-03-08"))
    took(demo, 1_00, at("2026-03-08"), method=Method.DEMO)

    def task(booking, kind, end, completed, status="completed"):
        return OnfleetTask.objects.create(
            booking=booking,
            kind=kind,
            status=status,
            environment="sandbox",
            onfleet_task_id=str(uuid4()),
            window_end=end,
            completed_at=completed,
        )

    noon = at("2026-03-08")
    others = [booked() for _ in range(6)]
    task(real, "pickup", noon, noon - timedelta(minutes=5))
    task(real, "dropoff", noon, noon)
    task(others[0], "pickup", at("2026-03-07", "00:00"), at("2026-03-07", "00:01"))
    task(others[1], "pickup", at("2026-03-09", "23:59"), at("2026-03-09", "23:00"))
    task(others[2], "pickup", at("2026-03-10", "00:00"), at("2026-03-09", "23:00"))
    task(others[3], "pickup", None, noon)
    task(others[4], "pickup", noon, None, status="failed")
    task(demo, "pickup", noon, noon + timedelta(hours=1))
    task(hidden, "pickup", noon, noon + timedelta(hours=1))

    kept = deliveries.kept(SPAN, REAL)
    assert kept.by_kind == {"pickup": (3, 2), "dropoff": (1, 1)}
    assert (kept.done, kept.on_time, kept.tenths) == (4, 3, 750)
    assert deliveries.kept(SPAN, Money.DEMO).by_kind["pickup"] == (1, 0)

    query = {"first": "2026-03-07", "last": "2026-03-09"}
    client = staff_client(manager)
    page = client.get(reverse("staff:reports"), query)
    assert page.context["on_time_words"] == "75.0 %"
    assert "3 of 4 pickups and drop-offs" in page.text
    answer = client.get(reverse("staff:report_csv", args=["on-time"]), query)
    assert list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))) == [
        ["Task", "Completed", "In their window", "Late", "Share"],
        ["Pickup", "3", "2", "1", "66.7"],
        ["Drop-off", "1", "1", "0", "100.0"],
    ]
