from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from booking.describe import window
from booking.models import Booking
from catalog.models import SurchargeRule
from catalog.prices import Policy, RefundStep
from payments.models import Payment
from payments.services import refund_by_policy, refund_terms, request_refund
from payments.services.policy import refund_cents
from tests.booking.helpers import quiet_day
from tests.payments.money import paid, person
from totetaxi.lib import clock

POLICY = Policy(refund_steps=(RefundStep(48, 100), RefundStep(0, 0)))
START = clock.at(date(2026, 6, 17), datetime.min.time().replace(hour=8))
SECOND = timedelta(seconds=1)


def terms(now, *, policy=POLICY, start=START, is_peak=False):
    return refund_terms(window_start=start, now=now, policy=policy, is_peak=is_peak)


@pytest.mark.parametrize(("seconds", "percent"), [(-1, 100), (0, 100), (1, 0)])
def test_full_refund_ends_48_hours_before_the_window(seconds, percent):
    assert terms(START - timedelta(hours=48) + seconds * SECOND).percent == percent


@pytest.mark.parametrize(("seconds", "by_customer"), [(-1, True), (0, False), (1, False)])
def test_customers_cancel_until_six_the_evening_before(seconds, by_customer):
    cutoff = clock.at(date(2026, 6, 16), datetime.min.time().replace(hour=18))
    assert terms(cutoff + seconds * SECOND).by_customer is by_customer


@pytest.mark.parametrize("hours", [500, 48, 47, 1])
def test_peak_dates_give_nothing_back_whenever(hours):
    found = terms(START - timedelta(hours=hours), is_peak=True)
    assert (found.percent, found.full_until) == (0, None)


def test_peak_dates_have_a_percentage_of_their_own():
    policy = replace(POLICY, peak_date_refund_percent=25)
    assert terms(START - timedelta(hours=500), policy=policy, is_peak=True).percent == 25


@pytest.mark.parametrize(
    ("hours", "percent"), [(73, 100), (72, 100), (71.99, 50), (24, 50), (23.99, 0), (-1, 0)]
)
def test_table_of_more_steps_in_any_order(hours, percent):
    policy = Policy(refund_steps=(RefundStep(24, 50), RefundStep(0, 0), RefundStep(72, 100)))
    assert terms(START - timedelta(hours=hours), policy=policy).percent == percent


def test_no_table_gives_nothing_back():
    assert terms(START - timedelta(days=99), policy=Policy()).percent == 0


def test_48_hours_are_real_hours_on_the_night_the_clocks_change():
    """From Friday 9 AM to Sunday 8 AM are 47 hours on the clock, and 48 in November."""
    eight = datetime.min.time().replace(hour=8)
    sunday = clock.at(date(2026, 11, 1), eight)
    friday_nine = clock.at(date(2026, 10, 30), eight.replace(hour=9))
    assert terms(friday_nine, start=sunday).percent == 100
    assert terms(friday_nine + SECOND, start=sunday).percent == 0
    assert terms(friday_nine, start=sunday).full_until == friday_nine


@pytest.mark.parametrize(
    ("paid_cents", "percent", "cents"), [(285_00, 100, 285_00), (285_00, 0, 0), (333, 50, 167)]
)
def test_share_is_exact_to_the_cent(paid_cents, percent, cents):
    policy = Policy(refund_steps=(RefundStep(0, percent),))
    assert refund_cents(paid_cents, terms(START, policy=policy)) == cents


@pytest.mark.django_db
@pytest.mark.usefixtures("catalog")
class TestOfABooking:
    """What the seeded policy gives back on a booking that was paid."""

    @pytest.fixture
    def payment(self, stripe):
        return paid(stripe)

    @pytest.mark.parametrize(("seconds", "cents"), [(-1, [285_00]), (0, [285_00]), (1, [])])
    def test_refund_of_a_paid_booking_at_the_boundary(self, payment, seconds, cents):
        booking = Booking.objects.get()
        now = window(booking)[0] - timedelta(hours=48) + seconds * SECOND
        _, shares = refund_by_policy(booking, now)
        assert list(shares.values()) == cents

    def test_never_more_than_is_left(self, payment):
        request_refund(payment.pk, amount_cents=85_00, reason="Late", by=person())
        _, shares = refund_by_policy(Booking.objects.get(), clock.now())
        assert shares == {payment: 200_00}

    def test_peak_date_of_the_catalog(self, payment):
        SurchargeRule.objects.create(
            name="Regatta",
            surcharge_type="peak_date",
            calculation_type="fixed_amount",
            fixed_amount_cents=1_00,
            applies_to_service_type="standard_delivery",
            specific_date=quiet_day(),
        )
        found, shares = refund_by_policy(Booking.objects.get(), clock.now())
        assert (found.is_peak, shares) == (True, {})

    def test_unusable_and_free_payments_are_not_asked(self, payment):
        Payment.objects.update(unfulfillable_reason="duplicate")
        assert refund_by_policy(Booking.objects.get(), clock.now())[1] == {}
