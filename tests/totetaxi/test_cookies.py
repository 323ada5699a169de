"""Cookies, sessions and keys; and the site as production serves it, over plain HTTP and TLS."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth import SESSION_KEY
from django.core.signing import BadSignature
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.totetaxi.account.conftest import MEMBER_PASSWORD, member  # noqa: F401  (the fixture)
from tests.totetaxi.account.identity import HOME, is_signed_in, link_in, sign_in
from totetaxi.deploy.headers import YEAR, header_settings
from totetaxi.dev import production_like

KEPT = {"secure": True, "httponly": True, "samesite": "Lax", "path": "/", "domain": ""}


@pytest.fixture
def production(settings: Any) -> Any:
    """Headers and cookies as production sets them."""
    given = header_settings(production=True, checkout_origins=[], https=True, hsts_seconds=YEAR)
    for name, value in given.items():
        setattr(settings, name, value)
    return settings


def attributes(cookie):
    return {name: cookie[name] for name in KEPT}


def test_cookies_of_production_stay_with_this_host_over_tls(production, member, catalog):  # noqa: F811
    client = Client()
    page = client.get(reverse("account_login"), secure=True)
    answer = client.post(
        reverse("account_login"),
        {"login": "ada@example.com", "password": MEMBER_PASSWORD},
        secure=True,
    )
    assert {name: attributes(cookie) for name, cookie in page.cookies.items()} == {
        "__Host-csrftoken": KEPT
    }
    assert attributes(answer.cookies["__Host-sessionid"]) == KEPT
    assert {attributes(cookie) == KEPT for cookie in answer.cookies.values()} == {True}


def test_remembering_the_announcement_is_as_strict(production, catalog):
    answer = Client().post(reverse("pages:close_announcement"), secure=True)
    assert [attributes(cookie) for cookie in answer.cookies.values()] == [KEPT]


def test_http_is_led_to_https_and_told_to_stay_there(production, catalog):
    away = Client().get("/account/login/?next=/faq/")
    there = Client().get("/account/login/", secure=True)
    assert (away.status_code, away["Location"]) == (
        301,
        "https://testserver/account/login/?next=/faq/",
    )
    assert there["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_health_answers_without_tls(production, db):
    assert Client().get("/health/").status_code == 200


# --- Sessions


def test_session_gets_a_new_key_at_sign_in_and_ends_at_sign_out(member, catalog):  # noqa: F811
    client = Client()
    session = client.session
    session["planted"] = "by a thief"
    session.save()
    planted = session.session_key or ""
    sign_in(client)
    mine = client.session.session_key or ""
    client.post(reverse("account_logout"))

    assert len({planted, mine, client.session.session_key}) == 3
    for key in (planted, mine):
        thief = Client()
        thief.cookies[site.SESSION_COOKIE_NAME] = key
        assert not is_signed_in(thief)


def test_key_that_nobody_was_given_opens_no_session(member, catalog):  # noqa: F811
    client = Client()
    client.cookies[site.SESSION_COOKIE_NAME] = "a" * 32
    sign_in(client)
    assert is_signed_in(client)
    assert client.session.session_key != "a" * 32


def test_form_token_changes_at_sign_in(member, catalog):  # noqa: F811
    client = Client()
    client.get(reverse("account_login"))
    before = client.cookies["csrftoken"].value
    sign_in(client)
    client.get(HOME)
    assert client.cookies["csrftoken"].value != before


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}, {"X-CSRFToken": "x" * 64}])
def test_no_change_without_the_token_of_the_form(member, catalog, headers):  # noqa: F811
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    for name in ("account:addresses_new", "account:profile", "account_logout"):
        assert client.post(reverse(name), headers=headers).status_code == 403
    assert client.session[SESSION_KEY] == str(member.pk)


# --- A new SECRET_KEY


def test_sessions_and_links_survive_a_new_key_while_the_old_one_is_kept(
    settings,
    member,  # noqa: F811
    catalog,
    mailoutbox,
    run_queue,
):
    client = Client()
    sign_in(client)
    Client().post(reverse("account_reset_password"), {"email": "ada@example.com"})
    run_queue()
    link = link_in(mailoutbox[-1])
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]

    assert client.get(HOME).status_code == 200
    assert Client().get(link).status_code == 302

    settings.SECRET_KEY_FALLBACKS = []
    assert Client().get(link).status_code != 302


def test_signed_values_need_a_key_of_ours(settings):
    from django.core import signing

    value = signing.dumps({"a": 1}, salt="x")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    assert signing.loads(value, salt="x") == {"a": 1}
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BadSignature):
        signing.loads(value, salt="x")


# --- Production itself

# The page of a refusal names static files, which only a release collects.
SERVE = """
import json, sys
from wsgiref.util import setup_testing_defaults
from django.conf import settings
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)
from totetaxi.wsgi import application

here, away = "totetaxi.example", "evil.example"
for scheme, host in (("http", here), ("https", here), ("https", away)):
    environ = {"PATH_INFO": "/robots.txt", "REMOTE_ADDR": "10.0.0.1", "HTTP_HOST": host}
    setup_testing_defaults(environ)
    environ["HTTP_X_FORWARDED_PROTO"] = scheme
    found = {}
    def start(status, headers): found.update(status=int(status[:3]), headers=dict(headers))
    b"".join(application(environ, start))
    print(json.dumps(found))
"""


def test_production_behind_a_proxy_redirects_insists_on_tls_and_refuses_other_hosts(db):
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    done = subprocess.run(
        [sys.executable, "-c", SERVE],
        env={
            **production_like.environment(),
            "PATH": os.defpath,
            "DATABASE_URL": url,
            "TRUSTED_PROXIES": "1",
            "PYTHONWARNINGS": "ignore",  # WhiteNoise's, that no files were collected.
        },
        cwd=site.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    plain, secure, foreign = map(json.loads, done.stdout.splitlines())
    assert (plain["status"], plain["headers"]["Location"]) == (
        301,
        "https://totetaxi.example/robots.txt",
    )
    assert secure["status"] == 200
    assert secure["headers"]["Strict-Transport-Security"].startswith("max-age=31536000;")
    assert "upgrade-insecure-requests" in secure["headers"]["Content-Security-Policy"]
    assert foreign["status"] == 400
    assert foreign["headers"]["X-Frame-Options"] == "DENY"
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    requests = [line for line in lines if line["logger"] == "totetaxi.requests"]
    assert [line["status"] for line in requests] == [301, 200, 400]
