"""Plain pages: about, questions, terms, contact, health."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """Plain pages: about, questions, terms, contact, health."""

    name = "totetaxi.pages"
    label = "pages"

    def ready(self) -> None:
        from totetaxi.pages import handlers, jobs  # noqa: F401 (they register themselves)
