import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import logistics.models.proof


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("booking", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OnfleetEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("trigger", models.PositiveSmallIntegerField()),
                ("task_id", models.CharField(blank=True, max_length=100)),
                ("happened_at", models.DateTimeField()),
                ("eta_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("processed_at", models.DateTimeField(blank=True, null=True)),
                ("result", models.CharField(blank=True, max_length=100)),
            ],
            options={
                "ordering": ["-received_at"],
                "indexes": [
                    models.Index(fields=["-received_at"], name="logistics_o_receive_29b0b7_idx")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("trigger", "task_id", "happened_at"), name="onfleet_event_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OnfleetTask",
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
                        choices=[("pickup", "Pickup"), ("dropoff", "Drop-off")], max_length=10
                    ),
                ),
                (
                    "environment",
                    models.CharField(
                        choices=[("sandbox", "Sandbox"), ("production", "Production")],
                        max_length=10,
                    ),
                ),
                ("onfleet_task_id", models.CharField(blank=True, max_length=100)),
                ("onfleet_short_id", models.CharField(blank=True, max_length=20)),
                ("tracking_url", models.URLField(blank=True, max_length=500)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Not sent yet"),
                            ("created", "Awaiting a driver"),
                            ("assigned", "Driver assigned"),
                            ("active", "On the way"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                            ("deleted", "Recalled"),
                        ],
                        default="waiting",
                        max_length=20,
                    ),
                ),
                ("window_start", models.DateTimeField(blank=True, null=True)),
                ("window_end", models.DateTimeField(blank=True, null=True)),
                ("booking_version", models.PositiveIntegerField(default=0)),
                ("content_key", models.CharField(blank=True, max_length=64)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("driver_name", models.CharField(blank=True, max_length=100)),
                ("estimated_arrival_at", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("arrived_at", models.DateTimeField(blank=True, null=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("failure_reason", models.CharField(blank=True, max_length=100)),
                ("completion_notes", models.CharField(blank=True, max_length=1000)),
                ("changed_at_onfleet", models.DateTimeField(blank=True, null=True)),
                ("last_synced", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="onfleet_tasks",
                        to="booking.booking",
                    ),
                ),
                (
                    "depends_on",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followers",
                        to="logistics.onfleettask",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="DeliveryProof",
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
                        choices=[("photo", "Photo"), ("signature", "Signature")], max_length=10
                    ),
                ),
                ("onfleet_upload_id", models.CharField(max_length=200)),
                (
                    "image",
                    models.FileField(blank=True, upload_to=logistics.models.proof.proof_path),
                ),
                ("fetched_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proofs",
                        to="logistics.onfleettask",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="LogisticsAlert",
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
                            ("dispatch_failed", "Tasks could not be sent"),
                            ("delivery_failed", "A driver reported a failure"),
                            ("under_way", "Changed or cancelled while under way: phone the driver"),
                            ("refused", "Onfleet refused a change: make it there"),
                            ("task_deleted", "A task was deleted at Onfleet"),
                            ("no_phone", "The customer has no number a driver could call"),
                            ("webhook_failing", "Onfleet cannot reach us"),
                        ],
                        max_length=20,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="logistics_alerts",
                        to="booking.booking",
                    ),
                ),
                (
                    "resolved_by",
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
                "ordering": ["-created_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "dispatch_failed",
                                    "delivery_failed",
                                    "under_way",
                                    "refused",
                                    "task_deleted",
                                    "no_phone",
                                    "webhook_failing",
                                ],
                            )
                        ),
                        name="logistics_alert_kind_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("resolved_at__isnull", True)),
                        fields=("kind", "booking"),
                        name="logistics_alert_open_once",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="onfleettask",
            index=models.Index(
                fields=["status", "window_start"], name="logistics_o_status_1d5be6_idx"
            ),
        ),
        migrations.AddIndex(
            model_name="onfleettask",
            index=models.Index(fields=["window_start"], name="logistics_o_window__35bd75_idx"),
        ),
        migrations.AddConstraint(
            model_name="onfleettask",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["pickup", "dropoff"])),
                name="onfleet_task_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="onfleettask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "waiting",
                            "created",
                            "assigned",
                            "active",
                            "completed",
                            "failed",
                            "deleted",
                        ],
                    )
                ),
                name="onfleet_task_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="onfleettask",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("status__in", ["active", "assigned", "completed", "created", "waiting"])
                ),
                fields=("booking", "kind"),
                name="onfleet_task_one_live_per_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="onfleettask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("onfleet_task_id", ""), _negated=True),
                fields=("onfleet_task_id",),
                name="onfleet_task_id_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="onfleettask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["waiting", "deleted"]),
                    models.Q(("onfleet_task_id", ""), _negated=True),
                    _connector="OR",
                ),
                name="onfleet_task_sent_has_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryproof",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["photo", "signature"])),
                name="delivery_proof_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryproof",
            constraint=models.UniqueConstraint(
                fields=("task", "onfleet_upload_id"), name="delivery_proof_once"
            ),
        ),
    ]
