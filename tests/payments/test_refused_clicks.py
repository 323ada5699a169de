"""A click that is refused leaves everything as it was: also the page where somebody is paying."""

import pytest
from django.urls import reverse

from booking import services as bookings
from booking.models import BookingChange
from booking.services import PriceChangedError
from catalog.models import StandardDeliveryConfig
from payments.models import Payment, Purpose
from payments.services import (
    BookingChangedError,
    Decision,
    RefundAmountChangedError,
    RefundRefusedError,
    ShownChange,
    begin_change,
    cancel_booking,
    change_by_staff,
    change_price,
    request_refund,
)
from tests.payments.changing import asked, change, shown
from tests.payments.helpers import BASE_URL, begin_booking
from tests.payments.money import paid_booking, person

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]
FOUR = {"standard_delivery_item_count": 4}
FIVE = {"standard_delivery_item_count": 5}
POLICY = Decision("policy")


@pytest.fixture
def waiting(stripe):
    """A paid booking whose customer has the page of a dearer change open, and keeps it."""
    booking = paid_booking(stripe)
    change(booking, **FOUR)
    yield booking
    assert BookingChange.objects.get().is_pending
    assert Payment.objects.get(purpose=Purpose.CHANGE).status == "pending"
    assert stripe.state()["sessions"]["open"] == 1


def test_cancelling_at_an_amount_that_was_not_shown(waiting):
    with pytest.raises(RefundAmountChangedError):
        cancel_booking(waiting.pk, decision=POLICY, reason="", shown_cents=1)


def test_cancelling_another_version(waiting):
    with pytest.raises(BookingChangedError):
        cancel_booking(waiting.pk, decision=POLICY, reason="", version=waiting.version - 1)


@pytest.mark.parametrize("decision", [Decision("partial", 999_00), Decision("credit", 999_00)])
def test_cancelling_with_more_than_there_is(waiting, decision):
    with pytest.raises(RefundRefusedError):
        cancel_booking(waiting.pk, decision=decision, reason="", actor=person())


def test_another_change_of_a_booking_that_is_not_so_any_more(waiting):
    seen = shown(waiting, asked(waiting, **FIVE))
    old = ShownChange(seen.version - 1, seen.total_cents, seen.due_cents)
    with pytest.raises(BookingChangedError):
        begin_change(waiting.pk, asked(waiting, **FIVE), old, base_url=BASE_URL)


def test_another_change_at_another_price_than_shown(waiting):
    request = asked(waiting, **FIVE)
    seen = shown(waiting, request)
    StandardDeliveryConfig.objects.update(price_per_item_cents=100_00)
    with pytest.raises(PriceChangedError):
        begin_change(waiting.pk, request, seen, base_url=BASE_URL)


def test_change_by_the_office_of_another_version(waiting):
    with pytest.raises(BookingChangedError):
        change_by_staff(waiting.pk, asked(waiting, **FIVE), version=0, actor=person())


def test_cancelling_an_unpaid_order_that_changed_keeps_its_page(stripe):
    """Ended all the same, its place would have been held for nobody until the next morning."""
    booking = begin_booking()
    with pytest.raises(BookingChangedError):
        cancel_booking(booking.pk, decision=POLICY, reason="", version=booking.version + 1)
    assert stripe.state()["sessions"]["open"] == 1


# -- what the review promises ------------------------------------------------------


def test_review_promises_no_money_that_went_back_for_another_reason(stripe):
    booking = paid_booking(stripe, **FIVE)
    request_refund(Payment.objects.get().pk, amount_cents=430_00, reason="Sorry", by=person())
    price = change_price(booking, bookings.proposal(booking, asked(booking, **FOUR)))
    assert (price.due_cents, price.refund_cents, price.by_hand_cents) == (0, 45_00, 0)
    change(booking, **FOUR)
    assert [one.amount_cents for one in BookingChange.objects.get().refunds.all()] == [45_00]


def test_review_says_what_goes_back_by_hand(client, stripe):
    booking = paid_booking(stripe, **FIVE)
    Payment.objects.update(method="outside", outside_method="cash", recorded_by=person())
    session = client.session
    session["bookings"] = [str(booking.pk)]
    session["changes"] = {str(booking.pk): FOUR}
    session.save()
    page = client.get(reverse("account:change_review", args=[booking.pk])).content.decode()
    assert "You get $95.00 back." in page
    assert "goes back the way you paid it" in page
    assert "card you paid with" not in page
    change(booking, **FOUR)
    assert BookingChange.objects.get().by_hand_cents == 95_00
