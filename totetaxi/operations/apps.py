"""Keeping the site."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Commands that need all rooms; no models."""

    name = "totetaxi.operations"
    label = "operations"
