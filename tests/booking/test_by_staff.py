from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from booking.models import Booking, BookingEvent, BookingStatus
from booking.models.draft import request_from_answers
from booking.services import (
    MoveRefusedError,
    NotBookableError,
    PhoneOrder,
    PriceChangedError,
    complete_by_staff,
    confirm_by_staff,
    judge_phone_order,
    place_by_staff,
)
from catalog.models import CapacityDay, ClosedDay, DiscountCode
from tests.booking.helpers import make_booking, mini_move_answers, quiet_day, standard_answers
from tests.payments.money import person
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


@pytest.fixture
def olga():
    return person("olga")


def phone_order(*, answers=None, **fields):
    request = request_from_answers(standard_answers() if answers is None else answers)
    return PhoneOrder(uuid4(), request, **fields)


def placed(order, olga, shown_cents=285_00):
    return place_by_staff(order, shown_cents=shown_cents, by=olga)[0]


def codes(order):
    return {(problem.field, problem.code) for problem in judge_phone_order(order).problems}


def test_phone_order_is_a_pending_booking_of_a_guest_made_by_staff(olga):
    order = phone_order()
    booking = Booking.objects.get(pk=placed(order, olga).pk)
    assert booking.pk == order.token
    assert (booking.status, booking.created_by) == (BookingStatus.PENDING, olga)
    assert (booking.customer, booking.guest_checkout.email) == (None, "ada@example.com")
    assert [(line.code, line.cents) for line in booking.lines.all()] == [("base", 285_00)]
    assert booking.terms_accepted_at is None
    assert CapacityDay.objects.get(pk=booking.pickup_date).used == booking.capacity_units
    event = BookingEvent.objects.get(booking=booking)
    assert (event.kind, event.actor, event.actor_label) == ("placed", olga, "staff")


def test_phone_order_for_a_customer_is_theirs_with_the_contact_as_typed(olga):
    ada = person("ada.account")
    booking = placed(phone_order(customer=ada), olga)
    assert (booking.customer, booking.guest_checkout) == (ada, None)
    assert booking.email == "ada@example.com"


def test_the_same_form_twice_is_one_booking(olga):
    order = phone_order()
    first = place_by_staff(order, shown_cents=285_00, by=olga)
    again = place_by_staff(order, shown_cents=285_00, by=olga)
    assert (first[1], again[1]) == (True, False)
    assert first[0] == again[0]
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("days", [0, 1])
def test_staff_book_today_and_tomorrow_at_any_hour(olga, days):
    now = clock.at(quiet_day(), clock.now().time().replace(hour=22))
    with time_machine.travel(now, tick=False):
        day = clock.today() + timedelta(days=days)
        order = phone_order(answers=standard_answers(pickup_date=day.isoformat()))
        total_cents = judge_phone_order(order).quote.total_cents
        booking = placed(order, olga, total_cents)
    assert booking.is_same_day_delivery is (days == 0)
    assert booking.lines.filter(code="same_day", amount_cents=360_00).exists() is (days == 0)


def test_staff_may_leave_the_description_out_and_serve_any_zip(olga):
    answers = standard_answers(
        item_description="", delivery_zip_code="12345", delivery_city="Albany"
    )
    booking = placed(phone_order(answers=answers), olga)
    assert booking.total_price_cents == 285_00
    assert booking.is_outside_core_area is False


def test_staff_are_bound_by_past_days_closed_days_and_full_days(olga):
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    assert codes(phone_order(answers=standard_answers(pickup_date=yesterday))) == {
        ("pickup_date", "past")
    }
    CapacityDay.objects.create(date=quiet_day(), limit=0, used=0, limit_is_own=True)
    assert codes(phone_order()) == {("pickup_date", "full")}
    ClosedDay.objects.create(date=quiet_day(), reason="Holiday")
    assert codes(phone_order()) == {("pickup_date", "closed")}
    with pytest.raises(NotBookableError):
        placed(phone_order(), olga)
    assert Booking.objects.count() == 0


# -- totals set by hand, codes ------------------------------------------------------


def test_custom_total_is_an_adjustment_line_and_its_reason_stays_inside(olga):
    order = phone_order(
        answers=mini_move_answers(), custom_total_cents=500_00, reason=" Regular of ours "
    )
    booking = placed(order, olga, 500_00)
    lines = [(line.code, line.cents) for line in booking.lines.all()]
    assert lines == [("base", 995_00), ("adjustment", -495_00)]
    assert BookingEvent.objects.get(booking=booking).reason == "Regular of ours"
    assert "Regular" not in " ".join(line.reason for line in booking.lines.all())


def test_custom_total_needs_a_reason(olga):
    assert codes(phone_order(custom_total_cents=100_00, reason="  ")) == {
        ("custom_total_reason", "required")
    }


def test_custom_total_excludes_a_code():
    answers = standard_answers(discount_code="TEN")
    order = phone_order(answers=answers, custom_total_cents=100_00, reason="x")
    assert ("discount_code", "with_custom_total") in codes(order)


def test_unknown_code_is_an_error():
    assert codes(phone_order(answers=standard_answers(discount_code="NOPE"))) == {
        ("discount_code", "unknown")
    }


def test_code_is_used(olga):
    DiscountCode.objects.create(code="TEN", percent=10, max_uses=1)
    answers = standard_answers(discount_code="ten")
    booking = placed(phone_order(answers=answers), olga, 256_50)
    assert booking.discount_uses.standing().get().amount_cents == 28_50
    other = phone_order(answers=standard_answers(discount_code="TEN", email="b@example.com"))
    assert codes(other) == {("discount_code", "used_up")}


def test_price_that_was_not_shown_is_refused(olga):
    with pytest.raises(PriceChangedError):
        placed(phone_order(), olga, 284_00)
    assert Booking.objects.count() == 0
    assert CapacityDay.objects.filter(used__gt=0).count() == 0


def test_bad_fields_are_problems_not_errors():
    order = phone_order()
    empty = replace(order, request=request_from_answers({}))
    assert ("service_type", "required") in codes(empty)


# -- moves --------------------------------------------------------------------------


def test_confirming_keeps_the_place_says_why_and_mails_once(olga, run_queue, mailoutbox):
    booking = make_booking()
    confirm_by_staff(booking.pk, reason="Pays by transfer", by=olga)
    run_queue()
    booking.refresh_from_db()
    assert booking.status == BookingStatus.CONFIRMED
    event = booking.events.get(kind="moved")
    assert (event.actor, event.reason) == (olga, "Pays by transfer")
    assert [mail.subject.split(":")[0] for mail in mailoutbox] == ["Your delivery is booked"]
    assert "and paid" not in mailoutbox[0].body
    with pytest.raises(MoveRefusedError, match="confirmed"):
        confirm_by_staff(booking.pk, reason="again", by=olga)


def test_confirming_needs_a_reason(olga):
    with pytest.raises(MoveRefusedError, match="agreed"):
        confirm_by_staff(make_booking().pk, reason=" ", by=olga)


def test_only_a_paid_booking_is_completed(olga):
    booking = make_booking()
    with pytest.raises(MoveRefusedError, match="awaiting payment"):
        complete_by_staff(booking.pk, by=olga)
    booking.move_to(BookingStatus.PAID)
    assert complete_by_staff(booking.pk, by=olga).status == BookingStatus.COMPLETED


def test_hidden_booking_does_not_move(olga):
    booking = make_booking()
    Booking.objects.update(deleted_at=clock.now())
    with pytest.raises(MoveRefusedError, match="restore"):
        confirm_by_staff(booking.pk, reason="x", by=olga)
