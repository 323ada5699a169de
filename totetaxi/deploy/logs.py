"""Log lines: JSON in production, plain in development; never a token, an address or an email."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

# A signed link's token is a part of its path; our own ids (UUIDs) have 36 characters.
TOKEN_IN_PATH = re.compile(r"(?<=/)[^/\s?]{37,}")
QUERY_STRING = re.compile(r"\?[^\s\"]*")
# PostgreSQL names the offending values there: "Key (email)=(ann@example.com) already exists."
DATABASE_DETAIL = re.compile(r"^DETAIL:.*$", re.MULTILINE)
STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
REQUEST_FIELDS = {"request", "status_code", "server_time"}


def without_secrets(text: str) -> str:
    """``text`` without tokens and query strings of URLs, and without values the database quotes."""
    text = TOKEN_IN_PATH.sub("...", QUERY_STRING.sub("", text))
    return DATABASE_DETAIL.sub("DETAIL: left out", text)


class PlainFormatter(logging.Formatter):
    """One line for a person to read."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The line, with the traceback below it if there is one."""
        return without_secrets(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line; what a caller passes as ``extra`` becomes its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's time (UTC), level, logger, message and extras."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        extras = vars(record).keys() - STANDARD_FIELDS - REQUEST_FIELDS
        fields |= {name: value for name in sorted(extras) if (value := getattr(record, name)) != ""}
        if record.exc_info:
            fields["traceback"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(fields, default=str)


def leave_out_static_files(record: logging.LogRecord) -> bool:
    """Whether an access line is worth keeping: not one for each style sheet and font."""
    return "/static/" not in record.getMessage()


def log_config(environment: str, level: str) -> dict[str, Any]:
    """The configuration of ``logging``, the same for Django and gunicorn."""
    formatter = JsonFormatter if environment == "production" else PlainFormatter
    request_level = "ERROR" if environment == "test" else level
    # What servers say of their own coming and going is of use in production only.
    servers_level = level if environment == "production" else "WARNING"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request_id": {"()": "totetaxi.lib.request_id.RequestIdFilter"},
            "without_static": {"()": lambda: leave_out_static_files},
        },
        "formatters": {"line": {"()": formatter}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["request_id"],
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # These have handlers of their own by default.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {
                "handlers": ["console"],
                "level": level,
                "filters": ["without_static"],
                "propagate": False,
            },
            "django.request": {"level": request_level},
            "fontTools": {"level": "WARNING"},  # It lists the letters of every receipt.
            "httpx": {"level": "WARNING"},
            "stripe": {"level": "WARNING"},  # It quotes what a customer typed.
            "gunicorn.access": {
                "handlers": ["console"],
                "level": "INFO",
                "filters": ["without_static"],
                "propagate": False,
            },
            "gunicorn.error": {
                "handlers": ["console"],
                "level": servers_level,
                "propagate": False,
            },
            "django-q": {"handlers": [], "level": servers_level, "propagate": True},
        },
    }
