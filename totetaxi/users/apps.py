"""Who someone is."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Who someone is."""

    name = "totetaxi.users"
    label = "users"
