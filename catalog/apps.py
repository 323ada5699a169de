"""The catalog app."""

import logging

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, post_save

from catalog import version

logger = logging.getLogger(__name__)


class CatalogConfig(AppConfig):
    """Keeps every process's price book in step with the rows it is made from."""

    name = "catalog"
    label = "catalog"

    def ready(self) -> None:
        from catalog import jobs  # noqa: F401  (registers the job)
        from catalog.price_book import SOURCES

        for model in SOURCES:
            for signal in (post_save, post_delete):
                signal.connect(
                    _changed, sender=model, dispatch_uid=f"{model.__name__}-{id(signal)}"
                )
        post_migrate.connect(_migrated, sender=self, dispatch_uid="catalog-migrated")


def _changed(**_: object) -> None:
    version.replace_after_commit()


def _migrated(**_: object) -> None:
    """Migrations and flushes change rows without saving them one by one."""
    try:
        version.replace()
    except Exception:  # The first migration comes before the cache's table, or any cache at all.
        logger.debug("No shared cache to keep the catalog's version in yet")
