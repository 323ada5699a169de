"""Getting it there."""

from django.apps import AppConfig


class LogisticsConfig(AppConfig):
    """Getting it there."""

    name = "logistics"
    label = "logistics"
