"""What became of a booking's mails, as the office sees it (rules R646 and R647)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent, tracking
from django.urls import reverse

from booking.models import BookingStatus
from staff.bookings.mails import MAILS, MailKind, missed, missed_of, sendable
from staff.models import ActionType, StaffAction
from staff.office import attention
from tests.booking.helpers import make_booking
from totetaxi.lib import clock
from totetaxi.lib.clock import real_now
from totetaxi.outbox.models import Mail, MailState, Message
from totetaxi.outbox.registry import handler_name, handlers_of
from totetaxi.outbox.services import announce

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]
SEES_ALL = attention.Rights(financials=True, administer=True)


@pytest.fixture
def office(staff_client, manager):
    return staff_client(manager)


@pytest.fixture
def booking():
    booking = make_booking()
    booking.move_to(BookingStatus.CONFIRMED)
    return booking


@pytest.fixture
def confirm(booking, run_queue):
    """confirm(): mail the confirmation; its row, as a mail service that gives ids leaves it."""

    def confirm(key="first", **fields):
        announce("confirmation_again", booking.pk, booking_id=booking.pk, key=key)
        run_queue()
        mail = Mail.objects.get(message__key=key)
        Mail.objects.filter(pk=mail.pk).update(**{"provider_id": f"id-{key}", **fields})
        return mail

    return confirm


def report(event_type, provider_id="id-first", **fields):
    event = AnymailTrackingEvent(
        event_type=event_type, message_id=provider_id, recipient="ada@example.com", **fields
    )
    tracking.send(sender=object, event=event, esp_name="Any")


def page_of(office, booking):
    text = office.get(reverse("staff:booking", args=[booking.pk])).text
    return re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<[^>]+>", " ", text))


def attention_texts():
    found = attention.items(clock.now(), SEES_ALL)
    return [(item.number, item.text) for item in found if item.kind == "Mail came back"]


def test_queued_mail_stands_on_the_booking(office, booking):
    announce("confirmation_again", booking.pk, booking_id=booking.pk)
    text = page_of(office, booking)
    assert "Confirmation is on its way" in text
    assert "Confirmation Queued ada@example.com" in text


@pytest.mark.parametrize(
    ("event", "badge", "words"),
    [
        ("sent", "Sent", "Confirmation sent To ada@example.com"),
        ("deferred", "Held up", "Confirmation sent, and held up on its way To ada@example.com"),
        ("delivered", "Delivered", "Confirmation delivered To ada@example.com"),
    ],
)
def test_mail_on_its_good_way_says_where_it_is(office, booking, confirm, event, badge, words):
    confirm()
    report(event, mta_response="250 OK" if event == "delivered" else "")
    text = page_of(office, booking)
    assert f"Confirmation {badge} ada@example.com" in text
    assert words in text
    assert "250 OK" not in text
    assert "Phone them" not in text
    assert attention_texts() == []


@pytest.mark.parametrize(
    ("event", "badge", "words"),
    [
        ("bounced", "Came back", "Confirmation came back"),
        ("rejected", "Refused", "Confirmation refused by the mail service"),
        ("complained", "Marked as spam", "Confirmation marked as spam"),
    ],
)
def test_mail_in_trouble_is_loud(office, booking, confirm, event, badge, words):
    confirm()
    report(event, mta_response="550 5.1.1 <ada@example.com>: no such user")
    text = page_of(office, booking)
    assert f"Confirmation {badge} 550 5.1.1 <...>: no such user ada@example.com" in unquoted(text)
    assert re.search(
        words + r" To ada@example.com, sent \w{3} \d+, [\d:]+ [AP]M: 550 5.1.1 <...>",
        unquoted(text),
    )
    assert "Came back or was marked as spam: Confirmation . Phone them at (212) 555-0142 ," in text
    assert attention_texts() == [
        (booking.booking_number, "has a mail that came back or was marked as spam.")
    ]
    page = office.get(reverse("staff:booking", args=[booking.pk]))
    tones = {entry.text: entry.tone for entry in page.context["timeline"]}
    assert tones[words] == "warn"
    dashboard = office.get(reverse("staff:dashboard")).text
    assert "has a mail that came back or was marked as spam." in dashboard


def unquoted(text):
    return text.replace("&lt;", "<").replace("&gt;", ">")


def test_mail_given_up_and_mail_not_needed_say_so(office, booking):
    outcomes: dict[str, dict[str, Any]] = {
        "booking.send_confirmation": {"dead_at": real_now(), "last_error": "Refused"},
        "booking.send_delivered": {"done_at": real_now()},
    }
    for n, (handler, outcome) in enumerate(outcomes.items()):
        Message.objects.create(
            event="any",
            handler=handler,
            subject_id="1",
            key=str(n),
            booking_id=booking.pk,
            **outcome,
        )
    text = page_of(office, booking)
    assert "Confirmation Not sent Refused ada@example.com" in text
    assert "Confirmation could not be sent Refused" in text
    assert "Delivered Not needed" in text
    assert "Delivered was not needed any more" in text


def test_same_mail_sent_again_settles_the_one_that_came_back(booking, confirm):
    confirm(sent_at=real_now() - timedelta(hours=1))
    report("bounced")
    assert missed_of(booking) == ["Confirmation"]
    confirm(key="again")
    assert (missed_of(booking), attention_texts()) == ([], [])
    report("bounced", "id-again")
    assert (missed_of(booking), len(attention_texts())) == (["Confirmation"], 1)


def test_office_says_that_it_reached_the_customer(office, booking, confirm):
    confirm()
    report("bounced")
    url = reverse("staff:booking_mails_settle", args=[booking.pk])
    page = office.post(url, follow=True)
    assert "It is on the timeline that the customer was reached." in page.text
    action = StaffAction.objects.get(action_type=ActionType.SEND_NOTIFICATION)
    words = f"Reached the customer of {booking} another way: Confirmation"
    assert (action.description, action.booking) == (words, booking)
    text = page_of(office, booking)
    assert words in text
    assert "Phone them" not in text
    assert "Came back" in text
    assert attention_texts() == []

    assert "Nothing is waiting for that any more." in office.post(url, follow=True).text
    assert StaffAction.objects.filter(action_type=ActionType.SEND_NOTIFICATION).count() == 1
    assert office.get(url).status_code == 405


def test_nobody_is_phoned_for_a_note_or_for_a_booking_that_is_hidden(booking, confirm):
    mail = confirm()
    report("bounced")
    Message.objects.update(handler="booking.send_review_request")
    assert (missed_of(booking), attention_texts()) == ([], [])
    Message.objects.update(handler="booking.send_confirmation")
    assert list(missed()) == [mail]
    booking.deleted_at = clock.now()
    booking.save(update_fields=["deleted_at"])
    assert (missed_of(booking), attention_texts()) == ([], [])


def test_mail_of_a_person_who_was_deleted_names_nobody(office, booking, confirm):
    confirm()
    Mail.objects.forget("ada@example.com")
    assert "Confirmation Sent deleted" in page_of(office, booking)


def test_many_bookings_with_trouble_are_counted(run_queue):
    for n in range(attention.SHOWN + 2):
        booking = make_booking(email=f"ann{n}@example.com")
        booking.move_to(BookingStatus.CONFIRMED)
        announce("confirmation_again", booking.pk, booking_id=booking.pk)
    run_queue()
    Mail.objects.update(state=MailState.BOUNCED)
    texts = [text for _, text in attention_texts()]
    assert len(texts) == attention.SHOWN + 1
    assert texts[-1] == "2 more bookings with a mail that came back."


# --- Which mails there are, and which can be sent again


def test_every_mail_to_a_customer_about_a_booking_is_named():
    """A handler that mails a booking's customer stands in MAILS, or the timeline hides it."""
    from booking import handlers as booking_handlers
    from payments import handlers as payments_handlers

    mailing = {
        handler_name(function)
        for module in (booking_handlers, payments_handlers)
        for name, function in vars(module).items()
        if name.startswith(("send_", "tell_customer", "acknowledge"))
        and function.__module__ == module.__name__
    }
    assert mailing - {"payments.send_refund"} == set(MAILS)


def test_reminder_is_offered_on_the_day_before_alone(booking, monkeypatch, run_queue, mailoutbox):
    def offered():
        return MailKind.REMINDER in {mail.kind for mail in sendable(booking)}

    assert not offered()
    monkeypatch.setattr(clock, "tomorrow", lambda: booking.pickup_date)
    assert offered()
    [handler] = handlers_of("reminder_again")
    assert handler == "booking.send_reminder"
    booking.status = BookingStatus.CANCELLED
    assert not offered()


def test_reminder_is_sent_again(office, booking, monkeypatch, run_queue, mailoutbox):
    monkeypatch.setattr(clock, "tomorrow", lambda: booking.pickup_date)
    url = reverse("staff:booking_mail", args=[booking.pk])
    token = str(office.get(url).context["token"])
    office.post(url, {"kind": "reminder", "token": token})
    run_queue()
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]
    assert "Reminder sent" in page_of(office, booking)


def test_review_request_is_not_sent_again(booking):
    booking.status, booking.completed_at = BookingStatus.COMPLETED, clock.now()
    assert "review" not in " ".join(mail.kind for mail in sendable(booking))
