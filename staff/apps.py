"""The office's screens over all of the other apps."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    """The office's screens over all of the other apps."""

    name = "staff"
    label = "staff"
