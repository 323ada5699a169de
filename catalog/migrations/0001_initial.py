import datetime
import uuid
from decimal import Decimal

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import catalog.fields
import totetaxi.lib.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AirportTransferConfig",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Switch off to stop using it; nothing is lost.",
                        verbose_name="active",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "price_per_bag_cents",
                    catalog.fields.CentsField(
                        help_text="In dollars.",
                        validators=[
                            django.core.validators.MinValueValidator(1, "Enter an amount above $0.")
                        ],
                        verbose_name="price per bag",
                    ),
                ),
                (
                    "minimum_bags",
                    models.PositiveIntegerField(
                        default=2, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "minimum_charge_cents",
                    catalog.fields.CentsField(
                        help_text="In dollars.", verbose_name="minimum charge"
                    ),
                ),
                (
                    "max_weight_per_bag_lbs",
                    models.PositiveIntegerField(default=50, verbose_name="pounds per bag"),
                ),
                (
                    "overweight_fee_cents",
                    catalog.fields.CentsField(
                        default=10000,
                        help_text="In dollars for each bag above that weight. Shown; billed after the day.",
                        verbose_name="overweight fee",
                    ),
                ),
                (
                    "waiting_fee_cents",
                    catalog.fields.CentsField(
                        default=5000,
                        help_text="In dollars per half hour after ten minutes. Shown; billed after the day.",
                        verbose_name="waiting fee",
                    ),
                ),
            ],
            options={
                "verbose_name": "airport transfer rate",
                "ordering": ["-is_active", "-created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("is_active",),
                        name="airport_transfer_one_active",
                        violation_error_code="unique",
                        violation_error_message="Another rate is active: switch that one off first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_per_bag_cents__gt", 0)),
                        name="airport_transfer_price_above_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("minimum_bags__gt", 0)),
                        name="airport_transfer_minimum_above_zero",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BookingPolicy",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "same_day_enabled",
                    models.BooleanField(
                        default=True,
                        help_text="Deliveries only, until the cut-off below. Switched off: by phone.",
                        verbose_name="same-day orders online",
                    ),
                ),
                (
                    "same_day_cutoff",
                    models.TimeField(
                        default=datetime.time(10, 0),
                        help_text="From this minute on, today is by phone only.",
                    ),
                ),
                (
                    "tomorrow_cutoff",
                    models.TimeField(
                        default=datetime.time(18, 0),
                        help_text="From this minute on, tomorrow is by phone only.",
                    ),
                ),
                (
                    "horizon_days",
                    models.PositiveSmallIntegerField(
                        default=365,
                        help_text="How far ahead a customer can book.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(730),
                        ],
                        verbose_name="days ahead",
                    ),
                ),
                (
                    "airport_earliest_departure",
                    models.TimeField(
                        default=datetime.time(8, 0),
                        help_text="Earlier departures are by phone only.",
                    ),
                ),
                (
                    "organizing_tax_percent",
                    models.DecimalField(
                        decimal_places=3,
                        default=Decimal("8.875"),
                        help_text="In percent, for example 8.875.",
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="sales tax on organizing",
                    ),
                ),
                (
                    "default_daily_limit",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty: no limit. Days with a limit of their own keep it.",
                        null=True,
                        verbose_name="places per day",
                    ),
                ),
                (
                    "units_mini_move",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="Places of a day that one booking takes.",
                        verbose_name="Mini Move takes",
                    ),
                ),
                (
                    "units_standard_delivery",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="Places of a day that one booking takes.",
                        verbose_name="Standard Delivery takes",
                    ),
                ),
                (
                    "units_specialty_item",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="Places of a day that one booking takes.",
                        verbose_name="specialty order takes",
                    ),
                ),
                (
                    "units_blade_transfer",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="Places of a day that one booking takes.",
                        verbose_name="Airport Transfer takes",
                    ),
                ),
                (
                    "unpaid_hold_minutes",
                    models.PositiveSmallIntegerField(
                        default=60,
                        help_text="How long an unpaid order keeps its place.",
                        validators=[
                            django.core.validators.MinValueValidator(30),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "change_cutoff",
                    models.TimeField(
                        default=datetime.time(18, 0),
                        help_text="On the day before pickup. Later by phone only.",
                        verbose_name="change and cancel until",
                    ),
                ),
                (
                    "peak_date_refund_percent",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="In percent, whenever the customer cancels.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="refund on peak dates",
                    ),
                ),
                (
                    "two_person_refund_cents",
                    models.PositiveIntegerField(
                        default=50000,
                        help_text="Refunds that staff ask for above this amount need another person’s approval.",
                        verbose_name="second person above (cents)",
                    ),
                ),
                (
                    "phone",
                    models.CharField(
                        default="(631) 595-5100",
                        max_length=20,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^\\([0-9]{3}\\) [0-9]{3}-[0-9]{4}$",
                                "Write it like (631) 595-5100.",
                            )
                        ],
                    ),
                ),
                ("phone_hours", models.CharField(default="Every day, 9 AM–6 PM", max_length=100)),
                (
                    "email_info",
                    models.EmailField(
                        default="info@totetaxi.com",
                        max_length=254,
                        verbose_name="email for questions",
                    ),
                ),
                (
                    "email_orders",
                    models.EmailField(
                        default="orders@totetaxi.com",
                        max_length=254,
                        verbose_name="email for orders",
                    ),
                ),
                (
                    "office_address",
                    models.CharField(
                        default="395 County Road 39A, Southampton, NY 11968", max_length=200
                    ),
                ),
                (
                    "announcement",
                    models.TextField(
                        blank=True,
                        help_text="Shown once to each visitor. Empty: nothing.",
                        max_length=300,
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name": "booking policy",
                "verbose_name_plural": "booking policy",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="booking_policy_only_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("organizing_tax_percent__gte", 0), ("organizing_tax_percent__lte", 100)
                        ),
                        name="booking_policy_tax_is_percent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("peak_date_refund_percent__lte", 100)),
                        name="booking_policy_refund_is_percent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CapacityDay",
            fields=[
                ("date", models.DateField(primary_key=True, serialize=False)),
                (
                    "limit",
                    models.PositiveIntegerField(
                        blank=True, help_text="Empty: no limit.", null=True, verbose_name="places"
                    ),
                ),
                (
                    "used",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="taken"),
                ),
                (
                    "limit_is_own",
                    models.BooleanField(
                        default=False,
                        help_text="Ticked: this limit stays. Not ticked: the day follows the booking policy.",
                        verbose_name="limit of its own",
                    ),
                ),
            ],
            options={
                "ordering": ["date"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("limit", None), ("used__lte", models.F("limit")), _connector="OR"
                        ),
                        name="capacity_used_within_limit",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClosedDay",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("date", models.DateField(unique=True)),
                (
                    "reason",
                    models.CharField(
                        help_text="Shown to customers, for example “Thanksgiving”.", max_length=100
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["date"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="closed_day_has_reason",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DiscountCode",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Switch off to stop using it; nothing is lost.",
                        verbose_name="active",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "code",
                    models.CharField(
                        help_text="Capital and small letters are the same.",
                        max_length=50,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9_-]+$", "Use letters, digits, dashes only."
                            )
                        ],
                    ),
                ),
                ("description", models.TextField(blank=True, help_text="For colleagues.")),
                (
                    "discount_type",
                    models.CharField(
                        choices=[("percentage", "Percentage"), ("fixed_amount", "Fixed amount")],
                        default="percentage",
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "percent",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="A whole number from 1 to 100. Empty for a fixed amount.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="percentage",
                    ),
                ),
                (
                    "amount_cents",
                    catalog.fields.CentsField(
                        blank=True,
                        help_text="In dollars. Empty for a percentage.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1, "Enter an amount above $0.")
                        ],
                        verbose_name="fixed amount",
                    ),
                ),
                (
                    "maximum_discount_cents",
                    catalog.fields.CentsField(
                        blank=True,
                        help_text="In dollars: the most a percentage takes off. Empty: no cap.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1, "Enter an amount above $0.")
                        ],
                        verbose_name="at most",
                    ),
                ),
                (
                    "minimum_order_cents",
                    catalog.fields.CentsField(
                        default=0,
                        help_text="In dollars, before the discount.",
                        verbose_name="minimum order",
                    ),
                ),
                (
                    "max_uses",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty: no limit.",
                        null=True,
                        verbose_name="uses in all",
                    ),
                ),
                (
                    "max_uses_per_customer",
                    models.PositiveIntegerField(
                        blank=True,
                        default=1,
                        help_text="Counted by email address. Empty: no limit.",
                        null=True,
                        verbose_name="uses per customer",
                    ),
                ),
                ("valid_from", models.DateTimeField(default=totetaxi.lib.clock.now)),
                (
                    "valid_until",
                    models.DateTimeField(blank=True, help_text="Empty: never ends.", null=True),
                ),
                (
                    "service_types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("mini_move", "Mini Move"),
                                ("standard_delivery", "Standard Delivery"),
                                ("specialty_item", "Specialty Items"),
                                ("blade_transfer", "Airport Transfer"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        help_text="None ticked: every service.",
                        size=None,
                        verbose_name="services",
                    ),
                ),
            ],
            options={
                "ordering": ["code"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("code"),
                        name="discount_code_once_in_any_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("code", django.db.models.functions.text.Upper("code")),
                            models.Q(("code", ""), _negated=True),
                        ),
                        name="discount_code_upper_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount_cents", None),
                                ("discount_type", "percentage"),
                                ("percent__gte", 1),
                                ("percent__isnull", False),
                                ("percent__lte", 100),
                            ),
                            models.Q(
                                ("amount_cents__gt", 0),
                                ("amount_cents__isnull", False),
                                ("discount_type", "fixed_amount"),
                                ("maximum_discount_cents", None),
                                ("percent", None),
                            ),
                            _connector="OR",
                        ),
                        name="discount_amount_fits_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "service_types__contained_by",
                                [
                                    "mini_move",
                                    "standard_delivery",
                                    "specialty_item",
                                    "blade_transfer",
                                ],
                            )
                        ),
                        name="discount_services_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_until", None),
                            ("valid_until__gt", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="discount_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MiniMovePackage",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Switch off to stop using it; nothing is lost.",
                        verbose_name="active",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "package_type",
                    models.CharField(
                        choices=[
                            ("petite", "Petite"),
                            ("standard", "Standard"),
                            ("full", "Full Move"),
                        ],
                        max_length=20,
                        unique=True,
                        verbose_name="tier",
                    ),
                ),
                ("name", models.CharField(max_length=50)),
                ("description", models.TextField(help_text="Shown on the package's card.")),
                (
                    "base_price_cents",
                    catalog.fields.CentsField(
                        help_text="In dollars.",
                        validators=[
                            django.core.validators.MinValueValidator(1, "Enter an amount above $0.")
                        ],
                        verbose_name="price",
                    ),
                ),
                (
                    "max_items",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Shown, not counted. Empty: as much as the van holds.",
                        null=True,
                    ),
                ),
                (
                    "max_weight_per_item_lbs",
                    models.PositiveIntegerField(default=50, verbose_name="pounds per item"),
                ),
                (
                    "coi_included",
                    models.BooleanField(
                        default=False, verbose_name="certificate of insurance included"
                    ),
                ),
                (
                    "coi_fee_cents",
                    catalog.fields.CentsField(
                        default=5000,
                        help_text="In dollars. Not charged where it is included.",
                        verbose_name="certificate fee",
                    ),
                ),
                ("priority_scheduling", models.BooleanField(default=False)),
                ("protective_wrapping", models.BooleanField(default=False)),
                (
                    "is_most_popular",
                    models.BooleanField(default=False, verbose_name="“most popular” badge"),
                ),
                (
                    "offers_hour_window",
                    models.BooleanField(
                        default=False,
                        help_text="Costs what the active one-hour-window surcharge says, unless it is free.",
                        verbose_name="one-hour pickup window offered",
                    ),
                ),
                (
                    "hour_window_free",
                    models.BooleanField(default=False, verbose_name="one-hour window is free"),
                ),
                (
                    "offers_flexible_time",
                    models.BooleanField(default=False, verbose_name="flexible time offered"),
                ),
            ],
            options={
                "ordering": ["base_price_cents"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("package_type__in", ["petite", "standard", "full"])),
                        name="mini_move_tier_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("base_price_cents__gt", 0)),
                        name="mini_move_price_above_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("offers_hour_window", True),
                            ("hour_window_free", False),
                            _connector="OR",
                        ),
                        name="mini_move_free_window_is_offered",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrganizingService",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Switch off to stop using it; nothing is lost.",
                        verbose_name="active",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "service_type",
                    models.CharField(
                        choices=[
                            ("petite_packing", "Petite Packing"),
                            ("petite_unpacking", "Petite Unpacking"),
                            ("standard_packing", "Standard Packing"),
                            ("standard_unpacking", "Standard Unpacking"),
                            ("full_packing", "Full Packing"),
                            ("full_unpacking", "Full Unpacking"),
                        ],
                        max_length=30,
                        unique=True,
                        verbose_name="kind",
                    ),
                ),
                (
                    "mini_move_tier",
                    models.CharField(
                        choices=[
                            ("petite", "Petite"),
                            ("standard", "Standard"),
                            ("full", "Full Move"),
                        ],
                        max_length=20,
                        verbose_name="Mini Move tier",
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("description", models.TextField(blank=True)),
                (
                    "price_cents",
                    catalog.fields.CentsField(
                        help_text="In dollars, before sales tax.",
                        validators=[
                            django.core.validators.MinValueValidator(1, "Enter an amount above $0.")
                        ],
                        verbose_name="price",
                    ),
                ),
                ("duration_hours", models.PositiveIntegerField(verbose_name="hours")),
                ("organizer_count", models.PositiveIntegerField(verbose_name="organizers")),
                (
                    "supplies_allowance_cents",
                    catalog.fields.CentsField(
                        default=0,
                        help_text="In dollars. Information, not a charge.",
                        verbose_name="supplies allowance",
                    ),
                ),
                ("is_packing_service", models.BooleanField(verbose_name="is packing")),
            ],
            options={
                "ordering": ["mini_move_tier", "is_packing_service", "price_cents"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("is_packing_service", True),
                                ("mini_move_tier", "petite"),
                                ("service_type", "petite_packing"),
                            ),
                            models.Q(
                                ("is_packing_service", False),
                                ("mini_move_tier", "petite"),
                                ("service_type", "petite_unpacking"),
                            ),
                            models.Q(
                                ("is_packing_service", True),
                                ("mini_move_tier", "standard"),
                                ("service_type", "standard_packing"),
                            ),
                            models.Q(
                                ("is_packing_service", False),
                                ("mini_move_tier", "standard"),
                                ("service_type", "standard_unpacking"),
                            ),
                            models.Q(
                                ("is_packing_service", True),
                                ("mini_move_tier", "full"),
                                ("service_type", "full_packing"),
                            ),
                            models.Q(
                                ("is_packing_service", False),
                                ("mini_move_tier", "full"),
                                ("service_type", "full_unpacking"),
                            ),
                            _connector="OR",
                        ),
                        name="organizing_kind_fits_tier",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_cents__gt", 0)),
                        name="organizing_price_above_zero",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ServiceZip",
            fields=[
                (
                    "zip_code",
                    models.CharField(
                        max_length=5,
                        primary_key=True,
                        serialize=False,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[0-9]{5}$", "Enter the five digits of a ZIP code."
                            )
                        ],
                        verbose_name="ZIP code",
                    ),
                ),
                (
                    "zone",
                    models.CharField(
                        choices=[("core", "Standard area"), ("surcharge", "Extended area")],
                        help_text="Extended area: served with the distance surcharge.",
                        max_length=20,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("NY", "New York"), ("NJ", "New Jersey"), ("CT", "Connecticut")],
                        max_length=2,
                    ),
                ),
                (
                    "label",
                    models.CharField(
                        help_text="For example “Brooklyn”.", max_length=100, verbose_name="area"
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        blank=True, help_text="For example “Montauk”.", max_length=100
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Switch off to stop serving it.",
                        verbose_name="served",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name": "service ZIP",
                "ordering": ["zip_code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("zip_code__regex", "^[0-9]{5}$")),
                        name="service_zip_five_digits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("zone__in", ["core", "surcharge"])),
                        name="service_zip_zone_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["NY", "NJ", "CT"])),
                        name="service_zip_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SpecialtyItem",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Switch off to stop using it; nothing is lost.",
                        verbose_name="active",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "type_key",
                    models.SlugField(
                        help_text="Short name used in links, for example “bicycle”. Never changes.",
                        unique=True,
                        verbose_name="key",
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("description", models.TextField(blank=True)),
                (
                    "base_price_cents",
                    catalog.fields.CentsField(
                        help_text="In dollars each.",
                        validators=[
                            django.core.validators.MinValueValidator(1, "Enter an amount above $0.")
                        ],
                        verbose_name="price",
                    ),
                ),
                ("requires_disassembly", models.BooleanField(default=False)),
                (
                    "max_weight_lbs",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="pounds at most"
                    ),
                ),
                ("special_handling", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("type_key", ""), _negated=True),
                        name="specialty_key_not_empty",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("base_price_cents__gt", 0)),
                        name="specialty_price_above_zero",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StandardDeliveryConfig",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Switch off to stop using it; nothing is lost.",
                        verbose_name="active",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "price_per_item_cents",
                    catalog.fields.CentsField(
                        help_text="In dollars.",
                        validators=[
                            django.core.validators.MinValueValidator(1, "Enter an amount above $0.")
                        ],
                        verbose_name="price per item",
                    ),
                ),
                (
                    "minimum_charge_cents",
                    catalog.fields.CentsField(
                        help_text="In dollars, for the regular items of an order together.",
                        verbose_name="minimum charge",
                    ),
                ),
                (
                    "minimum_items",
                    models.PositiveIntegerField(
                        default=3,
                        help_text="Information: how many items the minimum charge covers.",
                    ),
                ),
                (
                    "same_day_surcharge_cents",
                    catalog.fields.CentsField(
                        help_text="In dollars.", verbose_name="same-day surcharge"
                    ),
                ),
                (
                    "coi_fee_cents",
                    catalog.fields.CentsField(
                        default=5000,
                        help_text="In dollars, when a certificate is asked for.",
                        verbose_name="certificate fee",
                    ),
                ),
                (
                    "max_weight_per_item_lbs",
                    models.PositiveIntegerField(default=50, verbose_name="pounds per item"),
                ),
            ],
            options={
                "verbose_name": "standard delivery rate",
                "ordering": ["-is_active", "-created_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("is_active",),
                        name="standard_delivery_one_active",
                        violation_error_code="unique",
                        violation_error_message="Another rate is active: switch that one off first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_per_item_cents__gt", 0)),
                        name="standard_delivery_price_above_zero",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SurchargeRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Switch off to stop using it; nothing is lost.",
                        verbose_name="active",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "surcharge_type",
                    models.CharField(
                        choices=[
                            ("weekend", "Weekend"),
                            ("peak_date", "Peak date"),
                            ("geographic", "Extended area"),
                            ("time_window", "One-hour window"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Customers read it beside the charge.", max_length=100
                    ),
                ),
                ("description", models.TextField(blank=True, help_text="For colleagues.")),
                (
                    "applies_to_service_type",
                    models.CharField(
                        choices=[
                            ("all", "All services"),
                            ("mini_move", "Mini Move"),
                            ("standard_delivery", "Standard Delivery"),
                            ("specialty_item", "Specialty Items"),
                            ("blade_transfer", "Airport Transfer"),
                        ],
                        default="all",
                        max_length=30,
                        verbose_name="service",
                    ),
                ),
                (
                    "calculation_type",
                    models.CharField(
                        choices=[
                            ("percentage", "Percentage of the service price"),
                            ("fixed_amount", "Fixed amount"),
                        ],
                        default="fixed_amount",
                        max_length=20,
                        verbose_name="amount is",
                    ),
                ),
                (
                    "percentage",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Of the service price alone, for example 12.50. Empty for a fixed amount.",
                        max_digits=5,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                (
                    "fixed_amount_cents",
                    catalog.fields.CentsField(
                        blank=True,
                        help_text="In dollars. Empty for a percentage.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1, "Enter an amount above $0.")
                        ],
                        verbose_name="fixed amount",
                    ),
                ),
                (
                    "specific_date",
                    models.DateField(
                        blank=True,
                        help_text="Peak dates: a single day, or the range below.",
                        null=True,
                        verbose_name="date",
                    ),
                ),
                ("start_date", models.DateField(blank=True, null=True, verbose_name="first day")),
                (
                    "end_date",
                    models.DateField(
                        blank=True, help_text="Included.", null=True, verbose_name="last day"
                    ),
                ),
                ("applies_saturday", models.BooleanField(default=False, verbose_name="Saturdays")),
                ("applies_sunday", models.BooleanField(default=False, verbose_name="Sundays")),
                (
                    "per_address",
                    models.BooleanField(
                        default=False,
                        help_text="Extended area only: charge for each address in it, not once for the booking.",
                        verbose_name="for each address",
                    ),
                ),
                (
                    "seed_key",
                    models.CharField(
                        blank=True, editable=False, max_length=100, null=True, unique=True
                    ),
                ),
            ],
            options={
                "ordering": ["surcharge_type", "specific_date", "start_date", "name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "surcharge_type__in",
                                ["weekend", "peak_date", "geographic", "time_window"],
                            )
                        ),
                        name="surcharge_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "applies_to_service_type__in",
                                [
                                    "all",
                                    "mini_move",
                                    "standard_delivery",
                                    "specialty_item",
                                    "blade_transfer",
                                ],
                            )
                        ),
                        name="surcharge_service_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("calculation_type", "percentage"),
                                ("fixed_amount_cents", None),
                                ("percentage__gt", 0),
                                ("percentage__isnull", False),
                                ("percentage__lte", 100),
                            ),
                            models.Q(
                                ("calculation_type", "fixed_amount"),
                                ("fixed_amount_cents__gt", 0),
                                ("fixed_amount_cents__isnull", False),
                                ("percentage", None),
                            ),
                            _connector="OR",
                        ),
                        name="surcharge_amount_fits_calculation",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("surcharge_type", "weekend"), _negated=True),
                            models.Q(
                                ("end_date", None),
                                ("specific_date", None),
                                ("start_date", None),
                                models.Q(
                                    ("applies_saturday", False),
                                    ("applies_sunday", False),
                                    _negated=True,
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="surcharge_weekend_has_weekdays_only",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("surcharge_type", "peak_date"), _negated=True),
                            models.Q(
                                ("applies_saturday", False),
                                ("applies_sunday", False),
                                models.Q(
                                    models.Q(
                                        ("end_date", None),
                                        ("specific_date__isnull", False),
                                        ("start_date", None),
                                    ),
                                    models.Q(
                                        ("end_date__isnull", False),
                                        ("specific_date", None),
                                        ("start_date__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="surcharge_peak_has_date_or_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("surcharge_type__in", ("geographic", "time_window")), _negated=True
                            ),
                            models.Q(
                                ("end_date", None),
                                ("specific_date", None),
                                ("start_date", None),
                                ("applies_saturday", False),
                                ("applies_sunday", False),
                                ("calculation_type", "fixed_amount"),
                            ),
                            _connector="OR",
                        ),
                        name="surcharge_undated_is_fixed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_date", None),
                            ("end_date__gte", models.F("start_date")),
                            _connector="OR",
                        ),
                        name="surcharge_range_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("per_address", False),
                            ("surcharge_type", "geographic"),
                            _connector="OR",
                        ),
                        name="surcharge_per_address_is_geographic",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("is_active", True),
                            ("surcharge_type__in", ("geographic", "time_window")),
                        ),
                        fields=("surcharge_type", "applies_to_service_type"),
                        name="surcharge_undated_once_per_service",
                        violation_error_message="An active rule of this kind for this service exists.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RefundRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "hours_before",
                    models.PositiveIntegerField(
                        help_text="Before the start of the pickup window. 0: until the change cut-off."
                    ),
                ),
                (
                    "percent",
                    models.PositiveSmallIntegerField(
                        help_text="In percent of what was paid.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="refund",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        default=1,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refund_rules",
                        to="catalog.bookingpolicy",
                    ),
                ),
            ],
            options={
                "ordering": ["-hours_before"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("policy", "hours_before"),
                        name="refund_rule_hours_once",
                        violation_error_message="There is a rule for this many hours already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("percent__lte", 100)), name="refund_rule_is_percent"
                    ),
                ],
            },
        ),
    ]
