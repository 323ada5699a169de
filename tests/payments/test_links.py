from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from booking import services as bookings
from booking.describe import window
from booking.models import Booking, BookingStatus
from catalog.models import CapacityDay
from payments.models import CheckoutAttempt, Payment, PaymentLink
from payments.services import (
    CheckoutResult,
    CheckoutUnavailableError,
    LinkRefusedError,
    create_link,
    link_of_token,
    open_link,
    revoke_link,
    settle,
)
from tests.booking.helpers import make_booking, make_draft, quiet_day
from tests.payments.helpers import BASE_URL, begin
from tests.payments.money import person
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def allow_locks(settings):
    """One press locks the same rows before and after it asks Stripe, each time anew: on purpose."""
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, {"model": "*", "field": "get()"}]


@pytest.fixture
def booking(stripe):
    """Placed, never sent to Stripe."""
    return make_booking()


@pytest.fixture
def link(booking):
    return create_link(booking.pk, by=person())


def page(link):
    return reverse("payments:link", args=[link.token])


def press(link, client=None):
    return (client or Client()).post(page(link))


def at(moment):
    return time_machine.travel(moment, tick=False)


# -- making, replacing, revoking ---------------------------------------------------


def test_link_lives_72_hours(link):
    assert link.expires_at - link.created_at == pytest.approx(
        timedelta(hours=72), abs=timedelta(seconds=5)
    )


def test_link_never_lives_past_the_start_of_the_pickup_window(booking):
    start = window(booking)[0]
    with at(start - timedelta(hours=10)):
        assert create_link(booking.pk, by=None).expires_at == start
    with at(start - timedelta(seconds=1)):
        assert create_link(booking.pk, by=None).expires_at == start
    with at(start), pytest.raises(LinkRefusedError, match="pickup window has begun"):
        create_link(booking.pk, by=None)


def test_link_is_mailed_with_a_copy_and_marked_as_sent(
    link, booking, settings, run_queue, mailoutbox
):
    settings.BOOKING_EMAIL_BCC = ["copies@example.com"]
    run_queue()
    link.refresh_from_db()
    (mail,) = mailoutbox
    assert (mail.to, mail.bcc) == (["ada@example.com"], ["copies@example.com"])
    assert f"{settings.SITE_URL}{page(link)}" in mail.body
    assert booking.booking_number in mail.subject
    assert link.sent_at is not None


def test_mail_of_the_second_link_says_that_it_reminds(link, booking, run_queue, mailoutbox):
    run_queue()
    create_link(booking.pk, by=None)
    run_queue()
    assert [mail.subject for mail in mailoutbox] == [
        f"Pay for your booking {booking.booking_number}",
        f"Reminder: pay for your booking {booking.booking_number}",
    ]
    assert ["This is a reminder" in mail.body for mail in mailoutbox] == [False, True]
    assert all("\nTotal: $285.00\n" in mail.body for mail in mailoutbox)


def test_link_whose_mail_cannot_go_out_is_marked_as_not_sent(link, monkeypatch):
    from totetaxi.outbox.testing import run_queue

    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("payments.emails.send_mail", broken)
    run_queue(errors_allowed=True)
    link.refresh_from_db()
    assert link.sent_at is None


def test_second_link_ends_the_first(link, booking, client):
    second = create_link(booking.pk, by=None)
    link.refresh_from_db()
    assert link.revoked_at is not None
    assert "no longer valid" in client.get(page(link)).text
    assert "Pay for your booking" in client.get(page(second)).text


def test_second_link_ends_the_first_ones_page_at_stripe(link, booking, stripe):
    """Else both can be paid (section 11.3)."""
    press(link)
    assert stripe.state()["sessions"] == {"open": 1}
    second = create_link(booking.pk, by=None)
    assert stripe.state()["sessions"] == {"expired": 1}
    press(second)
    assert stripe.state()["sessions"] == {"expired": 1, "open": 1}
    booking.refresh_from_db()
    assert booking.holds_place


def test_second_link_of_a_booking_that_was_paid_meanwhile_settles_it(link, booking, stripe):
    press(link)
    stripe.pay(booking.pk, webhook="never")
    with pytest.raises(LinkRefusedError, match="paid"):
        create_link(booking.pk, by=None)
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID


def test_link_stands_while_stripe_cannot_end_its_page(link, booking, stripe):
    press(link)
    stripe.fault(match="* /v1/*", kind="error_500", times=None)
    with pytest.raises(CheckoutUnavailableError):
        create_link(booking.pk, by=None)
    assert list(PaymentLink.objects.standing()) == [link]


