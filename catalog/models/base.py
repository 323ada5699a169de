"""What the catalog's models share."""

import uuid
from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models

from catalog import version

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class CatalogQuerySet(models.QuerySet[Row_co]):
    """Changes in bulk reach every process's price book, as single saves and deletions do."""

    def update(self, **kwargs: Any) -> int:
        version.replace_after_commit()
        return super().update(**kwargs)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        version.replace_after_commit()
        return super().bulk_create(objs, *args, **kwargs)


class CatalogRow(models.Model):
    """A row staff edit; bookings keep copies of what they need, so edits never reach the past."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    is_active = models.BooleanField(
        "active", default=True, help_text="Switch off to stop using it; nothing is lost."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


def known(field: str, choices: type[models.TextChoices], name: str) -> models.CheckConstraint:
    """The database's copy of ``choices``: any other value in ``field`` is refused."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": choices.values}), name=name)
