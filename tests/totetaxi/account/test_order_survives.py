"""An order that is half made when its customer makes an account or signs in."""

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Draft
from booking.wizard.session import SESSION_KEY
from tests.booking.helpers import CONTACT, standard_answers
from tests.totetaxi.account.identity import BEN, SIGN_OUT, SIGN_UP, link_in, sign_in
from totetaxi.users.models import User

pytestmark = pytest.mark.usefixtures("catalog")
REVIEW = "/book/review/"


@pytest.fixture
def client():
    """A browser in which everything but the contact is answered."""
    client = Client()
    answers = {name: value for name, value in standard_answers().items() if name not in CONTACT}
    session = client.session
    session[SESSION_KEY] = str(Draft.objects.create(answers=answers).pk)
    session.save()
    return client


def test_order_survives_sign_up_and_the_mailed_link(client, mailoutbox, run_queue):
    draft = Draft.objects.get()
    client.post(f"{SIGN_UP}?next=/book/", {**BEN, "next": "/book/"})
    run_queue()
    confirmed = client.post(link_in(mailoutbox[-1]))
    assert confirmed["Location"] == "/book/"
    page = client.get("/book/", follow=True)
    assert page.redirect_chain[-1][0] == REVIEW
    for words in ("Three suitcases", "Ben Shore", "ben@example.com", "From your profile"):
        assert words in page.text
    draft.refresh_from_db()
    assert draft.user == User.objects.get(email="ben@example.com")


def test_order_survives_signing_in_and_is_gone_for_the_next_at_this_browser(client, member):
    assert sign_in(client, next="/book/")["Location"] == "/book/"
    assert "From your profile" in client.get(REVIEW).text
    client.post(SIGN_OUT)
    assert client.get(REVIEW)["Location"] == reverse("booking:step", args=["service"])
    User.objects.create_user("eve@example.com", "a-pier-and-two-gulls")
    eve = User.objects.get(email="eve@example.com")
    client.force_login(eve)
    assert "Three suitcases" not in client.get("/book/service/").text
