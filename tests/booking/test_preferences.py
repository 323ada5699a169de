"""Which mails a customer gets (rule R820)."""

import pytest

from booking import emails
from booking.models import Booking, CustomerProfile
from booking.preferences import MailKind, wants
from tests.booking.helpers import make_booking
from totetaxi.users.models import User

pytestmark = pytest.mark.usefixtures("catalog")
OBEY = {"reminder", "status_note", "review_request"}


def of_customer(*, email_notifications):
    user = User.objects.create_user("ada@example.com")
    CustomerProfile.objects.create(user=user, email_notifications=email_notifications)
    booking = make_booking()
    Booking.objects.filter(pk=booking.pk).update(customer=user, guest_checkout=None)
    booking.refresh_from_db()
    return booking


def test_switched_off_only_reminders_notes_and_review_requests_stay_away():
    booking = of_customer(email_notifications=False)
    assert {kind.value for kind in MailKind if not wants(booking, kind)} == OBEY


def test_switched_on_everything_comes():
    booking = of_customer(email_notifications=True)
    assert all(wants(booking, kind) for kind in MailKind)


def test_guest_gets_everything():
    booking = make_booking()
    assert all(wants(booking, kind) for kind in MailKind)


def test_switch_is_asked_anew_each_time():
    booking = of_customer(email_notifications=False)
    assert not wants(booking, MailKind.REMINDER)
    CustomerProfile.objects.update(email_notifications=True)
    assert wants(booking, MailKind.REMINDER)


def test_customer_without_a_profile_gets_everything():
    booking = of_customer(email_notifications=False)
    CustomerProfile.objects.all().delete()
    assert wants(booking, MailKind.REMINDER)


def test_confirmation_comes_all_the_same(mailoutbox):
    emails.send_confirmation(of_customer(email_notifications=False))
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]
