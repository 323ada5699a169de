"""What people type, and what opens doors, stands in no log of production, whatever happens."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from logistics import services as logistics_services
from payments.gateway import get_gateway
from tests.booking.helpers import make_draft, shown_of, standard_answers
from tests.logistics.helpers import make_paid
from tests.onfleet import signed as signed_by_onfleet
from tests.payments.conftest import stripe  # noqa: F401  (the fixture)
from tests.payments.helpers import session_event, signed
from tests.staff.helpers import make_staff
from totetaxi.account.guests.links import make_link
from totetaxi.deploy.logs import log_config
from totetaxi.outbox import registry
from totetaxi.outbox.models import Message
from totetaxi.outbox.registry import handles
from totetaxi.outbox.services import announce, deliver

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]

PASSWORD = "canary-pier-and-gulls-7"
SIGNING_SECRET = "whsec_canary7f3a9b"
API_KEY = "sk_test_canary51Habc"
CONTACT = {
    "first_name": "Zebulon",
    "last_name": "Quandary",
    "email": "canary.person@example.com",
    "phone": "6465550177",
}
STREET = "77 Canary Row"
TYPED = {PASSWORD, SIGNING_SECRET, API_KEY, STREET, "canary.person", "Zebulon", "Quandary"}
TYPED |= {"6465550177", "646-555-0177", "(646) 555-0177", "555-0177"}


class Log:
    """The lines of production's log, and what they must not have in them."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.canaries = set(TYPED)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def of_requests(self) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["logger"] == "totetaxi.requests"]

    def keeps_quiet_about(self, client: Client) -> None:
        """Look for what this browser holds as well."""
        self.canaries |= {cookie.value for cookie in client.cookies.values() if cookie.value}

    def found(self) -> set[str]:
        return {canary for canary in self.canaries if canary in self.stream.getvalue()}


@pytest.fixture
def log() -> Iterator[Log]:
    """All that the process logs meanwhile, as production formats it."""
    log = Log()
    config = log_config("production", "INFO")
    config["handlers"]["console"]["stream"] = log.stream
    logging.config.dictConfig(config)
    yield log
    logging.config.dictConfig(settings.LOGGING)


@pytest.fixture
def visitor() -> Client:
    return Client(enforce_csrf_checks=False, raise_request_exception=False)


def test_a_request_is_one_line_with_ids_only(log, visitor, django_user_model):
    user = django_user_model.objects.create_user("canary.person@example.com")
    visitor.force_login(user)
    answer = visitor.get("/account/bookings/?search=Zebulon")
    [line] = log.of_requests()
    assert line.pop("time").endswith("+00:00")
    assert isinstance(line.pop("ms"), int)
    assert line == {
        "level": "info",
        "logger": "totetaxi.requests",
        "message": "GET /account/bookings/ 200",
        "method": "GET",
        "path": "/account/bookings/",
        "status": 200,
        "user": str(user.pk),
        "request_id": answer["X-Request-ID"],
    }


def test_health_checks_and_static_files_make_no_line(log, visitor):
    assert visitor.get("/health/").status_code == 200
    assert visitor.get("/static/img/favicon.svg").status_code == 200
    assert log.of_requests() == []


def test_sign_up_and_sign_in_are_not_quoted(log, visitor, run_queue):
    visitor.post(
        reverse("account_signup"), {**CONTACT, "password1": PASSWORD, "password2": PASSWORD}
    )
    run_queue()
    visitor.post(reverse("account_login"), {"login": CONTACT["email"], "password": PASSWORD + "x"})
    visitor.post(reverse("account_login"), {"login": CONTACT["email"], "password": PASSWORD})
    visitor.post(reverse("account_reset_password"), {"email": CONTACT["email"]})
    run_queue()
    visitor.post(reverse("staff:login"), {"email": CONTACT["email"], "password": PASSWORD})
    log.keeps_quiet_about(visitor)

    assert [line["status"] for line in log.of_requests()][:3] == [302, 422, 302]
    assert log.found() == set()


def test_sign_in_to_the_office_is_not_quoted(log, visitor):
    staff = make_staff("admin", email="canary.person@example.com")
    staff.set_password(PASSWORD)
    staff.save()
    page = {"email": staff.email, "password": PASSWORD + "x"}
    for _ in range(7):  # The last of them over the limit.
        answer = visitor.post(reverse("staff:login"), page)
    log.keeps_quiet_about(visitor)

    assert answer.status_code == 429
    assert log.found() == set()


