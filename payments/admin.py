"""Money in Django admin: to look at; every change goes through a service."""

from django.contrib import admin

from booking.admin import ReadOnly
from payments.models import CheckoutAttempt, Payment, PaymentAudit, Refund, StripeEvent


class AttemptInline(ReadOnly, admin.TabularInline[CheckoutAttempt, Payment]):
    model = CheckoutAttempt
    fields = ["number", "status", "amount_cents", "session_id", "expires_at", "error"]
    extra = 0


class AuditInline(ReadOnly, admin.TabularInline[PaymentAudit, Payment]):
    model = PaymentAudit
    fields = ["created_at", "kind", "amount_cents", "detail"]
    extra = 0


@admin.register(Payment)
class PaymentAdmin(ReadOnly, admin.ModelAdmin[Payment]):
    list_display = ["id", "booking", "purpose", "method", "amount_cents", "status", "created_at"]
    list_filter = ["status", "purpose", "method", "unfulfillable_reason"]
    search_fields = ["booking__booking_number", "stripe_payment_intent_id", "stripe_charge_id"]
    inlines = [AttemptInline, AuditInline]


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
