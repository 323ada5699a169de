"""The booking policy with its refund table, saved as one (rules R984 and R985)."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from catalog.models import BookingPolicy
from staff.access import Capability, StaffRequest, staff_page
from staff.catalog.policy_forms import PolicyForm, RefundFormSet
from staff.catalog.records import (
    Conflict,
    Values,
    changed,
    conflict_of,
    record,
    stamp,
    values_of,
)

EFFECT = "It counts from the next page view on; bookings that are made already stay as they are."


@dataclass(frozen=True)
class Editing:
    """The policy as it is being edited; ``errors`` counts what the table has to fix."""

    form: PolicyForm
    table: Any
    stamp: str
    saved: bool = False
    conflict: Conflict | None = None


@staff_page(Capability.MANAGE_CATALOG, rate="change")
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: StaffRequest) -> HttpResponse:
    """One page for all of it."""
    editing = _save(request) if request.method == "POST" else _open(request)
    if editing.saved:
        messages.success(request, f"The policy is saved. {EFFECT}")
        return redirect("staff:catalog_policy")
    context = {"attempt": editing, "form": editing.form, "table": editing.table, "effect": EFFECT}
    return render(request, "staff/catalog/policy.html", context)


def _open(request: StaffRequest) -> Editing:
    row = _policy(lock=False)
    form = PolicyForm(instance=row, may_set_two_person=_may(request))
    return Editing(form, RefundFormSet(instance=row), stamp(_state(row, form)))


@transaction.atomic
def _save(request: StaffRequest) -> Editing:
    """Save form and table together or not at all."""
    row, may = _policy(lock=True), _may(request)
    form = PolicyForm(request.POST, instance=row, may_set_two_person=may)
    before = _state(row, form)
    table = RefundFormSet(request.POST, instance=row)
    if request.POST.get("stamp") != stamp(before):
        # Before validation, which writes what was typed into the row.
        conflict = conflict_of(row, form)
        return Editing(form, table, stamp(before), conflict=conflict)
    if not all([form.is_valid(), table.is_valid()]):  # Both say what is to be fixed.
        return Editing(form, table, stamp(before))
    form.save()
    table.save()
    old, new = changed(before, _state(_policy(lock=False), form))
    if new:
        record(request, "Changed the booking policy", old, new, key=row.pk)
    return Editing(form, table, stamp(before), saved=True)


def _policy(*, lock: bool) -> BookingPolicy:
    rows = BookingPolicy.objects.select_for_update() if lock else BookingPolicy.objects.all()
    row = rows.first()
    if row is None:
        raise Http404
    return row


def _state(row: BookingPolicy, form: PolicyForm) -> Values:
    """The policy as it is stored, the refund table as "48 hours: 100 %" lines."""
    rules = row.refund_rules.order_by("-hours_before").values_list("hours_before", "percent")
    table = {"refund_table": [f"{hours} hours: {percent} %" for hours, percent in rules]}
    return {**values_of(row, form.fields), **table}


def _may(request: StaffRequest) -> bool:
    return request.staff.can(Capability.ADMINISTER)
