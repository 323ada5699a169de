"""Error reports to Sentry, where SENTRY_DSN names a project; none of them knows a person (R684).

An event is made anew from the few facts that name nobody, instead of taken apart: what a later
version of the library adds stays out by itself.
"""

from typing import Any, Final

import sentry_sdk
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.transport import Transport

from totetaxi.lib import request_id
from totetaxi.lib.scrub import chain_of, scrub, what_it_says

OFF: Final = {"mode": "off"}
# What the library would collect by itself; once this was ``send_default_pii=False``.
NOTHING_OF_PEOPLE: Final[Any] = {
    "cookies": OFF,
    "database_query_data": False,
    "gen_ai": {"inputs": False, "outputs": False},
    "graphql": {"document": False, "variables": False},
    "http_bodies": [],
    "http_headers": {"request": OFF},
    "queues": False,
    "stack_frame_variables": False,
    "url_query_params": OFF,
    "user_info": False,
}
KEPT: Final = (
    *("environment", "event_id", "level", "logger", "platform", "release", "sdk", "server_name"),
    *("start_timestamp", "timestamp", "transaction_info", "type"),
)
KEPT_OF_A_FRAME: Final = (
    *("abs_path", "context_line", "filename", "function", "in_app", "lineno", "module"),
    *("post_context", "pre_context"),
)
KEPT_OF_A_SPAN: Final = (
    *("op", "parent_span_id", "span_id", "start_timestamp", "status", "timestamp", "trace_id"),
)


def start_reporting(
    dsn: str, *, environment: str, release: str, traces: float, transport: Transport | None = None
) -> None:
    """Report errors of this process, and how long ``traces`` (0 to 1) of the requests take.

    ``transport``: how events leave, for tests; by default over HTTPS to ``dsn``.
    """
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release or None,
        traces_sample_rate=traces,
        transport=transport,
        integrations=[DjangoIntegration(transaction_style="url", middleware_spans=False)],
        # Whatever else is installed is not looked into.
        auto_enabling_integrations=False,
        data_collection=NOTHING_OF_PEOPLE,
        include_local_variables=False,
        max_request_body_size="never",
        spotlight=False,  # A variable of the environment could switch it on.
        max_breadcrumbs=0,
        trace_propagation_targets=[],  # Nothing of ours in requests to others.
        before_send=_error,
        before_send_transaction=_transaction,
    )


def _error(event: Any, hint: dict[str, Any]) -> Any:
    """What is sent of an error: where it came from, its class, a log line without its values."""
    kept = _common(event)
    error = (hint.get("exc_info") or (None, None, None))[1]
    said = {type(link).__name__: what_it_says(link) for link in chain_of(error)}
    values = event.get("exception", {}).get("values", [])
    kept["exception"] = {"values": [_exception(value, said) for value in values]}
    if template := event.get("logentry", {}).get("message"):
        kept["logentry"] = {"message": scrub(template)}
    return kept


def _transaction(event: Any, hint: dict[str, Any]) -> Any:
    """What is sent of a timed request: which page, and how long its parts took."""
    spans = event.get("spans", [])
    return _common(event) | {"spans": [_only(span, KEPT_OF_A_SPAN) for span in spans]}


def _common(event: Any) -> dict[str, Any]:
    """What errors and timed requests have alike. The request's id leads to its line in the log."""
    kept = _only(event, KEPT)
    # A route such as /booking/{booking_id}/, or a path that fits none.
    kept["transaction"] = scrub(event.get("transaction") or "")
    kept["contexts"] = {"trace": _only(event.get("contexts", {}).get("trace", {}), KEPT_OF_A_SPAN)}
    kept["tags"] = {"request_id": request_id.current()}
    return kept


def _exception(value: Any, said: dict[str, str]) -> dict[str, Any]:
    """One error of a chain: its class and frames; its words only if they quote nobody."""
    frames = (value.get("stacktrace") or {}).get("frames", [])
    return {
        "module": value.get("module"),
        "type": value.get("type"),
        "value": said.get(value.get("type"), ""),
        "stacktrace": {"frames": [_only(frame, KEPT_OF_A_FRAME) for frame in frames]},
    }


def _only(fields: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: fields[name] for name in names if name in fields}
