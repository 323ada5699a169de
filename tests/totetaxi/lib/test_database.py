"""A question that always ends in time."""

import socket
import time
from collections.abc import Iterator

import pytest
from django.db import connection, connections

from totetaxi.lib.database import answers


@pytest.fixture
def elsewhere(db, monkeypatch) -> Iterator[socket.socket]:
    """New connections go to a server that takes them and says nothing."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        place = {"HOST": "127.0.0.1", "PORT": str(silent.getsockname()[1])}
        for name, value in place.items():
            monkeypatch.setitem(connections.settings["default"], name, value)
        yield silent


def test_database_that_answers(db):
    assert answers(seconds=5)


def test_own_connection_is_not_used(db):
    with connection.execute_wrapper(lambda *args: pytest.fail("It was asked.")):
        assert answers(seconds=5)


def test_server_that_takes_the_connection_and_is_silent(elsewhere):
    begun = time.monotonic()
    assert not answers(seconds=0.2)
    assert time.monotonic() - begun < 1


def test_server_that_is_gone(elsewhere):
    elsewhere.close()
    begun = time.monotonic()
    assert not answers(seconds=5)
    assert time.monotonic() - begun < 2
