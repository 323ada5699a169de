"""How someone without an account comes back to their booking: by a link that we mail."""

import uuid
from datetime import datetime

from django.db import models

from booking.models import Booking
from totetaxi.lib import clock


class LinkRequest(models.Model):
    """What somebody typed to find a booking, kept until the queue has looked (rule R850).

    Every request leaves the same row, so that the answer cannot tell whether there is a booking.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking_number = models.CharField(max_length=20)
    email = models.EmailField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"Link request {self.pk}"


class ManageLinkQuerySet(models.QuerySet["ManageLink"]):
    def usable(self, now: datetime) -> "ManageLinkQuerySet":
        """Links that still open their booking."""
        return self.filter(used_at=None, expires_at__gt=now, booking__deleted_at=None)


class ManageLink(models.Model):
    """A mailed link to a booking; only the hash of its token is stored (rule R851)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey(Booking, models.CASCADE, related_name="manage_links")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = ManageLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(token_hash__regex="^[0-9a-f]{64}$"),  # noqa: S106 (a pattern)
                name="manage_link_token_is_hashed",
            ),
        ]

    def __str__(self) -> str:
        return f"Manage link {self.pk}"
