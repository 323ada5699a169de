"""What was decided about the money of a cancelled booking."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from totetaxi.lib import clock


class CancellationKind(models.TextChoices):
    POLICY = "policy", "By the cancellation policy"
    FULL = "full", "Everything back"
    PARTIAL = "partial", "A part back"
    CREDIT = "credit", "A code for another booking"
    NONE = "none", "Nothing back"


class Cancellation(models.Model):
    """The decision on one cancelled booking (rules R624 to R627); amounts are cents."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.OneToOneField("booking.Booking", models.PROTECT, related_name="cancellation")
    kind = models.CharField(max_length=20, choices=CancellationKind)
    # Asked back through Stripe, and what goes back as it was paid (cash, a check).
    refund_cents = models.PositiveBigIntegerField(default=0)
    by_hand_cents = models.PositiveBigIntegerField(default=0)
    credit_code = models.OneToOneField(
        "catalog.DiscountCode",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cancellation",
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="decided_cancellations",
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=CancellationKind.values), name="cancellation_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(kind="credit", credit_code__isnull=False)
                | (~Q(kind="credit") & Q(credit_code__isnull=True)),
                name="cancellation_credit_has_code",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["none", "credit"]) | Q(refund_cents=0, by_hand_cents=0),
                name="cancellation_without_refund",
            ),
        ]

    def __str__(self) -> str:
        return f"Cancellation of {self.booking_id}"

    @property
    def total_cents(self) -> int:
        """All that goes back, whichever way."""
        return self.refund_cents + self.by_hand_cents
