"""Money in and out. A payment belongs to one booking from birth; nothing here is ever deleted.

Amounts are whole US cents. Rows change only in ``payments.services``, under the locks of the
booking's payments and then of the booking.
"""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q


class Purpose(models.TextChoices):
    BOOKING = "booking", "Booking"
    CHANGE = "change", "Change of a booking"


class Method(models.TextChoices):
    STRIPE = "stripe", "Card through Stripe"
    FREE = "free", "Nothing to pay"
    OUTSIDE = "outside", "Outside Stripe"


class PaymentStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    PARTIALLY_REFUNDED = "partially_refunded", "Partially refunded"
    REFUNDED = "refunded", "Refunded"


# The only moves there are (rule R612). Failed to succeeded: only when Stripe proves it.
PAYMENT_MOVES: dict[str, frozenset[str]] = {
    PaymentStatus.PENDING: frozenset({PaymentStatus.SUCCEEDED, PaymentStatus.FAILED}),
    PaymentStatus.FAILED: frozenset({PaymentStatus.SUCCEEDED}),
    PaymentStatus.SUCCEEDED: frozenset({PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}),
    # Back again when a refund fails after it was counted.
    PaymentStatus.PARTIALLY_REFUNDED: frozenset({PaymentStatus.REFUNDED, PaymentStatus.SUCCEEDED}),
    PaymentStatus.REFUNDED: frozenset({PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.SUCCEEDED}),
}
CAPTURED = frozenset(
    {PaymentStatus.SUCCEEDED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}
)


class PaymentQuerySet(models.QuerySet["Payment"]):
    def captured(self) -> "PaymentQuerySet":
        """Payments whose money we have or had."""
        return self.filter(status__in=CAPTURED)

    def open(self) -> "PaymentQuerySet":
        return self.filter(status=PaymentStatus.PENDING)


class Payment(models.Model):
    """One amount asked for one booking."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    booking = models.ForeignKey("booking.Booking", models.PROTECT, related_name="payments")
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="payments",
    )
    purpose = models.CharField(max_length=20, choices=Purpose, default=Purpose.BOOKING)
    method = models.CharField(max_length=20, choices=Method, default=Method.STRIPE)
    amount_cents = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="usd")
    status = models.CharField(
        max_length=20, choices=PaymentStatus, default=PaymentStatus.PENDING, db_index=True
    )
    failure_reason = models.CharField(max_length=300, blank=True)
    # Why captured money buys nothing and goes back: duplicate, cancelled, full, superseded.
    unfulfillable_reason = models.CharField(max_length=50, blank=True)
    stripe_payment_intent_id = models.CharField(max_length=200, blank=True)
    stripe_charge_id = models.CharField(max_length=200, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=PaymentStatus.values), name="payment_status_known"
            ),
            models.CheckConstraint(condition=Q(amount_cents__gte=0), name="payment_not_negative"),
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0) | Q(method=Method.FREE),
                name="payment_of_nothing_is_free",
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="payment_purpose_known"
            ),
            models.CheckConstraint(
                condition=Q(method__in=Method.values), name="payment_method_known"
            ),
            models.UniqueConstraint(
                fields=["booking", "purpose"],
                condition=Q(status=PaymentStatus.PENDING),
                name="payment_one_open_per_purpose",
            ),
            models.UniqueConstraint(
                fields=["stripe_payment_intent_id"],
                condition=~Q(stripe_payment_intent_id=""),
                name="payment_intent_once",
            ),
            models.UniqueConstraint(
                fields=["stripe_charge_id"],
                condition=~Q(stripe_charge_id=""),
                name="payment_charge_once",
            ),
        ]

    def __str__(self) -> str:
        return f"Payment {self.pk}"

    @property
    def is_captured(self) -> bool:
        return self.status in CAPTURED

    def move_to(self, status: PaymentStatus, **fields: object) -> None:
        """Save ``status`` and ``fields``, or raise ``ValueError`` if it cannot go there."""
        if status not in PAYMENT_MOVES[self.status]:
            raise ValueError(f"{self} cannot go from {self.status} to {status}")
        self.status = status
        for name, value in fields.items():
            setattr(self, name, value)
        self.save(update_fields=["status", *fields, "updated_at"])


class AttemptStatus(models.TextChoices):
    CREATING = "creating", "Being created"
    OPEN = "open", "Open"
    COMPLETE = "complete", "Complete"
    EXPIRED = "expired", "Expired"
    FAILED = "failed", "Failed"


LIVE_ATTEMPTS = frozenset({AttemptStatus.CREATING, AttemptStatus.OPEN})


class CheckoutAttempt(models.Model):
    """One Stripe Checkout Session for a payment, or the try to make one.

    Everything the request to Stripe says stands on this row, and the row's id is its idempotency
    key: a repeat after a time-out asks for exactly the same session (rule R607).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=20, choices=AttemptStatus, default=AttemptStatus.CREATING)
    amount_cents = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="usd")
    line_text = models.CharField(max_length=200)
    customer_email = models.EmailField()
    success_url = models.URLField(max_length=500)
    cancel_url = models.URLField(max_length=500)
    expires_at = models.DateTimeField()  # real time: Stripe does not know our shifted clock
    session_id = models.CharField(max_length=200, blank=True)
    session_url = models.URLField(max_length=2000, blank=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=AttemptStatus.values), name="attempt_status_known"
            ),
            models.UniqueConstraint(
                fields=["session_id"], condition=~Q(session_id=""), name="attempt_session_once"
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(status__in=list(LIVE_ATTEMPTS)),
                name="attempt_one_live_per_payment",
            ),
            models.UniqueConstraint(fields=["payment", "number"], name="attempt_number_once"),
            models.CheckConstraint(
                condition=~Q(status=AttemptStatus.OPEN) | ~Q(session_id=""),
                name="attempt_open_has_session",
            ),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.number} of {self.payment_id}"

    @property
    def is_live(self) -> bool:
        return self.status in LIVE_ATTEMPTS

    def end(self, status: AttemptStatus, *, error: str = "") -> None:
        """Close the attempt; one that has ended stays as it ended."""
        if self.is_live:
            self.status, self.error = status, error[:300]
            self.save(update_fields=["status", "error", "updated_at"])


