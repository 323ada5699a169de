"""What a dispatcher must look at."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class AlertKind(models.TextChoices):
    DISPATCH_FAILED = "dispatch_failed", "Tasks could not be sent"
    DELIVERY_FAILED = "delivery_failed", "A driver reported a failure"
    UNDER_WAY = "under_way", "Changed or cancelled while under way: phone the driver"
    REFUSED = "refused", "Onfleet refused a change: make it there"
    TASK_DELETED = "task_deleted", "A task was deleted at Onfleet"
    NO_PHONE = "no_phone", "The customer has no number a driver could call"
    WEBHOOK_FAILING = "webhook_failing", "Onfleet cannot reach us"


class AlertQuerySet(models.QuerySet["LogisticsAlert"]):
    def open(self) -> "AlertQuerySet":
        """Not dealt with."""
        return self.filter(resolved_at=None)

    def untold(self) -> "AlertQuerySet":
        """Open, and nobody was mailed about it yet."""
        return self.open().filter(told_at=None)


class LogisticsAlert(models.Model):
    """One trouble with a booking's delivery, open until somebody has dealt with it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=AlertKind)
    booking = models.ForeignKey(
        "booking.Booking",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="logistics_alerts",
    )
    # What else there is to say, without anything personal.
    detail = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    told_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=AlertKind.values), name="logistics_alert_kind_known"
            ),
            models.UniqueConstraint(
                fields=["kind", "booking"],
                condition=Q(resolved_at__isnull=True),
                nulls_distinct=False,
                name="logistics_alert_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.booking_id}"
