"""The catalog in the office: one list and one form for every kind of row (rules R980-R984)."""

from django.contrib import messages
from django.db.models import Model
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.choices import SurchargeType
from catalog.models import SurchargeRule
from staff.access import Capability, StaffRequest, staff_page
from staff.catalog import saving
from staff.catalog.beside import beside
from staff.catalog.kinds import KINDS, Kind
from staff.catalog.surcharge_forms import FORMS
from staff.tables import page_of


@staff_page(Capability.MANAGE_CATALOG, rate="lists")
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """What there is to edit."""
    return render(request, "staff/catalog/index.html", {"kinds": KINDS.values()})


@staff_page(Capability.MANAGE_CATALOG, rate="lists")
@require_safe
def records(request: StaffRequest, slug: str) -> HttpResponse:
    """The rows of one kind."""
    kind = _kind(slug)
    rows, narrowed = kind.filtered(request.GET)
    page = page_of(request, rows)
    table = [
        (row, [(column, column.text(row)) for column in kind.columns]) for row in page.object_list
    ]
    context = {"kind": kind, "page": page, "table": table, "filter": narrowed}
    return render(request, "staff/catalog/list.html", context)


@staff_page(Capability.MANAGE_CATALOG, rate="change")
@require_http_methods(["GET", "HEAD", "POST"])
def record_new(request: StaffRequest, slug: str) -> HttpResponse:
    """Add a row; a surcharge rule asks for its kind first, because the form depends on it."""
    kind = _kind(slug)
    if not kind.can_add:
        raise Http404
    row = _blank(request, kind)
    if row is None:
        context = {"kind": kind, "choices": SurchargeType.choices}
        return render(request, "staff/catalog/choose.html", context)
    if request.method != "POST":
        return _form_page(request, kind, saving.opened(kind, row), is_new=True)
    if "preview" in request.POST:
        return _form_page(request, kind, saving.previewed(request, kind, row), is_new=True)
    attempt = saving.save_new(request, kind, row)
    if not attempt.saved:
        return _form_page(request, kind, attempt, is_new=True)
    messages.success(request, f"{attempt.row} is added. {kind.effect}")
    return redirect("staff:catalog_list", kind.slug)


@staff_page(Capability.MANAGE_CATALOG, rate="change")
@require_http_methods(["GET", "HEAD", "POST"])
def record_edit(request: StaffRequest, slug: str, key: str) -> HttpResponse:
    """Change a row; what somebody else saved meanwhile is shown, and nothing typed is lost."""
    kind = _kind(slug)
    if request.method != "POST":
        return _form_page(request, kind, saving.opened(kind, saving.find(kind, key)))
    if "preview" in request.POST:
        return _form_page(request, kind, saving.previewed(request, kind, saving.find(kind, key)))
    attempt = saving.save_existing(request, kind, key)
    if not attempt.saved:
        return _form_page(request, kind, attempt)
    messages.success(request, f"{attempt.row} is saved. {kind.effect}")
    return redirect("staff:catalog_list", kind.slug)


@staff_page(Capability.MANAGE_CATALOG, rate="change")
@require_POST
def records_act(request: StaffRequest, slug: str) -> HttpResponse:
    """Do one thing to all ticked rows, and say of each what could not be done."""
    kind = _kind(slug)
    act, keys = saving.act_named(kind, request.POST), request.POST.getlist("row")
    if act is None:
        raise Http404
    if not keys:
        messages.warning(request, "Tick the rows it is about first.")
    done, refused = saving.act_on_all(request, kind, act, keys)
    if done:
        names = ", ".join(done[:10]) + (f" and {len(done) - 10} more" if len(done) > 10 else "")
        messages.success(request, f"{names}: {act.done}.")
    for message in refused:
        messages.error(request, message)
    return redirect("staff:catalog_list", kind.slug)


@staff_page(Capability.MANAGE_CATALOG, rate="change")
@require_http_methods(["GET", "HEAD", "POST"])
def record_delete(request: StaffRequest, slug: str, key: str) -> HttpResponse:
    """Ask once more, then delete a row that may go."""
    kind = _kind(slug)
    row = saving.find(kind, key)
    if not saving.may_go(kind, row):
        raise Http404
    if request.method != "POST":
        return render(request, "staff/catalog/delete.html", {"kind": kind, "row": row})
    if saving.delete(request, kind, key):
        messages.success(request, f"{row} is deleted.")
    return redirect("staff:catalog_list", kind.slug)


def _kind(slug: str) -> Kind:
    if slug not in KINDS:
        raise Http404
    return KINDS[slug]


def _blank(request: StaffRequest, kind: Kind) -> Model | None:
    """A new row to fill in; None while the kind of a surcharge rule is not chosen."""
    if kind.model is not SurchargeRule:
        return kind.model()
    chosen = request.GET.get("kind", "")
    return SurchargeRule(surcharge_type=chosen) if chosen in FORMS else None


def _form_page(
    request: StaffRequest, kind: Kind, attempt: saving.Attempt, *, is_new: bool = False
) -> HttpResponse:
    row = attempt.row
    context = {
        "kind": kind,
        "attempt": attempt,
        "form": attempt.form,
        "is_new": is_new,
        "title": f"New {kind.noun}" if is_new else attempt.name,
        "may_go": not is_new and saving.may_go(kind, row),
        **beside(row, attempt.form, is_new=is_new),
    }
    return render(request, "staff/catalog/form.html", context)
