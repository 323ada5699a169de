"""Log lines carry ids, never a token, an address or an email."""

import json
import logging

import pytest

from totetaxi.deploy.logs import JsonFormatter, PlainFormatter, leave_out_static_files

BOOKING = "0b7f5bd2-8f0e-4a37-9d43-2f5d3f3d8a11"


def record(message, *arguments, **extra):
    return logging.makeLogRecord(
        {"name": "booking", "levelname": "INFO", "msg": message, "args": arguments, **extra}
    )


def test_json_line_has_the_extras_as_fields():
    line = json.loads(JsonFormatter().format(record("Paid.", created=0.5, booking=BOOKING)))
    assert line == {
        "time": "1970-01-01T00:00:00.500+00:00",
        "level": "info",
        "logger": "booking",
        "message": "Paid.",
        "booking": BOOKING,
    }


@pytest.mark.parametrize(
    ("message", "logged"),
    [
        ("GET /book/zip/?zip=11937 200", "GET /book/zip/ 200"),
        (f"GET /booking/{BOOKING}/ 200", f"GET /booking/{BOOKING}/ 200"),
        (f"GET /pay/{'t0ken-' * 10}/ 404", "GET /pay/.../ 404"),
        (
            "duplicate key\nDETAIL:  Key (email)=(ann@example.com) already exists.",
            "duplicate key\nDETAIL: left out",
        ),
    ],
)
def test_line_leaves_out_secrets(message, logged):
    assert PlainFormatter().format(record(message)).endswith(f"INFO booking: {logged}")
    assert json.loads(JsonFormatter().format(record(message)))["message"] == logged


def test_traceback_leaves_out_the_values_that_the_database_quotes():
    text = "refused\nDETAIL:  Key (email)=(ann@example.com) already exists."
    try:
        raise ValueError(text)
    except ValueError as error:
        failed = record("Failed.", exc_info=(ValueError, error, error.__traceback__))
    traceback = json.loads(JsonFormatter().format(failed))["traceback"]
    assert "ValueError: refused" in traceback
    assert "ann@example.com" not in traceback


def test_static_files_are_left_out_of_access_lines():
    lines = [record("%s %s", "GET", path) for path in ("/book/", "/static/css/site.css")]
    assert [leave_out_static_files(line) for line in lines] == [True, False]


def test_letters_of_receipts_are_not_logged():
    assert logging.getLogger("fontTools.subset").getEffectiveLevel() == logging.WARNING
