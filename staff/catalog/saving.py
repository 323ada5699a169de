"""Saving what people typed: one row under its lock, or many with one act (rules R980-R984)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, QueryDict

from catalog.models import CapacityDay
from staff.catalog.forms import RecordForm
from staff.catalog.kinds import Act, Kind
from staff.catalog.records import (
    Conflict,
    changed,
    conflict_of,
    record,
    save_form,
    stamp_of,
    values_of,
)

MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Attempt:
    """What came of sending a form: saved, or the form to show again and why.

    ``name`` is what the row is called as it is stored, whatever was typed over it.
    """

    form: RecordForm
    row: Any
    name: str
    stamp: str
    saved: bool = False
    conflict: Conflict | None = None


def find(kind: Kind, key: str, *, lock: bool = False) -> Any:
    """A row by its key in the address; Http404 for anything else."""
    rows = kind.model._default_manager.all()
    if lock:
        rows = rows.select_for_update()
    try:
        row = None if "\x00" in key else rows.filter(pk=key).first()
    except (ValidationError, ValueError) as error:
        raise Http404 from error
    if row is None:
        raise Http404
    return row


def opened(kind: Kind, row: Model) -> Attempt:
    """The form of a row as it is first shown."""
    form = kind.form_for(row)(instance=row)
    return Attempt(form, row, _name(row), stamp_of(row, form.fields))


def previewed(request: HttpRequest, kind: Kind, row: Model) -> Attempt:
    """The form as it was typed, to be looked at; nothing is saved."""
    name = _name(row)
    form = kind.form_for(row)(request.POST, instance=row)
    return Attempt(form, row, name, request.POST.get("stamp", ""))


def _name(row: Model) -> str:
    """Rows that are not there yet have no name."""
    return "" if row._state.adding else str(row)


@transaction.atomic
def save_new(request: HttpRequest, kind: Kind, row: Model) -> Attempt:
    """Add a row from what was posted."""
    form = kind.form_for(row)(request.POST, instance=row)
    saved = form.is_valid() and save_form(request, form, noun=kind.noun, before=None)
    return Attempt(form, row, "", "", saved)


@transaction.atomic
def save_existing(request: HttpRequest, kind: Kind, key: str) -> Attempt:
    """Change a row from what was posted, unless somebody changed it since the page was opened."""
    row = find(kind, key, lock=True)
    return _save_locked(request, kind.form_for(row), row, noun=kind.noun)


@transaction.atomic
def save_capacity(request: HttpRequest, form: type[RecordForm], day: CapacityDay) -> Attempt:
    """Set the places of a day, which may have no row yet; places stand still meanwhile."""
    CapacityDay.objects.hold_still()
    row = CapacityDay.objects.filter(pk=day.pk).first() or day
    return _save_locked(request, form, row, noun="places of")


def _save_locked(
    request: HttpRequest, form_class: type[RecordForm], row: Any, *, noun: str
) -> Attempt:
    names, name = list(form_class(instance=row).fields), _name(row)
    before, stamp = values_of(row, names), stamp_of(row, names)
    form = form_class(request.POST, instance=row)
    if request.POST.get("stamp") != stamp:
        # Before validation, which writes what was typed into the row.
        conflict = conflict_of(row, form)
        form.is_valid()
        return Attempt(form, row, name, stamp, conflict=conflict)
    saved = form.is_valid() and save_form(request, form, noun=noun, before=before)
    return Attempt(form, row, name, stamp, saved)


@transaction.atomic
def delete(request: HttpRequest, kind: Kind, key: str) -> bool:
    """Delete a row that may go, on record; False for one that may not."""
    row = find(kind, key, lock=True)
    if not may_go(kind, row):
        return False
    before = values_of(row, list(kind.form_for(row)(instance=row).fields))
    record(request, f"Deleted {kind.noun} {row}", before, {}, key=row.pk)
    row.delete()
    return True


def may_go(kind: Kind, row: Any) -> bool:
    """Rules that came with the site would come back: those are switched off instead."""
    return kind.can_delete and getattr(row, "seed_key", None) is None


def act_on_all(
    request: HttpRequest, kind: Kind, act: Act, keys: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Do one act to the chosen rows, each by itself: who it was done to, and what was refused."""
    done, refused = [], []
    for key in sorted(set(keys))[:MOST_AT_ONCE]:
        try:
            name = _act(request, kind, act, key)
        except Http404:
            refused.append("A row is gone meanwhile.")
        except ValidationError as error:
            refused.append(" ".join(error.messages))
        else:
            done.append(name)
    return done, refused


@transaction.atomic
def _act(request: HttpRequest, kind: Kind, act: Act, key: str) -> str:
    row = find(kind, key, lock=True)
    before = values_of(row, act.fields)
    _set(row, act.fields)
    old, new = changed(before, values_of(row, act.fields))
    if new:
        try:
            row.full_clean()
        except ValidationError as error:
            raise ValidationError([f"{row}: {' '.join(error.messages)}"]) from error
        row.save()
        record(request, f"{kind.noun} {row}: {act.done}", old, new, key=row.pk)
    return str(row)


def _set(row: Model, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(row, name, value)


def act_named(kind: Kind, data: QueryDict) -> Act | None:
    """The act whose button was pressed."""
    return next((act for act in kind.acts if act.label == data.get("act")), None)
