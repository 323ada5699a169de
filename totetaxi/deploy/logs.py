"""Log lines: JSON in production, plain in development; never a token, an address or an email."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from totetaxi.lib.scrub import scrub, traceback_of

STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
REQUEST_FIELDS = {"request", "status_code", "server_time"}


# At lower levels these quote what was sent: requests, mails, letters of receipts.
QUIET = (
    *("PIL", "anymail", "boto3", "botocore", "fontTools", "httpcore", "httpx", "pypdf"),
    *("s3transfer", "sentry_sdk.errors", "stripe", "urllib3"),
)


class PlainFormatter(logging.Formatter):
    """One line for a person to read."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The line, with the traceback below it if there is one, and what its errors say."""
        return scrub(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line; what a caller passes as ``extra`` becomes its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's time (UTC), level, logger, message and extras."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrub(record.getMessage()),
        }
        extras = vars(record).keys() - STANDARD_FIELDS - REQUEST_FIELDS
        values = ((name, _plain(getattr(record, name))) for name in sorted(extras))
        fields |= {name: value for name, value in values if value != ""}
        if record.exc_info and record.exc_info[1]:
            fields["traceback"] = traceback_of(record.exc_info[1])
        return json.dumps(fields)


def _plain(value: Any) -> Any:
    """A number as it is; anything else as a scrubbed text."""
    return value if value is None or isinstance(value, bool | int | float) else scrub(str(value))


def leave_out_results(record: logging.LogRecord) -> bool:
    """True; django-q says of a failed task what it returned: its error, quotes and all."""
    record.msg, record.args = record.getMessage().partition(" - ")[0], None
    return True


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
            "without_results": {"()": lambda: leave_out_results},
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
            "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
            "django.request": {"level": request_level},
            **{name: {"level": "WARNING"} for name in QUIET},
            # RequestLogMiddleware writes the line of a request, with its id.
            "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
            "totetaxi.requests": {"level": "WARNING" if environment == "test" else "INFO"},
            "gunicorn.error": {
                "handlers": ["console"],
                "level": servers_level,
                "propagate": False,
            },
            "django-q": {
                "handlers": [],
                "level": servers_level,
                "filters": ["without_results"],
                "propagate": True,
            },
        },
    }
