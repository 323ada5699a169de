"""Messages to handlers, scheduled jobs and their heartbeat. All times are real, never shifted."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

ERROR_LENGTH = 300


class MessageQuerySet(models.QuerySet["Message"]):
    """The vocabulary of deliveries."""

    def waiting(self) -> "MessageQuerySet":
        """Neither done nor given up."""
        return self.filter(done_at=None, dead_at=None)

    def due(self, now: datetime) -> "MessageQuerySet":
        """Waiting, and to be tried by ``now``, the longest due first."""
        return self.waiting().filter(next_attempt_at__lte=now).order_by("next_attempt_at")

    def dead(self) -> "MessageQuerySet":
        """Given up: a person must look."""
        return self.exclude(dead_at=None)


class Message(models.Model):
    """One handler's share of one announcement. It holds ids, never what they stand for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.CharField(max_length=100)
    handler = models.CharField(max_length=200)
    subject_id = models.CharField(max_length=100)
    key = models.CharField(
        max_length=200, help_text="A handler gets one message for a key, however often announced."
    )
    # The booking on whose timeline the message stands.
    booking_id = models.UUIDField(null=True, blank=True)
    # Counted before the attempt starts, so that one which kills the worker counts as well.
    attempts = models.PositiveSmallIntegerField(default=0)
    # While an attempt runs this is the end of its lease: until then nobody else may start one.
    next_attempt_at = models.DateTimeField(default=timezone.now)
    # When a queue entry was last made for the next attempt; null if there is none yet.
    queued_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=ERROR_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["handler", "key"], name="message_once_per_handler_and_key"
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(dead_at=None), name="message_not_done_and_dead"
            ),
            models.CheckConstraint(
                condition=~Q(event="") & ~Q(handler="") & ~Q(subject_id="") & ~Q(key=""),
                name="message_says_what_for_whom",
            ),
        ]
        indexes = [
            models.Index(
                "next_attempt_at", condition=Q(done_at=None, dead_at=None), name="message_waiting"
            ),
            models.Index("dead_at", condition=Q(dead_at__isnull=False), name="message_dead"),
            models.Index(
                "booking_id", condition=Q(booking_id__isnull=False), name="message_booking"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handler} for {self.subject_id}"

    @property
    def state(self) -> str:
        """``done``, ``dead``, ``retrying`` (an attempt failed or runs) or ``waiting``."""
        if self.done_at:
            return "done"
        if self.dead_at:
            return "dead"
        return "retrying" if self.attempts else "waiting"

    def claim(self, *, now: datetime, until: datetime) -> bool:
        """Count an attempt and lease the message until ``until``; False if it is not due.

        One UPDATE: of two workers that try at the same moment, one gets it.
        """
        claimed = (
            Message.objects.due(now)
            .filter(pk=self.pk)
            .order_by()
            .update(attempts=F("attempts") + 1, next_attempt_at=until)
        )
        if claimed:
            self.refresh_from_db()
        return bool(claimed)

    def finish(self, **values: object) -> bool:
        """Save the outcome of a claimed attempt; False if the lease has passed to another."""
        # Each claim raises attempts, so the number tells whether the claim is still ours.
        mine = Message.objects.waiting().filter(pk=self.pk, attempts=self.attempts)
        return bool(mine.update(**values))


class Job(models.Model):
    """The switch and the last run of a scheduled job. The code says what it does and when."""

    name = models.CharField(max_length=100, unique=True)
    enabled = models.BooleanField(
        default=True, help_text="Switched off, the job stays scheduled but does nothing."
    )
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_finished_at = models.DateTimeField(null=True, blank=True)
    last_duration_ms = models.PositiveIntegerField(null=True, blank=True)
    # Null while the first run is going on.
    last_ok = models.BooleanField(null=True, blank=True)
    last_result = models.CharField(max_length=ERROR_LENGTH, blank=True)
    last_error = models.CharField(max_length=ERROR_LENGTH, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="job_has_a_name")]

    def __str__(self) -> str:
        return self.name


class Beat(models.Model):
    """The last sign of life of a part of the system."""

    name = models.CharField(max_length=100, unique=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
