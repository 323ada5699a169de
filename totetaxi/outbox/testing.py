"""What tests need of the queue."""

from collections.abc import Callable
from functools import partial
from pydoc import locate
from typing import Any

from django_q.models import OrmQ

from totetaxi.lib.clock import real_now
from totetaxi.outbox import services
from totetaxi.outbox.models import Message


def run_queue(*, errors_allowed: bool = False) -> int:
    """Work off the queue and all due messages until none is left; how many messages got done.

    A message that fails waits for its next attempt, which this does not wait for. It fails the
    test as well, unless ``errors_allowed``.
    """
    done = 0
    failed: dict[str, str] = {}
    while work := [*_queued(), *_due()]:
        for message_id, run in work:
            done += run() is True
            message = Message.objects.filter(pk=message_id).first() if message_id else None
            if message and message.last_error:
                failed[str(message)] = message.last_error
    if failed and not errors_allowed:
        raise AssertionError(f"Messages failed: {failed}")
    return done


def _queued() -> list[tuple[str, Callable[[], Any]]]:
    """The queue's entries, which this takes out of it: the message each is for, and its call."""
    calls: list[tuple[str, Callable[[], Any]]] = []
    for entry in OrmQ.objects.order_by("pk"):
        entry.delete()
        task = entry.task
        function: Any = locate(task["func"])
        message_id = task["args"][0] if task["func"] == services.DELIVER else ""
        calls.append((message_id, partial(function, *task["args"], **task["kwargs"])))
    return calls


def _due() -> list[tuple[str, Callable[[], Any]]]:
    """Messages that are due, whether or not the queue knows them."""
    return [
        (str(pk), partial(services.deliver, pk))
        for pk in Message.objects.due(real_now()).values_list("pk", flat=True)
    ]
