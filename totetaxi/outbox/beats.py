"""Signs of life of the queue's two halves, stamped by django-q2's own signals.

The scheduler beats when it makes the task of the job ``outbox.beat`` by its schedule, in its own
transaction: one schedule that cannot be made takes back all of them, and then the beat is missing
as well. A worker beats when it has run a task, of any kind: with a long queue before it the beat
would come late. Nobody who runs the job by hand stamps anything. Of several clusters any one
counts (rule R663).
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import Error as DatabaseTrouble
from django.db.models import Q
from django.dispatch import receiver
from django_q.signals import post_execute_in_worker, pre_enqueue

from totetaxi.lib.clock import real_now
from totetaxi.outbox.models import Beat

logger = logging.getLogger(__name__)

SCHEDULER: Final = "scheduler"
WORKER: Final = "worker"
# The job whose schedule is the scheduler's pulse.
BEAT_JOB: Final = "outbox.beat"
# Who asks for readiness beats, too: a silence that nobody could hear is no silence.
WATCH: Final = "watch"
WATCH_SINCE: Final = "watch_since"
# After so long without a question everything may have been off: listening begins anew.
UNWATCHED: Final = timedelta(minutes=10)
WATCH_EVERY: Final = timedelta(seconds=5)
WORKER_EVERY_SECONDS: Final = 15

_worker_stamped_at = float("-inf")  # Monotonic seconds, of this process.


def stamp(*names: str, at: datetime) -> None:
    """Note signs of life."""
    Beat.objects.bulk_create(
        [Beat(name=name, at=at) for name in sorted(names)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def signs() -> dict[str, datetime]:
    """The last sign of life of each part."""
    return dict(Beat.objects.values_list("name", "at"))


def listen(now: datetime) -> None:
    """Note that somebody asks, and since when without a long break (rule R664)."""
    last = Beat.objects.filter(name=WATCH).values_list("at", flat=True).first()
    if last is None or now - last > UNWATCHED:
        stamp(WATCH, WATCH_SINCE, at=now)
    elif now - last > WATCH_EVERY:
        # Of many who ask at once, one writes.
        Beat.objects.filter(Q(at__lt=now - WATCH_EVERY), name=WATCH).update(at=now)


def listening_since(signs: dict[str, datetime], now: datetime) -> datetime | None:
    """Since when silence would have been noticed; None while nobody listens."""
    last = signs.get(WATCH)
    if last is None or now - last > UNWATCHED:
        return None
    return signs.get(WATCH_SINCE)


@receiver(pre_enqueue, dispatch_uid="scheduler_beats")
def scheduler_beats(task: dict[str, Any], **kwargs: Any) -> None:
    """The scheduler is making a task; its tasks carry the name of their schedule as group."""
    if task.get("group") == BEAT_JOB:
        stamp(SCHEDULER, at=real_now())


@receiver(post_execute_in_worker, dispatch_uid="worker_beats")
def worker_beats(**kwargs: Any) -> None:
    """A worker has run a task, well or not; it writes that down every quarter of a minute."""
    global _worker_stamped_at  # noqa: PLW0603 (one process, one thread)
    now = time.monotonic()
    if now - _worker_stamped_at < WORKER_EVERY_SECONDS:
        return
    try:
        stamp(WORKER, at=real_now())
    except DatabaseTrouble:  # Raised here, it would end the worker after its work was done.
        logger.warning("A worker could not write down its sign of life")
    else:
        _worker_stamped_at = now
