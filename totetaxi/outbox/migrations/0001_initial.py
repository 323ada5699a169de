import uuid

import django.db.models.deletion
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
            name="Alarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                ("raised_at", models.DateTimeField(blank=True, null=True)),
                ("since", models.DateTimeField(blank=True, null=True)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("well_since", models.DateTimeField(blank=True, null=True)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("detail", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("raised_at__isnull", False), ("since__isnull", False)),
                            models.Q(
                                ("claimed_until", None),
                                ("detail", ""),
                                ("raised_at", None),
                                ("since", None),
                                ("told_at", None),
                                ("well_since", None),
                            ),
                            _connector="OR",
                        ),
                        name="alarm_at_rest_is_empty",
                    )
                ],
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
                ("last_skipped_at", models.DateTimeField(blank=True, null=True)),
                ("last_skip", models.CharField(blank=True, max_length=300)),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
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
                ("dismissed_at", models.DateTimeField(blank=True, null=True)),
                ("dismissed_by", models.CharField(blank=True, max_length=150)),
                ("dismissal_reason", models.CharField(blank=True, max_length=300)),
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
                        condition=models.Q(("dead_at__isnull", False), ("dismissed_at", None)),
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
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("dismissal_reason", ""),
                                ("dismissed_at", None),
                                ("dismissed_by", ""),
                            ),
                            models.Q(
                                ("dead_at__isnull", False),
                                ("dismissed_at__isnull", False),
                                models.Q(("dismissed_by", ""), _negated=True),
                                models.Q(("dismissal_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="message_dismissed_by_somebody_who_said_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Mail",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("booking_id", models.UUIDField(blank=True, null=True)),
                ("template", models.CharField(max_length=100)),
                ("part", models.CharField(blank=True, max_length=64)),
                ("recipient", models.EmailField(blank=True, max_length=254)),
                ("provider_id", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("sent", "Sent"),
                            ("deferred", "Tried again by the mail service"),
                            ("delivered", "Delivered"),
                            ("bounced", "Came back"),
                            ("rejected", "Refused by the mail service"),
                            ("complained", "Marked as spam"),
                        ],
                        default="sent",
                        max_length=20,
                    ),
                ),
                ("state_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("detail", models.CharField(blank=True, max_length=300)),
                (
                    "sent_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "message",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="outbox.message",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("provider_id"),
                        condition=models.Q(("provider_id", ""), _negated=True),
                        name="mail_provider_id",
                    ),
                    models.Index(
                        models.F("booking_id"),
                        condition=models.Q(("booking_id__isnull", False)),
                        name="mail_booking",
                    ),
                    models.Index(
                        models.F("sent_at"),
                        condition=models.Q(("booking_id", None)),
                        name="mail_of_no_booking",
                    ),
                    models.Index(
                        models.F("sent_at"),
                        condition=models.Q(("state__in", ["bounced", "rejected", "complained"])),
                        name="mail_in_trouble",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "sent",
                                    "deferred",
                                    "delivered",
                                    "bounced",
                                    "rejected",
                                    "complained",
                                ],
                            )
                        ),
                        name="mail_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("recipient", ""), _negated=True),
                        fields=("message", "template", "part", "recipient"),
                        name="mail_once_per_message_and_recipient",
                    ),
                ],
            },
        ),
    ]
