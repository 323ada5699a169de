"""Log lines carry ids, never a token, an address or an email."""

import json
import logging

import pytest
from django.db import IntegrityError

from totetaxi.deploy.logs import JsonFormatter, PlainFormatter, leave_out_results, log_config

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
        raise IntegrityError(text)
    except IntegrityError as error:
        failed = record("Failed.", exc_info=(IntegrityError, error, error.__traceback__))
    traceback = json.loads(JsonFormatter().format(failed))["traceback"]
    assert "IntegrityError: refused" in traceback
    assert "ann@example.com" not in traceback


def test_extras_are_scrubbed_and_numbers_stay():
    line = json.loads(JsonFormatter().format(record("Done.", ms=12, to="ann@example.com", at=None)))
    assert (line["ms"], line["to"], line["at"]) == (12, "...", None)


def test_production_logs_an_error_without_its_words_and_development_with_them():
    try:
        raise ValueError("No such street: 5 Canary Lane")
    except ValueError as error:
        failed = record("Failed.", exc_info=(ValueError, error, error.__traceback__))
    traceback = json.loads(JsonFormatter().format(failed))["traceback"]
    assert traceback.endswith("\nValueError")
    assert "test_logs.py" in traceback
    assert "5 Canary Lane" in PlainFormatter().format(failed)


def test_result_of_a_failed_task_is_not_logged():
    failed = record("Failed 'deliver' (%s) - %s", "alpha", "ValueError: 5 Canary Lane")
    assert leave_out_results(failed)
    assert failed.getMessage() == "Failed 'deliver' (alpha)"


@pytest.mark.parametrize("name", ["botocore", "urllib3", "httpx", "stripe", "anymail", "fontTools"])
def test_what_quotes_requests_and_mails_stays_quiet_at_any_level(name):
    assert log_config("production", "DEBUG")["loggers"][name] == {"level": "WARNING"}