def test_revoked_link_pays_nothing_and_frees_the_place(link, booking, stripe):
    press(link)
    revoke_link(link.pk)
    booking.refresh_from_db()
    assert stripe.state()["sessions"] == {"expired": 1}
    assert not booking.holds_place
    assert press(link)["Location"] == page(link)
    assert stripe.state()["sessions"] == {"expired": 1}


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "cancelled"},
        {"status": "paid", "paid_at": "2026-11-22T00:00Z"},
        {"deleted_at": "2026-11-22T00:00Z"},
    ],
)
def test_link_is_for_bookings_that_wait_for_money(booking, fields):
    Booking.objects.update(**fields)
    with pytest.raises(LinkRefusedError):
        create_link(booking.pk, by=None)


def test_confirmed_booking_can_be_paid_by_link(booking, stripe):
    with transaction.atomic():
        booking.move_to(BookingStatus.CONFIRMED)
    press(create_link(booking.pk, by=None))
    settle(stripe.pay(booking.pk, webhook="never"))
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID


def test_link_takes_the_place_again_or_is_refused(stripe):
    CapacityDay.objects.create(date=quiet_day(), limit=1, limit_is_own=True)
    booking = make_booking()
    with transaction.atomic():
        bookings.release_hold(Booking.objects.get(), reason="test")
    link = create_link(booking.pk, by=None)
    booking.refresh_from_db()
    assert booking.holds_place
    with transaction.atomic():
        bookings.release_hold(booking, reason="test")
    make_booking(email="bob@example.com")
    with pytest.raises(LinkRefusedError, match="last place"):
        open_link(link.pk, base_url=BASE_URL)
    assert CheckoutAttempt.objects.count() == 0


def test_database_allows_one_standing_link(link, booking):
    with (
        pytest.raises(IntegrityError, match="payment_link_one_standing"),
        transaction.atomic(),
    ):
        PaymentLink.objects.create(booking=booking, expires_at=clock.now())


# -- the page ---------------------------------------------------------------------------


def test_page_shows_what_is_to_be_paid_and_nothing_private(link, booking, client):
    answer = client.get(page(link))
    assert answer.status_code == 200
    for shown in (booking.booking_number, "$285.00", "Standard Delivery, 3 items", "Pay $285.00"):
        assert shown in answer.text
    for private in ("Ada", "ada@example.com", "Example Street", "555-0142"):
        assert private not in answer.text
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer.text


def test_looking_at_the_page_opens_nothing_at_stripe(link, client, stripe):
    client.get(page(link))
    client.head(page(link))
    assert (Payment.objects.count(), stripe.state()["sessions"]) == (0, {})


def test_button_goes_to_a_page_for_exactly_the_total(link, client, stripe):
    answer = press(link, client)
    attempt = CheckoutAttempt.objects.get()
    assert (answer.status_code, attempt.session_id in answer["Location"]) == (303, True)
    assert (attempt.amount_cents, attempt.link) == (285_00, link)


def test_button_twice_goes_to_the_same_page(link, stripe):
    assert press(link)["Location"] == press(link)["Location"]
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("hours_left", "minutes_open"), [(70, 23 * 60 + 59), (5, 5 * 60), (0.1, 31)]
)
def test_page_lasts_from_half_an_hour_to_a_day(link, stripe, hours_left, minutes_open):
    PaymentLink.objects.update(expires_at=clock.now() + timedelta(hours=hours_left))
    press(link)
    attempt = CheckoutAttempt.objects.get()
    life = attempt.expires_at - attempt.created_at
    assert life == pytest.approx(timedelta(minutes=minutes_open), abs=timedelta(seconds=5))


@pytest.mark.parametrize(("seconds", "reused"), [(-1, False), (2, True)])
def test_page_with_less_than_half_an_hour_is_replaced(link, stripe, seconds, reused):
    first = press(link)["Location"]
    CheckoutAttempt.objects.update(
        expires_at=clock.real_now() + timedelta(minutes=30, seconds=seconds)
    )
    assert (press(link)["Location"] == first) is reused
    assert stripe.state()["sessions"]["open"] == 1


