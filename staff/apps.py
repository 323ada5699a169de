"""The office's screens over all of the other apps."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    """The office's screens over all of the other apps."""

    name = "staff"
    label = "staff"

    def ready(self) -> None:
        from staff import handlers, jobs  # noqa: F401  (registers outbox handlers and jobs)
