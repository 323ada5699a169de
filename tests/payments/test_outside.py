import pytest
from django.db import IntegrityError, transaction

from booking.models import BookingStatus
from booking.services import confirm_by_staff
from catalog.models import CapacityDay
from payments.gateway import get_gateway
from payments.models import (
    CheckoutAttempt,
    Method,
    OutsideMethod,
    Payment,
    PaymentLink,
    PaymentStatus,
)
from payments.services import (
    OutsideRefusedError,
    RefundRefusedError,
    create_link,
    open_link,
    paid_outside,
    request_refund,
)
from payments.services.hiding import HidingRefusedError, hide_booking, restore_booking
from payments.services.invariants import check_all
from tests.booking.helpers import make_booking
from tests.payments.helpers import BASE_URL, begin_booking
from tests.payments.money import paid, person

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def allow_locks(settings):
    """The same rows are locked before and after Stripe is asked, each time anew: on purpose."""
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, {"model": "*", "field": "get()"}]


@pytest.fixture
def olga():
    return person("olga")


def pay(booking, olga, *, cents=285_00, how=OutsideMethod.CHECK, reference="No. 1042"):
    return paid_outside(booking.pk, how=how, reference=reference, amount_cents=cents, by=olga)


def broken():
    return [result.number for result in check_all() if not result.holds]


def test_money_outside_stripe_pays_the_booking_and_is_counted_apart(olga, run_queue, mailoutbox):
    booking = make_booking()
    payment = pay(booking, olga)
    run_queue()
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID
    assert (payment.method, payment.outside_method) == (Method.OUTSIDE, "check")
    assert (payment.outside_reference, payment.recorded_by) == ("No. 1042", olga)
    assert (payment.amount_cents, payment.status) == (285_00, PaymentStatus.SUCCEEDED)
    assert booking.events.get(to_status="paid").actor == olga
    assert [mail.subject.split(":")[0] for mail in mailoutbox] == ["Your delivery is booked"]
    assert broken() == []
    assert check_all()[0].apart == {"Outside Stripe": 1}


def test_open_page_ends_and_link_dies_first(stripe, olga):
    booking = make_booking()
    link = create_link(booking.pk, by=olga)
    open_link(link.pk, base_url=BASE_URL)
    pay(booking, olga)
    assert get_gateway().get_session(stripe.session_of(booking.pk)).status == "expired"
    assert CheckoutAttempt.objects.get().status == "expired"
    assert PaymentLink.objects.standing().count() == 0
    assert broken() == []


def test_card_that_paid_meanwhile_wins(stripe, olga):
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    with pytest.raises(OutsideRefusedError, match="paid"):
        pay(booking, olga)
    payment = Payment.objects.get()
    assert (payment.method, payment.status) == (Method.STRIPE, PaymentStatus.SUCCEEDED)
    assert broken() == []


def test_confirmed_booking_that_is_paid_later_is_thanked_not_confirmed_again(
    olga, run_queue, mailoutbox
):
    booking = make_booking()
    confirm_by_staff(booking.pk, reason="Pays on the day", by=olga)
    run_queue()
    pay(booking, olga, how=OutsideMethod.CASH, reference="")
    run_queue()
    subjects = [mail.subject.split(":")[0] for mail in mailoutbox]
    assert subjects == ["Your delivery is booked", "Payment received"]


@pytest.mark.parametrize("cents", [0, 1, 284_99, 285_01])
def test_amount_must_be_the_price(olga, cents):
    booking = make_booking()
    with pytest.raises(OutsideRefusedError, match=r"\$285\.00"):
        pay(booking, olga, cents=cents)
    assert Payment.objects.count() == 0


def test_second_time_is_refused(olga):
    booking = make_booking()
    pay(booking, olga)
    with pytest.raises(OutsideRefusedError, match="paid"):
        pay(booking, olga)
    assert Payment.objects.count() == 1


def test_stripe_is_not_asked_to_give_it_back(olga):
    payment = pay(make_booking(), olga)
    with pytest.raises(RefundRefusedError, match="not paid through Stripe"):
        request_refund(payment.pk, amount_cents=100, reason="x", by=olga)


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "outside"},
        {"method": "outside", "outside_method": "shells"},
        {"method": "stripe", "outside_method": "cash"},
    ],
)
def test_database_refuses_outside_money_that_says_not_how_or_who(olga, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.create(booking=make_booking(), amount_cents=1, **fields)


# -- hiding -------------------------------------------------------------------------


def used(booking):
    return CapacityDay.objects.get(pk=booking.pickup_date).used


def test_hiding_gives_the_place_back_and_restoring_takes_it_again(olga):
    booking = make_booking()
    confirm_by_staff(booking.pk, reason="x", by=olga)
    hidden = hide_booking(booking.pk, reason="A test", by=olga)
    assert (hidden.deleted_at is not None, used(booking)) == (True, 0)
    restored = restore_booking(booking.pk, by=olga)
    assert (restored.deleted_at, used(booking)) == (None, booking.capacity_units)
    kinds = booking.events.order_by("created_at").values_list("kind", flat=True)
    assert [kind for kind in kinds if kind in ("hidden", "restored")] == ["hidden", "restored"]
    assert broken() == []


def test_booking_whose_day_is_full_is_not_restored(olga):
    booking = make_booking()
    confirm_by_staff(booking.pk, reason="x", by=olga)
    hide_booking(booking.pk, reason="A test", by=olga)
    CapacityDay.objects.update(limit=0)
    with pytest.raises(HidingRefusedError, match="no place"):
        restore_booking(booking.pk, by=olga)


def test_hiding_is_refused_while_money_is_open_or_kept(stripe, olga):
    with pytest.raises(HidingRefusedError, match="open"):
        hide_booking(begin_booking().pk, reason="x", by=olga)
    linked = make_booking(email="b@example.com")
    create_link(linked.pk, by=olga)
    with pytest.raises(HidingRefusedError, match="link"):
        hide_booking(linked.pk, reason="x", by=olga)
    with pytest.raises(HidingRefusedError, match="Money"):
        hide_booking(paid(stripe).booking_id, reason="x", by=olga)
    with pytest.raises(HidingRefusedError, match="why"):
        hide_booking(make_booking(email="c@example.com").pk, reason=" ", by=olga)


def test_hiding_twice_and_restoring_what_is_there_are_refused(olga):
    booking = make_booking()
    with pytest.raises(HidingRefusedError):
        restore_booking(booking.pk, by=olga)
    hide_booking(booking.pk, reason="x", by=olga)
    with pytest.raises(HidingRefusedError):
        hide_booking(booking.pk, reason="x", by=olga)
