"""Rows of the catalog as people edit them: what they held, what changed, who was faster."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest

from staff.audit import log_action
from staff.models import ActionType
from totetaxi.lib.money import usd

Values = dict[str, Any]


def values_of(row: models.Model, names: Iterable[str]) -> Values:
    """What ``row`` holds in the fields ``names``, as JSON can keep it."""
    return {name: _plain(getattr(row, name)) for name in names}


def stamp_of(row: models.Model, names: Iterable[str]) -> str:
    """A short fingerprint of what a form shows of ``row``: another one means another state."""
    return stamp(values_of(row, names))


def stamp(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


def changed(before: Values, after: Values) -> tuple[Values, Values]:
    """What was and what is, of the fields that differ."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in names if name in before},
        {name: after[name] for name in names if name in after},
    )


def words_of(row: models.Model, name: str) -> str:
    """A stored value as people read it: "$175.00", "yes", "none"."""
    value = getattr(row, name)
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_cents"):
        return usd(value)
    display = getattr(row, f"get_{name}_display", None)
    return str(display() if display else value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        # 8.875 and 8.8750 are one number, however it was stored.
        return f"{value.normalize():f}"
    return value


@dataclass(frozen=True)
class Conflict:
    """Somebody saved the row after the page was opened: what is stored now where it differs."""

    stored: tuple[tuple[str, str], ...]


def conflict_of(stored: models.Model, form: forms.BaseModelForm[Any]) -> Conflict:
    """The fields in which what is stored now differs from what was typed."""
    differences = []
    for name, field in form.fields.items():
        if not hasattr(stored, name) or not field.has_changed(
            form.get_initial_for_field(field, name), form[name].data
        ):
            continue
        differences.append((str(field.label or name), words_of(stored, name)))
    return Conflict(tuple(differences))


def save_form(
    request: HttpRequest, form: forms.BaseModelForm[Any], *, noun: str, before: Values | None
) -> bool:
    """Save a valid form and put what changed on record; False if the database refused.

    Call it in a transaction with the row locked. ``before`` is None for a new row. What did not
    change is not saved, and not on record either.
    """
    names = list(form.fields)
    try:
        with transaction.atomic():
            row = form.save()
    except IntegrityError:
        # Two people made the same thing at once: what the form's own checks could not see.
        form.add_error(None, "Somebody saved the same thing at this moment. Look, and try again.")
        return False
    old, new = changed(before or {}, values_of(row, names))
    if before is None or new:
        verb = "Added" if before is None else "Changed"
        record(request, f"{verb} {noun} {row}", old, new, key=row.pk)
    return True


def record(request: HttpRequest, text: str, before: Values, after: Values, *, key: object) -> None:
    """Put a change of the catalog on record, with the key of its row."""
    log_action(
        request,
        ActionType.MANAGE_CATALOGUE,
        text,
        before={"id": str(key), **before},
        after={"id": str(key), **after},
    )
