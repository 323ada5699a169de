"""What each environment allows."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from totetaxi.deploy.checks import production_problems
from totetaxi.dev import production_like

SETTINGS = {
    "DEBUG": False,
    "SECRET_KEY": "k" * 50,
    "SECRET_KEY_FALLBACKS": ["f" * 50],
    "DEVELOPMENT_SECRET_KEY": "d" * 50,
    "ALLOWED_HOSTS": ["totetaxi.example"],
    "SITE_URL": "https://totetaxi.example",
    "DATABASES": {"default": {"NAME": "totetaxi"}},
    "STRIPE_SECRET_KEY": "sk_live_1",
    "STRIPE_WEBHOOK_SECRETS": ["whsec_1"],
    "STRIPE_API_BASE": "",
    "ONFLEET_API_KEY": "onfleet_1",
    "ONFLEET_WEBHOOK_SECRETS": ["ab" * 32],
    "ONFLEET_API_BASE": "https://onfleet.com",
    "DEFAULT_FROM_EMAIL": "bookings@totetaxi.example",
    "STAFF_ALERT_EMAILS": ["alerts@totetaxi.example"],
    "EMAIL_BACKEND": "anymail.backends.amazon_ses.EmailBackend",
    "ANYMAIL": {"WEBHOOK_SECRET": ["mail:secret"]},
    "STAFF_TOTP_REQUIRED": True,
    "CLOCK_START": "",
}


def manage(*arguments, **environment):
    """Run manage.py with nothing in the environment but ``environment``; its code and output."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={"PATH": os.defpath, "ENV_FILE": "", **environment},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_production_starts_with_all_it_needs():
    assert production_problems(SETTINGS) == []


def test_production_starts_without_onfleet_and_keeps_dispatch_off():
    off = {"ONFLEET_API_KEY": "", "ONFLEET_WEBHOOK_SECRETS": []}
    assert production_problems({**SETTINGS, **off}) == []


def test_production_mails_through_a_plain_server_that_reports_nothing():
    smtp = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend"}
    assert production_problems({**SETTINGS, **smtp, "ANYMAIL": {"WEBHOOK_SECRET": []}}) == []


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("DEBUG", True, "DEBUG is on."),
        ("SECRET_KEY", "", "SECRET_KEY is missing."),
        ("SECRET_KEY", "d" * 50, "SECRET_KEY is the one of development."),
        ("SECRET_KEY", "k" * 49, "SECRET_KEY has fewer than 50 characters."),
        ("ALLOWED_HOSTS", [], "ALLOWED_HOSTS is empty."),
        ("ALLOWED_HOSTS", ["a.example", "*"], "ALLOWED_HOSTS allows every host."),
        ("SITE_URL", "http://totetaxi.example", "SITE_URL is not an https:// address."),
        (
            "DATABASES",
            {"default": {}},
            "Neither DATABASE_URL nor DB_NAME and DB_HOST name a database.",
        ),
        ("STRIPE_SECRET_KEY", "", "STRIPE_SECRET_KEY is missing."),
        ("STRIPE_WEBHOOK_SECRETS", [], "STRIPE_WEBHOOK_SECRETS is missing."),
        ("STRIPE_WEBHOOK_SECRETS", [""], "STRIPE_WEBHOOK_SECRETS is missing."),
        (
            "STRIPE_API_BASE",
            "http://localhost:8001",
            "STRIPE_API_BASE is set: that is for the stand-in.",
        ),
        (
            "ONFLEET_WEBHOOK_SECRETS",
            [],
            "ONFLEET_API_KEY is set without ONFLEET_WEBHOOK_SECRETS.",
        ),
        (
            "ONFLEET_WEBHOOK_SECRETS",
            ["ab" * 32, "secret"],
            "ONFLEET_WEBHOOK_SECRETS is not hexadecimal.",
        ),
        (
            "ONFLEET_WEBHOOK_SECRETS",
            ["ab" * 32, "5A" * 32],
            "ONFLEET_WEBHOOK_SECRETS holds the one of the stand-in, which anybody can read.",
        ),
        (
            "STRIPE_WEBHOOK_SECRETS",
            ["whsec_1", "whsec_sandbox"],
            "STRIPE_WEBHOOK_SECRETS holds the one of the stand-in, which anybody can read.",
        ),
        (
            "SECRET_KEY_FALLBACKS",
            ["f" * 50, "d" * 50],
            "SECRET_KEY_FALLBACKS holds a short key, or the one of development.",
        ),
        (
            "SECRET_KEY_FALLBACKS",
            ["short"],
            "SECRET_KEY_FALLBACKS holds a short key, or the one of development.",
        ),
        (
            "ANYMAIL",
            {"WEBHOOK_SECRET": ["mail:secret"], "DEBUG_API_REQUESTS": "1"},
            "ANYMAIL_DEBUG_API_REQUESTS is set: it prints every mail.",
        ),
        (
            "ONFLEET_API_BASE",
            "http://localhost:8002",
            "ONFLEET_API_BASE is set: that is for the stand-in.",
        ),
        ("DEFAULT_FROM_EMAIL", "", "DEFAULT_FROM_EMAIL is missing."),
        (
            "STAFF_ALERT_EMAILS",
            [],
            "STAFF_ALERT_EMAILS is empty: nobody would be told of an alarm.",
        ),
        (
            "EMAIL_BACKEND",
            "django.core.mail.backends.console.EmailBackend",
            "EMAIL_BACKEND keeps mail in this process or in the development mailbox.",
        ),
        (
            "ANYMAIL",
            {"WEBHOOK_SECRET": []},
            "ANYMAIL_WEBHOOK_SECRET is missing: nobody would hear of mails that came back.",
        ),
        (
            "ANYMAIL",
            {"WEBHOOK_SECRET": ["mail:secret", "secret"]},
            "ANYMAIL_WEBHOOK_SECRET is not user:password.",
        ),
        (
            "STAFF_TOTP_REQUIRED",
            False,
            "STAFF_TOTP_REQUIRED is off: that is for development.",
        ),
        ("CLOCK_START", "2026-06-10T09:59", "CLOCK_START is set: production keeps real time."),
    ],
)
def test_production_refuses(name, value, problem):
    assert production_problems({**SETTINGS, name: value}) == [problem]


