"""Messages, mails, jobs and heartbeats as records, to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from totetaxi.outbox.models import Beat, Job, Mail, Message
from totetaxi.outbox.registry import job_named


class StateFilter(admin.SimpleListFilter):
    """By what has become of a message."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices at the side of the list."""
        return [("waiting", "Waiting"), ("dead", "Given up"), ("done", "Done")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The messages in the chosen state."""
        match self.value():
            case "waiting":
                return queryset.waiting()
            case "dead":
                return queryset.dead()
            case "done":
                return queryset.exclude(done_at=None)
        return queryset


class RecordAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Generic in the stubs only
    """Rows to read. The office's own page acts on them, and writes down who did it (R659)."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


@admin.register(Message)
class MessageAdmin(RecordAdmin):
    """What was announced, and what became of it."""

    list_display = (
        "created_at",
        "event",
        "handler",
        "subject_id",
        "state",
        "attempts",
        "last_error",
    )
    list_filter = (StateFilter, "event", "handler")
    search_fields = ("=subject_id", "=booking_id", "=id")
    ordering = ("-created_at",)
    show_full_result_count = False


@admin.register(Mail)
class MailAdmin(RecordAdmin):
    """Mails that went out, those of no booking too, and what the mail service said of them."""

    list_display = ("sent_at", "template", "recipient", "state", "detail")
    list_filter = ("state", "template")
    search_fields = ("recipient__iexact", "=booking_id", "=provider_id")
    ordering = ("-sent_at",)
    show_full_result_count = False


@admin.register(Job)
class JobAdmin(RecordAdmin):
    """The last run, and how the switch stands."""

    list_display = ("name", "label", "cron", "enabled", "last_started_at", "last_ok", "last_result")
    list_filter = ("enabled", "last_ok")
    readonly_fields = ("label", "cron")

    @admin.display(description="What it does")
    def label(self, job: Job) -> str:
        """In words; nothing if the code has no such job any more."""
        registered = job_named(job.name)
        return registered.label if registered else "(no longer in the code)"

    @admin.display(description="When (New York)")
    def cron(self, job: Job) -> str:
        """As a cron expression."""
        registered = job_named(job.name)
        return registered.cron if registered else ""


@admin.register(Beat)
class BeatAdmin(RecordAdmin):
    """Read only."""

    list_display = ("name", "at")
