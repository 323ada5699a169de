"""A change of a booking: what it was, what it becomes, and whether the money for it is here."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from totetaxi.lib import clock


class ChangeStatus(models.TextChoices):
    PENDING = "pending", "Waits for payment"
    APPLIED = "applied", "Made"
    ABANDONED = "abandoned", "Given up"
    EXPIRED = "expired", "Not paid in time"


class BookingChangeQuerySet(models.QuerySet["BookingChange"]):
    def pending(self) -> "BookingChangeQuerySet":
        """Changes that wait for their payment; a booking has at most one."""
        return self.filter(status=ChangeStatus.PENDING)

    def applied(self) -> "BookingChangeQuerySet":
        return self.filter(status=ChangeStatus.APPLIED)


class BookingChange(models.Model):
    """One change of a paid booking, frozen when it was agreed (rules R515 and R860-R880).

    A customer's dearer change waits for its payment and holds the new place meanwhile; any other
    one is applied when it is made. What the office agreed and is not paid stays to be collected.
    Amounts are cents. ``proposal`` is a ``booking.services.Proposal`` as JSON.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey("booking.Booking", models.PROTECT, related_name="changes")
    status = models.CharField(max_length=20, choices=ChangeStatus)
    proposal = models.JSONField()
    total_before_cents = models.PositiveBigIntegerField()
    total_after_cents = models.PositiveBigIntegerField()
    # What is to be paid for it: before it is made, or, by the office's leave, afterwards.
    due_cents = models.PositiveBigIntegerField(default=0)
    # What could not be given back through Stripe and goes back as it was paid.
    by_hand_cents = models.PositiveBigIntegerField(default=0)
    # The second place it holds while it waits: this many of the day's units.
    day = models.DateField()
    held_units = models.PositiveIntegerField(default=0)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="booking_changes",
    )
    actor_label = models.CharField(max_length=50, default="customer")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = BookingChangeQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ChangeStatus.values), name="booking_change_status_known"
            ),
            models.UniqueConstraint(
                fields=["booking"],
                condition=Q(status=ChangeStatus.PENDING),
                name="booking_change_one_pending",
            ),
            models.CheckConstraint(
                condition=~Q(status=ChangeStatus.PENDING) | Q(due_cents__gt=0, ended_at=None),
                name="booking_change_pending_is_due",
            ),
            models.CheckConstraint(
                condition=Q(status=ChangeStatus.PENDING) | Q(held_units=0, ended_at__isnull=False),
                name="booking_change_holds_while_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"Change {self.pk}"

    @property
    def difference_cents(self) -> int:
        """What the price rises (or falls, below zero) by."""
        return self.total_after_cents - self.total_before_cents

    @property
    def is_pending(self) -> bool:
        return self.status == ChangeStatus.PENDING

    def end(self, status: ChangeStatus) -> None:
        """Save how it ended; the caller holds the booking's lock and has settled its place."""
        self.status, self.held_units, self.ended_at = status, 0, clock.now()
        self.save(update_fields=["status", "held_units", "ended_at"])
