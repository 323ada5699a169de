"""Every URL of the whole site stands in exactly one table of who may open it.

The office's own in tests/staff/test_matrix.py, customers' and orders' in
tests/totetaxi/account/test_access_matrix.py, and all the rest here: what sells, what machines
call, how one signs in, Django admin and what development has besides.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from booking.models import CustomerProfile
from staff.capabilities import Role
from tests.staff.helpers import PASSWORD, make_staff, signed_in
from tests.staff.test_matrix import PUBLIC, needs
from tests.totetaxi.account.test_access_matrix import MATRIX as OF_CUSTOMERS
from totetaxi.users.models import User

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]
OFFICE = tuple(Role.values)
CUSTOMERS = ("ada", "eve")
SUPERUSER = "superuser"
VISITORS = ("anonymous", *CUSTOMERS, *OFFICE, SUPERUSER)
FILLED = {"uuid": str(uuid.UUID(int=1)), "slug": "mini-moves", "str": "x", "path": "1", "int": "1"}


def everyone(status, **others):
    """One answer for all, but for those named."""
    return dict.fromkeys(VISITORS, status) | others


def customers(status, office):
    """For who is signed in as a customer."""
    return (
        everyone(302)
        | dict.fromkeys(CUSTOMERS, status)
        | dict.fromkeys((*OFFICE, SUPERUSER), office)
    )


def away(status):
    """For who is not signed in; others are led to their own pages."""
    return everyone(302, anonymous=status)


# (method, URL name): what each visitor is answered.
MATRIX = {
    **{
        ("get", name): everyone(200)
        for name in (
            *("catalog:home", "catalog:services", "catalog:service", "catalog:zip_check"),
            *("pages:about", "pages:faq", "pages:terms", "pages:privacy", "pages:contact"),
            *("pages:health", "pages:sitemap", "pages:robots"),
            # Outside production; there they do not exist, see tests/totetaxi/lib/test_access.py.
            "dev:mailbox",
        )
    },
    **{("get", f"dev:{name}"): everyone(404) for name in ("mail", "mail_html", "attachment")},
    ("post", "dev:mail_report"): everyone(404),
    ("post", "pages:close_announcement"): everyone(303),
    ("post", "pages:contact"): everyone(422),
    # Not ready in tests: nothing beats. Why is told to who has the token alone.
    ("get", "pages:ready"): everyone(503),
    # No signature, no entry, whoever asks.
    ("post", "logistics:onfleet_webhook"): everyone(401),
    ("get", "logistics:onfleet_webhook"): everyone(400),
    ("get", "account_login"): away(200),
    ("get", "account_signup"): away(200),
    ("get", "account_reset_password"): everyone(200),
    ("get", "account_reset_password_done"): everyone(200),
    ("get", "account_reset_password_from_key"): everyone(410),
    ("get", "account_confirm_email"): everyone(410),
    ("get", "account_email_verification_sent"): everyone(200),
    ("get", "account_resend"): everyone(200),
    ("get", "account_logout"): everyone(200, anonymous=302),
    ("get", "account_email"): customers(200, 403),
    ("get", "account_change_password"): customers(200, 403),
    ("get", "usersessions_list"): customers(200, 403),
}


def walk(resolver: Any, space: str = "", path: str = "") -> Iterator[tuple[str, str]]:
    """Every (name with its namespace, path) below ``resolver``."""
    for entry in resolver.url_patterns:
        whole = path + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from walk(entry, inner, whole)
        else:
            yield f"{space}{entry.name or whole}", whole


def addresses() -> dict[str, str]:
    """An address of each URL of the site, by its name."""
    fill = re.compile(r"<(\w+):\w+>")
    return {
        name: "/" + fill.sub(lambda found: FILLED[found[1]], path).replace(r"(?P<url>.*)$", "x/")
        for name, path in walk(get_resolver())
    }


def client_of(visitor):
    """The visitor's browser."""
    client = Client()
    if visitor in CUSTOMERS:
        user = User.objects.create_user(f"{visitor}@example.com", PASSWORD)
        CustomerProfile.objects.create(user=user)
        client.force_login(user)
    elif visitor in OFFICE:
        client = signed_in(make_staff(visitor))
    elif visitor == SUPERUSER:
        user = make_staff("admin")
        user.is_superuser = user.is_staff = True
        user.save()
        client = signed_in(user)
    return client


@pytest.fixture(autouse=True)
def unlimited(settings):
    settings.RATELIMIT_ENABLE = False


@pytest.mark.parametrize("visitor", VISITORS)
def test_every_page_answers_as_the_table_says(visitor):
    client = client_of(visitor)
    there = addresses()
    cookies = client.cookies.copy()
    found = {}
    for method, name in MATRIX:
        found[method, name] = getattr(client, method)(there[name]).status_code
        client.cookies = cookies.copy()
    assert found == {page: cells[visitor] for page, cells in MATRIX.items()}


# The lesser of the office can do no more than its admins.
@pytest.mark.parametrize("visitor", ["anonymous", "ada", "admin"])
def test_nobody_but_a_superuser_opens_anything_of_django_admin(visitor):
    client = client_of(visitor)
    pages = {name: path for name, path in addresses().items() if name.startswith("admin:")}
    assert len(pages) > 100
    login, index = reverse("admin:login"), reverse("admin:index")
    for name, path in pages.items():
        for answer in (client.get(path), client.post(path)):
            if answer.status_code == 302:  # Which leads to the sign-in of the office, or to a 403.
                assert answer["Location"] == index or answer["Location"].startswith(
                    (login, reverse("staff:dashboard"))
                ), name
            else:
                assert answer.status_code in (403, 404, 405), name
    # Who is signed in is not led in a circle.
    assert client.get(login).status_code == (302 if visitor == "anonymous" else 403)


def test_a_superuser_opens_every_list_of_django_admin():
    client = client_of(SUPERUSER)
    lists = [path for name, path in addresses().items() if name.endswith("_changelist")]
    assert len(lists) > 15
    answers = {path: client.get(path, follow=True).status_code for path in lists}
    assert answers == dict.fromkeys(lists, 200)


@pytest.mark.parametrize("visitor", VISITORS)
def test_mail_services_come_in_by_their_secret_alone(visitor):
    client = client_of(visitor)
    webhooks = [path for name, path in addresses().items() if name.startswith("outbox:")]
    assert webhooks
    answers = {path: client.post(path, "{}", "application/json").status_code for path in webhooks}
    assert set(answers.values()) <= {400, 401, 403, 404}, answers


@pytest.mark.parametrize("path", ["/media/", "/media/x.pdf", "/static/../totetaxi/settings.py"])
def test_files_have_no_address(client, path):
    assert client.get(path).status_code == 404


def table_of(name: str) -> list[str]:
    """Which tables name a URL."""
    tables = {
        "staff": name.startswith("staff:") and name.removeprefix("staff:") in {*PUBLIC, *needs()},
        "customers": name in {page for _, page in OF_CUSTOMERS},
        "admin": name.startswith("admin:"),
        "mail": name.startswith("outbox:"),
        "here": name in {page for _, page in MATRIX},
    }
    return [table for table, names in tables.items() if names]


def test_every_url_stands_in_exactly_one_table():
    names = {name for name, _ in walk(get_resolver())}
    tables = {name: table_of(name) for name in names}
    assert {name: found for name, found in tables.items() if len(found) != 1} == {}
    assert {page for _, page in MATRIX} <= names
