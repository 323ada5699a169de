"""The catalog in Django admin: every price, rule, code, ZIP, day and policy, with checked forms."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from catalog.choices import CalculationType, ServiceType, Zone
from catalog.models import (
    AirportTransferConfig,
    BookingPolicy,
    CapacityDay,
    ClosedDay,
    DiscountCode,
    MiniMovePackage,
    OrganizingService,
    RefundRule,
    ServiceZip,
    SpecialtyItem,
    StandardDeliveryConfig,
    SurchargeRule,
)
from catalog.models.policy import THE_ONE
from totetaxi.lib.money import usd

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    DiscountModelForm = forms.ModelForm[DiscountCode]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
    DiscountModelForm = forms.ModelForm


def dollars(field: str, title: str = "price") -> Callable[[Any, Any], str]:
    """A list column that shows the cents of ``field`` as dollars."""

    @admin.display(description=title, ordering=field)
    def column(self: Any, row: Any) -> str:
        cents = getattr(row, field)
        return "–" if cents is None else usd(cents)

    return column


class CatalogAdmin(ModelAdmin):
    """Rows are switched off, not deleted: bookings refer to them, and seeding brings them back.

    ``fixed_fields`` can be chosen for a new row and never change afterwards.
    """

    fixed_fields: tuple[str, ...] = ()
    #: What a bulk action says it did: "3 items were ...".
    noun = "row"

    def can_go(self, obj: Any) -> bool:
        """Whether a row, or any (None), may be deleted by those who may delete."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only where a subclass lets rows go."""
        return self.can_go(obj) and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Also what never changes once a row is there."""
        fixed = self.fixed_fields if obj else ()
        return [*super().get_readonly_fields(request, obj), *fixed]

    def change_all(
        self, request: HttpRequest, rows: QuerySet[Any], what: str, **fields: Any
    ) -> None:
        """Set ``fields`` on the chosen rows, with a line in each row's history."""
        for row in rows:
            self.log_change(request, row, what)
        count = rows.update(**fields)
        self.message_user(request, f"{count} {self.noun}{'' if count == 1 else 's'}: {what}.")


@admin.register(MiniMovePackage)
class MiniMovePackageAdmin(CatalogAdmin):
    fixed_fields = ("package_type",)
    price = dollars("base_price_cents")
    list_display = ("name", "price", "max_items", "coi_included", "is_most_popular", "is_active")
    list_filter = ("is_active",)


@admin.register(OrganizingService)
class OrganizingServiceAdmin(CatalogAdmin):
    fixed_fields = ("service_type", "mini_move_tier", "is_packing_service")
    price = dollars("price_cents")
    list_display = ("name", "mini_move_tier", "price", "duration_hours", "is_active")
    list_filter = ("mini_move_tier", "is_packing_service", "is_active")


@admin.register(StandardDeliveryConfig)
class StandardDeliveryConfigAdmin(CatalogAdmin):
    per_item = dollars("price_per_item_cents", "per item")
    minimum = dollars("minimum_charge_cents", "minimum")
    same_day = dollars("same_day_surcharge_cents", "same day")
    list_display = ("__str__", "per_item", "minimum", "same_day", "is_active", "updated_at")
    list_filter = ("is_active",)


@admin.register(AirportTransferConfig)
class AirportTransferConfigAdmin(CatalogAdmin):
    per_bag = dollars("price_per_bag_cents", "per bag")
    minimum = dollars("minimum_charge_cents", "minimum")
    list_display = ("__str__", "per_bag", "minimum_bags", "minimum", "is_active", "updated_at")
    list_filter = ("is_active",)


@admin.register(SpecialtyItem)
class SpecialtyItemAdmin(CatalogAdmin):
    noun = "item"
    fixed_fields = ("type_key",)
    price = dollars("base_price_cents")
    list_display = ("name", "type_key", "price", "special_handling", "is_active")
    list_filter = ("is_active", "special_handling")
    search_fields = ("name", "type_key", "description")
    actions = ("activate", "deactivate")

    @admin.action(description="Offer the chosen items")
    def activate(self, request: HttpRequest, queryset: QuerySet[SpecialtyItem]) -> None:
        self.change_all(request, queryset, "offered", is_active=True)

    @admin.action(description="Stop offering the chosen items")
    def deactivate(self, request: HttpRequest, queryset: QuerySet[SpecialtyItem]) -> None:
        self.change_all(request, queryset, "no longer offered", is_active=False)


