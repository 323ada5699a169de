"""How each kind of process connects."""

import sys

import environ
import pytest

from totetaxi.deploy.database import database

URL = "postgresql://site:secret@db.example:6432/totetaxi?sslmode=require"
ENVIRONMENT = ("DATABASE_URL", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "DB_PORT")


@pytest.fixture
def connect(monkeypatch):
    for name in (*ENVIRONMENT, "DB_POOL_SIZE", "DB_POOL_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)

    def with_variables(*argv: str, embedded: str = "", **variables: str):
        monkeypatch.setattr(sys, "argv", [*argv])
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return database(environ.Env(), embedded=embedded)

    return with_variables


def test_a_web_process_pools_as_many_connections_as_it_is_told(connect):
    found = connect("gunicorn", DATABASE_URL=URL, DB_POOL_SIZE="4")
    assert found["OPTIONS"] == {
        "sslmode": "require",
        "pool": {"min_size": 1, "max_size": 4, "timeout": 10},
    }
    assert "CONN_MAX_AGE" not in found or found["CONN_MAX_AGE"] == 0


def test_how_long_a_request_waits_for_a_connection_can_be_set(connect):
    found = connect("gunicorn", DATABASE_URL=URL, DB_POOL_SIZE="4", DB_POOL_TIMEOUT="3")
    assert found["OPTIONS"]["pool"]["timeout"] == 3


def test_the_queue_never_pools_because_it_forks(connect):
    found = connect("manage.py", "qcluster", DATABASE_URL=URL, DB_POOL_SIZE="4")
    assert found["OPTIONS"] == {"sslmode": "require"}
    assert found["CONN_MAX_AGE"] == 60


def test_other_commands_connect_once(connect):
    found = connect("manage.py", "release", DATABASE_URL=URL)
    assert "pool" not in found["OPTIONS"]
    assert (found["HOST"], found["PORT"], found["USER"]) == ("db.example", 6432, "site")


def test_the_database_can_be_named_in_parts(connect):
    found = connect(
        "manage.py", DB_NAME="totetaxi", DB_USER="site", DB_PASSWORD="p@ss:/?", DB_HOST="db"
    )
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("totetaxi", "site", "p@ss:/?")
    assert found["CONN_HEALTH_CHECKS"] is True


def test_an_address_wins_over_the_embedded_database(connect):
    embedded = "postgresql://postgres@/totetaxi?host=/var/lib/pg"
    assert connect("manage.py", embedded=embedded)["OPTIONS"] == {"host": "/var/lib/pg"}
    assert connect("manage.py", embedded=embedded, DATABASE_URL=URL)["HOST"] == "db.example"
