"""What make run starts, refuses and prints."""

import socket

import pytest

from totetaxi.dev import __main__ as dev
from totetaxi.dev.__main__ import CannotStartError


@pytest.fixture
def development(settings):
    settings.ENVIRONMENT = "development"
    settings.STRIPE_SANDBOX = True
    settings.PORT = 0  # Any free port is free.
    settings.SANDBOX_STRIPE_PORT = 0
    settings.SITE_URL = "http://localhost:8000"
    settings.STRIPE_API_BASE = "http://localhost:8001"
    return settings


def test_everything_free_and_in_order_is_not_refused(development):
    dev.refuse_what_cannot_work()


def test_port_in_use_is_refused_with_the_way_out(development):
    with socket.socket() as other:
        other.bind((dev.HOST, 0))
        other.listen()
        development.PORT = other.getsockname()[1]
        with pytest.raises(CannotStartError) as refusal:
            dev.refuse_what_cannot_work()
    assert str(refusal.value) == (
        f"Port {development.PORT} is in use: stop what listens there, or choose another one, "
        f"for example with PORT={development.PORT + 10} make run."
    )


def test_clock_start_that_is_no_moment_is_refused(development):
    development.CLOCK_START = "tomorrow"
    with pytest.raises(CannotStartError, match="CLOCK_START is no moment"):
        dev.refuse_what_cannot_work()


def test_production_is_refused(settings):
    settings.ENVIRONMENT = "production"
    with pytest.raises(CannotStartError, match="This is for development"):
        dev.refuse_what_cannot_work()


@pytest.mark.parametrize(
    ("reload", "sandbox", "names"),
    [
        (False, True, ["The web server", "The queue", "The watch", "The stand-in Stripe"]),
        (False, False, ["The web server", "The queue", "The watch"]),
        (True, False, ["The web server", "The queue", "The watch", "The CSS compiler"]),
    ],
)
def test_services_depend_on_what_is_asked_for(development, reload, sandbox, names):
    development.STRIPE_SANDBOX = sandbox
    assert [service.name for service in dev.services(reload=reload)] == names


def test_only_the_web_server_pools_its_connections(development):
    pooled = [s.name for s in dev.services(reload=True) if "DB_POOL_SIZE" in s.environment]
    assert pooled == ["The web server"]


def test_welcome_names_addresses_and_sign_ins(development, monkeypatch, capsys):
    development.CLOCK_START = "2026-06-10T09:59"
    monkeypatch.setattr(dev, "sign_ins", lambda: [("/admin/", "admin@example.com", "secret")])
    dev.welcome()
    assert capsys.readouterr().out.splitlines() == [
        "",
        "ToteTaxi is running.",
        "",
        "  The site         http://localhost:8000",
        "  Sign in          http://localhost:8000/admin/        admin@example.com / secret",
        "  Sent mail        http://localhost:8000/sandbox/mail/",
        "  Stand-in Stripe  http://localhost:8001               card 4242 4242 4242 4242",
        "",
        "  Business time began at 2026-06-10T09:59 (CLOCK_START).",
        "",
        "  Ctrl-C stops everything.",
        "",
    ]