@admin.register(SurchargeRule)
class SurchargeRuleAdmin(CatalogAdmin):
    noun = "rule"
    list_display = (
        "name",
        "surcharge_type",
        "applies_to_service_type",
        "when",
        "amount",
        "is_active",
    )
    list_filter = ("surcharge_type", "applies_to_service_type", "is_active", "calculation_type")
    search_fields = ("name", "description")
    actions = ("activate", "deactivate")
    fieldsets = (
        (None, {"fields": ("surcharge_type", "name", "applies_to_service_type", "is_active")}),
        (
            "Amount",
            {
                "description": "A percentage or a fixed amount. Extended area and one-hour window "
                "need a fixed amount.",
                "fields": ("calculation_type", "fixed_amount_cents", "percentage"),
            },
        ),
        (
            "When",
            {
                "description": "Weekend: tick the days. Peak date: one date, or a first and a "
                "last day. Extended area and one-hour window: leave all of it empty.",
                "fields": (
                    ("applies_saturday", "applies_sunday"),
                    "specific_date",
                    ("start_date", "end_date"),
                ),
            },
        ),
        ("Extended area", {"fields": ("per_address",)}),
        ("Notes", {"fields": ("description",)}),
    )

    @admin.display(description="when", ordering="specific_date")
    def when(self, rule: SurchargeRule) -> str:
        if rule.specific_date:
            return f"{rule.specific_date:%b} {rule.specific_date.day}, {rule.specific_date.year}"
        if rule.start_date and rule.end_date:
            return (
                f"{rule.start_date:%b} {rule.start_date.day} to "
                f"{rule.end_date:%b} {rule.end_date.day}, {rule.end_date.year}"
            )
        days = (("Sat", rule.applies_saturday), ("Sun", rule.applies_sunday))
        return ", ".join(name for name, on in days if on) or "–"

    @admin.display(description="amount")
    def amount(self, rule: SurchargeRule) -> str:
        if rule.calculation_type == CalculationType.PERCENTAGE:
            return f"{rule.percentage} %"
        each = " per address" if rule.per_address else ""
        return usd(rule.fixed_amount_cents or 0) + each

    @admin.action(description="Switch the chosen rules on")
    def activate(self, request: HttpRequest, queryset: QuerySet[SurchargeRule]) -> None:
        """One by one: a rule may be refused because another of its kind is on."""
        refused = []
        for rule in queryset.filter(is_active=False):
            rule.is_active = True
            try:
                rule.full_clean()
            except forms.ValidationError as error:
                refused.append(f"{rule}: {' '.join(error.messages)}")
            else:
                rule.save()
                self.log_change(request, rule, "switched on")
        for message in refused:
            self.message_user(request, message, level="error")

    @admin.action(description="Switch the chosen rules off")
    def deactivate(self, request: HttpRequest, queryset: QuerySet[SurchargeRule]) -> None:
        self.change_all(request, queryset, "switched off", is_active=False)

    def can_go(self, obj: Any) -> bool:
        """Rules of our own making can go; seeded ones would come back."""
        return obj is None or obj.seed_key is None


class DiscountCodeForm(DiscountModelForm):
    """Services as boxes to tick."""

    service_types = forms.MultipleChoiceField(
        label="Services",
        choices=ServiceType.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="None ticked: every service.",
    )

    class Meta:
        model = DiscountCode
        fields = "__all__"


