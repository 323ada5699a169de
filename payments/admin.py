"""Money in Django admin: to look at; every change goes through a service."""

from django.contrib import admin

from booking.admin import ReadOnly
from payments.models import (
    CheckoutAttempt,
    Dispute,
    MoneyAlert,
    Payment,
    PaymentAudit,
    PaymentLink,
    Refund,
    StripeEvent,
    StripeProof,
)


class AttemptInline(ReadOnly, admin.TabularInline[CheckoutAttempt, Payment]):
    model = CheckoutAttempt
    fields = ["number", "status", "amount_cents", "session_id", "expires_at", "error"]
    extra = 0


class AuditInline(ReadOnly, admin.TabularInline[PaymentAudit, Payment]):
    model = PaymentAudit
    fields = ["created_at", "kind", "amount_cents", "detail"]
    extra = 0


class RefundInline(ReadOnly, admin.TabularInline[Refund, Payment]):
    model = Refund
    fields = ["created_at", "kind", "amount_cents", "status", "reason", "stripe_refund_id"]
    extra = 0


class DisputeInline(ReadOnly, admin.TabularInline[Dispute, Payment]):
    model = Dispute
    fields = ["opened_at", "amount_cents", "reason", "status", "evidence_due_at", "closed_at"]
    extra = 0


@admin.register(Payment)
class PaymentAdmin(ReadOnly, admin.ModelAdmin[Payment]):
    list_display = ["id", "booking", "purpose", "method", "amount_cents", "status", "created_at"]
    list_filter = ["status", "purpose", "method", "unfulfillable_reason"]
    search_fields = ["booking__booking_number", "stripe_payment_intent_id", "stripe_charge_id"]
    inlines = [AttemptInline, RefundInline, DisputeInline, AuditInline]


@admin.register(Refund)
class RefundAdmin(ReadOnly, admin.ModelAdmin[Refund]):
    list_display = ["id", "payment", "kind", "amount_cents", "status", "created_at"]
    list_filter = ["status", "kind"]
    search_fields = ["payment__booking__booking_number", "stripe_refund_id"]


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnly, admin.ModelAdmin[StripeEvent]):
    list_display = ["event_id", "type", "object_id", "result", "received_at", "processed_at"]
    list_filter = ["type", "result"]
    search_fields = ["event_id", "object_id"]


@admin.register(PaymentAudit)
class PaymentAuditAdmin(ReadOnly, admin.ModelAdmin[PaymentAudit]):
    list_display = ["created_at", "kind", "payment", "amount_cents", "detail"]
    list_filter = ["kind"]


@admin.register(Dispute)
class DisputeAdmin(ReadOnly, admin.ModelAdmin[Dispute]):
    list_display = ["stripe_dispute_id", "payment", "amount_cents", "reason", "status", "opened_at"]
    list_filter = ["status", "reason"]
    search_fields = ["stripe_dispute_id", "payment__booking__booking_number"]


@admin.register(PaymentLink)
class PaymentLinkAdmin(ReadOnly, admin.ModelAdmin[PaymentLink]):
    """Without the address itself: who has that can pay, and see the order."""

    list_display = ["booking", "created_by", "created_at", "sent_at", "expires_at", "revoked_at"]
    search_fields = ["booking__booking_number"]


@admin.register(MoneyAlert)
class MoneyAlertAdmin(ReadOnly, admin.ModelAdmin[MoneyAlert]):
    list_display = ["first_seen_at", "kind", "subject", "detail", "booking", "resolved_at"]
    list_filter = ["kind", ("resolved_at", admin.EmptyFieldListFilter)]
    search_fields = ["subject", "booking__booking_number"]


@admin.register(StripeProof)
class StripeProofAdmin(ReadOnly, admin.ModelAdmin[StripeProof]):
    list_display = ["day", "proven_at", "charges", "refunds", "differences"]