class RefundKind(models.TextChoices):
    REQUEST = "request", "Asked for by staff"
    POLICY = "policy", "By the cancellation policy"
    AUTOMATIC = "automatic", "Money that could buy nothing"
    DASHBOARD = "dashboard", "Made at Stripe"


class RefundStatus(models.TextChoices):
    REQUESTED = "requested", "Requested"
    APPROVED = "approved", "Approved"
    DENIED = "denied", "Denied"
    PROCESSING = "processing", "Processing"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"


REFUND_MOVES: dict[str, frozenset[str]] = {
    RefundStatus.REQUESTED: frozenset({RefundStatus.APPROVED, RefundStatus.DENIED}),
    RefundStatus.APPROVED: frozenset({RefundStatus.PROCESSING}),
    RefundStatus.PROCESSING: frozenset({RefundStatus.COMPLETED, RefundStatus.FAILED}),
    RefundStatus.COMPLETED: frozenset({RefundStatus.FAILED}),
    RefundStatus.DENIED: frozenset(),
    RefundStatus.FAILED: frozenset(),
}
# Refunds whose amount is gone or going: what is left of a payment is without them.
STANDING_REFUNDS = frozenset(
    {
        RefundStatus.REQUESTED,
        RefundStatus.APPROVED,
        RefundStatus.PROCESSING,
        RefundStatus.COMPLETED,
    }
)


class Refund(models.Model):
    """Money going back. The sum of a payment's standing refunds is checked under its row lock."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    kind = models.CharField(max_length=20, choices=RefundKind)
    amount_cents = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=500)
    # Null where the system asked: kinds policy, automatic and dashboard.
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="requested_refunds",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="approved_refunds",
    )
    status = models.CharField(
        max_length=20, choices=RefundStatus, default=RefundStatus.REQUESTED, db_index=True
    )
    stripe_refund_id = models.CharField(max_length=200, blank=True)
    failure_reason = models.CharField(max_length=300, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=RefundStatus.values), name="refund_status_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=RefundKind.values), name="refund_kind_known"
            ),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="refund_positive"),
            models.UniqueConstraint(
                fields=["stripe_refund_id"],
                condition=~Q(stripe_refund_id=""),
                name="refund_stripe_id_once",
            ),
        ]

    def __str__(self) -> str:
        return f"Refund {self.pk}"

    def move_to(self, status: RefundStatus, **fields: object) -> None:
        """Save ``status`` and ``fields``, or raise ``ValueError`` if it cannot go there."""
        if status not in REFUND_MOVES[self.status]:
            raise ValueError(f"{self} cannot go from {self.status} to {status}")
        self.status = status
        for name, value in fields.items():
            setattr(self, name, value)
        self.save(update_fields=["status", *fields])


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


class PaymentAudit(models.Model):
    """Every money event, once. The database refuses UPDATE and DELETE of these rows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="audits")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, blank=True, related_name="audits")
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
