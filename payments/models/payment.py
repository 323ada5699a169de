"""A payment, and the tries to take it at Stripe."""

import uuid

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
    # Made up to have something to look at; never counted with real money.
    DEMO = "demo", "Demonstration data"


class OutsideMethod(models.TextChoices):
    CASH = "cash", "Cash"
    CHECK = "check", "Check"
    BANK_TRANSFER = "bank_transfer", "Bank transfer"
    CARD_BY_PHONE = "card_by_phone", "Card taken elsewhere"
    OTHER = "other", "Another way"


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
    # What it pays when it does not pay the booking itself.
    change = models.ForeignKey(
        "booking.BookingChange",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
    )
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
    # How money came that did not go through Stripe, by what it is found again, and who says so.
    outside_method = models.CharField(max_length=20, choices=OutsideMethod, blank=True)
    outside_reference = models.CharField(max_length=100, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="recorded_payments",
    )
    processed_at = models.DateTimeField(null=True, blank=True)
    # Rises with every change that a read of Stripe made to this payment's refunds and disputes: a
    # read that began before such a change is stale, and is done again instead of believed.
    stripe_version = models.PositiveIntegerField(default=0)
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
            models.CheckConstraint(
                condition=Q(
                    method=Method.OUTSIDE,
                    outside_method__in=OutsideMethod.values,
                    recorded_by__isnull=False,
                )
                | (~Q(method=Method.OUTSIDE) & Q(outside_method="", outside_reference="")),
                name="payment_outside_says_how_and_who",
            ),
            models.UniqueConstraint(
                fields=["booking", "purpose"],
                condition=Q(status=PaymentStatus.PENDING),
                name="payment_one_open_per_purpose",
            ),
            # Captured twice for one booking: the second says why it goes back, or is refused.
            models.UniqueConstraint(
                fields=["booking"],
                condition=Q(
                    purpose=Purpose.BOOKING, status__in=sorted(CAPTURED), unfulfillable_reason=""
                ),
                name="payment_one_kept_per_booking",
            ),
            # And once for one change of it.
            models.UniqueConstraint(
                fields=["change"],
                condition=Q(status__in=sorted(CAPTURED), unfulfillable_reason=""),
                name="payment_one_kept_per_change",
            ),
            models.CheckConstraint(
                condition=Q(change=None) | Q(purpose=Purpose.CHANGE),
                name="payment_of_a_change_says_so",
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
    # The staff link it was opened through, if it was.
    link = models.ForeignKey(
        "payments.PaymentLink", models.PROTECT, null=True, blank=True, related_name="attempts"
    )
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
                condition=Q(status__in=sorted(LIVE_ATTEMPTS)),
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
