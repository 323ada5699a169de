"""No parameter and no header of a request leads to another site, or runs anything."""

import re
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from allauth.core import context
from django.conf import settings
from django.test import Client
from django.urls import reverse

from staff.services.sign_in import safe_next
from tests.staff.helpers import make_staff, signed_in
from tests.totetaxi.account.conftest import MEMBER_PASSWORD, member  # noqa: F401  (the fixture)
from tests.totetaxi.account.identity import BEN, SIGN_UP
from totetaxi.account.identity.adapter import CustomerAdapter

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]
EVIL = [
    "https://evil.example/",
    "http://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example/account/",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    r"\\evil.example",
    r"/\evil.example",
    r"\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\x00//evil.example",
    " //evil.example",
    "/%2f%2fevil.example/../..//evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "ftp://evil.example/",
    "//testserver@evil.example/",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "//evil.example\\@testserver/",
    "https://evil\u3002example/",
    "\uff0f\uff0fevil.example",
    "//\u0435vil.example/",
    "http://[::1/",
    quote("//evil.example", safe=""),
    quote(quote("//evil.example", safe=""), safe=""),
]
# For ways whose judge is asked about all of them by itself.
A_FEW = ["https://evil.example/", "//evil.example", r"/\evil.example", "javascript:alert(1)"]


def stays_here(address):
    """Whether a browser on http://testserver/some/page/ that is sent to ``address`` stays there.

    Browsers drop tabs and line ends anywhere, spaces in front, and take a backslash for a slash.
    """
    seen = re.sub(r"[\t\r\n]", "", address).lstrip("\x00 ").replace("\\", "/")
    parts = urlsplit(seen)
    return not parts.scheme and not parts.netloc and not seen.startswith("//")


def close_announcement(evil):
    return Client().post(reverse("pages:close_announcement"), {"next": evil})


def sign_in(evil):
    data = {"login": "ada@example.com", "password": MEMBER_PASSWORD, "next": evil}
    return Client().post(reverse("account_login"), data)


def sign_in_by_link(evil):
    data = {"login": "ada@example.com", "password": MEMBER_PASSWORD}
    return Client().post(f"{reverse('account_login')}?next={quote(evil, safe='')}", data)


def already_signed_in(evil):
    client = Client()
    client.post(reverse("account_login"), {"login": "ada@example.com", "password": MEMBER_PASSWORD})
    return client.get(reverse("account_login"), {"next": evil})


def sign_out(evil):
    client = Client()
    client.post(reverse("account_login"), {"login": "ada@example.com", "password": MEMBER_PASSWORD})
    return client.post(reverse("account_logout"), {"next": evil})


def sign_up(evil):
    return Client().post(SIGN_UP, {**BEN, "next": evil})


def staff_already_signed_in(evil):
    client = signed_in(make_staff("admin"))
    return client.get(reverse("staff:login"), {"next": evil})


def staff_sign_in(evil):
    staff = make_staff("admin")
    staff.set_password(MEMBER_PASSWORD)
    staff.save()
    data = {"email": staff.email, "password": MEMBER_PASSWORD, "next": evil}
    return Client().post(reverse("staff:login"), data)


WAYS = [
    *(close_announcement, sign_in, sign_in_by_link, already_signed_in, sign_out, sign_up),
    *(staff_already_signed_in, staff_sign_in),
]


@pytest.fixture(autouse=True)
def unlimited(settings):
    settings.RATELIMIT_ENABLE = False
    settings.STAFF_TOTP_REQUIRED = False


@pytest.mark.parametrize("way", WAYS)
def test_next_never_leads_away(way, member):  # noqa: F811
    led = {}
    for evil in EVIL if way is close_announcement else A_FEW:
        answer = way(evil)
        assert answer.status_code in (302, 303), (evil, answer.status_code)
        led[evil] = answer["Location"]
    assert {evil: to for evil, to in led.items() if not stays_here(to)} == {}


@pytest.mark.parametrize("evil", EVIL)
def test_no_judge_of_next_lets_it_pass(evil, rf, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    request = rf.get("/")
    with context.request_context(request):
        passed = CustomerAdapter().is_safe_url(evil)
    assert not passed or stays_here(evil)
    assert safe_next(request, evil) == reverse("staff:dashboard")


@pytest.mark.parametrize("way", [close_announcement, sign_in, sign_in_by_link, already_signed_in])
def test_next_leads_to_a_page_of_ours(way, member):  # noqa: F811
    assert way("/faq/?a=1#b")["Location"] == "/faq/?a=1#b"


def test_django_admin_hands_next_on_to_the_office_alone():
    for evil in EVIL:
        location = Client().get("/admin/login/", {"next": evil})["Location"]
        assert urlsplit(location)[:3] == ("", "", reverse("staff:login"))


def test_pages_of_htmx_never_lead_away():
    """The address in HX-Current-URL becomes `next`, if it is of this host, by its path alone."""
    for evil in EVIL:
        header = {"HX-Request": "true", "HX-Current-URL": quote(evil, safe=":/\\@[]")}
        answer = Client().get("/account/", headers=header)
        [back] = parse_qs(urlsplit(answer["HX-Redirect"]).query)["next"]
        assert answer["HX-Redirect"].startswith(f"{reverse('account_login')}?"), evil
        assert stays_here(back), evil


@pytest.mark.parametrize("header", ["Referer", "X-Forwarded-Host", "Origin"])
def test_headers_lead_nowhere(header, client):
    for path in ("/account/", "/staff/", "/admin/", "/book/", "/book/review/", "/pay/start/"):
        location = client.get(path, headers={header: "https://evil.example/"})["Location"]
        assert stays_here(location), path


def test_unknown_host_is_refused(client, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    for host in ("evil.example", "testserver.evil.example", "testserver@evil.example", "a b"):
        assert client.get("/account/", headers={"Host": host}).status_code == 400


def test_links_in_mails_are_of_the_site_whatever_host_was_asked(
    member,  # noqa: F811
    settings,
    mailoutbox,
    run_queue,
):
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    for url, data in (
        (reverse("account_reset_password"), {"email": "ada@example.com"}),
        (SIGN_UP, BEN),
    ):
        Client().post(url, data, headers={"Host": "other.example"})
    run_queue()
    assert len(mailoutbox) == 2
    for mail in mailoutbox:
        assert f"{settings.SITE_URL}/account/" in mail.body
        assert "other.example" not in mail.message().as_string()


def test_every_place_that_reads_where_to_go_is_tested_here():
    """A new one appears in this list, and gets a test above."""
    reads = re.compile(r"get_next_url|safe_next|url_has_allowed|HTTP_REFERER|\"next\"|current_url")
    packages = ("totetaxi", "catalog", "booking", "payments", "logistics", "staff")
    found = {
        str(path.relative_to(settings.BASE_DIR))
        for package in packages
        for path in Path(settings.BASE_DIR, package).rglob("*.py")
        if reads.search(path.read_text())
    }
    assert found == {
        "staff/services/sign_in.py",
        "staff/views/own_account.py",  # What safe_next let pass, kept in the session meanwhile.
        "staff/views/sign_in.py",
        "totetaxi/account/identity/adapter.py",
        "totetaxi/account/identity/pages.py",
        "totetaxi/lib/htmx.py",
        "totetaxi/pages/views.py",
    }
