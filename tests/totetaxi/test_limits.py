"""Every limit of the site, one row each: within the rate, one more, another client."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import get_resolver, reverse

import totetaxi.settings as shipped
from booking.models import CustomerProfile
from tests.booking.helpers import make_draft, standard_answers
from tests.conftest import PROJECT
from tests.staff.helpers import make_staff, signed_in
from tests.totetaxi.test_urls import walk
from totetaxi.deploy.rates import DEFAULTS, rates_from
from totetaxi.lib.access import audience_of
from totetaxi.users.models import User

ID = str(uuid.UUID(int=7))
HTMX = {"HX-Request": "true"}
# The limits stand above all else, so that what they guard need not be there.
ANSWERS = {200, 302, 303, 404, 410, 422}


@dataclass
class Visitor:
    """A browser: who uses it, where it is, and the order in it."""

    client: Client
    address: str = "198.51.100.1"
    email: str = "ada@example.com"

    def ask(self, row: "Row", **headers: str) -> Any:
        url = reverse(row.url, args=row.args)
        sent = {**row.headers, **headers, "X-Forwarded-For": self.address}
        if row.fields is None:
            return self.client.get(url, headers=sent)
        typed = {name: value.format(self=self) for name, value in row.fields.items()}
        return self.client.post(url, typed, headers=sent)


def anyone(number: int) -> Visitor:
    return Visitor(Client(), f"198.51.100.{number}", f"guest{number}@example.com")


def customer(number: int) -> Visitor:
    user = User.objects.create_user(f"customer{number}@example.com", "a-pier-and-two-gulls")
    CustomerProfile.objects.create(user=user)
    visitor = Visitor(Client())
    visitor.client.force_login(user)
    return visitor


def colleague(number: int) -> Visitor:
    return Visitor(signed_in(make_staff("admin")))


def shopper(number: int) -> Visitor:
    """At the review page with an order of their own, all of them at one address."""
    visitor = Visitor(Client())
    session = visitor.client.session
    session["draft_id"] = str(make_draft(standard_answers()).pk)
    session.save()
    return visitor


def writer(number: int) -> Visitor:
    """Types an email, each from an address of their own."""
    visitor = anyone(number)
    visitor.email = "ada@example.com" if number < 10 else "ben@example.com"
    return visitor


@dataclass(frozen=True)
class Row:
    """One request that a limit counts; ``who`` makes the first and the other client."""

    url: str
    args: tuple[str, ...] = ()
    fields: dict[str, str] | None = None
    who: Callable[[int], Visitor] = anyone
    headers: dict[str, str] = field(default_factory=dict)
    # What htmx asks of the office's pages counts as a refresh instead.
    has_fragment: bool = True


def form(url: str, *args: str, **fields: str) -> Row:
    return Row(url, args, fields)


def own(url: str, *args: str) -> Row:
    return Row(url, args, who=customer)


def office(url: str, *args: str, fields: dict[str, str] | None = None) -> Row:
    return Row(url, args, fields, who=colleague, has_fragment=fields is not None)


ROWS = {
    "sign_in": form("account_login", login="{self.email}", password="guess"),
    "sign_up": form("account_signup"),
    "verify": form("account_confirm_email", "key"),
    "resend": form("account_resend"),
    "reset": form("account_reset_password", email="{self.email}"),
    "new_password": form("account_reset_password_from_key", "1", "a-key"),
    "identity_change": Row("account_email", fields={}, who=customer),
    "sign_out": form("account_logout"),
    "account_lists": own("account:bookings"),
    "profile": own("account:profile"),
    "addresses": own("account:addresses"),
    "address": own("account:addresses_edit", ID),
    "zip": Row("booking:zip"),
    "preview": Row("booking:quote"),
    "calendar": Row("booking:calendar"),
    "step": form("booking:step", "service"),
    "discount": form("booking:review"),
    "checkout": form("payments:start"),
    "checkout_draft": Row(
        "payments:start",
        fields={"terms": "on", "draft_version": "99", "shown_total_cents": "1"},
        who=shopper,
    ),
    "payment_return": Row("payments:done"),
    "payment_link": form("payments:link", "token"),
    "find_booking": form("account:find"),
    "find_booking_email": Row(
        "account:find", fields={"booking_number": "1", "email": "{self.email}"}, who=writer
    ),
    "booking_link": form("account:manage", "token"),
    "booking_change": form("account:change", ID),
    "booking_pay_change": form("account:change_review", ID),
    "booking_cancel": form("account:cancel", ID),
    "rebook": form("account:rebook", ID),
    "upload": form("account:document_add", ID),
    "contact": form("pages:contact"),
    "announcement": form("pages:close_announcement"),
    "staff_login": form("staff:login"),
    "staff_dashboard": office("staff:dashboard"),
    "staff_lists": office("staff:bookings"),
    "staff_reports": office("staff:reports"),
    "staff_booking": office("staff:booking", ID),
    "staff_detail": office("staff:own_account"),
    "staff_change": office("staff:booking_note", ID, fields={}),
    "staff_resend": office("staff:link_resend", ID, fields={}),
    "staff_refresh": Row("staff:bookings", who=colleague, headers=HTMX),
}
#: What asks the catalog before it answers.
SELLING = {"zip", "preview", "calendar", "step", "discount", "checkout_draft", "booking_change"}
SELLING |= {"booking_pay_change", "booking_cancel", "rebook"}


@pytest.mark.parametrize("name", DEFAULTS)
def test_limit_refuses_one_more_and_nobody_else(db, request, settings, name):
    settings.TRUSTED_PROXIES = 1
    settings.RATES = {**dict.fromkeys(settings.RATES, "1000/h"), name: "2/h"}
    if name in SELLING:
        request.getfixturevalue("catalog")
    row = ROWS[name]
    first, other = row.who(1), row.who(11)

    assert {first.ask(row).status_code for _ in range(2)} <= ANSWERS
    refusal = first.ask(row)

    assert refusal.status_code == 429
    assert 0 < int(refusal["Retry-After"]) <= 3600
    assert ("<html" in refusal.text) == (row.headers != HTMX)
    assert other.ask(row).status_code in ANSWERS
    if row.has_fragment:
        line = first.ask(row, **HTMX)
        assert (line.status_code, line["HX-Retarget"]) == (429, "#messages")
        assert "<html" not in line.text


def test_numbers_of_the_docs_are_those_of_the_site(settings):
    text = (PROJECT / "docs" / "limits.md").read_text()
    documented = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", text, re.MULTILINE))
    assert documented == DEFAULTS == settings.RATES
    assert rates_from({}) == DEFAULTS
    assert f"hold {shipped.HOLDS_PER_EMAIL} places" in text
    assert f"one address {shipped.HOLDS_PER_ADDRESS} (" in text
    assert f"`FORM_SECONDS` ({shipped.FORM_SECONDS:g})" in text


def test_every_limit_has_a_row():
    assert list(ROWS) == list(DEFAULTS)


def test_a_rate_is_changed_by_its_variable():
    changed = rates_from({"RATE_STAFF_LOGIN": "300/10m", "RATE_CONTACT": "", "PATH": "/bin"})
    assert changed == {**DEFAULTS, "staff_login": "300/10m"}


@pytest.mark.parametrize(
    "text", ["5", "5/x", "0/m", "-5/m", "5/0m", "m/5", " 5/m", "5/m,6/h", "5/mm"]
)
def test_an_unreadable_rate_stops_the_start(text):
    with pytest.raises(ImproperlyConfigured, match=r"RATE_CONTACT is .* not a rate such as 5/m"):
        rates_from({"RATE_CONTACT": text})


def test_a_misspelt_rate_stops_the_start():
    with pytest.raises(ImproperlyConfigured, match="RATE_STAFF_LOGN names no limit"):
        rates_from({"RATE_STAFF_LOGN": "5/m"})


def test_every_form_of_the_site_is_limited(db):
    """What answers a POST counts it; the office's pages do so by ``staff_page``."""
    client, unlimited = customer(1).client, []
    for path, callback in walk(get_resolver()):
        if audience_of(callback) not in ("public", "customer") or hasattr(callback, "rates"):
            continue
        found = re.sub(r"<(\w+):\w+>", lambda kind: {"uuid": ID}.get(kind[1], "1"), path)
        if client.post(f"/{found}").status_code != 405:
            unlimited.append(path)
    assert unlimited == []


def test_step_at_the_limit_loses_nothing_that_was_typed(client, catalog, settings):
    settings.RATES = {**settings.RATES, "step": "1/h"}
    url = reverse("booking:step", args=["service"])
    typed = {
        "service_type": "standard_delivery",
        "standard_delivery_item_count": "4",
        "item_description": 'Two "big" trunks & two bags',
        "fields_for": "standard_delivery",
    }
    client.post(url, {"service_type": "mini_move"})
    refusal = client.post(url, typed)
    assert refusal.status_code == 429
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', refusal.text)
    kept = {name: value.replace("&quot;", '"').replace("&amp;", "&") for name, value in fields}
    kept.pop("csrfmiddlewaretoken", None)
    assert kept == typed

    settings.RATES = {**settings.RATES, "step": "9/h"}
    assert client.post(url, kept).status_code == 303
    assert "Two &quot;big&quot; trunks &amp; two bags" in client.get(url).text
