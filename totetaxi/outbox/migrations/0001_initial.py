import uuid

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Beat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                (
                    "enabled",
                    models.BooleanField(
                        default=True,
                        help_text="Switched off, the job stays scheduled but does nothing.",
                    ),
                ),
                ("last_started_at", models.DateTimeField(blank=True, null=True)),
                ("last_finished_at", models.DateTimeField(blank=True, null=True)),
                ("last_duration_ms", models.PositiveIntegerField(blank=True, null=True)),
                ("last_ok", models.BooleanField(blank=True, null=True)),
                ("last_result", models.CharField(blank=True, max_length=300)),
                ("last_error", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="job_has_a_name"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("event", models.CharField(max_length=100)),
                ("handler", models.CharField(max_length=200)),
                ("subject_id", models.CharField(max_length=100)),
                (
                    "key",
                    models.CharField(
                        help_text="A handler gets one message for a key, however often announced.",
                        max_length=200,
                    ),
                ),
                ("booking_id", models.UUIDField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "queued_at",
                    models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True),
                ),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("dead_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("next_attempt_at"),
                        condition=models.Q(("dead_at", None), ("done_at", None)),
                        name="message_waiting",
                    ),
                    models.Index(
                        models.F("dead_at"),
                        condition=models.Q(("dead_at__isnull", False)),
                        name="message_dead",
                    ),
                    models.Index(
                        models.F("booking_id"),
                        condition=models.Q(("booking_id__isnull", False)),
                        name="message_booking",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("handler", "key"), name="message_once_per_handler_and_key"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("done_at", None), ("dead_at", None), _connector="OR"),
                        name="message_not_done_and_dead",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("event", ""), _negated=True),
                            models.Q(("handler", ""), _negated=True),
                            models.Q(("subject_id", ""), _negated=True),
                            models.Q(("key", ""), _negated=True),
                        ),
                        name="message_says_what_for_whom",
                    ),
                ],
            },
        ),
    ]
