"""What load balancers and monitors are told, and how soon."""

import json
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.utils import timezone

from tests.totetaxi.lib.test_database import elsewhere  # noqa: F401  (the fixture)
from tests.totetaxi.outbox.helpers import well
from totetaxi.outbox import alarms, health
from totetaxi.outbox.beats import SCHEDULER, WORKER, stamp
from totetaxi.pages import probes

READY = "/health/ready/"
TOKEN = {"Authorization": "Bearer a-token"}


class SlowBackend(EmailBackend):
    """A mail server that takes its time; and when it was asked."""

    asked_at = 0.0

    def send_messages(self, messages):
        SlowBackend.asked_at = time.monotonic()
        time.sleep(0.5)
        return super().send_messages(messages)


@pytest.fixture
def site(db, settings):
    settings.HEALTH_TOKEN = "a-token"
    settings.STAFF_ALERT_EMAILS = ["alerts@example.com"]
    now = timezone.now()
    well(at=now, heard_since=now - timedelta(days=1))


@pytest.fixture
def silent(site):
    hour_ago = timezone.now() - timedelta(hours=1)
    stamp(SCHEDULER, WORKER, at=hour_ago)


@pytest.fixture
def gone(elsewhere, monkeypatch):  # noqa: F811  (the fixture)
    """A database that takes connections and is silent; we wait less long for it than usual."""
    monkeypatch.setattr(probes, "SECONDS", 0.2)


# --- Alive


def test_health_is_ok_while_the_database_answers(client, db):
    response = client.get("/health/")
    assert (response.status_code, response.text) == (200, "ok\n")
    assert "no-store" in response["Cache-Control"]


def test_health_says_503_in_time_when_the_database_does_not_answer(client, gone):
    response = client.get("/health/")
    assert (response.status_code, response.text) == (503, "The database does not answer.\n")


def test_nobody_has_to_wait_five_seconds():
    """For the question, then for statements that end by themselves; mail comes after the answer."""
    assert probes.SECONDS + alarms.STATEMENT_MS / 1000 < 5


# --- Ready


def test_ready_tells_everything_to_who_has_the_token(client, site):
    response = client.get(READY, headers=TOKEN)
    assert response.status_code == 200
    told = response.json()
    assert told["status"] == "ready"
    assert sorted(told["checks"]) == [
        *("database", "given_up", "migrations", "onfleet_webhook", "queue", "scheduler"),
        *("stripe_webhook", "watched", "worker"),
    ]
    assert told["checks"]["queue"] == {
        "ok": True,
        "words": "No message is due.",
        "age_seconds": 0,
    }


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer b"}, {"Authorization": ""}])
def test_ready_tells_one_word_to_others(client, site, headers):
    response = client.get(READY, headers=headers)
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize("header", ["Bearer ", "Bearer", ""])
def test_missing_token_is_nobodys(client, site, settings, header):
    settings.HEALTH_TOKEN = ""
    response = client.get(READY, headers={"Authorization": header})
    assert response.json() == {"status": "ready"}


def test_development_tells_everybody(client, site, settings):
    settings.ENVIRONMENT = "development"
    assert "checks" in client.get(READY).json()


def test_silence_is_503_and_one_mail(client, silent):
    answers = [client.get(READY, headers=TOKEN) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 503]
    told = answers[0].json()
    assert told["status"] == "not ready"
    assert [name for name, check in told["checks"].items() if not check["ok"]] == [
        "scheduler",
        "worker",
    ]
    assert told["checks"]["worker"]["age_seconds"] == pytest.approx(3600, abs=60)
    assert len(mail.outbox) == 1


def test_database_that_does_not_answer_is_503_in_time(client, site, gone):
    response = client.get(READY, headers=TOKEN)
    assert (response.status_code, response.json()) == (
        503,
        {
            "status": "not ready",
            "checks": {
                "database": {"ok": False, "words": "It does not answer.", "age_seconds": None}
            },
        },
    )


def test_whatever_else_fails_is_503(client, site, monkeypatch, caplog):
    monkeypatch.setattr(health, "status", lambda now: 1 / 0)
    response = client.get(READY)
    assert (response.status_code, response.json()) == (503, {"status": "not ready"})
    assert "ZeroDivisionError" in caplog.text


def test_mail_is_sent_after_the_answer(rf, silent, settings):
    settings.EMAIL_BACKEND = f"{__name__}.SlowBackend"
    response = probes.ready(rf.get(READY))
    answered_at = time.monotonic()
    assert (response.status_code, json.loads(response.content)) == (503, {"status": "not ready"})
    assert mail.outbox == []

    response.close()  # As the server does when all is sent.
    assert SlowBackend.asked_at >= answered_at
    assert len(mail.outbox) == 1


def test_failure_after_the_answer_is_logged(rf, silent, monkeypatch, caplog):
    monkeypatch.setattr(alarms, "tell", lambda notices: 1 / 0)
    probes.ready(rf.get(READY)).close()
    assert "ZeroDivisionError" in caplog.text


# --- Both


@pytest.mark.parametrize("path", ["/health/", READY])
@pytest.mark.parametrize("host", ["172.19.2.10:8000", "[fdaa:0:1::3]:8000", "no_host!"])
def test_probe_may_ask_under_any_host(site, path, host, settings):
    settings.ALLOWED_HOSTS = [".totetaxi.example"]
    assert Client(headers={"host": host}).get(path).status_code == 200
    assert Client(headers={"host": host}).get("/about/").status_code == 400


@pytest.mark.parametrize("path", ["/health/", READY])
def test_probe_is_not_sent_to_tls_and_gets_no_cookie(client, site, path, settings):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get(path)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies
    assert client.get("/about/").status_code == 301


@pytest.mark.parametrize("path", ["/health/", READY])
def test_probe_refuses_a_post(client, site, path):
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200
