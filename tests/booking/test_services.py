from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from booking import services
from booking.models import Booking, BookingEvent, BookingStatus, DiscountUse, Draft
from booking.services import DraftChangedError, NotBookableError, PriceChangedError
from catalog.models import CapacityDay, ClosedDay, DiscountCode, SpecialtyItem
from tests.booking.helpers import (
    ACCEPTANCE,
    airport_answers,
    make_booking,
    make_draft,
    mini_move_answers,
    place,
    quiet_day,
    shown_of,
    specialty_answers,
    standard_answers,
)

pytestmark = pytest.mark.usefixtures("catalog")


def used(day: date) -> int:
    return CapacityDay.objects.filter(date=day).values_list("used", flat=True).first() or 0


def test_place_stores_everything_needed_to_fulfil_the_order():
    booking = place(make_draft(standard_answers(special_instructions="Ring twice")))

    booking.refresh_from_db()
    assert booking.status == BookingStatus.PENDING
    assert booking.booking_number.startswith("TT-")
    assert (booking.first_name, booking.last_name) == ("Ada", "Sample")
    assert (booking.email, booking.phone) == ("ada@example.com", "2125550142")
    assert booking.guest_checkout is not None
    assert booking.guest_checkout.email == "ada@example.com"
    assert booking.customer is None
    assert booking.pickup_address.lines == (
        "100 Example Street, Apt 4B",
        "New York, NY 10001",
    )
    assert booking.delivery_address.city == "Southampton"
    assert booking.standard_delivery_item_count == 3
    assert booking.item_description == "Three suitcases"
    assert booking.special_instructions == "Ring twice"
    assert booking.total_price_cents == 285_00
    assert booking.get_pricing_breakdown() == {"base": 285_00, "total": 285_00}
    assert booking.terms_version == "2026-11"
    assert booking.terms_ip_address == "203.0.113.7"
    assert booking.terms_accepted_at is not None
    assert used(booking.pickup_date) == 1


@pytest.mark.parametrize(
    ("answers", "service", "total_cents"),
    [
        (mini_move_answers(), "mini_move", 995_00),
        (standard_answers(), "standard_delivery", 285_00),
        (specialty_answers(), "specialty_item", 250_00),
        (airport_answers(), "blade_transfer", 150_00),
    ],
)
def test_place_takes_every_service(answers, service, total_cents):
    booking = place(make_draft(answers))
    assert (booking.service_type, booking.total_price_cents) == (service, total_cents)


def test_place_keeps_name_and_price_of_specialty_items():
    booking = place(make_draft(specialty_answers(specialty_items={"bicycle": 2})))
    SpecialtyItem.objects.filter(type_key="bicycle").update(base_price_cents=999_00, name="Bike")

    (item,) = booking.specialty_items.all()
    assert (item.name, item.quantity, item.unit_price_cents) == ("Bicycle", 2, 250_00)


def test_place_refuses_a_price_that_was_not_shown():
    draft = make_draft()
    shown = services.Shown(draft.version, 284_99)

    with pytest.raises(PriceChangedError) as refusal, transaction.atomic():
        services.place(draft, shown, ACCEPTANCE)

    assert (refusal.value.shown_cents, refusal.value.total_cents) == (284_99, 285_00)
    assert Booking.objects.count() == 0


def test_place_refuses_a_draft_that_changed_in_another_tab():
    draft = make_draft()
    shown = shown_of(draft)
    draft.update_answers({"standard_delivery_item_count": 2})

    with pytest.raises(DraftChangedError), transaction.atomic():
        services.place(draft, shown, ACCEPTANCE)

    assert Booking.objects.count() == 0


def test_place_refuses_a_day_that_closed_meanwhile():
    draft = make_draft()
    shown = shown_of(draft)
    ClosedDay.objects.create(date=quiet_day(), reason="Storm")

    with pytest.raises(NotBookableError) as refusal, transaction.atomic():
        services.place(draft, shown, ACCEPTANCE)

    assert [problem.field for problem in refusal.value.problems] == ["pickup_date"]


def test_place_refuses_the_place_after_the_last():
    CapacityDay.objects.create(date=quiet_day(), limit=1, limit_is_own=True)
    first, second = make_draft(), make_draft()
    shown = shown_of(second)
    place(first)

    with pytest.raises(NotBookableError), transaction.atomic():
        services.place(second, shown, ACCEPTANCE)

    assert used(quiet_day()) == 1


def test_refused_place_holds_nothing():
    draft = make_draft(standard_answers(item_description=""))

    with pytest.raises(NotBookableError), transaction.atomic():
        services.place(draft, services.Shown(draft.version, 285_00), ACCEPTANCE)

    assert used(quiet_day()) == 0
    assert DiscountUse.objects.count() == 0


def test_booking_numbers_go_up_and_never_repeat():
    numbers = [make_booking().booking_number for _ in range(3)]
    assert numbers == sorted(set(numbers))


def test_code_is_reserved_with_the_booking_and_given_back_with_its_place():
    code = DiscountCode.objects.create(
        code="SUMMER", discount_type="percentage", percent=20, max_uses=1
    )
    booking = make_booking(discount_code="summer")
    assert booking.total_price_cents == 228_00
    assert booking.get_pricing_breakdown() == {
        "base": 285_00,
        "discount": -57_00,
        "total": 228_00,
    }
    assert DiscountUse.objects.standing().filter(code=code).count() == 1

    with transaction.atomic():
        services.release_hold(booking, reason="test")

    assert DiscountUse.objects.standing().filter(code=code).count() == 0
    assert used(booking.pickup_date) == 0
    assert not booking.holds_place


