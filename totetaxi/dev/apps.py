"""What make run and make test need; never installed in production."""

from django.apps import AppConfig


class DevConfig(AppConfig):
    """What make run and make test need; never installed in production."""

    name = "totetaxi.dev"
    label = "dev"
