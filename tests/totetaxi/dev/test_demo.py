"""Demo data goes into a database without users only."""

from django.contrib.auth import authenticate

from booking.models import Booking, BookingEvent, BookingStatus, Draft, SavedAddress
from payments.models import Method, Payment
from payments.services.invariants import check_all
from totetaxi.dev import demo
from totetaxi.outbox.models import Message
from totetaxi.users.models import User


def test_demo_sign_ins_work(db):
    for _ in range(2):
        sign_ins = demo.load()
    assert [(path, email) for path, email, _ in sign_ins] == [
        ("/staff/", "admin@example.com"),
        ("/staff/", "manager@example.com"),
        ("/staff/", "operator@example.com"),
        ("/account/", "customer@example.com"),
    ]
    for _, email, password in sign_ins:
        assert authenticate(username=email, password=password) == User.objects.get(email=email)
    assert User.objects.count() == 4


def test_demo_customer_has_bookings_in_several_states(db, catalog):
    demo.load()
    customer = User.objects.get(email="customer@example.com")
    bookings = Booking.objects.filter(customer=customer).order_by("created_at")
    assert [booking.status for booking in bookings] == [
        BookingStatus.COMPLETED,
        BookingStatus.COMPLETED,
        BookingStatus.CANCELLED,
        BookingStatus.PAID,
        BookingStatus.PAID,
        BookingStatus.PENDING,
    ]
    first = bookings[0]
    placed, paid, delivered = BookingEvent.objects.filter(booking=first)
    assert placed.created_at.date() == paid.created_at.date() == first.created_at.date()
    assert first.paid_at is not None
    assert first.completed_at is not None
    assert first.created_at <= first.paid_at <= first.completed_at
    assert delivered.created_at.date() == first.pickup_date
    assert [one.times_used for one in SavedAddress.objects.active()] == [5, 4]


def test_demo_money_is_marked_and_nothing_is_sent(db, catalog):
    demo.load()
    assert set(Payment.objects.values_list("method", flat=True)) == {Method.DEMO}
    assert [result.number for result in check_all() if not result.holds] == []
    assert not Message.objects.exists()
    assert Draft.objects.get().booking.status == BookingStatus.PENDING


def test_database_with_users_is_left_alone(db):
    User.objects.create_user("ann@example.com")
    assert demo.load() == []
    assert [user.email for user in User.objects.all()] == ["ann@example.com"]
