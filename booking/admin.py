"""Bookings in Django admin: to look at; every change goes through a service."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from booking.models import (
    Booking,
    BookingEvent,
    BookingLine,
    CustomerProfile,
    DiscountUse,
    Draft,
    SavedAddress,
)
from totetaxi.lib.money import usd


class ReadOnly:
    """No adding, changing or deleting by hand: the database would refuse, or the money not know."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LineInline(ReadOnly, admin.TabularInline[BookingLine, Booking]):
    model = BookingLine
    fields = ["position", "code", "label", "amount_cents", "note", "reason"]
    extra = 0


class EventInline(ReadOnly, admin.TabularInline[BookingEvent, Booking]):
    model = BookingEvent
    fields = ["created_at", "kind", "from_status", "to_status", "actor_label", "reason"]
    readonly_fields = ["created_at"]
    extra = 0


@admin.register(Booking)
class BookingAdmin(ReadOnly, admin.ModelAdmin[Booking]):
    list_display = [
        "booking_number",
        "status",
        "service_type",
        "pickup_date",
        "total",
        "created_at",
    ]
    ordering = ["-created_at"]
    list_filter = ["status", "service_type", "pickup_date"]
    search_fields = ["booking_number", "email", "last_name"]
    date_hierarchy = "pickup_date"
    inlines = [LineInline, EventInline]

    @admin.display(ordering="total_price_cents")
    def total(self, booking: Booking) -> str:
        return usd(booking.total_price_cents)


@admin.register(Draft)
class DraftAdmin(ReadOnly, admin.ModelAdmin[Draft]):
    list_display = ["id", "version", "shown_total_cents", "expires_at", "updated_at"]


@admin.register(DiscountUse)
class DiscountUseAdmin(ReadOnly, admin.ModelAdmin[DiscountUse]):
    list_display = ["code", "booking", "amount_cents", "released_at", "created_at"]
    list_filter = ["code"]


@admin.register(CustomerProfile)
class CustomerProfileAdmin(ReadOnly, admin.ModelAdmin[CustomerProfile]):
    list_display = ["user", "phone", "is_vip", "created_at"]
    list_filter = ["is_vip"]
    list_select_related = ["user"]
    search_fields = ["user__email", "user__last_name", "phone"]


@admin.register(SavedAddress)
class SavedAddressAdmin(ReadOnly, admin.ModelAdmin[SavedAddress]):
    list_display = ["nickname", "user", "city", "state", "times_used", "is_active"]
    list_filter = ["state", "is_active"]
    list_select_related = ["user"]
    search_fields = ["user__email", "nickname"]
