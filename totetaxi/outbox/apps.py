"""Work that must survive the request."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Messages to handlers, and scheduled jobs."""

    name = "totetaxi.outbox"
    label = "outbox"
    verbose_name = "Messages and jobs"

    def ready(self) -> None:
        """Register the jobs, and the system checks of ``totetaxi.lib``, which is no app."""
        from totetaxi.lib import checks  # noqa: F401
        from totetaxi.outbox import jobs  # noqa: F401
