"""Which mails a customer gets (rule R820)."""

import pytest

from booking import emails
from booking.models import Booking, BookingStatus, CustomerProfile
from booking.preferences import MailKind, wants
from tests.booking.helpers import make_booking
from totetaxi.lib import clock
from totetaxi.outbox.services import announce
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


@pytest.mark.parametrize(("switch", "sent"), [(True, 1), (False, 0)])
def test_delivered_note_obeys_the_switch_when_it_is_about_to_go(
    mailoutbox, run_queue, switch, sent
):
    booking = of_customer(email_notifications=not switch)
    Booking.objects.filter(pk=booking.pk).update(
        status=BookingStatus.COMPLETED, paid_at=clock.now(), completed_at=clock.now()
    )
    announce("booking_completed", booking.pk, booking_id=booking.pk)
    CustomerProfile.objects.update(email_notifications=switch)
    run_queue()
    notes = [mail for mail in mailoutbox if mail.subject == f"Delivered: {booking.booking_number}"]
    assert len(notes) == sent


def test_delivered_note_of_a_guest_names_the_place_and_comes_once(mailoutbox, run_queue):
    booking = make_booking()
    Booking.objects.filter(pk=booking.pk).update(
        status=BookingStatus.COMPLETED, paid_at=clock.now(), completed_at=clock.now()
    )
    for _ in range(2):
        announce("booking_completed", booking.pk, booking_id=booking.pk)
    run_queue()
    [note] = mailoutbox
    assert "delivered to Southampton" in note.body
    assert f"/booking/{booking.pk}/" in note.body
