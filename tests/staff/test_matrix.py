"""Who may open which page: every URL of the office, by everyone, against a table written here.

A new page fails here until its name stands under the capability that it is meant to need.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import URLResolver, get_resolver, reverse

from staff import access
from staff.capabilities import Capability
from tests.staff.helpers import make_staff, signed_in
from totetaxi.lib.access import audience_of
from totetaxi.users.models import User

PUBLIC = {
    *("login", "login_code", "login_recovery", "login_enrol", "logout"),
    *("new_password", "set_password"),
}
PAGES = {
    "view": """
        dashboard bookings booking calendar manifest customers customer search links
        own_account own_password own_app recovery_codes recovery_file recovery_kept recovery_new
        logistics proof document
    """,
    "modify_bookings": """
        booking_new booking_new_price booking_new_customers booking_edit booking_edit_price
        booking_confirm booking_complete booking_cancel booking_note booking_mail booking_customer
        booking_mails_settle
        customer_notes customer_attach link_resend link_revoke
        logistics_create logistics_sync logistics_read logistics_resolve
        document_add document_remove
    """,
    "view_financials": """
        payments payment payment_settle events event_replay alerts alert_dismiss disputes
        invariants reports report_csv booking_paid
    """,
    "request_refund": "refunds refund refund_request",
    "approve_refunds": "refunds_decide refund_decide refund_send",
    "manage_catalog": """
        catalog catalog_policy catalog_capacity catalog_capacity_day catalog_uses catalog_list
        catalog_new catalog_act catalog_edit catalog_delete
        calendar_close calendar_open calendar_limit
    """,
    "administer": """
        team member_new member member_act audit booking_hide booking_restore
        jobs job_switch job_run messages messages_retry message_retry message_dismiss
    """,
}
OPERATOR = {"view", "modify_bookings", "request_refund"}
MANAGER = OPERATOR | {"view_financials", "manage_catalog"}
EVERYTHING = set(PAGES)
# (role, what is switched, what they may then do): domain 11.1 in plain sets.
PEOPLE: dict[str, tuple[str, dict[str, bool], set[str]]] = {
    "operator": ("operator", {}, OPERATOR),
    "operator who only looks": (
        "operator",
        {"can_modify_bookings": False},
        {"view", "request_refund"},
    ),
    "operator with money": (
        "operator",
        {"can_view_financials": True},
        OPERATOR | {"view_financials"},
    ),
    "operator with a flag that means nothing": (
        "operator",
        {"can_approve_refunds": True},
        OPERATOR,
    ),
    "manager": ("manager", {}, MANAGER),
    "manager who approves": (
        "manager",
        {"can_approve_refunds": True},
        MANAGER | {"approve_refunds"},
    ),
    "manager with flags that mean nothing": (
        "manager",
        {"can_modify_bookings": False, "can_view_financials": False},
        MANAGER,
    ),
    "admin": ("admin", {}, EVERYTHING),
    "admin with flags that mean nothing": (
        "admin",
        dict.fromkeys(("can_modify_bookings", "can_view_financials", "can_approve_refunds"), False),
        EVERYTHING,
    ),
}
FILLED = {"uuid": str(uuid.UUID(int=1)), "slug": "zips", "str": "2026-06-10"}


def walk(resolver: Any, prefix: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every (name, path, callback) below ``resolver``."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, path)
        else:
            yield entry.name, path, entry.callback


def pages() -> list[tuple[str, str, Any]]:
    """(name, an address of it, view) of all pages of the office."""
    fill = re.compile(r"<(\w+):\w+>")
    return [
        (name, "/" + fill.sub(lambda found: FILLED[found[1]], path), view)
        for name, path, view in walk(get_resolver())
        if path.startswith("staff/")
    ]


def needs() -> dict[str, str]:
    """Which capability each page is meant to need, by its name."""
    return {name: capability for capability, names in PAGES.items() for name in names.split()}


def test_every_page_needs_what_the_table_says():
    declared = {name: audience_of(view) for name, _, view in pages()}
    meant = {name: f"staff:{capability}" for name, capability in needs().items()}
    assert declared == {**meant, **dict.fromkeys(PUBLIC, "public")}


def test_the_table_knows_every_capability():
    assert set(PAGES) == {capability.value for capability in Capability}


@pytest.mark.parametrize("who", PEOPLE)
def test_a_person_opens_what_they_may_and_nothing_else(db, who):
    role, flags, may = PEOPLE[who]
    switched: dict[str, Any] = dict(flags)
    client = signed_in(make_staff(role, **switched))
    request: Any = RequestFactory().get("/staff/")
    request.user, request.session = User.objects.get(), client.session
    opened: set[str] = set()
    refused: set[str] = set()
    for name, address, view in pages():
        if name in PUBLIC:
            continue
        answer = access._refusal(request, view.capability)
        (opened if answer is None else refused).add(name)
        assert answer is None or answer.status_code == 403, address
    assert opened == {name for name, capability in needs().items() if capability in may}
    assert refused == {name for name, capability in needs().items() if capability not in may}


def test_the_pages_themselves_refuse_an_operator(operator, settings):
    """The same through the whole site, by GET and by POST: no view stands above its check."""
    settings.RATELIMIT_ENABLE = False
    client = signed_in(operator)
    closed = {
        name: address
        for name, address, view in pages()
        if name not in PUBLIC and needs()[name] not in OPERATOR
    }
    assert len(closed) > 30
    for name, address in closed.items():
        assert client.get(address).status_code == 403, name
        assert client.post(address).status_code == 403, name


@pytest.mark.parametrize("who", ["anonymous", "customer", "deactivated", "other sign-in"])
def test_nobody_else_opens_anything(db, settings, who):
    settings.RATELIMIT_ENABLE = False
    client = Client()
    if who == "customer":
        client.force_login(User.objects.create_user("ann@example.com"))
    for name, address, _ in pages():
        if name in PUBLIC:
            continue
        if who == "deactivated" and name in ("dashboard", "team"):
            client = signed_in(make_staff("admin", is_active=False))
        elif who == "other sign-in" and name in ("dashboard", "team"):
            client = Client()
            client.force_login(make_staff("admin"))
        if who == "customer":
            assert client.get(address).status_code == 403, name
            continue
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code == 302, name
            assert answer["Location"].startswith(reverse("staff:login")), name
