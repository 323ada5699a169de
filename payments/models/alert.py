"""What somebody in the office must look at, and the proof that our books are Stripe's."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class AlertKind(models.TextChoices):
    MISMATCH = "mismatch", "Paid at Stripe, but not what was asked"
    PAID_NOT_BOOKED = "paid_not_booked", "Paid, but not booked"
    NOT_GIVEN_BACK = "not_given_back", "Unusable money that is not on its way back"
    REFUND_STUCK = "refund_stuck", "A refund that does not move"
    REFUND_WAITING = "refund_waiting", "A refund that nobody decides"
    SESSION_UNRESOLVED = "session_unresolved", "A payment page that ended without an answer"
    WEBHOOK_BACKLOG = "webhook_backlog", "Stripe’s events wait to be acted on"
    WEBHOOK_REFUSED = "webhook_refused", "Webhooks are refused one after another"
    DEAD_TASK = "dead_task", "A task about money was given up"
    NOT_IN_BOOKS = "not_in_books", "At Stripe, but not in our books"
    NOT_AT_STRIPE = "not_at_stripe", "In our books, but not at Stripe"
    DIFFERS = "differs", "Another amount at Stripe than in our books"


class MoneyAlertQuerySet(models.QuerySet["MoneyAlert"]):
    def standing(self) -> "MoneyAlertQuerySet":
        """Alerts whose cause was still there at the last look."""
        return self.filter(resolved_at=None)

    def untold(self) -> "MoneyAlertQuerySet":
        """Standing alerts that no mail has told about."""
        return self.standing().filter(told_at=None)


class MoneyAlert(models.Model):
    """One thing that is wrong with money. It is mailed once, and resolved when it is gone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=30, choices=AlertKind)
    # What it is about: an id of ours or of Stripe's, never a name.
    subject = models.CharField(max_length=200)
    booking = models.ForeignKey(
        "booking.Booking", models.PROTECT, null=True, blank=True, related_name="money_alerts"
    )
    detail = models.CharField(max_length=300, blank=True)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    # Set when a person says that nothing more is to be done about it.
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="dismissed_alerts",
    )
    dismissal_reason = models.CharField(max_length=300, blank=True)

    objects = MoneyAlertQuerySet.as_manager()

    class Meta:
        ordering = ["-first_seen_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=AlertKind.values), name="money_alert_kind_known"
            ),
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(resolved_at=None),
                name="money_alert_once_while_it_stands",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"


class StripeProof(models.Model):
    """One comparison of a day at Stripe with ours, both ways (real days, New York)."""

    day = models.DateField(primary_key=True)
    proven_at = models.DateTimeField()
    charges = models.PositiveIntegerField()
    refunds = models.PositiveIntegerField()
    differences = models.PositiveIntegerField()

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"Proof of {self.day}"
