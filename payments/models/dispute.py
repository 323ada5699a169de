"""Charges that customers have taken back through their bank."""

import uuid

from django.db import models
from django.db.models import Q

# Where Stripe never moves a dispute on from.
CLOSED_DISPUTES = ("won", "lost", "warning_closed")


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def open(self) -> "DisputeQuerySet":
        """Disputes that are not decided yet."""
        return self.exclude(status__in=CLOSED_DISPUTES)


class Dispute(models.Model):
    """A dispute as Stripe has it; ``status`` and ``reason`` are Stripe's own words (rule R629)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey("payments.Payment", models.PROTECT, related_name="disputes")
    stripe_dispute_id = models.CharField(max_length=200, unique=True)
    amount_cents = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="usd")
    reason = models.CharField(max_length=50)
    status = models.CharField(max_length=50, db_index=True)
    opened_at = models.DateTimeField()  # at Stripe
    evidence_due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="dispute_positive"),
            models.CheckConstraint(
                condition=Q(status__in=CLOSED_DISPUTES, closed_at__isnull=False)
                | (~Q(status__in=CLOSED_DISPUTES) & Q(closed_at=None)),
                name="dispute_closed_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Dispute {self.stripe_dispute_id}"

    @property
    def is_open(self) -> bool:
        return self.status not in CLOSED_DISPUTES
