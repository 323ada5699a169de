"""What the queue's workers call, by these dotted names."""

import logging
from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django_q.signals import pre_enqueue

from totetaxi.outbox import services

logger = logging.getLogger(__name__)


def deliver(message_id: str) -> bool:
    """Deliver a message; True if it is done by that."""
    return services.deliver(message_id)


@receiver(pre_enqueue, dispatch_uid="stamp_runs")
def stamp_runs(task: dict[str, Any], **kwargs: Any) -> None:
    """Note in each run of a job when it was queued, so that it can be too late.

    The planned time, which the queue could pass as well, is no measure for that: after an outage
    of the scheduler it lies far back, and the run that makes up for the outage would be skipped.
    """
    if task["func"] == services.RUN_JOB:
        task["kwargs"]["queued_at"] = task["started"]


def run_job(name: str, queued_at: datetime | None = None) -> str:
    """Run a job. A failure is on its record, so the queue need not try again before its time."""
    try:
        return services.run_job(name, queued_at=queued_at)
    except Exception:
        logger.exception("Job %s failed", name)
        return "failed"
