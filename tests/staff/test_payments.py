"""Payments in the office: the list, its sums and its CSV; one payment; asking Stripe."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from booking.models import Booking
from payments.models import Method, Payment, PaymentStatus
from payments.services import approve_refund, request_refund, send_refund
from staff.models import ActionType, StaffAction
from tests.booking.helpers import make_booking
from tests.payments.helpers import begin_booking
from tests.payments.money import paid
from tests.staff.forms import count_queries
from tests.staff.test_refunds import said
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]
LIST = "staff:payments"


@pytest.fixture
def office(staff_client, manager):
    return staff_client(manager)


def make_payment(booking=None, cents=100_00, **fields):
    """A payment written as a row."""
    return Payment.objects.create(
        **{
            "booking": booking or make_booking(),
            "amount_cents": cents,
            "status": PaymentStatus.SUCCEEDED,
            "method": Method.STRIPE,
            "processed_at": clock.now(),
            **fields,
        }
    )


def shown(office, **filters):
    page = office.get(reverse(LIST), filters)
    return [payment.pk for payment in page.context["page"].object_list]


def test_filters_and_their_sums(office, stripe, admin):
    card = make_payment(cents=285_00)
    failed = make_payment(cents=50_00, status=PaymentStatus.FAILED, processed_at=None)
    change = make_payment(
        card.booking, 20_00, purpose="change", processed_at=clock.now() - timedelta(days=40)
    )
    Booking.objects.filter(pk=failed.booking_id).update(first_name="Bea", email="bea@example.com")

    assert shown(office) == [failed.pk, card.pk, change.pk]
    assert shown(office, status="failed") == [failed.pk]
    assert shown(office, purpose="change") == [change.pk]
    assert shown(office, method="outside") == []
    assert shown(office, q=card.booking.booking_number) == [card.pk, change.pk]
    assert shown(office, q="bea sample") == [failed.pk]
    assert shown(office, q="BEA@EXAMPLE") == [failed.pk]
    since = (clock.today() - timedelta(days=1)).isoformat()
    assert shown(office, since=since) == [failed.pk, card.pk]
    assert shown(office, until=since) == [change.pk]
    assert shown(office, since=since, status="succeeded") == [card.pk]
    assert shown(office, since="never", status="burnt", page="9" * 99) == [
        failed.pk,
        card.pk,
        change.pk,
    ]
    assert shown(office, sort="amount") == [change.pk, failed.pk, card.pk]
    totals = office.get(reverse(LIST)).context["totals"]
    assert (totals.captured_cents, totals.refunded_cents, totals.net_cents) == (305_00, 0, 305_00)
    totals = office.get(reverse(LIST), {"purpose": "change"}).context["totals"]
    assert totals.captured_cents == 20_00


def test_sums_take_off_what_was_given_back_and_leave_out_demonstration_data(
    office, stripe, operator, admin
):
    payment = paid(stripe)
    refund = request_refund(payment.pk, amount_cents=85_00, reason="Late", by=operator)
    make_payment(cents=999_00, method=Method.DEMO)
    waiting = request_refund(payment.pk, amount_cents=1_00, reason="Late", by=operator)
    approve_refund(refund.pk, by=admin)
    send_refund(refund.pk)
    totals = office.get(reverse(LIST)).context["totals"]
    assert (totals.captured_cents, totals.refunded_cents) == (285_00, 85_00)
    assert (totals.net_cents, totals.demo_cents) == (200_00, 999_00)
    page = office.get(reverse("staff:payment", args=[payment.pk]))
    assert page.context["left_cents"] == 199_00
    assert {refund.pk, waiting.pk} == {row.pk for row in page.context["refunds"]}


def test_csv_has_what_is_filtered_is_inert_and_on_record(office):
    booking = make_booking(first_name="=1+1", last_name="Sample")
    make_payment(booking, 285_00, stripe_payment_intent_id="pi_1")
    make_payment(cents=1_00, status=PaymentStatus.FAILED, processed_at=None)
    table = office.get(reverse(LIST), {"format": "csv", "status": "succeeded"}).text.lstrip(
        "\ufeff"
    )
    lines = table.strip().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("When,Booking,Customer")
    assert (
        f"{booking.booking_number},'=1+1 Sample,Booking,Card through Stripe,Succeeded" in lines[1]
    )
    assert lines[1].endswith("$285.00,$0.00,$285.00,pi_1,")
    assert StaffAction.objects.filter(action_type=ActionType.EXPORT_DATA).count() == 1


def test_the_list_takes_as_many_queries_for_a_hundred_as_for_one(office):
    booking = make_booking()

    def make(number):
        return Payment(
            booking=booking,
            amount_cents=number + 1,
            status=PaymentStatus.FAILED,
            stripe_payment_intent_id=f"pi_{number}",
        )

    Payment.objects.bulk_create([make(0)])
    one = count_queries(office, reverse(LIST))
    Payment.objects.bulk_create(make(number) for number in range(1, 100))
    assert count_queries(office, reverse(LIST)) == one
    page = office.get(reverse(LIST), {"page": "2"})
    assert len(page.context["page"].object_list) == 25


def test_a_payment_shows_all_that_happened_to_it(office, stripe):
    payment = paid(stripe)
    page = office.get(reverse("staff:payment", args=[payment.pk]))
    assert "Payment succeeded" in page.text
    assert payment.stripe_payment_intent_id in page.text
    assert [attempt.number for attempt in page.context["attempts"]] == [1]
    # The stand-in has no dashboard of Stripe's.
    assert page.context["dashboard_url"] == ""
    assert office.get(reverse("staff:payment", args=[uuid4()])).status_code == 404


@pytest.mark.parametrize(
    ("key", "path"), [("sk_test_1", "test/payments"), ("sk_live_1", "payments")]
)
def test_a_payment_leads_to_the_real_stripe(office, settings, key, path):
    settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = "", key
    payment = make_payment(stripe_payment_intent_id="pi_1")
    page = office.get(reverse("staff:payment", args=[payment.pk]))
    assert f'href="https://dashboard.stripe.com/{path}/pi_1"' in page.text


def test_settle_now_books_what_was_paid_without_webhook(office, stripe):
    booking = begin_booking()
    payment = Payment.objects.get(booking=booking)
    url = reverse("staff:payment_settle", args=[payment.pk])
    assert "It is not paid yet" in said(office.post(url, follow=True))[0]
    stripe.pay(booking.pk, webhook="never")
    assert "it is booked" in said(office.post(url, follow=True))[0]
    booking.refresh_from_db()
    assert booking.status == "paid"
    texts = StaffAction.objects.filter(booking_id=booking.pk).order_by("created_at")
    assert [row.description for row in texts] == [
        "Asked Stripe about a payment of $285.00: open",
        "Asked Stripe about a payment of $285.00: paid",
    ]


def test_settle_now_while_stripe_is_down(office, stripe):
    booking = begin_booking()
    payment = Payment.objects.get(booking=booking)
    stripe.fault(match="GET /v1/checkout/sessions*", kind="error_500", times=None)
    page = office.post(reverse("staff:payment_settle", args=[payment.pk]), follow=True)
    assert "Stripe doesn’t answer" in said(page)[0]
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PENDING
    assert office.get(reverse("staff:payment_settle", args=[payment.pk])).status_code == 405


def test_operators_see_no_money_unless_they_may(staff_client, operator):
    browser = staff_client(operator)
    payment = make_payment()
    for path in (
        reverse(LIST),
        reverse("staff:payment", args=[payment.pk]),
        reverse("staff:events"),
        reverse("staff:alerts"),
        reverse("staff:disputes"),
        reverse("staff:invariants"),
    ):
        assert browser.get(path).status_code == 403
    settle = reverse("staff:payment_settle", args=[payment.pk])
    assert browser.post(settle).status_code == 403
    profile = operator.staff_profile
    profile.can_view_financials = True
    profile.save()
