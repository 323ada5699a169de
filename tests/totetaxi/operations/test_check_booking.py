"""One booking on one screen, and what is wrong with it (rule R697)."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from booking.models import Booking, BookingStatus
from catalog.models import CapacityDay
from logistics.models import LogisticsAlert
from payments.models import MoneyAlert, Payment
from tests.booking.helpers import make_booking
from tests.payments.helpers import begin_booking
from tests.payments.money import paid
from totetaxi.lib.insert_only import guard_open
from totetaxi.outbox.models import Mail, Message

pytestmark = pytest.mark.usefixtures("catalog")
PERSONAL = ("Ada", "Sample", "ada@example.com", "2125550142", "Example Street")


def checked(booking, *arguments, capsys):
    """What the command prints, and what it says is wrong."""
    try:
        call_command("check_booking", str(booking), *arguments)
        wrong = ""
    except CommandError as error:
        wrong = str(error)
    return capsys.readouterr().out, wrong


def test_all_of_a_booking_stands_on_one_screen_without_its_customer(stripe, capsys):
    booking = paid(stripe).booking
    told, wrong = checked(booking.booking_number, capsys=capsys)
    assert wrong == ""
    for words in ("Paid, Standard Delivery", "$285.00  total", "pending to paid", "All is well."):
        assert words in told
    assert "booking.send_confirmation: waiting" in told
    assert [word for word in PERSONAL if word in told] == []
    told, _ = checked(booking.booking_number, "--show-contact", capsys=capsys)
    assert [word for word in PERSONAL if word not in told] == []


@pytest.mark.parametrize("spell", [str, str.lower, lambda number: number[3:].lstrip("0")])
def test_a_number_may_be_said_as_people_say_it(spell, capsys):
    booking = make_booking()
    told, _ = checked(spell(booking.booking_number), capsys=capsys)
    assert str(booking.pk) in told
    assert checked(booking.pk, capsys=capsys)[0] == told


@pytest.mark.parametrize("text", ["TT-999999", "x", "", "00000000-0000-0000-0000-000000000000"])
def test_a_booking_that_is_not_there_is_said_so(text):
    with pytest.raises(CommandError, match="There is no booking"):
        call_command("check_booking", text)


def unsettled(booking):
    Payment.objects.filter(booking=booking).update(amount_cents=284_00)


def off_the_record(booking):
    Booking.objects.filter(pk=booking.pk).update(status="completed")


def unplaced(booking):
    CapacityDay.objects.update(used=0)


def late(booking):
    Message.objects.update(next_attempt_at="2020-01-01T00:00Z")


def bounced(booking):
    Mail.objects.create(booking_id=booking.pk, template="x", recipient="x@y.z", state="bounced")


def alerted(booking):
    MoneyAlert.objects.create(
        kind="mismatch", subject="x", booking=booking, last_seen_at=timezone.now()
    )


def stranded(booking):
    LogisticsAlert.objects.create(kind="under_way", booking=booking)


def unpaid(booking):
    Payment.objects.update(status="failed")


def unwritten(booking):
    with guard_open(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM payments_paymentaudit")


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (unsettled, "not its price (I3)"),
        (off_the_record, "its history ends at paid (I5)"),
        (unplaced, "0 are counted (I4)"),
        (late, "booking.send_confirmation is late (I6)"),
        (bounced, "The mail x did not arrive: came back"),
        (alerted, "Money: Paid at Stripe"),
        (stranded, "Delivery: Changed or cancelled"),
        (unpaid, "without a payment (I2)"),
        (unwritten, "0 captures on record (I5)"),
    ],
)
def test_what_is_wrong_is_said_and_ends_with_code_1(stripe, capsys, broken, told):
    booking = paid(stripe).booking
    with transaction.atomic():
        broken(booking)
    assert told in checked(booking, capsys=capsys)[1]


def test_stripe_is_asked_and_compared(stripe, capsys):
    payment = paid(stripe)
    told, wrong = checked(payment.booking, "--stripe", capsys=capsys)
    assert (wrong, "$285.00 taken, $0.00 given back" in told) == ("", True)
    Payment.objects.update(amount_cents=284_00)
    assert "differs from pi_" in checked(payment.booking, "--stripe", capsys=capsys)[1]


def test_money_that_only_stripe_knows_of_is_found(stripe, capsys):
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    assert booking.status == BookingStatus.PENDING
    assert "Stripe has the money" in checked(booking, "--stripe", capsys=capsys)[1]
