"""What the office tells every visitor once."""

import pytest
from django.urls import reverse

from catalog import version
from catalog.models import BookingPolicy

CLOSE = reverse("pages:close_announcement")
TEXT = "No pickups on <July 4>"


@pytest.fixture
def announce(catalog):
    def say(text):
        BookingPolicy.objects.update(announcement=text)
        version.replace()

    say(TEXT)
    return say


def shows(client, path="/"):
    return 'aria-label="Announcement"' in client.get(path).text


def test_it_is_shown_on_every_page_until_it_is_closed(client, announce):
    for path in ("/", "/faq/", "/book/service/", "/booking/find/"):
        page = client.get(path).text
        assert "No pickups on &lt;July 4&gt;" in page
        assert f'name="next" value="{path}"' in page
    answer = client.post(CLOSE, {"next": "/faq/"})
    assert (answer.status_code, answer["Location"]) == (303, "/faq/")
    assert not shows(client)
    assert not shows(client, "/book/service/")


def test_the_next_one_is_shown_again(client, announce):
    client.post(CLOSE, {})
    announce("The office is closed on Monday")
    assert shows(client)


def test_nothing_is_shown_where_nothing_is_said(client, announce):
    announce("  ")
    assert not shows(client)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example.com/", "//evil.example.com", "", "x:y"]
)
def test_closing_leads_to_no_other_site(client, announce, elsewhere):
    assert client.post(CLOSE, {"next": elsewhere})["Location"] == "/"


def test_closing_is_a_post(client, announce):
    assert client.get(CLOSE).status_code == 405
