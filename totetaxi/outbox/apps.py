"""Work that must survive the request."""

import anymail.signals
from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Messages to handlers, and scheduled jobs."""

    name = "totetaxi.outbox"
    label = "outbox"
    verbose_name = "Messages and jobs"

    def ready(self) -> None:
        """Register jobs, what stamps their runs, who hears of mails, and the checks of lib."""
        from totetaxi.lib import checks  # noqa: F401
        from totetaxi.outbox import beats, jobs, tasks, tracking  # noqa: F401

        anymail.signals.tracking.connect(tracking.follow, dispatch_uid="outbox.tracking")
