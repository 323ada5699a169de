"""Money on its way back."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


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
    # Only when Stripe proves it: we gave up, and the money had gone all the same.
    RefundStatus.FAILED: frozenset({RefundStatus.COMPLETED}),
}
# Refunds on their way to or at Stripe, with the outcome still open.
UNDER_WAY_REFUNDS = frozenset({RefundStatus.APPROVED, RefundStatus.PROCESSING})
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
    payment = models.ForeignKey("payments.Payment", models.PROTECT, related_name="refunds")
    kind = models.CharField(max_length=20, choices=RefundKind)
    # The change of the booking that made it cheaper, where one did.
    change = models.ForeignKey(
        "booking.BookingChange",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="refunds",
    )
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
    denied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="denied_refunds",
    )
    # Frozen when it is asked for: whoever asked cannot approve it, whatever the policy says later.
    two_person = models.BooleanField(default=False)
    status = models.CharField(
        max_length=20, choices=RefundStatus, default=RefundStatus.REQUESTED, db_index=True
    )
    stripe_refund_id = models.CharField(max_length=200, blank=True)
    failure_reason = models.CharField(max_length=300, blank=True)
    denial_reason = models.CharField(max_length=500, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    denied_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)  # when we first asked Stripe for it
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
            models.CheckConstraint(
                condition=Q(two_person=False)
                | Q(approved_by__isnull=True)
                | ~Q(approved_by=models.F("requested_by")),
                name="refund_two_person",
            ),
            # Only people ask, and what they ask for only people approve.
            models.CheckConstraint(
                condition=Q(kind="request", requested_by__isnull=False)
                | (~Q(kind="request") & Q(requested_by__isnull=True, two_person=False)),
                name="refund_request_has_requester",
            ),
            models.CheckConstraint(
                condition=~Q(kind="request")
                | Q(status__in=["requested", "denied"])
                | Q(approved_by__isnull=False),
                name="refund_request_has_approver",
            ),
            models.CheckConstraint(
                condition=~Q(status="denied") | Q(denied_by__isnull=False),
                name="refund_denied_by_someone",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="refund_has_reason"),
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

    @property
    def is_by_the_system(self) -> bool:
        """Whether no person of ours asked for it."""
        return self.kind != RefundKind.REQUEST
