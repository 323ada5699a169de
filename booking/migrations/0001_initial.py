import uuid

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

import booking.models.document
import booking.models.draft
import totetaxi.lib.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0001_initial"),
        ("users", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name="GuestCheckout",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("first_name", models.CharField(max_length=100)),
                ("last_name", models.CharField(max_length=100)),
                ("email", models.EmailField(max_length=254)),
                ("phone", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Address",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("address_line_1", models.CharField(max_length=200)),
                ("address_line_2", models.CharField(blank=True, max_length=200)),
                ("city", models.CharField(max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[("NY", "New York"), ("NJ", "New Jersey"), ("CT", "Connecticut")],
                        max_length=2,
                    ),
                ),
                ("zip_code", models.CharField(max_length=10)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="booking_addresses",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "addresses",
            },
        ),
        migrations.CreateModel(
            name="Booking",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("booking_number", models.CharField(editable=False, max_length=20, unique=True)),
                ("draft_version", models.PositiveIntegerField(default=0)),
                ("first_name", models.CharField(max_length=100)),
                ("last_name", models.CharField(max_length=100)),
                ("email", models.EmailField(max_length=254)),
                ("phone", models.CharField(max_length=20)),
                (
                    "service_type",
                    models.CharField(
                        choices=[
                            ("mini_move", "Mini Move"),
                            ("standard_delivery", "Standard Delivery"),
                            ("specialty_item", "Specialty Items"),
                            ("blade_transfer", "Airport Transfer"),
                        ],
                        max_length=20,
                    ),
                ),
                ("include_packing", models.BooleanField(default=False)),
                ("include_unpacking", models.BooleanField(default=False)),
                (
                    "standard_delivery_item_count",
                    models.PositiveIntegerField(blank=True, null=True),
                ),
                ("item_description", models.CharField(blank=True, max_length=500)),
                ("is_same_day_delivery", models.BooleanField(default=False)),
                (
                    "blade_airport",
                    models.CharField(
                        blank=True, choices=[("JFK", "JFK"), ("EWR", "Newark")], max_length=3
                    ),
                ),
                ("blade_terminal", models.CharField(blank=True, max_length=2)),
                (
                    "blade_direction",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("to_airport", "To the airport"),
                            ("from_airport", "From the airport"),
                        ],
                        max_length=20,
                    ),
                ),
                ("blade_flight_date", models.DateField(blank=True, null=True)),
                ("blade_flight_time", models.TimeField(blank=True, null=True)),
                ("blade_bag_count", models.PositiveIntegerField(blank=True, null=True)),
                ("blade_ready_time", models.TimeField(blank=True, null=True)),
                ("coi_required", models.BooleanField(default=False)),
                ("pickup_date", models.DateField(db_index=True)),
                (
                    "pickup_time",
                    models.CharField(
                        choices=[
                            ("morning", "8–11 AM"),
                            ("morning_specific", "One-hour window"),
                            ("no_time_preference", "Flexible"),
                        ],
                        default="morning",
                        max_length=20,
                    ),
                ),
                ("specific_pickup_hour", models.PositiveIntegerField(blank=True, null=True)),
                ("special_instructions", models.TextField(blank=True, max_length=1000)),
                ("is_outside_core_area", models.BooleanField(default=False)),
                ("total_price_cents", models.PositiveBigIntegerField()),
                ("organizing_tax_percent", models.DecimalField(decimal_places=3, max_digits=6)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Awaiting payment"),
                            ("confirmed", "Confirmed"),
                            ("paid", "Paid"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                        ],
                        db_index=True,
                        default="pending",
                        max_length=20,
                    ),
                ),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("cancellation_reason", models.CharField(blank=True, max_length=500)),
                ("reminded_at", models.DateTimeField(blank=True, null=True)),
                ("review_requested_at", models.DateTimeField(blank=True, null=True)),
                ("capacity_units", models.PositiveIntegerField(default=1)),
                ("hold_released_at", models.DateTimeField(blank=True, null=True)),
                ("terms_version", models.CharField(blank=True, max_length=20)),
                ("terms_accepted_at", models.DateTimeField(blank=True, null=True)),
                ("terms_ip_address", models.GenericIPAddressField(blank=True, null=True)),
                ("terms_user_agent", models.CharField(blank=True, max_length=300)),
                ("version", models.PositiveIntegerField(default=1)),
                ("search_text", models.TextField(default="", editable=False)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_index=True, default=totetaxi.lib.clock.now, editable=False
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings_made_for_customers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "delivery_address",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="delivery_bookings",
                        to="booking.address",
                    ),
                ),
                (
                    "mini_move_package",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="catalog.minimovepackage",
                    ),
                ),
                (
                    "pickup_address",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pickup_bookings",
                        to="booking.address",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BookingChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waits for payment"),
                            ("applied", "Made"),
                            ("abandoned", "Given up"),
                            ("expired", "Not paid in time"),
                        ],
                        max_length=20,
                    ),
                ),
                ("proposal", models.JSONField()),
                ("total_before_cents", models.PositiveBigIntegerField()),
                ("total_after_cents", models.PositiveBigIntegerField()),
                ("due_cents", models.PositiveBigIntegerField(default=0)),
                ("by_hand_cents", models.PositiveBigIntegerField(default=0)),
                ("day", models.DateField()),
                ("held_units", models.PositiveIntegerField(default=0)),
                ("actor_label", models.CharField(default="customer", max_length=50)),
                (
                    "created_at",
                    models.DateTimeField(default=totetaxi.lib.clock.now, editable=False),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="booking_changes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="booking.booking",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="BookingEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("placed", "Placed"),
                            ("moved", "Status changed"),
                            ("changed", "Details changed"),
                            ("hold_released", "Place given back"),
                            ("hold_taken", "Place taken again"),
                            ("hidden", "Hidden"),
                            ("restored", "Brought back"),
                            ("note", "Note"),
                            ("delivery", "On the way"),
                            ("document", "Document"),
                        ],
                        max_length=20,
                    ),
                ),
                ("from_status", models.CharField(blank=True, max_length=20)),
                ("to_status", models.CharField(blank=True, max_length=20)),
                ("actor_label", models.CharField(default="system", max_length=50)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("before", models.JSONField(blank=True, default=dict)),
                ("after", models.JSONField(blank=True, default=dict)),
                (
                    "created_at",
                    models.DateTimeField(default=totetaxi.lib.clock.now, editable=False),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="booking_events",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="booking.booking",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="BookingLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("code", models.CharField(max_length=30)),
                ("label", models.CharField(max_length=120)),
                ("amount_cents", models.BigIntegerField()),
                ("note", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="booking.booking",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="BookingSpecialtyItem",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("quantity", models.PositiveIntegerField()),
                ("unit_price_cents", models.PositiveBigIntegerField()),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="specialty_items",
                        to="booking.booking",
                    ),
                ),
                (
                    "specialty_item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="catalog.specialtyitem"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="CustomerProfile",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="customer_profile",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=20)),
                (
                    "preferred_pickup_time",
                    models.CharField(
                        choices=[
                            ("morning", "8–11 AM"),
                            ("morning_specific", "One-hour window"),
                            ("no_time_preference", "Flexible"),
                        ],
                        default="morning",
                        max_length=30,
                    ),
                ),
                (
                    "email_notifications",
                    models.BooleanField(
                        default=True,
                        help_text="Reminders, status notes and review requests by email.",
                    ),
                ),
                ("sms_notifications", models.BooleanField(default=False)),
                ("is_vip", models.BooleanField(default=False, verbose_name="VIP")),
                ("welcomed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "notes",
                    models.TextField(
                        blank=True, help_text="For the office; the customer never sees them."
                    ),
                ),
                ("search_text", models.TextField(default="", editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["search_text"], name="customer_search", opclasses=["gin_trgm_ops"]
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "preferred_pickup_time__in",
                                ["morning", "morning_specific", "no_time_preference"],
                            )
                        ),
                        name="customer_profile_pickup_time_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DiscountUse",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("amount_cents", models.PositiveBigIntegerField()),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="discount_uses",
                        to="booking.booking",
                    ),
                ),
                (
                    "code",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uses",
                        to="catalog.discountcode",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("coi_sample", "The building’s sample certificate"),
                            ("coi_certificate", "Certificate of Insurance"),
                            ("other", "Other document"),
                        ],
                        max_length=20,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("content_type", models.CharField(max_length=50)),
                ("size_bytes", models.PositiveIntegerField()),
                ("file", models.FileField(upload_to=booking.models.document.document_path)),
                ("by_staff", models.BooleanField(default=False)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="booking.booking",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("answers", models.JSONField(blank=True, default=dict)),
                ("version", models.PositiveIntegerField(default=1)),
                ("shown_total_cents", models.PositiveBigIntegerField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(default=booking.models.draft.default_expiry)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="booking",
            name="draft",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="booking",
                to="booking.draft",
            ),
        ),
        migrations.AddField(
            model_name="booking",
            name="guest_checkout",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="booking",
                to="booking.guestcheckout",
            ),
        ),
        migrations.CreateModel(
            name="InternalNote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("text", models.TextField(max_length=2000)),
                (
                    "created_at",
                    models.DateTimeField(default=totetaxi.lib.clock.now, editable=False),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="internal_notes",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="internal_notes",
                        to="booking.booking",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="SavedAddress",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("nickname", models.CharField(max_length=50)),
                ("address_line_1", models.CharField(max_length=200)),
                ("address_line_2", models.CharField(blank=True, max_length=200)),
                ("city", models.CharField(max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[("NY", "New York"), ("NJ", "New Jersey"), ("CT", "Connecticut")],
                        max_length=2,
                    ),
                ),
                ("zip_code", models.CharField(max_length=10)),
                ("delivery_instructions", models.TextField(blank=True, max_length=1000)),
                ("times_used", models.PositiveIntegerField(default=0)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_addresses",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "saved addresses",
            },
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["NY", "NJ", "CT"])),
                name="booking_address_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bookingchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["pending", "applied", "abandoned", "expired"])),
                name="booking_change_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bookingchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "pending")),
                fields=("booking",),
                name="booking_change_one_pending",
            ),
        ),
        migrations.AddConstraint(
            model_name="bookingchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "pending"), _negated=True),
                    models.Q(("due_cents__gt", 0), ("ended_at", None)),
                    _connector="OR",
                ),
                name="booking_change_pending_is_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="bookingchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "pending"),
                    models.Q(("ended_at__isnull", False), ("held_units", 0)),
                    _connector="OR",
                ),
                name="booking_change_holds_while_pending",
            ),
        ),
        migrations.AddIndex(
            model_name="bookingevent",
            index=models.Index(
                fields=["booking", "created_at"], name="booking_boo_booking_ab89b8_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="bookingevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "placed",
                            "moved",
                            "changed",
                            "hold_released",
                            "hold_taken",
                            "hidden",
                            "restored",
                            "note",
                            "delivery",
                            "document",
                        ],
                    )
                ),
                name="booking_event_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bookingline",
            constraint=models.UniqueConstraint(
                fields=("booking", "position"), name="booking_line_position_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="bookingspecialtyitem",
            constraint=models.UniqueConstraint(
                fields=("booking", "specialty_item"), name="booking_specialty_item_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="bookingspecialtyitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 1)), name="booking_specialty_quantity_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="discountuse",
            index=models.Index(fields=["code", "email"], name="booking_dis_code_id_873689_idx"),
        ),
        migrations.AddConstraint(
            model_name="discountuse",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at", None)),
                fields=("booking",),
                name="booking_discount_one_standing_use",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["coi_sample", "coi_certificate", "other"])),
                name="document_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(("size_bytes__gt", 0)), name="document_not_empty"
            ),
        ),
        migrations.AddIndex(
            model_name="draft",
            index=models.Index(fields=["expires_at"], name="booking_dra_expires_30799b_idx"),
        ),
        migrations.AddIndex(
            model_name="booking",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search_text"], name="booking_search", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["pending", "confirmed", "paid", "completed", "cancelled"])
                ),
                name="booking_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "service_type__in",
                        ["mini_move", "standard_delivery", "specialty_item", "blade_transfer"],
                    )
                ),
                name="booking_service_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("pickup_time__in", ["morning", "morning_specific", "no_time_preference"])
                ),
                name="booking_pickup_time_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("total_price_cents__gte", 0)), name="booking_total_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("customer__isnull", False), ("guest_checkout__isnull", True)),
                    models.Q(("customer__isnull", True), ("guest_checkout__isnull", False)),
                    _connector="OR",
                ),
                name="booking_exactly_one_customer_type",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("pickup_time", "morning_specific"), ("specific_pickup_hour__isnull", False)
                    ),
                    models.Q(
                        models.Q(("pickup_time", "morning_specific"), _negated=True),
                        ("specific_pickup_hour__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="booking_hour_only_with_hour_window",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("service_type", "mini_move"), _negated=True),
                    models.Q(
                        ("mini_move_package__isnull", False),
                        ("item_description", ""),
                        ("standard_delivery_item_count__isnull", True),
                        ("blade_airport", ""),
                        ("blade_bag_count__isnull", True),
                        ("blade_direction", ""),
                        ("blade_flight_date__isnull", True),
                        ("blade_flight_time__isnull", True),
                        ("blade_ready_time__isnull", True),
                        ("blade_terminal", ""),
                    ),
                    _connector="OR",
                ),
                name="booking_mini_move_fields",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("service_type", "standard_delivery"), _negated=True),
                    models.Q(
                        ("standard_delivery_item_count__gte", 1),
                        ("include_packing", False),
                        ("include_unpacking", False),
                        ("mini_move_package__isnull", True),
                        ("blade_airport", ""),
                        ("blade_bag_count__isnull", True),
                        ("blade_direction", ""),
                        ("blade_flight_date__isnull", True),
                        ("blade_flight_time__isnull", True),
                        ("blade_ready_time__isnull", True),
                        ("blade_terminal", ""),
                    ),
                    _connector="OR",
                ),
                name="booking_standard_delivery_fields",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("service_type", "specialty_item"), _negated=True),
                    models.Q(
                        ("item_description", ""),
                        ("standard_delivery_item_count__isnull", True),
                        ("include_packing", False),
                        ("include_unpacking", False),
                        ("mini_move_package__isnull", True),
                        ("blade_airport", ""),
                        ("blade_bag_count__isnull", True),
                        ("blade_direction", ""),
                        ("blade_flight_date__isnull", True),
                        ("blade_flight_time__isnull", True),
                        ("blade_ready_time__isnull", True),
                        ("blade_terminal", ""),
                    ),
                    _connector="OR",
                ),
                name="booking_specialty_item_fields",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("service_type", "blade_transfer"), _negated=True),
                    models.Q(
                        ("blade_airport__in", ["JFK", "EWR"]),
                        ("blade_bag_count__gte", 1),
                        ("blade_direction__in", ["to_airport", "from_airport"]),
                        ("blade_flight_date", models.F("pickup_date")),
                        ("blade_flight_time__isnull", False),
                        ("coi_required", False),
                        ("include_packing", False),
                        ("include_unpacking", False),
                        ("mini_move_package__isnull", True),
                        ("item_description", ""),
                        ("standard_delivery_item_count__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="booking_airport_transfer_fields",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["paid", "completed"]), _negated=True),
                    ("paid_at__isnull", False),
                    _connector="OR",
                ),
                name="booking_paid_has_time",
            ),
        ),
        migrations.AddIndex(
            model_name="internalnote",
            index=models.Index(fields=["booking", "created_at"], name="internal_note_of_booking"),
        ),
        migrations.AddConstraint(
            model_name="internalnote",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="internal_note_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="savedaddress",
            constraint=models.UniqueConstraint(
                models.F("user"),
                django.db.models.functions.text.Lower("nickname"),
                condition=models.Q(("is_active", True)),
                name="saved_address_nickname_once_per_customer",
                violation_error_message="You already have an address with this nickname.",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(("nickname", ""), _negated=True),
                name="saved_address_nickname_not_empty",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["NY", "NJ", "CT"])),
                name="saved_address_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(("zip_code__regex", "^[0-9]{5}(-[0-9]{4})?$")),
                name="saved_address_zip_code_form",
            ),
        ),
    ]
