"""What can be done about deliveries; views, handlers, jobs and the office call nothing below."""

from logistics.services.alerts import raise_alert, resolve_alert
from logistics.services.dispatch import (
    DispatchRefusedError,
    dispatch,
    dispatch_is_on,
    follow,
    redispatch,
)
from logistics.services.events import process_event, record_event
from logistics.services.proofs import fetch_proofs, proofs_of
from logistics.services.recall import recall, update_tasks
from logistics.services.sync import catch_up, read_task, sync_open_tasks, watch_webhooks

__all__ = [
    "DispatchRefusedError",
    "catch_up",
    "dispatch",
    "dispatch_is_on",
    "fetch_proofs",
    "follow",
    "is_wanted",
    "process_event",
    "proofs_of",
    "raise_alert",
    "read_task",
    "recall",
    "record_event",
    "redispatch",
    "resolve_alert",
    "sync_open_tasks",
    "update_tasks",
    "watch_webhooks",
]
