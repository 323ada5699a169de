"""Runs the whole site on this machine: web server, queue and stand-ins, until Ctrl-C.

``python -m totetaxi.dev`` serves as production does; with ``--reload`` it follows the code.
"""

import argparse
import contextlib
import os
import socket
import sys
import time
import urllib.error
import urllib.request

from django.conf import settings

from totetaxi.dev import assets
from totetaxi.dev.postgres import Cluster, PostgresError
from totetaxi.dev.prepare import prepare, sign_ins
from totetaxi.dev.stamps import LOCAL_DATA, PROJECT
from totetaxi.dev.supervisor import Service, Supervisor
from totetaxi.lib import clock

HOST = os.environ.get("BIND_HOST", "127.0.0.1")


class CannotStartError(Exception):
    """The site cannot start; the message says why and what to do."""


def main() -> None:
    """Prepare everything and run; ends with code 1 if that is impossible."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--reload", action="store_true", help="follow changes of the code")
    reload = arguments.parse_args().reload
    os.environ["DJANGO_SETTINGS_MODULE"] = "totetaxi.settings"
    try:
        ended_well = run(reload=reload)
    except (CannotStartError, PostgresError, assets.AssetsError) as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
    sys.exit(not ended_well)


def run(*, reload: bool) -> bool:
    """Run until a signal comes (True) or a process keeps failing (False)."""
    refuse_what_cannot_work()
    if settings.CLOCK_START:
        # Once for all processes, so that they agree.
        os.environ.setdefault("CLOCK_STARTED_AT", str(time.time()))
    if settings.EMBEDDED_POSTGRES:
        Cluster.for_environment(settings.ENVIRONMENT).hold()
    prepare(serve_hashed_files=not reload)
    supervisor = Supervisor(services(reload=reload), say=say, look_after_the_rest=keep_database_up)
    return supervisor.run(when_ready=site_answers, ready=welcome)


def say(text: str) -> None:
    """Print at once, also where the output is no terminal."""
    print(text, flush=True)


def refuse_what_cannot_work() -> None:
    """Raise CannotStartError for settings with which nothing can start."""
    if settings.ENVIRONMENT != "development":
        raise CannotStartError(
            "This is for development: unset ENVIRONMENT, or run gunicorn yourself."
        )
    try:
        clock.parse_start(settings.CLOCK_START)
    except ValueError as error:
        raise CannotStartError("CLOCK_START is no moment: write it as 2026-06-10T09:59.") from error
    refuse_port_in_use(settings.PORT, "PORT")
    if settings.STRIPE_SANDBOX:
        refuse_port_in_use(settings.SANDBOX_STRIPE_PORT, "SANDBOX_STRIPE_PORT")
    if settings.ONFLEET_SANDBOX:
        refuse_port_in_use(settings.SANDBOX_ONFLEET_PORT, "SANDBOX_ONFLEET_PORT")


def refuse_port_in_use(port: int, variable: str) -> None:
    """Raise CannotStartError if something listens on ``port``."""
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CannotStartError(
                f"Port {port} is in use: stop what listens there, or choose another one, "
                f"for example with {variable}={port + 10} make run."
            ) from error


def services(*, reload: bool) -> list[Service]:
    """The processes of the site; with ``reload`` they follow changes of the code."""
    python, port = sys.executable, str(settings.PORT)
    manage = [python, str(PROJECT / "manage.py")]
    if reload:
        web = Service(
            "The web server",
            [*manage, "runserver", f"{HOST}:{port}"],
            {"DEBUG": "1", "DB_POOL_SIZE": "4", "PYTHONUNBUFFERED": "1"},
        )
    else:
        configuration = PROJECT / "totetaxi" / "deploy" / "gunicorn.conf.py"
        web = Service(
            "The web server",
            [python, "-m", "gunicorn", "--config", str(configuration)],
            {"BIND_HOST": HOST, "PORT": port},
        )
    queue = Service("The queue", [*manage, "qcluster"], follows_sources=reload, can_wait=True)
    running = [web, queue, watch()]
    if settings.STRIPE_SANDBOX:
        running.append(stripe_sandbox())
    if settings.ONFLEET_SANDBOX:
        running.append(onfleet_sandbox())
    if reload:
        running.append(Service("The CSS compiler", assets.tailwind("--watch=always")))
    return running


def watch() -> Service:
    """Who asks each minute whether all is well; a silent queue shows in the mailbox."""
    url = f"http://localhost:{settings.PORT}/health/ready/"
    return Service("The watch", [sys.executable, "-m", "totetaxi.dev.watch", url], can_wait=True)


def stripe_sandbox() -> Service:
    """The stand-in Stripe, which remembers its objects from one run to the next."""
    return Service(
        "The stand-in Stripe",
        [
            *(sys.executable, "-m", "payments.sandbox"),
            *("--port", str(settings.SANDBOX_STRIPE_PORT)),
            *("--state", str(LOCAL_DATA / "stripe")),
            *("--webhook-url", f"http://localhost:{settings.PORT}/webhooks/stripe/"),
            *("--webhook-secret", settings.STRIPE_WEBHOOK_SECRETS[0]),
            *("--public-url", settings.STRIPE_API_BASE),
        ],
    )


def onfleet_sandbox() -> Service:
    """The stand-in Onfleet, which remembers its tasks from one run to the next."""
    return Service(
        "The stand-in Onfleet",
        [
            *(sys.executable, "-m", "logistics.sandbox"),
            *("--port", str(settings.SANDBOX_ONFLEET_PORT)),
            *("--state", str(LOCAL_DATA / "onfleet")),
            *("--api-key", settings.ONFLEET_API_KEY),
            *("--webhook-url", f"http://localhost:{settings.PORT}/webhooks/onfleet/"),
            *("--webhook-secret", settings.ONFLEET_WEBHOOK_SECRETS[0]),
            *("--public-url", settings.ONFLEET_API_BASE),
        ],
    )


def keep_database_up() -> None:
    """Start the embedded PostgreSQL again if it has ended."""
    if settings.EMBEDDED_POSTGRES:
        cluster = Cluster.for_environment(settings.ENVIRONMENT)
        if not cluster.is_up:
            say("The database has ended; starting it again.")
            cluster.up()


def site_answers() -> bool:
    """Whether the site answers requests, well or not."""
    try:
        with urllib.request.urlopen(f"http://localhost:{settings.PORT}/health/", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def welcome() -> None:
    """Print where everything is, and how to sign in."""
    rows = [("The site", settings.SITE_URL, "")]
    rows += [
        ("Sign in", f"{settings.SITE_URL}{path}", f"{email} / {password}")
        for path, email, password in sign_ins()
    ]
    rows.append(("Sent mail", f"{settings.SITE_URL}/sandbox/mail/", ""))
    if settings.STRIPE_SANDBOX:
        rows.append(("Stand-in Stripe", settings.STRIPE_API_BASE, "card 4242 4242 4242 4242"))
    if settings.ONFLEET_SANDBOX:
        rows.append(("Stand-in Onfleet", settings.ONFLEET_API_BASE, "play the driver here"))
    lines = [f"  {title:<17}{address:<36}{note}".rstrip() for title, address, note in rows]
    if settings.CLOCK_START:
        lines.append(f"\n  Business time began at {settings.CLOCK_START} (CLOCK_START).")
    say("\n".join(["\nToteTaxi is running.\n", *lines, "\n  Ctrl-C stops everything.\n"]))


if __name__ == "__main__":
    main()
