"""What the queue's workers call, by these dotted names."""

import logging

from totetaxi.outbox import services

logger = logging.getLogger(__name__)


def deliver(message_id: str) -> bool:
    """Deliver a message; True if it is done by that."""
    return services.deliver(message_id)


def run_job(name: str) -> str:
    """Run a job. A failure is on its record, so the queue need not try again before its time."""
    try:
        return services.run_job(name)
    except Exception:
        logger.exception("Job %s failed", name)
        return "failed"
