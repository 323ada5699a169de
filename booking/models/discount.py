"""Uses of discount codes: reserved when a booking is placed, given back when it ends unpaid."""

import uuid
from datetime import datetime

from django.db import models


class DiscountUseQuerySet(models.QuerySet["DiscountUse"]):
    def standing(self) -> "DiscountUseQuerySet":
        """Uses that count against a code's limits: reserved or final, not given back."""
        return self.filter(released_at=None)

    def by_email(self, email: str) -> "DiscountUseQuerySet":
        return self.filter(email=email.strip().lower())


class DiscountUse(models.Model):
    """One booking's use of one code; ``amount_cents`` is what it took off the total."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey("booking.Booking", models.PROTECT, related_name="discount_uses")
    code = models.ForeignKey("catalog.DiscountCode", models.PROTECT, related_name="uses")
    email = models.EmailField()  # lower case: limits per customer count by email
    amount_cents = models.PositiveBigIntegerField()
    released_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DiscountUseQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["code", "email"])]
        constraints = [
            models.UniqueConstraint(
                fields=["booking"],
                condition=models.Q(released_at=None),
                name="booking_discount_one_standing_use",
            ),
        ]

    def __str__(self) -> str:
        return f"Use of {self.code_id} by booking {self.booking_id}"

    def release(self, now: datetime) -> None:
        """Give the use back; the caller holds the booking's row lock."""
        self.released_at = now
        self.save(update_fields=["released_at"])
