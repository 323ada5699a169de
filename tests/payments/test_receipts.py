"""The receipt, as data and as a PDF that is opened and read."""

from dataclasses import replace
from io import BytesIO

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from booking.models import Booking, BookingStatus
from payments.models import Method, Payment, PaymentStatus, Refund, RefundStatus
from payments.receipts import MoneyMove, receipt_of, receipt_pdf
from payments.services import (
    approve_refund,
    balance_cents,
    change_by_staff,
    request_refund,
    send_refund,
    settle,
)
from tests.booking.helpers import make_booking, make_draft, mini_move_answers
from tests.payments.changing import asked, change
from tests.payments.helpers import begin
from tests.payments.money import paid_booking, person
from totetaxi.lib import clock
from totetaxi.lib.money import usd

pytestmark = pytest.mark.usefixtures("catalog")


@pytest.fixture
def packed(stripe):
    """A paid Mini Move with packing, so with tax."""
    booking_id = begin(make_draft(mini_move_answers(include_packing=True))).booking_id
    settle(stripe.pay(booking_id, webhook="never"))
    return Booking.objects.get(pk=booking_id)


def give_back(booking, cents):
    payment = Payment.objects.get(booking=booking)
    refund = request_refund(payment.pk, amount_cents=cents, reason="goodwill", by=person("olga"))
    approve_refund(refund.pk, by=person("otto"))
    return refund


def text_of(pdf):
    """What a reader selects, a space for each break."""
    pages = PdfReader(BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_receipt_of_a_paid_booking(packed):
    receipt = receipt_of(packed)

    assert receipt.number == packed.booking_number
    assert [line.label for line in receipt.lines] == [line.label for line in packed.lines.all()]
    assert sum(line.cents for line in receipt.lines) == receipt.total_cents
    assert receipt.tax_cents == packed.get_pricing_breakdown()["organizing_tax"] > 0
    assert [(one.words, one.cents) for one in receipt.payments] == [
        ("Card, through Stripe", packed.total_price_cents)
    ]
    assert receipt.refunds == ()
    assert receipt.net_cents == packed.total_price_cents
    assert receipt.balance_cents == 0
    assert receipt.company_name == settings.BUSINESS_NAME
    assert "Southampton" in receipt.company.office_address


def test_refund_counts_once_it_is_completed(packed):
    refund = give_back(packed, 100_00)
    on_its_way = receipt_of(packed)
    assert on_its_way.refunds == (MoneyMove("Refund on its way", 100_00, None),)
    assert on_its_way.net_cents == packed.total_price_cents

    send_refund(refund.pk)
    receipt = receipt_of(packed)
    assert [(one.words, one.cents) for one in receipt.refunds] == [("Refunded", 100_00)]
    assert receipt.net_cents == packed.total_price_cents - 100_00
    assert receipt.balance_cents == 0


def test_request_that_waits_for_people_is_not_on_the_receipt(packed):
    payment = Payment.objects.get(booking=packed)
    request_refund(payment.pk, amount_cents=100_00, reason="goodwill", by=person())
    assert receipt_of(packed).refunds == ()


@pytest.mark.parametrize(
    ("status", "cents"),
    [("pending", 285_00), ("confirmed", 285_00), ("cancelled", 0)],
)
def test_balance_is_what_is_still_to_be_paid(status, cents):
    booking = make_booking()
    booking.status = BookingStatus(status)
    receipt = receipt_of(booking)
    assert receipt.balance_cents == cents
    assert not receipt.is_issued


def test_payment_that_bought_nothing_leaves_the_balance():
    booking = make_booking()
    payment = Payment.objects.create(
        booking=booking,
        amount_cents=285_00,
        status=PaymentStatus.REFUNDED,
        unfulfillable_reason="full",
        processed_at=clock.now(),
    )
    Refund.objects.create(
        payment=payment,
        kind="automatic",
        amount_cents=285_00,
        reason="full",
        status=RefundStatus.COMPLETED,
        completed_at=clock.now(),
    )
    receipt = receipt_of(booking)
    assert receipt.payments[0].words == "Card, through Stripe; could not be used"
    assert (receipt.net_cents, receipt.balance_cents) == (0, 285_00)


def test_free_booking_has_a_receipt_of_nothing():
    booking = make_booking()
    Payment.objects.create(
        booking=booking,
        amount_cents=0,
        method=Method.FREE,
        status=PaymentStatus.SUCCEEDED,
        processed_at=clock.now(),
    )
    receipt = receipt_of(booking)
    assert receipt.is_issued
    assert [(one.words, one.cents) for one in receipt.payments] == [("Nothing to pay", 0)]


def test_pdf_says_everything(packed):
    send_refund(give_back(packed, 123_45).pk)
    receipt = receipt_of(packed)
    pdf = receipt_pdf(receipt)
    text = text_of(pdf)

    assert f"Receipt {packed.booking_number}" in text
    for line in receipt.lines:
        assert line.label in text
        assert line.reason in text
        assert usd(line.cents) in text
    assert f"Total {usd(receipt.total_cents)}" in text
    assert f"8.875%: {usd(receipt.tax_cents)}" in text
    assert "Refunded -$123.45" in text
    assert f"Paid, less refunds {usd(receipt.net_cents)}" in text
    assert "Balance to pay $0.00" in text
    for fact in ("Ada Sample", "100 Example Street, Apt 4B", receipt.company.phone):
        assert fact in text


def test_pdf_has_a_title_a_language_and_headings(packed):
    reader = PdfReader(BytesIO(receipt_pdf(receipt_of(packed))))
    assert reader.metadata.title == f"Receipt {packed.booking_number}"
    assert str(reader.root_object["/Lang"]) == "en-US"
    assert str(reader.root_object["/ViewerPreferences"]["/DisplayDocTitle"]) == "True"
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert titles == [f"Receipt {packed.booking_number}", "Price", "Payments"]


def test_long_receipt_with_odd_names_goes_on_to_a_second_page(packed):
    receipt = receipt_of(packed)
    long = replace(receipt, name="Зоя 😀 " + "x" * 200, lines=receipt.lines * 15)
    reader = PdfReader(BytesIO(receipt_pdf(long)))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert len(reader.pages) > 1
    assert text.count(receipt.lines[0].label) >= 15
    assert "Page 2" in text


def test_receipt_needs_three_queries_besides_the_catalog(packed):
    booking = Booking.objects.select_related(
        "pickup_address", "delivery_address", "mini_move_package"
    ).get(pk=packed.pk)
    with CaptureQueriesContext(connection) as queries:
        receipt_of(booking)
    assert len([one for one in queries if '"catalog_' not in one["sql"]]) == 3


def test_balance_counts_what_a_cheaper_change_gave_back(stripe):
    """Five items, then four, then five again by the office: the $95 are to be paid once more."""
    booking = paid_booking(stripe, standard_delivery_item_count=5)
    change(booking, standard_delivery_item_count=4)
    request = asked(booking, standard_delivery_item_count=5)
    change_by_staff(
        booking.pk,
        request,
        version=booking.version,
        price="new",
        actor=person(),
        send_link=False,
    )
    booking.refresh_from_db()
    assert receipt_of(booking).balance_cents == balance_cents(booking) == 95_00
    Booking.objects.filter(pk=booking.pk).update(status=BookingStatus.COMPLETED)
    booking.refresh_from_db()
    assert receipt_of(booking).balance_cents == 95_00