def test_one_use_code_is_refused_to_the_second_booking():
    DiscountCode.objects.create(code="ONCE", discount_type="percentage", percent=20, max_uses=1)
    second = make_draft(standard_answers(discount_code="ONCE", email="bob@example.com"))
    shown = shown_of(second)
    make_booking(discount_code="ONCE")

    with pytest.raises(NotBookableError) as refusal, transaction.atomic():
        services.place(second, shown, ACCEPTANCE)

    assert [problem.field for problem in refusal.value.problems] == ["discount_code"]


def test_release_hold_twice_gives_one_place_back():
    other = make_booking()
    booking = make_booking()
    with transaction.atomic():
        services.release_hold(booking, reason="test")
        services.release_hold(booking, reason="test")
    assert used(other.pickup_date) == 1


def test_retake_hold_takes_the_last_place_only_if_there_is_one():
    CapacityDay.objects.create(date=quiet_day(), limit=1, limit_is_own=True)
    booking = make_booking()
    with transaction.atomic():
        services.release_hold(booking, reason="test")
    make_booking()

    with transaction.atomic():
        assert services.retake_hold(booking, reason="test") is False
    assert not booking.holds_place


def test_rewrite_moves_date_price_and_place_together():
    booking = make_booking()
    draft = Draft.objects.get(booking=booking)
    later = quiet_day() + timedelta(days=7)
    draft.update_answers({"pickup_date": later.isoformat(), "standard_delivery_item_count": 5})

    with transaction.atomic():
        services.rewrite(booking, draft, shown_of(draft), ACCEPTANCE)

    booking.refresh_from_db()
    assert booking.pickup_date == later
    assert booking.total_price_cents == 475_00
    assert [line.amount_cents for line in booking.lines.all()] == [475_00]
    assert (used(quiet_day()), used(later)) == (0, 1)
    assert booking.events.filter(kind="changed").count() == 1


def test_rewrite_to_a_full_day_changes_nothing():
    booking = make_booking()
    draft = Draft.objects.get(booking=booking)
    later = quiet_day() + timedelta(days=7)
    CapacityDay.objects.create(date=later, limit=1, used=0, limit_is_own=True)
    draft.update_answers({"pickup_date": later.isoformat()})
    shown = shown_of(draft)
    CapacityDay.objects.filter(date=later).update(used=1)

    with pytest.raises(NotBookableError), transaction.atomic():
        services.rewrite(booking, draft, shown, ACCEPTANCE)

    booking.refresh_from_db()
    assert booking.pickup_date == quiet_day()
    assert (used(quiet_day()), used(later)) == (1, 1)


def test_rewrite_refuses_a_booking_that_is_not_pending():
    booking = make_booking()
    draft = Draft.objects.get(booking=booking)
    services.mark_paid(booking)
    with pytest.raises(ValueError, match="only a pending booking"):
        services.rewrite(booking, draft, shown_of(draft), ACCEPTANCE)


def test_mark_paid_twice_is_refused_by_the_second_move():
    booking = make_booking()
    services.mark_paid(booking)
    with pytest.raises(ValueError, match="cannot go from paid to paid"):
        services.mark_paid(booking)


def test_paid_booking_mails_one_confirmation_with_calendar(mailoutbox, run_queue):
    booking = make_booking()
    services.mark_paid(booking)
    run_queue()

    (mail,) = mailoutbox
    assert mail.to == ["ada@example.com"]
    assert booking.booking_number in mail.subject
    assert "Total: $285.00" in mail.body
    assert [name for name, _, _ in mail.attachments] == [f"{booking.booking_number}.ics"]


def test_rolled_back_payment_sends_nothing(mailoutbox, run_queue):
    booking = make_booking()
    with transaction.atomic():
        services.mark_paid(booking)
        transaction.set_rollback(True)
    run_queue()
    assert mailoutbox == []


def test_cancel_unpaid_gives_the_place_back_and_mails_nobody(mailoutbox, run_queue):
    booking = make_booking()
    assert services.cancel_unpaid(booking.pk, reason="unpaid") is True
    assert services.cancel_unpaid(booking.pk, reason="unpaid") is False
    run_queue()

    booking.refresh_from_db()
    assert booking.status == BookingStatus.CANCELLED
    assert booking.cancellation_reason == "unpaid"
    assert used(booking.pickup_date) == 0
    assert mailoutbox == []


def test_database_refuses_a_change_of_history():
    booking = make_booking()
    for query in (
        "UPDATE booking_bookingevent SET reason = 'x'",
        "DELETE FROM booking_bookingevent",
    ):
        with (
            pytest.raises(IntegrityError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(query)
    assert BookingEvent.objects.filter(booking=booking).count() == 1


def test_database_refuses_lines_that_do_not_sum_to_the_total():
    booking = make_booking()
    change = "UPDATE booking_bookingline SET amount_cents = amount_cents + 1"
    now = "SET CONSTRAINTS ALL IMMEDIATE"
    with transaction.atomic(), connection.cursor() as cursor:
        with pytest.raises(IntegrityError, match="sum to"):
            cursor.execute(f"{change}; {now}")
        transaction.set_rollback(True)
    booking.refresh_from_db()
    assert booking.total_price_cents == 285_00


def test_draft_becomes_one_booking_at_most():
    booking = make_booking()
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.filter(pk=make_booking().pk).update(draft=booking.draft)
