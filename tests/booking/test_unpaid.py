"""How many places one customer may hold unpaid (rules R674-R676)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections, transaction

from booking import services
from booking.models import Booking, BookingStatus, Draft
from booking.services import NotBookableError
from catalog.models import CapacityDay, DiscountCode
from tests.booking.helpers import (
    ACCEPTANCE,
    make_booking,
    make_draft,
    quiet_day,
    shown_of,
    standard_answers,
)
from totetaxi.lib import clock

pytestmark = pytest.mark.usefixtures("catalog")
AT_ONCE = 16


@pytest.fixture(autouse=True)
def limits(settings):
    settings.HOLDS_PER_EMAIL, settings.HOLDS_PER_ADDRESS = 3, 10


def order(email="ada@example.com", address="203.0.113.7", **changes) -> Booking:
    """Place an order as the checkout does."""
    draft = make_draft(standard_answers(email=email, **changes))
    return rewrite_or_place(draft, address)


def rewrite_or_place(
    draft: Draft | None, address: str = "203.0.113.7", booking: Booking | None = None
) -> Booking:
    assert draft is not None
    shown, acceptance = shown_of(draft), replace(ACCEPTANCE, ip_address=address)
    with transaction.atomic():
        locked = Draft.objects.select_for_update().get(pk=draft.pk)
        if booking is None:
            return services.place(locked, shown, acceptance)
        booking = Booking.objects.select_for_update().get(pk=booking.pk)
        services.rewrite(booking, locked, shown, acceptance)
        return booking


def refused(make, *args, **kwargs) -> str:
    """The words of the refusal."""
    with pytest.raises(NotBookableError) as refusal:
        make(*args, **kwargs)
    [problem] = refusal.value.problems
    assert problem.code == "too_many_unpaid"
    return problem.message


def test_fourth_unpaid_order_of_an_email_is_refused_and_writes_nothing():
    for name in ("ada@example.com", "Ada@Example.com", "ADA@EXAMPLE.COM"):
        order(name)
    used = CapacityDay.objects.get(date=quiet_day()).used

    words = refused(order, "aDa@example.com", "198.51.100.1")

    assert "Nothing was charged" in words
    assert "(60 minutes)" in words
    assert "(631) 595-5100" in words
    assert Booking.objects.count() == 3
    assert CapacityDay.objects.get(date=quiet_day()).used == used
    assert order("ben@example.com").status == BookingStatus.PENDING


def test_orders_of_one_address_count_together_whatever_the_email(settings):
    settings.HOLDS_PER_ADDRESS = 4
    for number in range(4):
        order(f"guest{number}@example.com")
    assert refused(order, "guest4@example.com")
    assert order("guest4@example.com", "203.0.113.8").status == BookingStatus.PENDING


def test_a_network_of_ipv6_counts_as_one_address(settings):
    settings.HOLDS_PER_ADDRESS = 2
    order("a@example.com", "2001:db8:0:1::1")
    order("b@example.com", "2001:db8:0:1:ffff::2")
    assert refused(order, "c@example.com", "2001:db8:0:1::3")
    order("c@example.com", "2001:db8:0:2::1")


@pytest.mark.parametrize("end", ["paid", "confirmed", "released", "cancelled", "hidden"])
def test_only_what_holds_a_place_unpaid_counts(end):
    first, *_ = [order() for _ in range(3)]
    if end == "released":
        services.release_hold(first, reason="test")
    elif end == "cancelled":
        services.cancel_unpaid(first.pk, reason="test")
    elif end == "hidden":
        Booking.objects.filter(pk=first.pk).update(deleted_at=clock.now())
    else:
        first.move_to(BookingStatus(end))
    order()
    assert refused(order)


def test_orders_of_the_office_neither_count_nor_are_bound(django_user_model):
    by = django_user_model.objects.create_user("op@example.com", "x")
    for _ in range(4):
        Booking.objects.filter(pk=make_booking().pk).update(created_by=by)
    assert Booking.objects.holding_unpaid().count() == 0
    order()


def test_what_costs_nothing_is_no_hold():
    for _ in range(3):
        order()
    DiscountCode.objects.create(
        code="ALL", discount_type="percentage", percent=100, valid_from=clock.now()
    )
    assert order(discount_code="ALL").total_price_cents == 0


def test_changing_an_unpaid_order_is_no_second_hold(settings):
    for _ in range(2):
        order()
    booking = order()
    settings.HOLDS_PER_EMAIL = 1  # What somebody has is not taken away.
    booking.draft.update_answers({"standard_delivery_item_count": 5})
    assert rewrite_or_place(booking.draft, booking=booking).total_price_cents == 475_00


def test_taking_a_place_again_counts():
    booking = order()
    services.release_hold(booking, reason="the checkout ended")
    for _ in range(3):
        order()
    assert refused(rewrite_or_place, booking.draft, booking=booking)
    booking.refresh_from_db()
    assert not booking.holds_place


def test_an_unpaid_order_cannot_be_carried_over_to_an_email_that_has_its_fill():
    for _ in range(3):
        order()
    booking = order("ben@example.com")
    booking.draft.update_answers({"email": "ada@example.com"})
    assert refused(rewrite_or_place, booking.draft, booking=booking)
    booking.refresh_from_db()
    assert booking.email == "ben@example.com"


def test_late_money_and_the_office_take_a_place_again_whatever_is_unpaid():
    booking = order()
    services.release_hold(booking, reason="the checkout ended")
    for _ in range(3):
        order()
    assert services.retake_hold(booking, reason="paid after all") is True


def at_once(orders: list[dict[str, str]]) -> int:
    """How many of these orders are taken when all are placed in the same moment."""
    drafts = [
        (make_draft(standard_answers(email=one["email"], pickup_date=one["day"])), one["address"])
        for one in orders
    ]

    def place(draft: Draft, address: str) -> bool:
        try:
            rewrite_or_place(draft, address)
        except NotBookableError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(len(drafts)) as pool:
        taken = sum(pool.map(lambda one: place(*one), drafts))
    assert Booking.objects.holding_unpaid().count() == taken
    return taken


@pytest.mark.django_db(transaction=True)
def test_16_checkouts_of_one_email_at_once_hold_three_places():
    day = quiet_day()
    orders = [
        {
            "email": "ada@example.com" if number % 2 else "ADA@example.com",
            "address": f"198.51.100.{number}",
            "day": (day + timedelta(days=7 * (number % 4))).isoformat(),
        }
        for number in range(AT_ONCE)
    ]
    assert at_once(orders) == 3


@pytest.mark.django_db(transaction=True)
def test_16_checkouts_of_one_address_at_once_hold_ten_places():
    orders = [
        {
            "email": f"guest{number % 8}@example.com",
            "address": "203.0.113.7",
            "day": quiet_day().isoformat(),
        }
        for number in range(AT_ONCE)
    ]
    assert at_once(orders) == 10
