"""What Stripe told us, and the money's own history."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q


class StripeEvent(models.Model):
    """A signed event of Stripe's, stored once before it is answered.

    Only what says where to look is kept: processing reads the object's present state from
    Stripe, so no order of delivery can mislead it and no customer data lies here.
    """

    event_id = models.CharField(max_length=200, primary_key=True)
    type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=200)
    created_at_stripe = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)
    processed_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["-received_at"])]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    def mark_processed(self, result: str, now: datetime) -> None:
        self.processed_at, self.result = now, result[:100]
        self.save(update_fields=["processed_at", "result"])


class AuditKind(models.TextChoices):
    PAYMENT_CREATED = "payment_created"
    PAYMENT_SUCCEEDED = "payment_succeeded"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_DECLINED = "payment_declined"
    SESSION_EXPIRED = "session_expired"
    AMOUNT_MISMATCH = "amount_mismatch"
    DUPLICATE_CHARGE_DETECTED = "duplicate_charge_detected"
    UNFULFILLABLE = "unfulfillable"
    REFUND_REQUESTED = "refund_requested"
    REFUND_APPROVED = "refund_approved"
    REFUND_DENIED = "refund_denied"
    REFUND_COMPLETED = "refund_completed"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_CLOSED = "dispute_closed"


class PaymentAudit(models.Model):
    """Every money event, once. The database refuses UPDATE and DELETE of these rows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey("payments.Payment", models.PROTECT, related_name="audits")
    refund = models.ForeignKey(
        "payments.Refund", models.PROTECT, null=True, blank=True, related_name="audits"
    )
    kind = models.CharField(max_length=40, choices=AuditKind)
    amount_cents = models.PositiveBigIntegerField()
    detail = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=AuditKind.values), name="payment_audit_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_cents}"
