"""People and acts in Django admin: to look at, changed only by the office's pages and services."""

from typing import Any, ClassVar

from allauth.account.admin import EmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django_q.models import Schedule

from booking.admin import ReadOnly
from staff import record_admin
from staff.audit import log_action
from staff.models import ActionType, StaffAction, StaffProfile
from totetaxi.users.admin import UserAdmin
from totetaxi.users.models import User


@admin.register(StaffProfile)
class StaffProfileAdmin(ReadOnly, admin.ModelAdmin[StaffProfile]):
    list_display = ("user", "role", "is_active", "last_login_ip", "created_at")
    list_filter = ("role", "is_active")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__first_name", "user__last_name")


@admin.register(StaffAction)
class StaffActionAdmin(ReadOnly, admin.ModelAdmin[StaffAction]):
    list_display = ("created_at", "staff_user", "action_type", "description", "ip_address")
    list_filter = ("action_type",)
    list_select_related = ("staff_user",)
    search_fields = ("description", "staff_user__email")


# Who may do what, and who is who, is no matter of tables (rules R903, R907): passwords, second
# factors and rights are set by their owners and the team's page. A schedule names any function.
admin.site.unregister([Authenticator, EmailAddress, Group, Schedule, User])


@admin.register(EmailAddress)
class OfficeEmailAddressAdmin(ReadOnly, EmailAddressAdmin):  # type: ignore[misc]  # no types
    actions: ClassVar[list[str]] = []


@admin.register(User)
class OfficeUserAdmin(UserAdmin):
    """Customers can be renamed and switched off, on record; colleagues are the team's page's."""

    fieldsets = (
        (None, {"fields": ("email", "first_name", "last_name", "is_active")}),
        ("Rights", {"fields": ("is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields: ClassVar[Any] = (
        "email",
        "is_staff",
        "is_superuser",
        "last_login",
        "date_joined",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_office)

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """Nobody but its owner knows a password."""
        raise PermissionDenied

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        names = form.changed_data
        if names:
            log_action(
                request,
                ActionType.MODIFY_CUSTOMER,
                "Changed an account in Django admin",
                customer=obj,
                before={name: form.initial.get(name) for name in names},
                after={name: form.cleaned_data.get(name) for name in names},
            )


record_admin.register()
