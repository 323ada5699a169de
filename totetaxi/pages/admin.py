"""Contact messages in Django admin: to read, not to change."""

from django.contrib import admin
from django.http import HttpRequest

from totetaxi.pages.models import ContactMessage


@admin.register(ContactMessage)
class ContactMessageAdmin(admin.ModelAdmin[ContactMessage]):
    """What people wrote, newest first."""

    list_display = ("created_at", "name", "subject", "sent_at")
    search_fields = ("name", "email", "subject")
    readonly_fields = (
        "name", "email", "phone", "subject", "message", "created_at", "sent_at",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: ContactMessage | None = None
    ) -> bool:
        return False
