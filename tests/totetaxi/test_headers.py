"""What browsers are told with every answer, whatever kind of page it is."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver, reverse

from tests.booking.helpers import make_booking
from tests.payments.helpers import signed
from tests.staff.helpers import make_staff, signed_in
from tests.totetaxi.test_urls import walk
from totetaxi.account.guests.links import make_link
from totetaxi.deploy.headers import PRIVATE_PATHS, header_settings
from totetaxi.dev.models import Mail

pytestmark = pytest.mark.usefixtures("catalog")
POLICY = [
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'self'",
    "font-src 'self'",
    "form-action 'self' https://checkout.stripe.com http://localhost:8001",
    "frame-ancestors 'none'",
    "frame-src 'self'",
    "img-src 'self' data:",
    "manifest-src 'self'",
    "object-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
]
PERMISSIONS = (
    "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), "
    "geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), "
    "screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=(), payment=(self)"
)
STRICT = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
OPEN, UNCACHED, PRIVATE = "open", "uncached", "private"
# Where a page is found, what it answers, and whether caches and search engines may have it.
PAGES = [
    ("/", 200, OPEN),
    ("/services/mini-moves/", 200, OPEN),
    ("/faq/", 200, OPEN),
    ("/robots.txt", 200, OPEN),
    ("/static/img/favicon.svg", 200, OPEN),
    ("/health/", 200, UNCACHED),
    ("/book/service/", 200, UNCACHED),
    ("/no-such-page/", 404, OPEN),
    ("/book/review/", 303, PRIVATE),
    ("/booking/find/", 200, PRIVATE),
    ("/booking/manage/no-such-token/", 410, PRIVATE),
    ("/booking/TT-000000/", 404, PRIVATE),
    ("/pay/no-such-token/", 404, PRIVATE),
    ("/account/", 302, PRIVATE),
    ("/account/login/", 200, PRIVATE),
    ("/account/password/reset/", 200, PRIVATE),
    ("/staff/", 302, PRIVATE),
    ("/staff/login/", 200, PRIVATE),
    ("/staff/password/no-such-token/", 410, PRIVATE),
    ("/admin/", 302, PRIVATE),
    ("/sandbox/mail/", 200, PRIVATE),
    ("/webhooks/stripe/", 405, PRIVATE),
]


def policy_of(answer):
    return sorted(answer["Content-Security-Policy"].split("; "))


def strict_of(answer):
    return {name: answer.get(name) for name in STRICT}


def reach_of(answer):
    """Who besides the browser may have the answer."""
    stored = not {"private", "no-store"} <= set(answer.get("Cache-Control", "").split(", "))
    found = "noindex" not in answer.get("X-Robots-Tag", "")
    return {(True, True): OPEN, (False, True): UNCACHED, (False, False): PRIVATE}[stored, found]


@pytest.mark.parametrize(("path", "status", "reach"), PAGES)
def test_answer_has_the_strict_headers(client, path, status, reach):
    answer = client.get(path)

    assert answer.status_code == status
    assert strict_of(answer) == STRICT
    assert policy_of(answer) == POLICY
    assert reach_of(answer) == reach


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda client: client.get("/", headers={"Host": "evil.example"}), 400),
        (lambda client: Client(enforce_csrf_checks=True).post("/contact/"), 403),
        (lambda client: [client.post("/contact/", {}) for _ in range(6)][-1], 429),
        (lambda client: client.post("/webhooks/stripe/", **signed({}, secret="wrong")), 400),
    ],
)
def test_refusal_has_the_strict_headers(client, ask, status):
    answer = ask(client)
    assert answer.status_code == status
    assert strict_of(answer) == STRICT
    assert policy_of(answer) == POLICY


def test_server_error_has_the_strict_headers(client, monkeypatch):
    monkeypatch.setattr("totetaxi.pages.views.reverse", None)
    client.raise_request_exception = False
    answer = client.get("/sitemap.xml")
    assert answer.status_code == 500
    assert strict_of(answer) == STRICT
    assert policy_of(answer) == POLICY


@pytest.mark.parametrize(
    "name",
    ["account:dashboard", "account:bookings", "account:profile", "account_email"],
)
def test_pages_of_a_customer_are_private(client, django_user_model, name):
    client.force_login(django_user_model.objects.create_user("ann@example.com"))
    answer = client.get(reverse(name))
    assert (answer.status_code, reach_of(answer)) == (200, PRIVATE)


def test_pages_of_a_booking_and_of_the_office_are_private(client):
    booking = make_booking()
    pages = [
        client.get(reverse("account:manage", args=[make_link(booking)])),
        client.get(reverse("account:status", args=[booking.pk])),
        signed_in(make_staff("admin")).get(reverse("staff:booking", args=[booking.pk])),
    ]
    assert [(page.status_code, reach_of(page)) for page in pages] == [(200, PRIVATE)] * 3


def test_every_address_with_a_token_or_an_owner_is_private():
    """A new page below none of PRIVATE_PATHS must be one that anybody may keep and find."""
    paths = {"/" + path for path, _ in walk(get_resolver())}
    assert {path for path in paths if not path.startswith(PRIVATE_PATHS)} == {
        *("/", "/services/", "/services/<slug:slug>/", "/service-area/"),
        *("/about/", "/faq/", "/terms/", "/privacy/", "/contact/"),
        *("/announcement/close/", "/health/", "/health/ready/", "/sitemap.xml", "/robots.txt"),
        *("/book/", "/book/<slug:slug>/"),
    }


def test_development_mailbox_alone_may_show_a_frame(client):
    mail = Mail.objects.create(subject="Hi", sender="a@example.com", html="<head></head>")
    answer = client.get(reverse("dev:mail_html", args=[mail.pk]))
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "sandbox" in answer["Content-Security-Policy"]


# --- Production


def production():
    origins = ["https://checkout.stripe.com"]
    return header_settings(production=True, checkout_origins=origins, https=True, hsts_seconds=60)


def test_production_upgrades_requests_and_frames_nothing():
    directives = production()["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert directives["upgrade-insecure-requests"] is True
    assert directives["frame-src"] == ["'none'"]
    assert directives["form-action"] == ["'self'", "https://checkout.stripe.com"]


def test_production_loads_nothing_from_elsewhere_and_allows_nothing_inline():
    directives = production()["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    sources = {name: listed for name, listed in directives.items() if listed is not True}
    assert {source for listed in sources.values() for source in listed} == {
        *("'self'", "'none'", "data:", "https://checkout.stripe.com"),
    }
    assert [name for name, listed in sources.items() if "data:" in listed] == ["img-src"]


# --- Nothing inline

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/)|<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']"
    r"|(?:href|src|action)\s*=\s*[\"']?\s*javascript:",
    re.IGNORECASE,
)
TEMPLATES = [
    path
    for path in sorted(Path(settings.BASE_DIR, "templates").rglob("*"))
    # Mail programs know no style sheets, and apply no policy of ours.
    if path.suffix in {".html", ".svg"} and "emails" not in path.parts
]


def test_no_template_has_anything_inline():
    found = {str(path): hits for path in TEMPLATES if (hits := INLINE.findall(path.read_text()))}
    assert len(TEMPLATES) > 100
    assert found == {}


@pytest.mark.parametrize(
    "inline",
    [
        "<script>go()</script>",
        "<style>p{}</style>",
        '<p style="color:red">',
        '<a onclick="go()">',
        "<form action='javascript:go()'>",
    ],
)
def test_search_for_inline_code_finds(inline):
    assert INLINE.search(inline)


def test_no_page_of_django_admin_has_anything_inline(admin_client):
    booking = make_booking()
    pages = [
        reverse("admin:index"),
        reverse("admin:app_list", args=["booking"]),
        reverse("admin:booking_booking_changelist"),
        reverse("admin:booking_booking_change", args=[booking.pk]),
        reverse("admin:users_user_changelist"),
    ]
    answers = {page: admin_client.get(page) for page in pages}
    assert {page: answer.status_code for page, answer in answers.items()} == dict.fromkeys(
        pages, 200
    )
    assert [INLINE.findall(answer.text) for answer in answers.values()] == [[]] * len(pages)