@admin.register(DiscountCode)
class DiscountCodeAdmin(CatalogAdmin):
    form = DiscountCodeForm
    list_display = ("code", "takes_off", "used", "valid_from", "valid_until", "is_active")
    list_filter = ("is_active", "discount_type", "valid_until")
    search_fields = ("code", "description")
    readonly_fields = ("used",)
    fieldsets = (
        (None, {"fields": ("code", "description", "is_active")}),
        (
            "Discount",
            {"fields": ("discount_type", "percent", "maximum_discount_cents", "amount_cents")},
        ),
        ("Orders", {"fields": ("minimum_order_cents", "service_types")}),
        (
            "Limits",
            {"fields": ("max_uses", "max_uses_per_customer", "used", "valid_from", "valid_until")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the uses that count, those not given back; they are records of bookings."""
        standing = Count("uses", filter=Q(uses__released_at=None))
        codes: QuerySet[Any] = super().get_queryset(request).annotate(use_count=standing)
        return codes

    @admin.display(description="takes off")
    def takes_off(self, code: DiscountCode) -> str:
        if code.percent is None:
            return usd(code.amount_cents or 0)
        cap = code.maximum_discount_cents
        return f"{code.percent} %" + (f", at most {usd(cap)}" if cap is not None else "")

    @admin.display(description="used", ordering="use_count")
    def used(self, code: DiscountCode) -> str:
        uses = getattr(code, "use_count", 0)
        return f"{uses} of {code.max_uses}" if code.max_uses is not None else str(uses)

    def can_go(self, obj: Any) -> bool:
        """A code that was used is protected by its uses."""
        return True


@admin.register(ServiceZip)
class ServiceZipAdmin(CatalogAdmin):
    noun = "ZIP code"
    fixed_fields = ("zip_code",)
    list_display = ("zip_code", "place", "label", "state", "zone", "is_active")
    list_filter = ("zone", "is_active", "state", "label")
    search_fields = ("zip_code", "place", "label")
    actions = ("to_standard_area", "to_extended_area", "serve", "stop_serving")

    @admin.action(description="Move to the standard area")
    def to_standard_area(self, request: HttpRequest, queryset: QuerySet[ServiceZip]) -> None:
        self.change_all(request, queryset, "moved to the standard area", zone=Zone.CORE)

    @admin.action(description="Move to the extended area")
    def to_extended_area(self, request: HttpRequest, queryset: QuerySet[ServiceZip]) -> None:
        self.change_all(request, queryset, "moved to the extended area", zone=Zone.SURCHARGE)

    @admin.action(description="Serve them")
    def serve(self, request: HttpRequest, queryset: QuerySet[ServiceZip]) -> None:
        self.change_all(request, queryset, "served", is_active=True)

    @admin.action(description="Stop serving them")
    def stop_serving(self, request: HttpRequest, queryset: QuerySet[ServiceZip]) -> None:
        self.change_all(request, queryset, "no longer served", is_active=False)


@admin.register(ClosedDay)
class ClosedDayAdmin(CatalogAdmin):
    list_display = ("date", "reason")
    date_hierarchy = "date"

    def can_go(self, obj: Any) -> bool:
        """A closed day can be opened again."""
        return True


@admin.register(CapacityDay)
class CapacityDayAdmin(CatalogAdmin):
    fixed_fields = ("date",)
    list_display = ("date", "limit", "used", "limit_is_own")
    list_filter = ("limit_is_own",)
    date_hierarchy = "date"
    readonly_fields = ("used",)
    fields = ("date", "limit_is_own", "limit", "used")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Whoever adds a day by hand wants to give it a limit."""
        return {"limit_is_own": True, **super().get_changeform_initial_data(request)}


class RefundRuleInline(TabularInline):
    model = RefundRule
    extra = 0


@admin.register(BookingPolicy)
class BookingPolicyAdmin(CatalogAdmin):
    """One row, opened at once."""

    inlines = (RefundRuleInline,)
    fieldsets = (
        (
            "When customers can book",
            {
                "fields": (
                    "same_day_enabled",
                    ("same_day_cutoff", "tomorrow_cutoff"),
                    "horizon_days",
                    "airport_earliest_departure",
                    "unpaid_hold_minutes",
                )
            },
        ),
        (
            "Places per day",
            {
                "fields": (
                    "default_daily_limit",
                    ("units_mini_move", "units_standard_delivery"),
                    ("units_specialty_item", "units_blade_transfer"),
                )
            },
        ),
        ("Tax", {"fields": ("organizing_tax_percent",)}),
        (
            "Changes and refunds",
            {
                "fields": (
                    "change_cutoff",
                    ("peak_date_refund_percent", "two_person_refund_cents"),
                )
            },
        ),
        (
            "The company",
            {
                "fields": (
                    ("phone", "phone_hours"),
                    ("email_info", "email_orders"),
                    "office_address",
                    "announcement",
                )
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only while there is none."""
        return super().has_add_permission(request) and not BookingPolicy.objects.exists()

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Go straight to the policy."""
        if not BookingPolicy.objects.exists():
            return super().changelist_view(request, *args, **kwargs)
        return redirect(reverse("admin:catalog_bookingpolicy_change", args=[THE_ONE]))