@pytest.mark.django_db(transaction=True)
def test_checkout_and_webhook_are_not_quoted(log, visitor, stripe, settings, run_queue):  # noqa: F811
    settings.STRIPE_SECRET_KEY = API_KEY
    settings.STRIPE_WEBHOOK_SECRETS = [SIGNING_SECRET]
    get_gateway.cache_clear()
    draft = make_draft(standard_answers(**CONTACT, pickup_address_line_1=STREET))
    session = visitor.session
    session["draft_id"] = str(draft.pk)
    session.save()
    shown = shown_of(draft)
    agreed = {"terms": "on", "draft_version": 1, "shown_total_cents": shown.total_cents}
    assert visitor.post(reverse("payments:start"), agreed).status_code == 303
    booking = draft.booking
    paid = session_event(stripe.pay(booking.pk, webhook="never"))
    url = reverse("payments:stripe_webhook")
    statuses = [
        visitor.post(url, **signed(paid, secret=secret)).status_code
        for secret in (SIGNING_SECRET, "whsec_of_another")
    ]
    stripe.fault(match="GET /v1/checkout/sessions/*", kind="error_500", times=None)
    visitor.get(reverse("payments:done"), {"session_id": stripe.session_of(booking.pk)})
    run_queue(errors_allowed=True)
    log.keeps_quiet_about(visitor)

    assert statuses == [200, 400]
    assert log.found() == set()


def test_links_to_a_booking_are_not_quoted(log, visitor, run_queue):
    booking = make_paid(standard_answers(**CONTACT, pickup_address_line_1=STREET))
    run_queue()
    token = make_link(booking)
    log.canaries |= {token, token[:20], "no-such-" + "t0ken" * 9}
    visitor.post(
        reverse("account:find"),
        {"booking_number": booking.booking_number, "email": CONTACT["email"]},
    )
    for asked in (token, "no-such-" + "t0ken" * 9, token):
        visitor.get(reverse("account:manage", args=[asked]))
        visitor.post(reverse("account:manage", args=[asked]))
    visitor.get(f"/pay/{token}/?email={CONTACT['email']}")
    visitor.get(f"/staff/password/{token}/")
    visitor.get(f"/account/confirm-email/{token}/")
    visitor.get(f"/account/password/reset/key/1/abc123-{token}/")
    log.keeps_quiet_about(visitor)

    assert {line["path"] for line in log.of_requests()} >= {"/booking/manage/.../", "/pay/.../"}
    assert log.found() == set()


def test_news_of_a_delivery_is_not_quoted(log, visitor, onfleet, settings, run_queue):
    secret = settings.ONFLEET_WEBHOOK_SECRETS[0]
    log.canaries |= {secret, settings.ONFLEET_API_KEY}
    booking = make_paid(standard_answers(**CONTACT, pickup_address_line_1=STREET))
    logistics_services.dispatch(booking.pk)
    onfleet.fault(match="*", kind="error_500", times=3)
    run_queue(errors_allowed=True)
    event = {"triggerId": 3, "taskId": "11z1", "data": {"task": {"notes": STREET}}, **CONTACT}
    for body in (json.dumps(event).encode(), json.dumps([STREET]).encode()):
        headers = {"X-Onfleet-Signature": signed_by_onfleet(body, secret)}
        answer = visitor.post("/webhooks/onfleet/", body, "application/json", headers=headers)
        assert answer.status_code == 200
    run_queue(errors_allowed=True)

    assert log.found() == set()


def leak(*args: object, **kwargs: object) -> None:
    """Fail as code does that nobody foresaw: with everything in its words and its variables."""
    everything = f"{CONTACT} at {STREET} with {PASSWORD}, {API_KEY} and {SIGNING_SECRET}"
    try:
        raise KeyError(everything)
    except KeyError as error:
        raise RuntimeError(everything) from error


def test_failing_handler_is_not_quoted_and_named_by_its_message(log, monkeypatch):
    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr(registry, "_names_by_event", {})
    handles("paid")(leak)
    announce("paid", "1")
    message = Message.objects.get()
    for _ in range(6):
        Message.objects.update(next_attempt_at=message.created_at)
        deliver(message.pk)

    failures = [line for line in log.lines() if line["logger"] == "totetaxi.outbox.services"]
    assert [line["level"] for line in failures] == ["warning"] * 4 + ["error"]
    assert {line["request_id"] for line in failures} == {str(message.pk)}
    assert all("in leak" in line["traceback"] for line in failures)
    assert log.found() == set()


def test_server_error_is_not_quoted_and_tells_where(log, visitor, monkeypatch):
    monkeypatch.setattr("totetaxi.pages.views.services.receive", leak)
    page = {**CONTACT, "name": "Zebulon Quandary", "subject": STREET, "message": PASSWORD}
    answer = visitor.post("/contact/", page)
    log.keeps_quiet_about(visitor)

    [failure] = [line for line in log.lines() if line["level"] == "error"]
    assert (answer.status_code, failure["logger"]) == (500, "django.request")
    assert "in leak" in failure["traceback"]
    assert failure["request_id"] == answer["X-Request-ID"]
    assert log.found() == set()


def test_search_for_canaries_finds_one(log):
    logging.getLogger("booking").warning("of %s", "Zebulon")
    assert log.found() == {"Zebulon"}
