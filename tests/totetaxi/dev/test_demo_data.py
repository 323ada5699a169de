"""Made-up bookings that are as true as real ones (rule R691)."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from booking.facts import facts_for
from booking.models import Booking, BookingStatus, CustomerProfile, SavedAddress
from booking.services.answers import request_of
from catalog import price_book
from catalog.choices import ServiceType
from catalog.models import BookingPolicy, ClosedDay
from catalog.pricing import evaluate
from logistics.models import OnfleetTask, TaskStatus
from logistics.services.sync import _without_tasks
from payments.models import Method, Payment, Refund
from payments.services.invariants import check_all
from totetaxi.dev import demo as sign_ins
from totetaxi.lib import clock
from totetaxi.outbox.models import Mail, Message
from totetaxi.users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(catalog, capsys):
    """Two runs, one after the other."""
    call_command("demo_data", bookings=60, customers=5)
    call_command("demo_data", bookings=20, customers=2, seed=7)
    assert "60 bookings and 5 customers added" in capsys.readouterr().out


def test_every_invariant_holds_and_nothing_clashes(demo):
    assert [(result.number, result.offenders) for result in check_all()] == [
        (f"I{number}", ()) for number in range(1, 7)
    ]
    assert Booking.objects.count() == 80
    assert CustomerProfile.objects.count() == 7
    assert SavedAddress.objects.count() == 14
    assert len(set(User.objects.values_list("email", flat=True))) == 7


def test_prices_are_those_of_the_engine(demo):
    book = price_book.load()
    for booking in Booking.objects.prefetch_related("specialty_items__specialty_item"):
        request = request_of(booking)
        if any(line.code == "discount" for line in booking.lines.all()):
            continue
        quote = evaluate(request, book, facts_for(request, now=booking.created_at)).quote
        assert quote is not None
        assert [(line.label, line.cents, line.reason) for line in quote.lines] == [
            (line.label, line.cents, line.reason) for line in booking.lines.all()
        ]


def test_past_and_future_members_and_guests_all_services_and_states(demo):
    today = clock.today()
    past = Counter(Booking.objects.filter(pickup_date__lt=today).values_list("status", flat=True))
    coming = Counter(Booking.objects.filter(pickup_date__gt=today).values_list("status", flat=True))
    assert set(past) <= {BookingStatus.COMPLETED, BookingStatus.CANCELLED}
    assert past[BookingStatus.COMPLETED] > past[BookingStatus.CANCELLED] > 0
    assert coming[BookingStatus.PAID] > 0
    assert set(Booking.objects.values_list("service_type", flat=True)) == set(ServiceType)
    assert Booking.objects.filter(customer=None).exists()
    assert Booking.objects.exclude(customer=None).exists()
    assert not Booking.objects.filter(created_at__gt=clock.now()).exists()
    assert Booking.objects.filter(email__regex=r"^demo-\d{5}@example\.com$").count() == 80
    assert Booking.objects.search("demo customer").count() == 80


def test_money_is_marked_and_nobody_is_mailed_or_sent_for(demo):
    assert set(Payment.objects.values_list("method", flat=True)) == {Method.DEMO}
    assert set(Refund.objects.values_list("status", flat=True)) <= {"completed"}
    assert (Message.objects.count(), Mail.objects.count()) == (0, 0)
    assert list(_without_tasks()) == []
    over = {TaskStatus.COMPLETED, TaskStatus.DELETED}
    assert set(OnfleetTask.objects.values_list("status", flat=True)) == over
    assert not Booking.objects.filter(reminded_at=None).exists()
    assert not Booking.objects.filter(review_requested_at=None).exists()


def test_sign_ins_are_still_made_afterwards(demo):
    assert [row[1] for row in sign_ins.load()][-1] == "customer@example.com"


def test_closed_and_full_days_stay_so(catalog):
    BookingPolicy.objects.update(default_daily_limit=3)
    first = clock.today() + timedelta(days=30)
    ClosedDay.objects.create(date=first, reason="closed")
    span = {"first": first, "last": first + timedelta(days=2)}
    with pytest.raises(CommandError, match="too few places"):
        call_command("demo_data", bookings=30, **span)
    assert Booking.objects.count() == 0
    call_command("demo_data", bookings=4, **span)
    assert not Booking.objects.filter(pickup_date=first).exists()
    assert check_all()[3].offenders == ()


@pytest.mark.parametrize(
    ("name", "value"), [("ENVIRONMENT", "production"), ("STRIPE_SECRET_KEY", "sk_live_1")]
)
def test_refused_where_money_is_real(catalog, settings, name, value):
    setattr(settings, name, value)
    with pytest.raises(CommandError, match="no demonstrations here"):
        call_command("demo_data", bookings=1)
    assert Booking.objects.count() == 0


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"bookings": 0}, "at least 1"),
        ({"customers": -1}, "at least 0"),
        ({"first": date(2026, 5, 2), "last": date(2026, 5, 1)}, "--from is after --to"),
        ({"last": date(2099, 1, 1)}, "Nobody can book beyond"),
    ],
)
def test_odd_orders_are_refused_in_a_sentence(catalog, asked, told):
    with pytest.raises(CommandError, match=told):
        call_command("demo_data", **asked)


def test_without_a_catalog_it_says_what_to_do(db):
    with pytest.raises(CommandError, match="run seed_catalog"):
        call_command("demo_data", bookings=1)
