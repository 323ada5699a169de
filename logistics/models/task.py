"""The two tasks of a booking at Onfleet: pickup and drop-off, and how far they are."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from booking.models import Booking


class TaskKind(models.TextChoices):
    PICKUP = "pickup", "Pickup"
    DROPOFF = "dropoff", "Drop-off"


class TaskStatus(models.TextChoices):
    WAITING = "waiting", "Not sent yet"
    CREATED = "created", "Awaiting a driver"
    ASSIGNED = "assigned", "Driver assigned"
    ACTIVE = "active", "On the way"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    DELETED = "deleted", "Recalled"


# Stands for the booking; when none of a kind does, a new one may be made.
LIVE_TASKS = frozenset(TaskStatus) - {TaskStatus.FAILED, TaskStatus.DELETED}
# Something may still happen at Onfleet.
OPEN_TASKS = frozenset({TaskStatus.CREATED, TaskStatus.ASSIGNED, TaskStatus.ACTIVE})
# Nobody has set out yet: it can be changed and recalled.
WAITING_TASKS = frozenset({TaskStatus.WAITING, TaskStatus.CREATED, TaskStatus.ASSIGNED})


class Environment(models.TextChoices):
    """Which Onfleet account a task lives in."""

    SANDBOX = "sandbox", "Sandbox"
    PRODUCTION = "production", "Production"


class TaskQuerySet(models.QuerySet["OnfleetTask"]):
    def live(self) -> "TaskQuerySet":
        """Tasks that stand for their booking: neither failed nor recalled."""
        return self.filter(status__in=LIVE_TASKS)

    def open(self) -> "TaskQuerySet":
        """Tasks at Onfleet that are not over."""
        return self.filter(status__in=OPEN_TASKS)

    def of(self, booking: "Booking") -> "TaskQuerySet":
        """All tasks of a booking, pickup first, newest last."""
        return self.filter(booking=booking).order_by("-kind", "created_at")


class OnfleetTask(models.Model):
    """One task at Onfleet, or the try to make it.

    The row is made first; its id goes into the task's metadata, so that a repeat after a time-out
    finds what was made instead of making it again (rule R752).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey("booking.Booking", models.PROTECT, related_name="onfleet_tasks")
    kind = models.CharField(max_length=10, choices=TaskKind)
    # The pickup that comes before a drop-off.
    depends_on = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="followers"
    )
    environment = models.CharField(max_length=10, choices=Environment)
    onfleet_task_id = models.CharField(max_length=100, blank=True)
    onfleet_short_id = models.CharField(max_length=20, blank=True)
    tracking_url = models.URLField(max_length=500, blank=True)
    status = models.CharField(max_length=20, choices=TaskStatus, default=TaskStatus.WAITING)
    # What the driver was asked for; New York windows stored as moments.
    window_start = models.DateTimeField(null=True, blank=True)
    window_end = models.DateTimeField(null=True, blank=True)
    # Which version of the booking Onfleet knows, and the fingerprint of what it was told.
    booking_version = models.PositiveIntegerField(default=0)
    content_key = models.CharField(max_length=64, blank=True)
    # While a worker is making or changing it at Onfleet, no other one does.
    claimed_until = models.DateTimeField(null=True, blank=True)

    driver_name = models.CharField(max_length=100, blank=True)
    estimated_arrival_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failure_reason = models.CharField(max_length=100, blank=True)
    completion_notes = models.CharField(max_length=1000, blank=True)
    # Onfleet's own time of its last change: older news is not believed.
    changed_at_onfleet = models.DateTimeField(null=True, blank=True)
    last_synced = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        indexes = [
            models.Index(fields=["status", "window_start"]),
            models.Index(fields=["window_start"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=TaskKind.values), name="onfleet_task_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=TaskStatus.values), name="onfleet_task_status_known"
            ),
            models.UniqueConstraint(
                fields=["booking", "kind"],
                condition=Q(status__in=sorted(LIVE_TASKS)),
                name="onfleet_task_one_live_per_kind",
            ),
            models.UniqueConstraint(
                fields=["onfleet_task_id"],
                condition=~Q(onfleet_task_id=""),
                name="onfleet_task_id_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[TaskStatus.WAITING, TaskStatus.DELETED])
                | ~Q(onfleet_task_id=""),
                name="onfleet_task_sent_has_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.booking_id}"

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_TASKS

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_TASKS

    @property
    def on_time(self) -> bool | None:
        """Whether it was completed within its window; None while it is not completed."""
        if self.completed_at is None or self.window_end is None:
            return None
        return self.completed_at <= self.window_end

    def claim(self, now: datetime, life: timedelta) -> bool:
        """Have this task alone until ``now + life``; one UPDATE, so one of two gets it."""
        free = OnfleetTask.objects.filter(pk=self.pk).exclude(claimed_until__gt=now)
        if not free.update(claimed_until=now + life):
            return False
        self.claimed_until = now + life
        return True

    def release(self) -> None:
        """End our own claim; one that another worker has by now stands."""
        ours = OnfleetTask.objects.filter(pk=self.pk, claimed_until=self.claimed_until)
        ours.update(claimed_until=None)


class OnfleetEvent(models.Model):
    """A signed webhook of Onfleet's, stored once before it is answered.

    Kept is where to look, and the little that only the event tells. Processing reads the task's
    present state from Onfleet, so no order of delivery can mislead it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    trigger = models.PositiveSmallIntegerField()
    task_id = models.CharField(max_length=100, blank=True)
    happened_at = models.DateTimeField()
    eta_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    processed_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["-received_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["trigger", "task_id", "happened_at"], name="onfleet_event_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Trigger {self.trigger} of {self.task_id}"

    def mark_processed(self, result: str, now: datetime) -> None:
        self.processed_at, self.result = now, result[:100]
        self.save(update_fields=["processed_at", "result"])
