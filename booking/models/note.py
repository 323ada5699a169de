"""What the office notes about a booking for itself. Rows are only ever added."""

import uuid

from django.conf import settings
from django.db import models

from totetaxi.lib import clock

LONGEST_NOTE = 2000


class InternalNote(models.Model):
    """One note of one colleague; the customer never sees it, and nobody changes it (rule R944)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey("booking.Booking", models.PROTECT, related_name="internal_notes")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="internal_notes"
    )
    text = models.TextField(max_length=LONGEST_NOTE)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["booking", "created_at"], name="internal_note_of_booking")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="internal_note_not_empty"),
        ]

    def __str__(self) -> str:
        return f"Note {self.pk}"
