import re

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client, RequestFactory
from django.urls import reverse

from booking.terms import TERMS_VERSION
from totetaxi.outbox.models import Message
from totetaxi.pages import errors
from totetaxi.pages.jobs import purge_contact_messages
from totetaxi.pages.models import ContactMessage

PHONE = "(631) 595-5100"
PAGES = ["about", "faq", "terms", "privacy", "contact"]
GOOD = {
    "name": "Ada Sample",
    "email": "ada@example.com",
    "phone": "",
    "subject": "A piano",
    "message": "Do you carry pianos?",
}


@pytest.mark.parametrize("name", PAGES)
def test_page_has_one_heading_a_title_and_the_phone(client, catalog, name):
    page = client.get(reverse(f"pages:{name}"))

    assert page.status_code == 200
    assert page.text.count("<h1") == 1
    assert re.search(r"<title>[^<]{5,} – ToteTaxi</title>", page.text)
    assert PHONE in page.text
    assert "style=" not in page.text


@pytest.mark.parametrize("name", [*sorted(set(PAGES) - {"contact"}), "health", "sitemap", "robots"])
def test_page_refuses_a_post(client, db, name):
    assert client.post(reverse(f"pages:{name}")).status_code == 405


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_without_a_catalog(client, db, name):
    assert client.get(reverse(f"pages:{name}")).status_code == 200


def test_faq_states_the_policy_of_the_catalog(client, catalog):
    text = client.get("/faq/").text

    assert "Cancel 48 hours or more before your pickup window starts" in text
    assert "you get a full refund" in text
    assert "Bookings for peak dates are not refunded." in text
    today = "A Standard Delivery or a single piece booked before 10 AM can go today for $360 more."
    assert today in text
    assert text.count("<details") == text.count('itemtype="https://schema.org/Question"') + 1


@pytest.mark.parametrize("word", ["LaGuardia", "Florida", "North Fork", "Westchester"])
@pytest.mark.parametrize("name", [*PAGES, "home"])
def test_no_page_promises_what_is_not_sold(client, catalog, name, word):
    url = "/" if name == "home" else reverse(f"pages:{name}")
    assert word not in client.get(url).text


def test_terms_carry_the_version_that_bookings_store(client, catalog):
    text = client.get("/terms/").text
    assert f"Version {TERMS_VERSION}." in text
    assert "48 hours or more before your pickup window starts: 100% of what you paid" in text
    assert "$50 for each half hour" in text


def test_contact_message_reaches_the_office_once(client, catalog, mailoutbox, run_queue):
    response = client.post("/contact/", GOOD, follow=True)
    run_queue()
    run_queue()

    assert response.redirect_chain == [("/contact/", 302)]
    assert "Thank you. Your message is with us" in response.text
    mail = mailoutbox[0]
    assert [(mail.to, mail.reply_to, mail.subject)] == [
        (["info@totetaxi.com"], ["ada@example.com"], "Contact: A piano")
    ]
    assert "Do you carry pianos?" in mail.body
    assert len(mailoutbox) == 1
    assert ContactMessage.objects.get().sent_at is not None


def test_contact_form_says_what_to_fix_and_keeps_what_was_typed(client, catalog):
    page = client.post("/contact/", GOOD | {"email": "ada@", "message": " "})

    assert page.status_code == 422
    assert page.context["form"].errors == {
        "email": ["Enter a full email, like name@example.com."],
        "message": ["Write your message."],
    }
    assert '<a href="#id_email">' in page.text
    assert 'value="A piano"' in page.text
    assert not ContactMessage.objects.exists()


def test_contact_form_lets_a_robot_believe_it_was_heard(client, catalog, mailoutbox):
    response = client.post("/contact/", GOOD | {"website": "http://spam.example"}, follow=True)

    assert "Thank you." in response.text
    assert not ContactMessage.objects.exists()
    assert not Message.objects.exists()


def test_contact_form_hears_five_messages_an_hour(client, catalog):
    statuses = [client.post("/contact/", GOOD).status_code for _ in range(6)]
    assert statuses == [302] * 5 + [429]
    assert client.get("/contact/").status_code == 200


def test_contact_subject_cannot_add_a_header(client, catalog, mailoutbox, run_queue):
    client.post("/contact/", GOOD | {"subject": "Hi\r\nBcc: all@example.com"})
    run_queue()
    assert all("\n" not in mail.subject and mail.bcc == [] for mail in mailoutbox)


def test_contact_messages_are_deleted_some_time_after_they_were_sent(db, time_machine):
    time_machine.move_to("2026-06-10T12:00:00Z", tick=False)
    fields = {key: value for key, value in GOOD.items() if value}
    ContactMessage.objects.create(**fields, sent_at="2026-03-11T00:00:00Z")
    kept = ContactMessage.objects.create(**fields, sent_at="2026-03-13T00:00:00Z")
    unsent = ContactMessage.objects.create(**fields)

    assert purge_contact_messages() == "1 deleted"
    assert set(ContactMessage.objects.all()) == {kept, unsent}


def test_sitemap_lists_public_pages_only(client, catalog):
    places = re.findall(r"<loc>http://localhost:8000([^<]*)</loc>", client.get("/sitemap.xml").text)
    assert places == [
        "/",
        "/services/",
        "/services/standard-delivery/",
        "/services/mini-moves/",
        "/services/airport-transfer/",
        "/book/",
        "/service-area/",
        "/about/",
        "/contact/",
        "/faq/",
        "/terms/",
        "/privacy/",
    ]


def test_robots_stay_out_of_what_is_private(client, db):
    lines = client.get("/robots.txt").text.splitlines()
    assert "Disallow: /staff/" in lines
    assert "Sitemap: http://localhost:8000/sitemap.xml" in lines


@pytest.mark.parametrize(
    ("handler", "status", "heading"),
    [
        (lambda r: errors.bad_request(r, SuspiciousOperation()), 400, "We couldn’t read"),
        (lambda r: errors.forbidden(r, PermissionDenied()), 403, "isn’t open to you"),
        (lambda r: errors.csrf_failure(r, "no cookie"), 403, "was open too long"),
        (lambda r: errors.not_found(r, Exception()), 404, "isn’t here"),
    ],
)
def test_error_page_says_what_to_do_and_gives_the_phone(catalog, handler, status, heading):
    response = handler(RequestFactory().get("/x/"))

    assert response.status_code == status
    assert heading in response.text
    assert PHONE in response.text
    assert '<meta name="robots" content="noindex">' in response.text


def test_server_error_page_needs_neither_request_nor_database():
    """No database fixture: a query would fail the test."""
    response = errors.server_error(RequestFactory().get("/x/"))

    assert response.status_code == 500
    assert "Something broke on our side" in response.text
    assert 'href="tel:+16315955100"' in response.text


def test_unknown_address_gets_our_page(client, catalog):
    page = client.get("/no-such-page/")
    assert (page.status_code, "This page isn’t here" in page.text) == (404, True)


def test_form_without_its_token_gets_our_page(catalog):
    page = Client(enforce_csrf_checks=True).post("/contact/", GOOD)
    assert (page.status_code, "This page was open too long" in page.text) == (403, True)


def test_terms_of_every_page_lead_somewhere(client, catalog):
    """Links of header, footer and answers within the site are all answered."""
    links = {
        link.partition("#")[0]
        for name in PAGES
        for link in re.findall(r'href="(/[^"]*)"', client.get(reverse(f"pages:{name}")).text)
        if not link.startswith(("/static/", "/book/", "/account/", "/booking/"))
    }
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)
