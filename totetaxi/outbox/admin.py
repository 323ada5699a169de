"""Messages, jobs and heartbeats as records: to read, to retry, to switch."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from totetaxi.outbox import services
from totetaxi.outbox.models import Beat, Job, Message, MessageQuerySet
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
    """Rows that the code alone adds and removes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


@admin.register(Message)
class MessageAdmin(RecordAdmin):
    """Read only, but dead messages can be given another try."""

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
    actions = ("retry",)
    show_full_result_count = False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        """For the list with its action; a single message is read only."""
        return obj is None and super().has_change_permission(request, obj)

    @admin.action(description="Try dead messages again", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: MessageQuerySet) -> None:
        """Give the chosen dead messages all their attempts again."""
        revived = sum(services.retry_dead(message) for message in queryset)
        messages.success(request, f"{revived} of {len(queryset)} will be tried again now.")


@admin.register(Job)
class JobAdmin(RecordAdmin):
    """The last run, and the switch."""

    list_display = ("name", "label", "cron", "enabled", "last_started_at", "last_ok", "last_result")
    list_filter = ("enabled", "last_ok")
    readonly_fields = (
        *("name", "label", "cron", "last_started_at", "last_finished_at", "last_duration_ms"),
        *("last_ok", "last_result", "last_error"),
    )

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

    def has_change_permission(self, request: HttpRequest, obj: Beat | None = None) -> bool:
        """Nobody."""
        return False
