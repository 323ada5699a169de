"""What must be done before the site can start; each step again only when its input changed.

When nothing changed, Django's apps are not loaded here: the start takes half the time.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import django
from django.conf import settings

from totetaxi.dev import assets
from totetaxi.dev.postgres import Cluster
from totetaxi.dev.stamps import LOCAL, LOCAL_DATA, PROJECT, content_key, is_done, mark_done

LOCKED = PROJECT / "requirements" / "dev.txt"
SIGN_INS = LOCAL_DATA / "sign-ins.json"


@dataclass(frozen=True)
class Step:
    """Something to do once for each content of its input."""

    stamp: Path
    title: str
    key: Callable[[], str]
    work: Callable[[], None]


@contextmanager
def progress(title: str) -> Iterator[None]:
    """Print what is being done, and then how long it took."""
    print(f"  {title} ...", end="", flush=True)
    begun = time.monotonic()
    yield
    print(f" {time.monotonic() - begun:.1f} s", flush=True)


def prepare(*, serve_hashed_files: bool) -> None:
    """Do every step that is not done; raises what the step raises."""
    for step in _steps(serve_hashed_files=serve_hashed_files):
        if is_done(step.stamp, step.key()):
            continue
        with progress(step.title):
            step.work()
        # Only now: a part of the key is what the step itself has made.
        mark_done(step.stamp, step.key())


def sign_ins() -> list[tuple[str, str, str]]:
    """The demo sign-ins of this database: path of the page, email, password."""
    rows: list[tuple[str, str, str]] = json.loads(SIGN_INS.read_text())
    return rows


def _steps(*, serve_hashed_files: bool) -> list[Step]:
    built, data = LOCAL / "stamps", LOCAL_DATA / "stamps"
    css = Step(assets.STAMP, "Building the style sheet", assets.css_key, assets.build_css)
    static = Step(built / "static", "Collecting static files", _static_key, _collect_static)
    return [
        *((css, static) if serve_hashed_files else (css,)),
        Step(data / "tables", "Preparing the database", _tables_key, _make_tables),
        Step(data / "data", "Loading catalog and demo data", _data_key, _load_data),
    ]


def _static_key() -> str:
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    return content_key([PROJECT / "static", PROJECT / "totetaxi" / "settings.py", LOCKED, manifest])


def _collect_static() -> None:
    from django.core.management import call_command

    django.setup()
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)


def _database_identity() -> str:
    """Names this database and no other: a new one in the same place counts as another."""
    if settings.EMBEDDED_POSTGRES:
        return Cluster.for_environment(settings.ENVIRONMENT).identity
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier, oid FROM pg_control_system(), pg_database "
            "WHERE datname = current_database()"
        )
        return str(cursor.fetchone())


def _tables_key() -> str:
    migrations = [
        path for app in assets.PACKAGES for path in (PROJECT / app).glob("**/migrations/*.py")
    ]
    return content_key([*migrations, LOCKED], _database_identity())


def _make_tables() -> None:
    from django.core.management import call_command

    django.setup()
    call_command("createcachetable", verbosity=0)
    call_command("migrate", interactive=False, verbosity=0)


def _data_key() -> str:
    jobs = [path for app in assets.PACKAGES for path in (PROJECT / app).glob("**/jobs.py")]
    code = [PROJECT / "catalog", PROJECT / "totetaxi" / "dev", *jobs]
    return content_key(code, _database_identity(), str(SIGN_INS.exists()))


def _load_data() -> None:
    from django.core.management import call_command

    django.setup()
    from totetaxi.dev import demo

    unread = StringIO()
    call_command("seed_catalog", stdout=unread)
    call_command("sync_jobs", stdout=unread)
    SIGN_INS.parent.mkdir(parents=True, exist_ok=True)
    SIGN_INS.write_text(json.dumps(demo.load()))
