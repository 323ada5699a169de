"""Error reports: off without a DSN, and nobody in them with one."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
import sentry_sdk
from django.conf import settings
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import Client
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from tests.totetaxi.test_secrets import CONTACT, PASSWORD, STREET, TYPED, leak
from totetaxi.deploy.errors import start_reporting
from totetaxi.lib.errors import PermanentError
from totetaxi.outbox import registry
from totetaxi.outbox.models import Message
from totetaxi.outbox.registry import handles
from totetaxi.outbox.services import announce, deliver
from totetaxi.wsgi import application

DSN = "https://public@sentry.example/1"


class Reports(Transport):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent += [item.payload.json for item in envelope.items if item.payload.json]

    def text(self) -> str:
        return json.dumps(self.sent)


@pytest.fixture
def reports() -> Iterator[Reports]:
    reports = Reports()
    start_reporting(
        DSN, environment="production", release="2026.11.1", traces=1.0, transport=reports
    )
    yield reports
    sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser on a site whose contact page and sitemap are broken."""
    monkeypatch.setattr("totetaxi.pages.views.services.receive", leak)
    return Client(raise_request_exception=False)


def canaries_in(reports: Reports, *more: str) -> set[str]:
    return {word for word in (*TYPED, *more) if word in reports.text()}


def test_server_error_is_reported_with_where_and_without_who(catalog, reports, visitor):
    page = {**CONTACT, "name": "Zebulon Quandary", "subject": STREET, "message": PASSWORD}
    visitor.cookies["sessionid"] = "q2w3e4r5t6y7u8i9o0p1a2s3d4f5g6h7"
    headers = {"User-Agent": "canary browser", "Authorization": "canary key"}
    answer = visitor.post(f"/contact/?email={CONTACT['email']}", page, headers=headers)

    assert answer.status_code == 500
    [event] = [one for one in reports.sent if one.get("type") != "transaction"]
    causes = [(value["type"], value["value"]) for value in event["exception"]["values"]]
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert causes == [("KeyError", ""), ("RuntimeError", "")]
    assert frames[-1]["function"] == "leak"
    assert event["transaction"] == "/contact/"
    assert event["tags"] == {"request_id": answer["X-Request-ID"]}
    assert (event["environment"], event["release"]) == ("production", "2026.11.1")
    assert set(event) & {"request", "user", "extra", "breadcrumbs", "modules"} == set()
    assert "vars" not in frames[-1]
    assert canaries_in(reports, "q2w3e4r5", "canary browser", "canary key", "127.0.0.1") == set()


def test_failed_message_is_reported_with_its_id(db, reports, monkeypatch):
    def refuse(subject_id):
        raise PermanentError(f"Stripe: 404 for {CONTACT['email']}")

    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr(registry, "_names_by_event", {})
    handles("paid")(leak)
    handles("paid")(refuse)
    announce("paid", "1")
    for message in Message.objects.all():
        for _ in range(6):
            Message.objects.filter(dead_at=None).update(next_attempt_at=message.created_at)
            deliver(message.pk)

    errors = [one for one in reports.sent if one.get("level") == "error"]
    ids = {str(pk) for pk in Message.objects.values_list("pk", flat=True)}
    assert {event["tags"]["request_id"] for event in errors} == ids
    assert {event["logentry"]["message"] for event in errors} == {
        "Message %s: attempt %d of %s failed%s: %s"
    }
    assert canaries_in(reports) == set()


def ask(path):
    """A request as the web server passes it on; times are taken there."""
    environ = {"PATH_INFO": path, "QUERY_STRING": f"email={CONTACT['email']}"}
    setup_testing_defaults(environ)
    request_started.disconnect(
        close_old_connections
    )  # The test's own one stays, as Client does it.
    try:
        answer = application({**environ, "HTTP_HOST": "localhost"}, lambda *head: bytes)
        assert b"".join(answer)
    finally:
        request_started.connect(close_old_connections)


def test_timed_request_names_its_page_and_no_values(catalog, reports):
    token = "t0ken-of-a-manage-link-that-nobody-may-know"
    ask(f"/booking/manage/{token}/")
    ask(f"/nowhere/{token}/{CONTACT['email']}/")

    timed = [one for one in reports.sent if one["type"] == "transaction"]
    assert [one["transaction"] for one in timed] == [
        "/booking/manage/{token}/",
        "...",
    ]
    assert any(one["spans"] for one in timed)
    assert canaries_in(reports, token) == set()


def test_words_of_an_error_that_quotes_nobody_are_reported(reports):
    try:
        raise PermanentError(f"no handler is named x for {CONTACT['email']}")
    except PermanentError:
        sentry_sdk.capture_exception()
    [event] = reports.sent
    assert event["exception"]["values"][0]["value"] == "no handler is named x for ..."


def test_nothing_of_ours_goes_along_with_requests_to_others(reports):
    with sentry_sdk.start_transaction(name="x"):
        client = sentry_sdk.get_client()
        assert client.options["trace_propagation_targets"] == []


@pytest.mark.parametrize(
    ("environment", "is_active"),
    [({}, "False"), ({"SENTRY_DSN": ""}, "False"), ({"SENTRY_DSN": DSN}, "True")],
)
def test_reporting_needs_a_dsn(environment, is_active):
    show = (
        "import sys; from django.conf import settings; settings.DEBUG;"
        "sentry = sys.modules.get('sentry_sdk');"
        "print(bool(sentry and sentry.get_client().is_active()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", show],
        env={"DJANGO_SETTINGS_MODULE": "totetaxi.settings", "ENV_FILE": "", **environment},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{is_active}\n"


def test_tests_report_nothing():
    assert settings.SENTRY_DSN == ""
    assert not sentry_sdk.get_client().is_active()
