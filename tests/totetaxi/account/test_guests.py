"""Guests: finding a booking, the mailed link, what it opens, and ordering again."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from booking import services
from booking.models import Booking, Draft
from booking.ownership import SESSION_KEY as PLACED_KEY
from booking.wizard.session import SESSION_KEY
from catalog.models import SpecialtyItem
from tests.booking.helpers import make_booking, make_draft, place, specialty_answers
from tests.catalog.helpers import all_at_once
from totetaxi.account.access import GRANT_LIFE
from totetaxi.account.guests.jobs import purge_manage_links
from totetaxi.account.guests.links import LINK_LIFE, make_link, use_link
from totetaxi.account.models import LinkRequest, ManageLink
from totetaxi.lib import clock
from totetaxi.outbox.models import Message

pytestmark = pytest.mark.usefixtures("catalog")
FIND = "/booking/find/"


@pytest.fixture
def booking():
    booking = make_booking()
    services.mark_paid(booking)
    return Booking.objects.get(pk=booking.pk)


def asked(client, number, email):
    return client.post(FIND, {"booking_number": number, "email": email})


def manage_url(token):
    return reverse("account:manage", args=[token])


def at(monkeypatch, moment):
    monkeypatch.setattr(clock, "now", lambda: moment)


# -- asking ----------------------------------------------------------------------


def test_link_is_mailed_and_opens_the_booking_by_its_button(client, booking, mailoutbox, run_queue):
    run_queue()
    mailoutbox.clear()
    answer = asked(client, f" {booking.booking_number.lower()} ", "ADA@example.com")
    assert (answer.status_code, answer["Location"]) == (303, f"{FIND}?sent=1")
    run_queue()

    (mail,) = mailoutbox
    assert mail.to == ["ada@example.com"]
    path = re.search(r"https?://[^/\s]+(/booking/manage/\S+/)", mail.body)[1]
    page = client.get(path)
    assert "Open my booking" in page.text
    assert "Example Street" not in page.text
    assert client.get(reverse("account:status", args=[booking.pk])).text.count("ada@") == 0

    opened = client.post(path, follow=True)
    assert opened.redirect_chain == [(reverse("account:status", args=[booking.pk]), 303)]
    assert "Example Street" in opened.text
    assert "Example Street" not in Client().get(opened.request["PATH_INFO"]).text
    assert LinkRequest.objects.count() == 0


def test_unknown_booking_and_wrong_email_get_the_same_answer_by_the_same_work(
    client, booking, mailoutbox, run_queue
):
    run_queue()
    mailoutbox.clear()
    tries = [
        (booking.booking_number, "ada@example.com"),
        (booking.booking_number, "eve@example.com"),
        ("TT-999999", "ada@example.com"),
    ]
    answers, work = [], []
    for number, email in tries:
        with CaptureQueriesContext(connection) as queries:
            answer = asked(client, number, email)
        sql = [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in queries]
        # Counting the visits of one client makes a row the first time.
        work.append([one for one in sql if "rate_counter" not in one])
        answers.append((answer.status_code, answer["Location"], answer.content))
    assert answers[0] == answers[1] == answers[2]
    assert work[0] == work[1] == work[2]
    assert not any("booking_booking" in sql for one in work for sql in one)
    run_queue()
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]


def test_customer_s_own_email_finds_it_as_well(member, booking, mailoutbox, run_queue):
    Booking.objects.filter(pk=booking.pk).update(
        customer=member, guest_checkout=None, email="office@example.com"
    )
    run_queue()
    mailoutbox.clear()
    asked(Client(), booking.booking_number, "ada@example.com")
    asked(Client(), booking.booking_number, "office@example.com")
    run_queue()
    assert [mail.to[0] for mail in mailoutbox] == ["ada@example.com", "office@example.com"]


def test_deleted_booking_is_not_found_and_its_link_ends(booking, mailoutbox, run_queue):
    token = make_link(booking)
    Booking.objects.filter(pk=booking.pk).update(deleted_at=timezone.now())
    run_queue()
    mailoutbox.clear()
    asked(Client(), booking.booking_number, "ada@example.com")
    run_queue()
    assert mailoutbox == []
    assert use_link(token) is None


@pytest.mark.parametrize("number", ["", "none", "TT-", "x" * 5000, "TT-\x00"])
def test_unreadable_number_is_said_and_nothing_typed_is_lost(client, number):
    page = asked(client, number, "ada@")
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"booking_number", "email"}
    assert 'value="ada@"' in page.text
    assert LinkRequest.objects.count() == 0


@pytest.mark.parametrize("typed", ["TT-000123", "tt000123", "123", " tt - 000123 "])
def test_number_may_be_typed_in_many_ways(client, typed):
    asked(client, typed, "ada@example.com")
    assert LinkRequest.objects.get().booking_number == "TT-000123"


def test_asking_is_limited_by_address_and_by_email(client):
    codes = [
        asked(Client(REMOTE_ADDR=f"203.0.113.{number}"), "1", "ada@example.com").status_code
        for number in range(6)
    ]
    assert codes == [303] * 5 + [429]
    codes = [asked(client, "1", f"ann{number}@example.com").status_code for number in range(6)]
    assert codes == [303] * 5 + [429]


def test_nothing_typed_reaches_the_outbox(client, booking):
    asked(client, booking.booking_number, "ada@example.com")
    message = Message.objects.get(event="manage_link_requested")
    stored = " ".join(map(str, (message.key, message.subject_id, message.last_error)))
    assert "ada" not in stored
    assert booking.booking_number not in stored


# -- using -------------------------------------------------------------------------


def test_only_the_hash_of_a_token_is_stored(booking):
    token = make_link(booking)
    stored = ManageLink.objects.values().get()
    assert token not in map(str, stored.values())
    assert len(token) >= 43


@pytest.mark.django_db(transaction=True)
def test_link_pressed_by_many_at_once_opens_the_booking_for_one():
    token = make_link(make_booking())
    opened = all_at_once([lambda: use_link(token)] * 8)
    assert len(list(filter(None, opened))) == 1


def test_browser_gets_a_new_session_key_with_the_link(client, booking):
    """Who has planted a key of theirs in the browser does not look over its shoulder."""
    client.session.save()
    client.cookies["sessionid"] = planted = client.session.session_key
    client.post(manage_url(make_link(booking)))
    assert client.session.session_key != planted


def test_link_works_once(client, booking):
    token = make_link(booking)
    for _ in range(3):  # Programs that follow links in mails.
        assert client.get(manage_url(token)).status_code == 200
        assert client.head(manage_url(token)).status_code == 200
    assert client.post(manage_url(token)).status_code == 303
    other = Client()
    for answer in (other.get(manage_url(token)), other.post(manage_url(token))):
        assert answer.status_code == 410
        assert "Get a new link" in answer.text
    status = reverse("account:status", args=[booking.pk])
    assert "Example Street" not in other.get(status).text


@pytest.mark.parametrize(("seconds", "works"), [(-1, True), (0, False), (1, False)])
def test_link_lives_an_hour(client, booking, monkeypatch, seconds, works):
    start = clock.now()
    at(monkeypatch, start)
    token = make_link(booking)
    at(monkeypatch, start + LINK_LIFE + timedelta(seconds=seconds))
    assert client.get(manage_url(token)).status_code == (200 if works else 410)
    assert client.post(manage_url(token)).status_code == (303 if works else 410)


def test_every_refused_link_shows_the_same_page(client, booking):
    used, ended = make_link(booking), make_link(booking)
    use_link(used)
    ManageLink.objects.filter(used_at=None).update(expires_at=clock.now())
    pages = {client.get(manage_url(token)).content for token in (used, ended, "wrong")}
    # Its address stands in the page's canonical link, and each page has a token of its own.
    own = rb"/booking/manage/[^/]+/|[A-Za-z0-9]{64}"
    plain = {re.sub(own, b"", page) for page in pages}
    assert len(plain) == 1


@pytest.mark.parametrize(("seconds", "sees"), [(-2, True), (1, False)])
def test_browser_that_used_a_link_may_look_for_a_day(client, booking, monkeypatch, seconds, sees):
    start = clock.now()
    at(monkeypatch, start)
    client.post(manage_url(make_link(booking)))
    at(monkeypatch, start + GRANT_LIFE + timedelta(seconds=seconds))
    page = client.get(reverse("account:status", args=[booking.pk])).text
    assert ("Example Street" in page) is sees


def test_link_opens_its_own_booking_alone(client, booking):
    other = make_booking()
    client.post(manage_url(make_link(booking)))
    assert "Example Street" not in client.get(reverse("account:status", args=[other.pk])).text
    assert client.get(reverse("account:calendar_file", args=[other.pk])).status_code == 404


def test_old_links_and_requests_are_deleted(booking):
    make_link(booking)
    make_link(booking)
    LinkRequest.objects.create(booking_number="TT-1", email="a@example.com")
    week = clock.now() - timedelta(days=8)
    LinkRequest.objects.update(created_at=week)
    ManageLink.objects.filter(pk=ManageLink.objects.first().pk).update(expires_at=week)
    assert purge_manage_links() == "2 deleted"
    assert ManageLink.objects.count() == 1


# -- ordering again ------------------------------------------------------------------


def rebook(client, booking):
    return client.post(reverse("account:rebook", args=[booking.pk]))


def draft_of(client):
    return Draft.objects.get(pk=client.session[SESSION_KEY])


def test_member_orders_again_with_the_profile_s_contact(member, member_client, booking):
    Booking.objects.filter(pk=booking.pk).update(
        customer=member, guest_checkout=None, phone="2125550100"
    )
    answer = rebook(member_client, booking)
    assert (answer.status_code, answer["Location"]) == (303, "/book/")
    page = member_client.get("/book/", follow=True)
    assert page.redirect_chain == [("/book/schedule/", 303)]
    assert f"Filled in from {booking.booking_number}" in page.text
    draft = draft_of(member_client)
    assert draft.user_id == member.pk
    assert draft.answers["phone"] == "2125550142"
    assert draft.answers["item_description"] == "Three suitcases"
    assert "pickup_date" not in draft.answers


def test_guest_with_a_link_orders_again_and_hears_what_is_gone(client):
    booking = place(make_draft(specialty_answers(specialty_items={"bicycle": 1, "crib": 1})))
    services.mark_paid(booking)
    crib = SpecialtyItem.objects.get(type_key="crib")
    crib.is_active = False
    crib.save()
    client.post(manage_url(make_link(booking)))
    rebook(client, booking)
    page = client.get("/book/", follow=True)
    assert f"left out: {crib.name}." in page.text
    answers = draft_of(client).answers
    assert answers["specialty_items"] == {"bicycle": 1}
    assert answers["email"] == "ada@example.com"


def test_only_the_owner_orders_again_and_only_what_was_paid(client, booking, member_client):
    url = reverse("account:rebook", args=[booking.pk])
    assert client.post(url).status_code == 404
    assert member_client.post(url).status_code == 404
    assert client.get(url).status_code == 405

    unpaid = make_booking()
    session = client.session
    session[PLACED_KEY] = [str(unpaid.pk)]
    session.save()
    answer = rebook(client, unpaid)
    assert answer["Location"] == reverse("account:status", args=[unpaid.pk])
    assert SESSION_KEY not in client.session


def test_ordering_again_replaces_no_answers_of_the_old_draft(client, booking):
    before = dict(booking.draft.answers)
    session = client.session
    session[PLACED_KEY] = [str(booking.pk)]
    session.save()
    rebook(client, booking)
    booking.draft.refresh_from_db()
    assert booking.draft.answers == before
    assert draft_of(client) != booking.draft
