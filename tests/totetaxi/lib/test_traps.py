"""The traps on public forms (rules R677-R679)."""

import re

import pytest
from django import forms
from django.urls import reverse

from totetaxi.account.models import LinkRequest
from totetaxi.lib.traps import ONCE_MORE, Trapped
from totetaxi.outbox.models import Message
from totetaxi.pages.models import ContactMessage
from totetaxi.users.models import User

START = "2026-06-10T12:00:00Z"
MESSAGE = {
    "name": "Ada",
    "email": "ada@example.com",
    "phone": "",
    "subject": "A piano",
    "message": "Do you carry pianos?",
}
SIGN_UP = {
    "first_name": "Ben",
    "last_name": "Shore",
    "email": "ben@example.com",
    "phone": "(212) 555-0142",
    "password1": "seven-lanterns-on-a-jetty",
    "password2": "seven-lanterns-on-a-jetty",
}


class QuestionForm(Trapped, forms.Form):
    question = forms.CharField()


@pytest.fixture(autouse=True)
def two_seconds(settings, time_machine):
    settings.FORM_SECONDS = 2
    time_machine.move_to(START, tick=False)


def hidden(page: str) -> dict[str, str]:
    """What the traps of a page send when a person fills the form in."""
    found = re.findall(r'name="(website|shown_at)"(?: value="([^"]*)")?', page)
    assert [name for name, _ in found] in (["website", "shown_at"], ["website"])
    return dict(found)


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [
        (0, "robot"),
        (1.9, "robot"),
        (2, "person"),
        (3600, "person"),
        (24 * 3600, "person"),
        (24 * 3600 + 1, "stale"),
    ],
)
def test_form_comes_back_in_the_time_a_person_takes(time_machine, seconds, verdict):
    form = QuestionForm({"question": "Why?", **hidden(str(QuestionForm().trap))})
    time_machine.shift(seconds)
    assert (form.is_valid(), form.is_robot) == (verdict == "person", verdict == "robot")
    assert form.non_field_errors() == ([] if verdict == "person" else [ONCE_MORE])


@pytest.mark.parametrize("stamp", ["", "now", "1780000000000", "1780000000000:forged"])
def test_page_without_our_stamp_is_asked_again_and_gets_one(time_machine, stamp):
    form = QuestionForm({"question": "Why?", "website": "", "shown_at": stamp})
    assert (form.is_valid(), form.is_robot) == (False, False)

    again = QuestionForm({"question": "Why?", **hidden(str(form.trap))})
    time_machine.shift(2)
    assert again.is_valid()


def test_form_shown_again_keeps_its_first_moment(time_machine):
    form = QuestionForm({"question": "", **hidden(str(QuestionForm().trap))})
    time_machine.shift(30)
    assert list(form.errors) == ["question"], "what else is wrong is said alone"
    assert QuestionForm({"question": "Why?", **hidden(str(form.trap))}).is_valid()


def test_filled_trap_is_a_robot_whatever_time_it_took(time_machine):
    form = QuestionForm({"question": "Why?", **hidden(str(QuestionForm().trap)), "website": "x"})
    time_machine.shift(30)
    assert (form.is_valid(), form.is_robot) == (False, True)


def test_trap_is_out_of_the_way_of_people():
    markup = str(QuestionForm().trap)
    assert '<div class="hidden" aria-hidden="true">' in markup
    assert 'tabindex="-1" autocomplete="off"' in markup


def test_contact_form_lets_a_hasty_robot_believe_it_was_heard(client, catalog):
    trap = hidden(client.get("/contact/").text)
    answer = client.post("/contact/", MESSAGE | trap, follow=True)
    assert "Thank you." in answer.text
    assert (ContactMessage.objects.count(), Message.objects.count()) == (0, 0)


def test_contact_message_of_a_page_of_yesterday_is_not_lost(client, catalog, time_machine):
    trap = hidden(client.get("/contact/").text)
    time_machine.shift(25 * 3600)
    page = client.post("/contact/", MESSAGE | trap)
    assert page.status_code == 422
    assert ONCE_MORE in page.text
    assert "Do you carry pianos?" in page.text
    time_machine.shift(2)
    assert client.post("/contact/", MESSAGE | hidden(page.text)).status_code == 302
    assert ContactMessage.objects.get().subject == "A piano"


def test_hasty_sign_up_is_asked_once_more_and_then_taken(client, db, time_machine):
    url = reverse("account_signup")
    trap = hidden(client.get(url).text)
    page = client.post(url, SIGN_UP | trap)
    assert page.status_code == 422
    assert "Please type the password again and send it once more" in page.text
    assert "seven-lanterns" not in page.text
    assert 'value="ben@example.com"' in page.text
    assert User.objects.count() == 0
    time_machine.shift(2)
    assert client.post(url, SIGN_UP | hidden(page.text)).status_code == 302
    assert User.objects.get().email == "ben@example.com"


def test_hasty_search_for_a_booking_is_asked_once_more(client, db, time_machine):
    url, typed = reverse("account:find"), {"booking_number": "TT-1", "email": "ada@example.com"}
    page = client.post(url, typed | hidden(client.get(url).text))
    assert page.status_code == 422
    assert ONCE_MORE in page.text
    assert LinkRequest.objects.count() == 0
    time_machine.shift(2)
    assert client.post(url, typed | hidden(page.text)).status_code == 303


@pytest.mark.parametrize("name", ["account_reset_password", "account_resend"])
def test_forms_that_browsers_fill_may_be_sent_at_once_but_not_by_robots(client, db, name):
    url, typed = reverse(name), {"email": "ada@example.com"}
    trap = hidden(client.get(url).text)
    assert client.post(url, typed | trap | {"website": "x"}).status_code == 422
    assert client.post(url, typed | trap).status_code == 302
