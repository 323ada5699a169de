"""The pages that change and cancel a booking, as its owner sees them and nobody else."""

import re
from datetime import date, time, timedelta

import pytest
import time_machine
from django.urls import reverse

from booking.models import Booking, BookingStatus
from catalog.models import MiniMovePackage
from payments.services import change_by_staff, settle
from tests.booking.helpers import (
    airport_answers,
    make_draft,
    mini_move_answers,
    quiet_day,
    standard_answers,
)
from tests.payments.changing import asked, change, other_day
from tests.payments.helpers import begin
from tests.payments.money import paid_booking
from tests.payments.test_cancellation import QUIET, placed
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]


def own(client, booking):
    """Let this browser be the one that placed it."""
    session = client.session
    session["bookings"] = [str(booking.pk)]
    session.save()
    return client


def url(name, booking):
    return reverse(f"account:{name}", args=[booking.pk])


def inputs(html):
    """What the browser would send: every named input, textarea and chosen option as filled in."""
    values = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]+)"', tag)
        is_off = kind and kind[1] in ("radio", "checkbox") and " checked" not in tag
        if name and not is_off:
            default = "on" if kind and kind[1] in ("radio", "checkbox") else ""
            values[name[1]] = value[1] if value else default
    texts = r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>'
    values |= dict(re.findall(texts, html, re.DOTALL))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'value="([^"]*)"[^>]* selected', options)
        values[name] = chosen[1] if chosen else ""
    values.pop("csrfmiddlewaretoken", None)
    return values


def paid_with(stripe, answers):
    booking_id = begin(make_draft(answers)).booking_id
    settle(stripe.pay(booking_id, webhook="never"))
    return Booking.objects.get(pk=booking_id)


def filled(client, booking):
    return inputs(client.get(url("change", booking)).content.decode())


@pytest.mark.parametrize("answers", [standard_answers, mini_move_answers, airport_answers])
def test_form_sent_back_untouched_changes_nothing(client, stripe, answers):
    booking = paid_with(stripe, answers())
    own(client, booking)
    response = client.post(url("change", booking), filled(client, booking), follow=True)
    assert "Nothing is different" in response.content.decode()


def test_change_to_another_day_goes_over_the_review_without_javascript(client, stripe):
    booking = paid_booking(stripe)
    own(client, booking)
    answers = {**filled(client, booking), "pickup_date": other_day().isoformat()}
    response = client.post(url("change", booking), answers, follow=True)
    page = response.content.decode()
    assert response.redirect_chain[-1][0] == url("change_review", booking)
    assert "The price stays the same." in page
    booking.refresh_from_db()
    assert booking.pickup_date == quiet_day()

    response = client.post(url("change_review", booking), inputs(page), follow=True)
    booking.refresh_from_db()
    assert booking.pickup_date == other_day()
    assert "Your booking is changed" in response.content.decode()


def test_dearer_change_leads_to_stripe_and_back(client, stripe):
    booking = paid_booking(stripe)
    own(client, booking)
    answers = {**filled(client, booking), "standard_delivery_item_count": "4"}
    page = client.post(url("change", booking), answers, follow=True).content.decode()
    assert "You pay $95.00 more." in page
    response = client.post(url("change_review", booking), inputs(page))
    assert (response.status_code, response["Location"].startswith(stripe.url)) == (303, True)
    assert "$95.00 is still to pay" in client.get(url("change", booking)).content.decode()

    session_id = stripe.pay(booking.pk, webhook="never")
    response = client.get(reverse("payments:done"), {"session_id": session_id}, follow=True)
    booking.refresh_from_db()
    assert booking.total_price_cents == 380_00
    assert "Your change is made" in response.content.decode()


def test_leaving_it_as_it_was(client, stripe):
    booking = paid_booking(stripe)
    own(client, booking)
    answers = {**filled(client, booking), "standard_delivery_item_count": "4"}
    page = client.post(url("change", booking), answers, follow=True).content.decode()
    client.post(url("change_review", booking), inputs(page))
    response = client.post(url("change", booking), {"go": "abandon"}, follow=True)
    assert "stays as it is" in response.content.decode()
    assert stripe.state()["sessions"].get("open", 0) == 0


def test_mistakes_stand_beside_their_fields_and_nothing_typed_is_lost(client, stripe):
    booking = paid_booking(stripe)
    own(client, booking)
    wrong = {"pickup_zip_code": "99950", "item_description": "", "pickup_date": "2020-01-01"}
    answers = {**filled(client, booking), **wrong, "special_instructions": "Gate 4711"}
    response = client.post(url("change", booking), answers)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'href="#id_pickup_zip_code"' in page
    assert 'href="#id_pickup_date"' in page
    assert 'href="#id_item_description"' in page
    assert "Gate 4711" in page


def test_second_tab_cannot_put_another_change_in_its_place(client, stripe):
    booking = paid_booking(stripe)
    own(client, booking)
    answers = filled(client, booking)
    first = client.post(
        url("change", booking), {**answers, "special_instructions": "One"}, follow=True
    ).content.decode()
    client.post(url("change", booking), {**answers, "special_instructions": "Two"})
    response = client.post(url("change_review", booking), inputs(first), follow=True)
    assert "second tab" in response.content.decode()
    booking.refresh_from_db()
    assert booking.special_instructions == ""


