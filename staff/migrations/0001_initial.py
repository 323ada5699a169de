import uuid

import django.core.serializers.json
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import totetaxi.lib.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("booking", "0001_initial"),
        ("users", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SignInTries",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(max_length=64)),
                ("address", models.CharField(blank=True, max_length=50)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("since", models.DateTimeField()),
                ("last_at", models.DateTimeField(db_index=True)),
                ("locked_until", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "sign-in tries",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "address"), name="sign_in_tries_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffProfile",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="staff_profile",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "Administrator"),
                            ("manager", "Manager"),
                            ("operator", "Operator"),
                        ],
                        default="operator",
                        max_length=20,
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=20)),
                (
                    "can_approve_refunds",
                    models.BooleanField(default=False, verbose_name="may approve refunds"),
                ),
                (
                    "can_modify_bookings",
                    models.BooleanField(default=True, verbose_name="may change bookings"),
                ),
                (
                    "can_view_financials",
                    models.BooleanField(default=False, verbose_name="may see money and reports"),
                ),
                ("notes", models.TextField(blank=True)),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "last_login_ip",
                    models.GenericIPAddressField(blank=True, editable=False, null=True),
                ),
                ("session_epoch", models.PositiveIntegerField(default=0, editable=False)),
                ("invitations", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(default=totetaxi.lib.clock.now, editable=False),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["admin", "manager", "operator"])),
                        name="staff_role_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StaffAction",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "action_type",
                    models.CharField(
                        choices=[
                            ("login", "Signed in"),
                            ("logout", "Signed out"),
                            ("login_failed", "Sign-in failed"),
                            ("view_dashboard", "Opened the dashboard"),
                            ("view_customer", "Opened a customer"),
                            ("view_booking", "Opened a booking"),
                            ("modify_booking", "Changed a booking"),
                            ("modify_customer", "Changed a customer"),
                            ("process_refund", "Worked on a refund"),
                            ("approve_refund", "Approved a refund"),
                            ("deny_refund", "Denied a refund"),
                            ("upload_document", "Added a document"),
                            ("send_notification", "Sent a message"),
                            ("export_data", "Exported data"),
                            ("manage_catalogue", "Changed the catalog"),
                            ("manage_logistics", "Worked on deliveries"),
                            ("manage_staff", "Changed the team"),
                            ("manage_jobs", "Worked on jobs and messages"),
                            ("soft_delete", "Hid a booking"),
                            ("restore", "Restored a booking"),
                        ],
                        max_length=30,
                    ),
                ),
                ("description", models.TextField()),
                ("ip_address", models.GenericIPAddressField()),
                ("user_agent", models.TextField(blank=True)),
                (
                    "before",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                    ),
                ),
                (
                    "after",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=totetaxi.lib.clock.now, editable=False),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff_actions",
                        to="booking.booking",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "staff_user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff_actions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(fields=["staff_user", "-created_at"], name="staff_action_by_user"),
                    models.Index(
                        fields=["action_type", "-created_at"], name="staff_action_by_type"
                    ),
                    models.Index(fields=["-created_at", "-id"], name="staff_action_by_time"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "action_type__in",
                                [
                                    "login",
                                    "logout",
                                    "login_failed",
                                    "view_dashboard",
                                    "view_customer",
                                    "view_booking",
                                    "modify_booking",
                                    "modify_customer",
                                    "process_refund",
                                    "approve_refund",
                                    "deny_refund",
                                    "upload_document",
                                    "send_notification",
                                    "export_data",
                                    "manage_catalogue",
                                    "manage_logistics",
                                    "manage_staff",
                                    "manage_jobs",
                                    "soft_delete",
                                    "restore",
                                ],
                            )
                        ),
                        name="staff_action_type_known",
                    )
                ],
            },
        ),
    ]
