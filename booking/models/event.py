"""What happened to a booking, who did it and when. Rows are only ever added."""

import uuid

from django.conf import settings
from django.db import models

from totetaxi.lib import clock


class EventKind(models.TextChoices):
    PLACED = "placed", "Placed"
    MOVED = "moved", "Status changed"
    CHANGED = "changed", "Details changed"
    HOLD_RELEASED = "hold_released", "Place given back"
    HOLD_TAKEN = "hold_taken", "Place taken again"
    HIDDEN = "hidden", "Hidden"
    RESTORED = "restored", "Brought back"
    NOTE = "note", "Note"
    DELIVERY = "delivery", "On the way"
    DOCUMENT = "document", "Document"


class BookingEvent(models.Model):
    """One step in a booking's life. The database refuses UPDATE and DELETE of these rows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey("booking.Booking", models.PROTECT, related_name="events")
    kind = models.CharField(max_length=20, choices=EventKind)
    from_status = models.CharField(max_length=20, blank=True)
    to_status = models.CharField(max_length=20, blank=True)
    # Null when the system did it; the label says which part of it.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="booking_events",
    )
    actor_label = models.CharField(max_length=50, default="system")
    reason = models.CharField(max_length=500, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["created_at"]
        indexes = [models.Index(fields=["booking", "created_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=EventKind.values), name="booking_event_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.booking_id}"
