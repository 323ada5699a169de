"""A discount code through the changes of its booking: it stays, once, or ends (rule R864)."""

import pytest
from django.urls import reverse

from booking import services as bookings
from booking.models import Booking
from catalog.models import DiscountCode
from payments.models import Payment, Refund
from payments.services import Decision, cancel_booking, settle
from payments.services.invariants import check_all
from tests.booking.helpers import make_booking, make_draft, standard_answers
from tests.payments.changing import asked, change
from tests.payments.helpers import begin
from tests.payments.money import paid_booking

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]
FOUR = {"standard_delivery_item_count": 4}
FIVE = {"standard_delivery_item_count": 5}


@pytest.fixture(autouse=True)
def everything_holds():
    """After each test the books are in order."""
    yield
    broken = [result for result in check_all() if not result.holds and result.number != "I6"]
    assert broken == []


def make_code(**changes):
    values = {"code": "SAVE", "discount_type": "percentage", "percent": 10, **changes}
    return DiscountCode.objects.create(**values)


def standing(booking):
    return [use.amount_cents for use in booking.discount_uses.standing()]


def test_code_that_is_used_up_and_ended_since_stays_with_the_booking_once(stripe):
    code = make_code(max_uses_per_customer=1)
    booking = paid_booking(stripe, discount_code="SAVE")
    other = make_booking(email="bob@example.com", discount_code="SAVE")
    code.is_active, code.max_uses = False, 1
    code.save()
    change(booking, **FIVE)
    assert (standing(booking), booking.total_price_cents) == ([28_50], 256_50)

    settle(stripe.pay(booking.pk, webhook="never"))
    booking.refresh_from_db()
    assert (standing(booking), booking.total_price_cents) == ([47_50], 427_50)

    change(booking, **FOUR)
    assert (standing(booking), booking.total_price_cents) == ([38_00], 342_00)
    cancel_booking(booking.pk, decision=Decision("policy"), reason="Plans changed")
    assert standing(other) == [28_50]
    paid_cents = sum(payment.amount_cents for payment in Payment.objects.all())
    assert sum(refund.amount_cents for refund in Refund.objects.all()) == paid_cents == 427_50


def test_code_ends_where_the_order_no_longer_fits_it_and_the_review_says_so(client, stripe):
    make_code(minimum_order_cents=400_00)
    booking = paid_booking(stripe, discount_code="SAVE", **FIVE)
    proposal = bookings.proposal(booking, asked(booking, **FOUR))
    assert (proposal.ok, proposal.total_cents) == (True, 380_00)
    session = client.session
    session["bookings"] = [str(booking.pk)]
    session["changes"] = {str(booking.pk): FOUR}
    session.save()
    page = client.get(reverse("account:change_review", args=[booking.pk])).content.decode()
    assert "Your discount ends with this change." in page

    change(booking, **FOUR)
    assert (standing(booking), booking.total_price_cents) == ([], 380_00)
    assert Refund.objects.get().amount_cents == 427_50 - 380_00
    change(booking, **FIVE)
    settle(stripe.pay(booking.pk, webhook="never"))
    booking.refresh_from_db()
    assert (standing(booking), booking.total_price_cents) == ([], 475_00)


def test_free_booking_pays_what_the_code_does_not_cover_any_more(stripe):
    code = make_code(percent=100)
    booking_id = begin(make_draft(standard_answers(discount_code="SAVE"))).booking_id
    booking = Booking.objects.get(pk=booking_id)
    assert (booking.status, booking.total_price_cents) == ("paid", 0)
    code.percent = 50
    code.save()
    change(booking, **FOUR)
    settle(stripe.pay(booking.pk, webhook="never"))
    cancel_booking(booking.pk, decision=Decision("policy"), reason="Plans changed")
    assert Refund.objects.get().amount_cents == 190_00