def test_price_that_moved_since_the_review_asks_again(client, stripe):
    booking = paid_with(stripe, mini_move_answers())
    own(client, booking)
    answers = {**filled(client, booking), "include_packing": "on"}
    page = client.post(url("change", booking), answers, follow=True).content.decode()
    MiniMovePackage.objects.filter(package_type="petite").update(base_price_cents=1_000_00)
    response = client.post(url("change_review", booking), inputs(page), follow=True)
    assert "Check it once more" in response.content.decode()
    booking.refresh_from_db()
    assert not booking.include_packing


@pytest.mark.parametrize("name", ["change", "change_review", "cancel"])
def test_nobody_else_finds_them(client, stripe, name):
    booking = paid_booking(stripe)
    assert client.get(url(name, booking)).status_code == 404
    assert client.post(url(name, booking), {}).status_code == 404
    own(client, booking)
    assert client.put(url(name, booking)).status_code == 405


@pytest.mark.parametrize("name", ["change", "cancel"])
@pytest.mark.parametrize(("offset", "is_open"), [(-1, True), (0, False), (1, False)])
def test_pages_close_at_the_cut_off_to_the_second(client, name, offset, is_open):
    booking = placed(QUIET)
    cutoff = clock.at(QUIET - timedelta(days=1), time(18))
    with time_machine.travel(cutoff + timedelta(seconds=offset), tick=False):
        own(client, booking)
        page = client.get(url(name, booking)).content.decode()
    assert ("too late" in page) is not is_open


@pytest.mark.parametrize(("offset", "words"), [(-1, "$285.00"), (0, "$285.00"), (1, "Nothing")])
def test_cancel_page_shows_the_refund_to_the_second(client, offset, words):
    booking = placed(QUIET)
    with time_machine.travel(
        clock.at(date(2027, 6, 14), time(8)) + timedelta(seconds=offset), tick=False
    ):
        own(client, booking)
        page = client.get(url("cancel", booking)).content.decode()
    amount = re.search(r'class="serif text-head mt-2[^"]*">([^<]+)<', page)
    assert amount is not None
    assert amount[1] == words


def test_cancel_shown_in_time_and_pressed_too_late_asks_again(client):
    booking = placed(QUIET)
    boundary = clock.at(date(2027, 6, 14), time(8))
    with time_machine.travel(boundary, tick=False):
        own(client, booking)
        answers = inputs(client.get(url("cancel", booking)).content.decode())
    with time_machine.travel(boundary + timedelta(seconds=1), tick=False):
        response = client.post(url("cancel", booking), answers, follow=True)
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID
    assert "$0.00 now, not $285.00" in response.content.decode()


def test_cancel_of_a_booking_that_changed_meanwhile_asks_again(client, stripe):
    booking = paid_booking(stripe)
    own(client, booking)
    answers = inputs(client.get(url("cancel", booking)).content.decode())
    change(booking, pickup_date=other_day().isoformat())
    response = client.post(url("cancel", booking), answers, follow=True)
    assert "changed meanwhile" in response.content.decode()
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID


def test_cancel_shows_the_refund_and_does_it(client, stripe):
    booking = paid_booking(stripe)
    own(client, booking)
    page = client.get(url("cancel", booking)).content.decode()
    assert "$285.00 back" in page
    response = client.post(url("cancel", booking), {**inputs(page), "reason": "Moved"}, follow=True)
    booking.refresh_from_db()
    assert (booking.status, booking.cancellation_reason) == ("cancelled", "Moved")
    assert "$285.00 comes back" in response.content.decode()
    assert client.get(url("cancel", booking)).status_code == 302
    assert client.get(url("change", booking)).status_code == 200


def test_odd_input_is_no_error(client, stripe):
    booking = paid_booking(stripe)
    own(client, booking)
    for data in ({}, {"version": "x", "refund_cents": "-1"}, {"reason": "x" * 400}):
        assert client.post(url("cancel", booking), data).status_code == 422
    for data in ({}, {"version": "9" * 40}, {"digest": "\0"}):
        assert client.post(url("change_review", booking), data).status_code in (302, 422)
    assert client.post(url("change", booking), {"pickup_date": "\0"}).status_code in (302, 422)


def test_office_change_while_the_review_is_open_asks_again(client, stripe, django_user_model):
    booking = paid_booking(stripe)
    own(client, booking)
    answers = {**filled(client, booking), "special_instructions": "Ring twice"}
    page = client.post(url("change", booking), answers, follow=True).content.decode()
    olga = django_user_model.objects.create_user("olga@example.com")
    change_by_staff(
        booking.pk,
        asked(booking, pickup_date=other_day().isoformat()),
        version=booking.version,
        actor=olga,
    )
    response = client.post(url("change_review", booking), inputs(page), follow=True)
    again = response.content.decode()
    assert "second tab" in again
    assert "Pickup date" not in again
    client.post(url("change_review", booking), inputs(again))
    booking.refresh_from_db()
    assert (booking.special_instructions, booking.pickup_date) == ("Ring twice", other_day())


def test_answers_of_a_change_whose_page_ran_out_are_filled_in_again(client, stripe):
    booking = paid_booking(stripe)
    own(client, booking)
    answers = {
        **filled(client, booking),
        "standard_delivery_item_count": "4",
        "special_instructions": "Gate 4711",
    }
    page = client.post(url("change", booking), answers, follow=True).content.decode()
    client.post(url("change_review", booking), inputs(page))
    settle(stripe.expire(booking.pk))
    page = client.get(url("change_review", booking), {"cancelled": 1}, follow=True).content.decode()
    assert "Nothing was charged" in page
    assert "Gate 4711" in page
    with time_machine.travel(clock.now() + timedelta(days=1, hours=1), tick=False):
        assert "Gate 4711" not in client.get(url("change", booking)).content.decode()
