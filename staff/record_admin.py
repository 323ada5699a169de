"""Records in Django admin as the office keeps them: acts through services, all on record (R986).

Rows whose change is a matter of a service are read only there; what the services offer stands in
the menu of the list. Catalog rows can be edited in an emergency, with the same record as on the
office's own pages.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from booking.admin import BookingAdmin
from booking.models import Booking
from catalog import admin as catalog_admin
from payments.admin import RefundAdmin
from payments.models import Refund
from payments.services import (
    HidingRefusedError,
    RefundRefusedError,
    hide_booking,
    restore_booking,
)
from staff.audit import log_action
from staff.capabilities import Capability
from staff.models import ActionType, StaffProfile
from staff.money.refunds import decide
from totetaxi.lib.money import usd

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = object
Act = Callable[[Any, str], object]


def may(request: HttpRequest, capability: Capability) -> bool:
    """Whether the person's own profile of the office allows it, superuser or not."""
    profile = StaffProfile.objects.filter(pk=request.user.pk).first()
    return profile is not None and profile.can(capability)


class Deciding(ModelAdmin):
    """Bulk acts: each row by itself, and of each that was refused the reason is said."""

    def act_on(
        self,
        request: HttpRequest,
        rows: models.QuerySet[Any],
        act: Act,
        done: str,
        reason: str = "",
    ) -> None:
        for row in rows:
            try:
                act(row, reason)
            except (RefundRefusedError, HidingRefusedError) as refusal:
                self.message_user(request, f"{self.name_of(row)}: {refusal}", messages.ERROR)
            else:
                self.message_user(request, f"{self.name_of(row)}: {done}.", messages.SUCCESS)

    def name_of(self, row: Any) -> str:
        return str(row)

    def ask_reason(
        self, request: HttpRequest, rows: models.QuerySet[Any], act: Act, *, what: str, done: str
    ) -> HttpResponse | None:
        """A page that asks why, and then the act itself, back on the list."""
        reason = request.POST.get("reason", "").replace("\x00", "").strip()[:500]
        if "confirmed" in request.POST and reason:
            self.act_on(request, rows, act, done, reason)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": what,
            "opts": self.model._meta,
            "rows": [(row.pk, self.name_of(row)) for row in rows],
            "action": request.POST.get("action", ""),
            "missing": "confirmed" in request.POST,
        }
        return TemplateResponse(request, "staff/admin_reason.html", context)


class OfficeRefundAdmin(Deciding, RefundAdmin):
    """Refunds are approved and denied by the services, under the same rules as in the queue."""

    actions = ("approve", "deny")
    list_select_related = ("payment__booking",)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return may(request, Capability.APPROVE_REFUNDS)

    def name_of(self, row: Refund) -> str:
        return f"{row.payment.booking.booking_number}, {usd(row.amount_cents)}"

    @admin.action(description="Approve the chosen refunds", permissions=["decide"])
    def approve(self, request: Any, queryset: models.QuerySet[Refund]) -> None:
        rows = queryset.select_related("payment__booking")
        self.act_on(request, rows, lambda row, _: decide(request, row.pk, approve=True), "approved")

    @admin.action(description="Deny the chosen refunds…", permissions=["decide"])
    def deny(self, request: Any, queryset: models.QuerySet[Refund]) -> HttpResponse | None:
        def act(row: Refund, reason: str) -> object:
            return decide(request, row.pk, approve=False, reason=reason)

        rows = queryset.select_related("payment__booking")
        return self.ask_reason(request, rows, act, what="Why are they denied?", done="denied")


class OfficeBookingAdmin(Deciding, BookingAdmin):
    """Bookings are hidden and brought back by the services."""

    actions = ("hide", "restore")
    list_display = [*BookingAdmin.list_display, "deleted_at"]
    list_filter = [*BookingAdmin.list_filter, ("deleted_at", admin.EmptyFieldListFilter)]

    def has_administer_permission(self, request: HttpRequest) -> bool:
        return may(request, Capability.ADMINISTER)

    @admin.action(description="Hide the chosen bookings…", permissions=["administer"])
    def hide(self, request: Any, queryset: models.QuerySet[Booking]) -> HttpResponse | None:
        def act(row: Booking, reason: str) -> None:
            _hide(request, row.pk, reason)

        return self.ask_reason(request, queryset, act, what="Why are they hidden?", done="hidden")

    @admin.action(description="Bring the chosen bookings back", permissions=["administer"])
    def restore(self, request: Any, queryset: models.QuerySet[Booking]) -> None:
        self.act_on(request, queryset, lambda row, _: _restore(request, row.pk), "is back")


@transaction.atomic
def _hide(request: Any, booking_id: UUID, reason: str) -> None:
    booking = hide_booking(booking_id, reason=reason, by=request.user)
    log_action(
        request,
        ActionType.SOFT_DELETE,
        f"Hid {booking}",
        booking=booking,
        before={"hidden": False},
        after={"hidden": True, "reason": reason},
    )


@transaction.atomic
def _restore(request: Any, booking_id: UUID) -> None:
    booking = restore_booking(booking_id, by=request.user)
    log_action(
        request,
        ActionType.RESTORE,
        f"Restored {booking}",
        booking=booking,
        before={"hidden": True},
        after={"hidden": False},
    )


class Recorded(ModelAdmin):
    """Edits of the catalog, on record like those made on the office's own pages."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        names = form.changed_data
        before = {name: _plain(form.initial.get(name)) for name in names} if change else {}
        after = {name: _plain(form.cleaned_data.get(name)) for name in names}
        if names:
            self._record(request, obj, "Changed" if change else "Added", before, after)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Rows below a row, such as the refund table."""
        super().save_formset(request, form, formset, change)
        touched = [*formset.new_objects, *(row for row, _ in formset.changed_objects)]
        if touched or formset.deleted_objects:
            before = {"removed": [str(row) for row in formset.deleted_objects]}
            self._record(
                request,
                form.instance,
                "Changed the table of",
                before,
                {"now": [str(row) for row in touched]},
            )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._record(request, obj, "Deleted", {"was": str(obj)}, {})
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for row in queryset:
            self._record(request, row, "Deleted", {"was": str(row)}, {})
        super().delete_queryset(request, queryset)

    @transaction.atomic
    def change_all(
        self, request: HttpRequest, rows: models.QuerySet[Any], what: str, **fields: Any
    ) -> None:
        """Bulk acts: one record for each row, with what it held."""
        for row in rows:
            before = {name: _plain(getattr(row, name)) for name in fields}
            after = {name: _plain(value) for name, value in fields.items()}
            self._record(request, row, f"{what}:", before, after)
        super().change_all(request, rows, what, **fields)  # type: ignore[misc]  # CatalogAdmin has it

    def _record(
        self, request: HttpRequest, row: Any, verb: str, before: dict[str, Any], after: Any
    ) -> None:
        key = {"id": str(row.pk)}
        text = f"{verb} {row._meta.verbose_name} {row} in Django admin"
        log_action(
            request, ActionType.MANAGE_CATALOGUE, text, before=key | before, after=key | after
        )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, models.Model) else value


def register() -> None:
    """Put the office's versions in place of those that know nothing of the office."""
    admin.site.unregister([Refund, Booking])
    admin.site.register(Refund, OfficeRefundAdmin)
    admin.site.register(Booking, OfficeBookingAdmin)
    for model, plain in list(admin.site._registry.items()):
        if isinstance(plain, catalog_admin.CatalogAdmin):
            admin.site.unregister(model)
            admin.site.register(model, type(type(plain).__name__, (Recorded, type(plain)), {}))
