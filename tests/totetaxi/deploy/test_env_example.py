""".env.example says of every variable that the code reads, and of no other (R689)."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

from totetaxi.deploy import rates

PROJECT = Path(settings.BASE_DIR)
ROOMS = ("totetaxi", "catalog", "booking", "payments", "logistics", "staff")
# These read variables: env.str("NAME"), os.environ.get("NAME"), os.environ["NAME"].
READERS = re.compile(r"(os\.)?environ(ment)?\.(get|setdefault)|os\.getenv|env\.[a-z]+|env")
NOT_FOR_PEOPLE = {
    "CLOCK_STARTED_AT": "the supervisor tells its processes",
    "DEBIAN_FRONTEND": "for apt-get, when the browser is installed",
    "DJANGO_SETTINGS_MODULE": "there is one module of settings",
    "ENV_FILE": "names this very file; its first line says so",
}
READ_BY_LIBRARIES = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"}
FAMILIES = {"ANYMAIL_", rates.PREFIX}
# Seed section 7 and domain 17.3 name these; docs/deploy.md says of each what became of it.
OF_THE_SEED = [
    *("SECRET_KEY", "DATABASE_URL", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST"),
    *("DB_PORT", "REDIS_URL", "DEBUG", "ALLOWED_HOSTS", "STRIPE_SECRET_KEY"),
    *("STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "AWS_ACCESS_KEY_ID"),
    *("AWS_SECRET_ACCESS_KEY", "AWS_STORAGE_BUCKET_NAME", "AWS_SES_REGION"),
    *("CORS_ALLOWED_ORIGINS", "FLY_APP_NAME", "ONFLEET_API_KEY", "ONFLEET_MOCK_MODE"),
    *("ONFLEET_ENVIRONMENT", "ONFLEET_WEBHOOK_SECRET", "SENTRY_DSN", "SENTRY_ENVIRONMENT"),
    *("SENTRY_RELEASE", "DJANGO_LOG_LEVEL", "DEFAULT_FROM_EMAIL", "BOOKING_EMAIL_BCC"),
    *("STAFF_ALERT_EMAILS", "RECAPTCHA", "GOOGLE_PLACES_KEY", "GA", "ANTHROPIC_API_KEY"),
    *("LANGSMITH", "BOOKING_REMINDERS_ENABLED", "ORPHAN_AUTORECOVERY_ENABLED"),
    *("ORPHAN_RECOVERY_GRACE_MINUTES", "ORGANIZING_TAX_RATE"),
]


def variables_read() -> Iterator[str]:
    for room in ROOMS:
        for path in (PROJECT / room).rglob("*.py"):
            text = path.read_text()
            if "env" in text:
                for node in ast.walk(ast.parse(text)):
                    yield from _names(node)


def _names(node: ast.AST) -> Iterator[str]:
    given: ast.expr | None = None
    if isinstance(node, ast.Call) and node.args and READERS.fullmatch(ast.unparse(node.func)):
        given = node.args[0]
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
        given = node.slice
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        yield given.value


def variables_explained() -> set[str]:
    text = (PROJECT / ".env.example").read_text()
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))


def of_a_family(name: str) -> bool:
    return any(name.startswith(family) for family in FAMILIES)


def test_every_variable_is_explained_and_none_that_nobody_reads():
    read = {name for name in variables_read() if not of_a_family(name)} - NOT_FOR_PEOPLE.keys()
    explained = {name for name in variables_explained() if not of_a_family(name)}
    assert explained - READ_BY_LIBRARIES == read


def test_every_rate_that_is_explained_is_one():
    named = {name for name in variables_explained() if name.startswith(rates.PREFIX)}
    assert {name.removeprefix(rates.PREFIX).lower() for name in named} <= rates.DEFAULTS.keys()


def test_every_variable_stands_below_words_about_it():
    lines = (PROJECT / ".env.example").read_text().splitlines()
    for above, line in pairwise(lines):
        if re.match(r"#?[A-Z][A-Z0-9_]*=", line):
            # A variable or words, and after a heading at most one empty line.
            assert above.startswith("#") or not above, line


@pytest.mark.parametrize("name", OF_THE_SEED)
def test_the_deployment_page_says_what_became_of_a_variable_of_the_seed(name):
    page = (PROJECT / "docs" / "deploy.md").read_text()
    assert re.search(rf"^\| [^|]*`{name}[`_]", page, re.MULTILINE)


def test_the_deployment_page_names_no_variable_that_there_is_not():
    page = (PROJECT / "docs" / "deploy.md").read_text()
    ours = re.findall(r"^\| [^|]*\| `([A-Z][A-Z0-9_]*)`", page, re.MULTILINE)
    assert {name for name in ours if not of_a_family(name)} <= variables_explained()
