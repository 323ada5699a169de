import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import totetaxi.lib.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("booking", "0001_initial"),
        ("catalog", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StripeProof",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("proven_at", models.DateTimeField()),
                ("charges", models.PositiveIntegerField()),
                ("refunds", models.PositiveIntegerField()),
                ("differences", models.PositiveIntegerField()),
            ],
            options={
                "ordering": ["-day"],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[("booking", "Booking"), ("change", "Change of a booking")],
                        default="booking",
                        max_length=20,
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("stripe", "Card through Stripe"),
                            ("free", "Nothing to pay"),
                            ("outside", "Outside Stripe"),
                            ("demo", "Demonstration data"),
                        ],
                        default="stripe",
                        max_length=20,
                    ),
                ),
                ("amount_cents", models.PositiveBigIntegerField()),
                ("currency", models.CharField(default="usd", max_length=3)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("partially_refunded", "Partially refunded"),
                            ("refunded", "Refunded"),
                        ],
                        db_index=True,
                        default="pending",
                        max_length=20,
                    ),
                ),
                ("failure_reason", models.CharField(blank=True, max_length=300)),
                ("unfulfillable_reason", models.CharField(blank=True, max_length=50)),
                ("stripe_payment_intent_id", models.CharField(blank=True, max_length=200)),
                ("stripe_charge_id", models.CharField(blank=True, max_length=200)),
                (
                    "outside_method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cash", "Cash"),
                            ("check", "Check"),
                            ("bank_transfer", "Bank transfer"),
                            ("card_by_phone", "Card taken elsewhere"),
                            ("other", "Another way"),
                        ],
                        max_length=20,
                    ),
                ),
                ("outside_reference", models.CharField(blank=True, max_length=100)),
                ("processed_at", models.DateTimeField(blank=True, null=True)),
                ("stripe_version", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="booking.booking",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="booking.bookingchange",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="payments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recorded_payments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("stripe_dispute_id", models.CharField(max_length=200, unique=True)),
                ("amount_cents", models.PositiveBigIntegerField()),
                ("currency", models.CharField(default="usd", max_length=3)),
                ("reason", models.CharField(max_length=50)),
                ("status", models.CharField(db_index=True, max_length=50)),
                ("opened_at", models.DateTimeField()),
                ("evidence_due_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="payments.payment",
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at"],
            },
        ),
        migrations.CreateModel(
            name="PaymentLink",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=totetaxi.lib.clock.now, editable=False),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_links",
                        to="booking.booking",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_links",
                        to="booking.bookingchange",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_links",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="CheckoutAttempt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("creating", "Being created"),
                            ("open", "Open"),
                            ("complete", "Complete"),
                            ("expired", "Expired"),
                            ("failed", "Failed"),
                        ],
                        default="creating",
                        max_length=20,
                    ),
                ),
                ("amount_cents", models.PositiveBigIntegerField()),
                ("currency", models.CharField(default="usd", max_length=3)),
                ("line_text", models.CharField(max_length=200)),
                ("customer_email", models.EmailField(max_length=254)),
                ("success_url", models.URLField(max_length=500)),
                ("cancel_url", models.URLField(max_length=500)),
                ("expires_at", models.DateTimeField()),
                ("session_id", models.CharField(blank=True, max_length=200)),
                ("session_url", models.URLField(blank=True, max_length=2000)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="payments.payment",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="payments.paymentlink",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="Refund",
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
                            ("request", "Asked for by staff"),
                            ("policy", "By the cancellation policy"),
                            ("automatic", "Money that could buy nothing"),
                            ("dashboard", "Made at Stripe"),
                        ],
                        max_length=20,
                    ),
                ),
                ("amount_cents", models.PositiveBigIntegerField()),
                ("reason", models.CharField(max_length=500)),
                ("two_person", models.BooleanField(default=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("approved", "Approved"),
                            ("denied", "Denied"),
                            ("processing", "Processing"),
                            ("completed", "Completed"),
                            ("failed", "Failed"),
                        ],
                        db_index=True,
                        default="requested",
                        max_length=20,
                    ),
                ),
                ("stripe_refund_id", models.CharField(blank=True, max_length=200)),
                ("failure_reason", models.CharField(blank=True, max_length=300)),
                ("denial_reason", models.CharField(blank=True, max_length=500)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("denied_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approved_refunds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="booking.bookingchange",
                    ),
                ),
                (
                    "denied_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="denied_refunds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="payments.payment",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requested_refunds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PaymentAudit",
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
                            ("payment_created", "Payment Created"),
                            ("payment_succeeded", "Payment Succeeded"),
                            ("payment_failed", "Payment Failed"),
                            ("payment_declined", "Payment Declined"),
                            ("session_expired", "Session Expired"),
                            ("amount_mismatch", "Amount Mismatch"),
                            ("duplicate_charge_detected", "Duplicate Charge Detected"),
                            ("unfulfillable", "Unfulfillable"),
                            ("refund_requested", "Refund Requested"),
                            ("refund_approved", "Refund Approved"),
                            ("refund_denied", "Refund Denied"),
                            ("refund_completed", "Refund Completed"),
                            ("refund_failed", "Refund Failed"),
                            ("dispute_opened", "Dispute Opened"),
                            ("dispute_closed", "Dispute Closed"),
                        ],
                        max_length=40,
                    ),
                ),
                ("amount_cents", models.PositiveBigIntegerField()),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audits",
                        to="payments.payment",
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="audits",
                        to="payments.refund",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="StripeEvent",
            fields=[
                ("event_id", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("type", models.CharField(max_length=100)),
                ("object_id", models.CharField(max_length=200)),
                ("created_at_stripe", models.DateTimeField()),
                ("received_at", models.DateTimeField(auto_now_add=True)),
                ("processed_at", models.DateTimeField(blank=True, null=True)),
                ("result", models.CharField(blank=True, max_length=100)),
            ],
            options={
                "ordering": ["-received_at"],
                "indexes": [
                    models.Index(fields=["-received_at"], name="payments_st_receive_ce9ca6_idx")
                ],
            },
        ),
        migrations.CreateModel(
            name="Cancellation",
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
                            ("policy", "By the cancellation policy"),
                            ("full", "Everything back"),
                            ("partial", "A part back"),
                            ("credit", "A code for another booking"),
                            ("none", "Nothing back"),
                        ],
                        max_length=20,
                    ),
                ),
                ("refund_cents", models.PositiveBigIntegerField(default=0)),
                ("by_hand_cents", models.PositiveBigIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(default=totetaxi.lib.clock.now, editable=False),
                ),
                (
                    "booking",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cancellation",
                        to="booking.booking",
                    ),
                ),
                (
                    "credit_code",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cancellation",
                        to="catalog.discountcode",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decided_cancellations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["policy", "full", "partial", "credit", "none"])
                        ),
                        name="cancellation_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("credit_code__isnull", False), ("kind", "credit")),
                            models.Q(
                                models.Q(("kind", "credit"), _negated=True),
                                ("credit_code__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="cancellation_credit_has_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ["none", "credit"]), _negated=True),
                            models.Q(("by_hand_cents", 0), ("refund_cents", 0)),
                            _connector="OR",
                        ),
                        name="cancellation_without_refund",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MoneyAlert",
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
                            ("mismatch", "Paid at Stripe, but not what was asked"),
                            ("paid_not_booked", "Paid, but not booked"),
                            ("not_given_back", "Unusable money that is not on its way back"),
                            ("refund_stuck", "A refund that does not move"),
                            ("refund_waiting", "A refund that nobody decides"),
                            ("session_unresolved", "A payment page that ended without an answer"),
                            ("webhook_backlog", "Stripe’s events wait to be acted on"),
                            ("webhook_refused", "Webhooks are refused one after another"),
                            ("dead_task", "A task about money was given up"),
                            ("not_in_books", "At Stripe, but not in our books"),
                            ("not_at_stripe", "In our books, but not at Stripe"),
                            ("differs", "Another amount at Stripe than in our books"),
                        ],
                        max_length=30,
                    ),
                ),
                ("subject", models.CharField(max_length=200)),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("first_seen_at", models.DateTimeField(auto_now_add=True)),
                ("last_seen_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("dismissal_reason", models.CharField(blank=True, max_length=300)),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="money_alerts",
                        to="booking.booking",
                    ),
                ),
                (
                    "dismissed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dismissed_alerts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-first_seen_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "mismatch",
                                    "paid_not_booked",
                                    "not_given_back",
                                    "refund_stuck",
                                    "refund_waiting",
                                    "session_unresolved",
                                    "webhook_backlog",
                                    "webhook_refused",
                                    "dead_task",
                                    "not_in_books",
                                    "not_at_stripe",
                                    "differs",
                                ],
                            )
                        ),
                        name="money_alert_kind_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("resolved_at", None)),
                        fields=("kind", "subject"),
                        name="money_alert_once_while_it_stands",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        ["pending", "succeeded", "failed", "partially_refunded", "refunded"],
                    )
                ),
                name="payment_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_cents__gte", 0)), name="payment_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_cents__gt", 0), ("method", "free"), _connector="OR"),
                name="payment_of_nothing_is_free",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["booking", "change"])),
                name="payment_purpose_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("method__in", ["stripe", "free", "outside", "demo"])),
                name="payment_method_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("method", "outside"),
                        (
                            "outside_method__in",
                            ["cash", "check", "bank_transfer", "card_by_phone", "other"],
                        ),
                        ("recorded_by__isnull", False),
                    ),
                    models.Q(
                        models.Q(("method", "outside"), _negated=True),
                        ("outside_method", ""),
                        ("outside_reference", ""),
                    ),
                    _connector="OR",
                ),
                name="payment_outside_says_how_and_who",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "pending")),
                fields=("booking", "purpose"),
                name="payment_one_open_per_purpose",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("purpose", "booking"),
                    ("status__in", ["partially_refunded", "refunded", "succeeded"]),
                    ("unfulfillable_reason", ""),
                ),
                fields=("booking",),
                name="payment_one_kept_per_booking",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("status__in", ["partially_refunded", "refunded", "succeeded"]),
                    ("unfulfillable_reason", ""),
                ),
                fields=("change",),
                name="payment_one_kept_per_change",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("change", None), ("purpose", "change"), _connector="OR"),
                name="payment_of_a_change_says_so",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stripe_payment_intent_id", ""), _negated=True),
                fields=("stripe_payment_intent_id",),
                name="payment_intent_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stripe_charge_id", ""), _negated=True),
                fields=("stripe_charge_id",),
                name="payment_charge_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_cents__gt", 0)), name="dispute_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("closed_at__isnull", False),
                        ("status__in", ("won", "lost", "warning_closed")),
                    ),
                    models.Q(
                        models.Q(("status__in", ("won", "lost", "warning_closed")), _negated=True),
                        ("closed_at", None),
                    ),
                    _connector="OR",
                ),
                name="dispute_closed_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at", None)),
                fields=("booking",),
                name="payment_link_one_standing",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkoutattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["creating", "open", "complete", "expired", "failed"])
                ),
                name="attempt_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkoutattempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("session_id", ""), _negated=True),
                fields=("session_id",),
                name="attempt_session_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkoutattempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["creating", "open"])),
                fields=("payment",),
                name="attempt_one_live_per_payment",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkoutattempt",
            constraint=models.UniqueConstraint(
                fields=("payment", "number"), name="attempt_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="checkoutattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "open"), _negated=True),
                    models.Q(("session_id", ""), _negated=True),
                    _connector="OR",
                ),
                name="attempt_open_has_session",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        ["requested", "approved", "denied", "processing", "completed", "failed"],
                    )
                ),
                name="refund_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["request", "policy", "automatic", "dashboard"])),
                name="refund_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_cents__gt", 0)), name="refund_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("two_person", False),
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("requested_by")), _negated=True),
                    _connector="OR",
                ),
                name="refund_two_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "request"), ("requested_by__isnull", False)),
                    models.Q(
                        models.Q(("kind", "request"), _negated=True),
                        ("requested_by__isnull", True),
                        ("two_person", False),
                    ),
                    _connector="OR",
                ),
                name="refund_request_has_requester",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "request"), _negated=True),
                    ("status__in", ["requested", "denied"]),
                    ("approved_by__isnull", False),
                    _connector="OR",
                ),
                name="refund_request_has_approver",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "denied"), _negated=True),
                    ("denied_by__isnull", False),
                    _connector="OR",
                ),
                name="refund_denied_by_someone",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="refund_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stripe_refund_id", ""), _negated=True),
                fields=("stripe_refund_id",),
                name="refund_stripe_id_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentaudit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "payment_created",
                            "payment_succeeded",
                            "payment_failed",
                            "payment_declined",
                            "session_expired",
                            "amount_mismatch",
                            "duplicate_charge_detected",
                            "unfulfillable",
                            "refund_requested",
                            "refund_approved",
                            "refund_denied",
                            "refund_completed",
                            "refund_failed",
                            "dispute_opened",
                            "dispute_closed",
                        ],
                    )
                ),
                name="payment_audit_kind_known",
            ),
        ),
    ]