def test_link_replaces_the_page_of_the_wizard(stripe):
    """Else the way back from Stripe would lead this browser to a wizard it never saw."""
    draft = make_draft()
    link = create_link(begin(draft).booking_id, by=None)
    assert stripe.state()["sessions"] == {"expired": 1}
    again = begin(draft)
    opened = open_link(link.pk, base_url=BASE_URL)
    assert opened.url not in ("", again.url)
    assert stripe.state()["sessions"] == {"expired": 2, "open": 1}


def test_paid_link_shows_the_confirmation(link, booking, client, stripe, run_queue, mailoutbox):
    press(link, client)
    session_id = stripe.pay(booking.pk, webhook="never")
    answer = client.get(reverse("payments:done"), {"session_id": session_id}, follow=True)
    assert answer.redirect_chain[-1][0] == page(link)
    assert "You’re booked" in answer.text
    assert press(link)["Location"] == page(link)
    assert Payment.objects.get().status == "succeeded"
    assert open_link(link.pk, base_url=BASE_URL).result is CheckoutResult.BOOKED


def test_back_from_stripe_without_paying_shows_the_link_again(link, booking, client, stripe):
    press(link, client)
    session_id = stripe.session_of(booking.pk)
    answer = client.get(reverse("payments:done"), {"session_id": session_id})
    assert answer["Location"] == page(link)
    assert CheckoutAttempt.objects.get().cancel_url.endswith(page(link))


@pytest.mark.parametrize(("seconds", "valid"), [(-1, True), (0, False), (1, False)])
def test_link_ends_to_the_second(link, client, stripe, seconds, valid):
    with at(link.expires_at + timedelta(seconds=seconds)):
        text = client.get(page(link)).text
        assert ("Pay for your booking" in text) is valid
        assert ("no longer valid" in text) is not valid
        if not valid:  # The stand-in keeps real time: it could not open a page for this moment.
            assert press(link)["Location"] == page(link)
    assert CheckoutAttempt.objects.count() == 0


def test_page_of_an_ended_link_says_what_to_do(link, booking, client):
    PaymentLink.objects.update(expires_at=clock.now())
    text = client.get(page(link)).text
    assert "send you a new link" in text
    assert "(631) 595-5100" in text
    assert booking.booking_number in text
    assert "Pay $" not in text


def test_link_of_a_cancelled_booking_says_so(link, booking, client, stripe):
    press(link)
    bookings.cancel_unpaid(booking.pk, reason="unpaid")
    assert "This booking is cancelled" in client.get(page(link)).text
    assert press(link).status_code == 302
    assert settle(stripe.pay(booking.pk, webhook="never")).outcome == "given_back"


def test_page_says_when_stripe_cannot_be_reached(link, client, stripe):
    stripe.fault(match="POST /v1/checkout/sessions", kind="error_500", times=None)
    answer = client.post(page(link), follow=True)
    assert "Nothing was charged" in answer.text


def test_wrong_amount_behind_a_link_asks_nobody_to_pay_again(link, booking, client, stripe):
    press(link)
    stripe.pay(booking.pk, webhook="never")
    stripe.fault(match="GET /v1/checkout/sessions/*", kind="wrong_amount", times=None)
    answer = client.post(page(link), follow=True)
    assert "Please don’t pay again" in answer.text
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PENDING


def test_link_page_ended_at_stripe_is_opened_anew(link, booking, stripe):
    press(link)
    settle(stripe.expire(booking.pk))
    booking.refresh_from_db()
    assert booking.holds_place  # the link can still be paid
    assert press(link).status_code == 303
    assert sorted(Payment.objects.values_list("status", flat=True)) == ["failed", "pending"]


@pytest.mark.parametrize("token", ["x", "0" * 32, "0" * 32 + ".abc", "start.", "%00"])
def test_address_we_did_not_sign_is_not_found(client, stripe, token):
    assert client.get(f"/pay/{token}/").status_code == 404
    assert link_of_token(token) is None


def test_token_of_one_link_opens_no_other(link, booking):
    other = create_link(make_booking(email="bob@example.com").pk, by=None)
    forged = f"{other.pk.hex}.{link.token.rpartition('.')[2]}"
    assert link_of_token(forged) is None
    assert link_of_token(link.token) == link


def test_deleted_booking_has_no_page(link, client):
    Booking.objects.update(deleted_at=clock.now())
    assert client.get(page(link)).status_code == 404


def test_link_needs_the_csrf_token_and_refuses_other_methods(link, client):
    assert press(link, Client(enforce_csrf_checks=True)).status_code == 403
    assert client.put(page(link)).status_code == 405