def test_production_says_everything_it_lacks_at_once():
    code, output = manage("check", ENVIRONMENT="production", DEBUG="1")
    assert code == 1
    assert output.splitlines() == [
        "Production refuses to start:",
        "  - DEBUG is on.",
        "  - SECRET_KEY is missing.",
        "  - ALLOWED_HOSTS is empty.",
        "  - SITE_URL is not an https:// address.",
        "  - Neither DATABASE_URL nor DB_NAME and DB_HOST name a database.",
        "  - STRIPE_SECRET_KEY is missing.",
        "  - STRIPE_WEBHOOK_SECRETS is missing.",
        "  - DEFAULT_FROM_EMAIL is missing.",
        "  - STAFF_ALERT_EMAILS is empty: nobody would be told of an alarm.",
        "  - ANYMAIL_WEBHOOK_SECRET is missing: nobody would hear of mails that came back.",
    ]


def test_settings_may_stand_in_a_file(tmp_path):
    (tmp_path / "settings").write_text("ENVIRONMENT=staging\n")
    code, output = manage("check", ENV_FILE=str(tmp_path / "settings"))
    assert (code, output) == (1, "ENVIRONMENT is development, test or production.\n")


def test_unknown_environment_is_refused():
    assert manage("check", ENVIRONMENT="staging") == (
        1,
        "ENVIRONMENT is development, test or production.\n",
    )


def test_only_postgresql_will_do():
    assert manage("check", ENVIRONMENT="test", DATABASE_URL="sqlite:///x.sqlite3") == (
        1,
        "DATABASE_URL must name a PostgreSQL database.\n",
    )


def test_development_needs_nothing_set():
    show = "from django.conf import settings as s; print(s.STRIPE_API_BASE, s.SITE_URL, s.DEBUG)"
    done = subprocess.run(
        [sys.executable, "-c", show],
        env={
            "DJANGO_SETTINGS_MODULE": "totetaxi.settings",
            "ENVIRONMENT": "development",
            "ENV_FILE": "",
        },
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "http://localhost:8001 http://localhost:8000 False\n"


def test_deploy_checks_find_nothing_in_production():
    code, output = manage(
        "check", "--deploy", "--fail-level", "WARNING", **production_like.environment()
    )
    # How many are silenced depends on the time of day: see SILENCED_SYSTEM_CHECKS.
    assert (code, output.partition(" (")[0]) == (0, "System check identified no issues")


def test_sessions_slide_once_a_day(client, admin_user, time_machine):
    time_machine.move_to("2026-06-01T12:00Z")
    client.force_login(admin_user)
    ends = [client.get("/admin/").cookies["sessionid"]["expires"]]
    same_day = client.get("/admin/").cookies
    time_machine.move_to("2026-06-02T12:00Z")
    ends.append(client.get("/admin/").cookies["sessionid"]["expires"])

    assert "sessionid" not in same_day
    assert ends == ["Wed, 01 Jul 2026 12:00:00 GMT", "Thu, 02 Jul 2026 12:00:00 GMT"]
