"""The people of the office, what each of them did, and who knocks at their door."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.http import HttpRequest

from staff.capabilities import MATRIX, Capability, Flag, Role
from totetaxi.lib import clock
from totetaxi.lib.ratelimit import client_address

if TYPE_CHECKING:
    from booking.models import Booking
    from totetaxi.users.models import User

USER_AGENT_LENGTH = 300


class StaffProfileQuerySet(models.QuerySet["StaffProfile"]):
    def active(self) -> "StaffProfileQuerySet":
        """Those who may sign in."""
        return self.filter(is_active=True, user__is_active=True)

    def admins(self) -> "StaffProfileQuerySet":
        """Administrators who may sign in."""
        return self.active().filter(role=Role.ADMIN)


class StaffProfile(models.Model):
    """A user who works in the office: role, rights, and whether they may still come in.

    A user is a customer or one of the staff, never both; the database refuses the second profile.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="staff_profile"
    )
    role = models.CharField(max_length=20, choices=Role, default=Role.OPERATOR)
    phone = models.CharField(max_length=20, blank=True)
    can_approve_refunds = models.BooleanField("may approve refunds", default=False)
    can_modify_bookings = models.BooleanField("may change bookings", default=True)
    can_view_financials = models.BooleanField("may see money and reports", default=False)
    notes = models.TextField(blank=True)
    is_active = models.BooleanField("active", default=True)
    last_login_ip = models.GenericIPAddressField(null=True, blank=True, editable=False)
    # Rises when every open session of this person must end.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    # Rises with each invitation, which so ends the links before it.
    invitations = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = StaffProfileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="staff_role_known"),
        ]

    def __str__(self) -> str:
        return f"Staff {self.pk}"

    @property
    def name(self) -> str:
        """Full name, or the email of somebody without one."""
        return self.user.get_full_name() or self.user.email

    @property
    def may_sign_in(self) -> bool:
        return self.is_active and self.user.is_active

    @property
    def stamp(self) -> str:
        """What a session must have been given to be still theirs: epoch and role."""
        return f"{self.session_epoch}:{self.role}"

    def can(self, capability: Capability) -> bool:
        """Whether this person may do this (rule R901)."""
        if not self.is_active:
            return False
        right = MATRIX[capability][self.role]
        return right if isinstance(right, bool) else self.has_flag(right)

    def has_flag(self, flag: Flag) -> bool:
        return bool(getattr(self, flag))

    @property
    def capabilities(self) -> dict[str, bool]:
        """All capabilities by name, for templates."""
        return {capability.value: self.can(capability) for capability in Capability}


class ActionType(models.TextChoices):
    LOGIN = "login", "Signed in"
    LOGOUT = "logout", "Signed out"
    LOGIN_FAILED = "login_failed", "Sign-in failed"
    VIEW_DASHBOARD = "view_dashboard", "Opened the dashboard"
    VIEW_CUSTOMER = "view_customer", "Opened a customer"
    VIEW_BOOKING = "view_booking", "Opened a booking"
    MODIFY_BOOKING = "modify_booking", "Changed a booking"
    MODIFY_CUSTOMER = "modify_customer", "Changed a customer"
    PROCESS_REFUND = "process_refund", "Worked on a refund"
    APPROVE_REFUND = "approve_refund", "Approved a refund"
    DENY_REFUND = "deny_refund", "Denied a refund"
    UPLOAD_DOCUMENT = "upload_document", "Added a document"
    SEND_NOTIFICATION = "send_notification", "Sent a message"
    EXPORT_DATA = "export_data", "Exported data"
    MANAGE_CATALOGUE = "manage_catalogue", "Changed the catalog"
    MANAGE_LOGISTICS = "manage_logistics", "Worked on deliveries"
    MANAGE_STAFF = "manage_staff", "Changed the team"
    MANAGE_JOBS = "manage_jobs", "Worked on jobs and messages"
    SOFT_DELETE = "soft_delete", "Hid a booking"
    RESTORE = "restore", "Restored a booking"


class StaffActionQuerySet(models.QuerySet["StaffAction"]):
    def of_booking(self, booking: "Booking") -> "StaffActionQuerySet":
        """What the office did with one booking, newest first."""
        return self.filter(booking=booking).select_related("staff_user")


class StaffAction(models.Model):
    """One thing somebody of the office did. The database refuses UPDATE and DELETE of these."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    staff_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="staff_actions"
    )
    action_type = models.CharField(max_length=30, choices=ActionType)
    description = models.TextField()
    ip_address = models.GenericIPAddressField()
    user_agent = models.TextField(blank=True)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    booking = models.ForeignKey(
        "booking.Booking", models.PROTECT, null=True, blank=True, related_name="staff_actions"
    )
    before = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = StaffActionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["staff_user", "-created_at"], name="staff_action_by_user"),
            models.Index(fields=["action_type", "-created_at"], name="staff_action_by_type"),
            models.Index(fields=["-created_at", "-id"], name="staff_action_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(action_type__in=ActionType.values), name="staff_action_type_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action_type} by {self.staff_user_id}"

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """(name in words, before, after) of all that is noted; before is None if it is the same."""
        names = dict.fromkeys([*self.before, *self.after])
        return [(name.replace("_", " "), *self._change(name)) for name in names]

    def _change(self, name: str) -> tuple[Any, Any]:
        old, new = self.before.get(name), self.after.get(name)
        return (None, new) if old == new else (old, new)

    @classmethod
    def log_action(
        cls,
        staff_user: "User",
        action_type: ActionType,
        description: str,
        request: HttpRequest,
        *,
        booking: "Booking | None" = None,
        customer: "User | None" = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> "StaffAction":
        """Record what ``staff_user`` did, with the client's address and program."""
        return cls.objects.create(
            staff_user=staff_user,
            action_type=action_type,
            description=description,
            ip_address=client_address(request),
            user_agent=request.headers.get("User-Agent", "")[:USER_AGENT_LENGTH],
            booking=booking,
            customer=customer or (booking.customer if booking else None),
            before=dict(before or {}),
            after=dict(after or {}),
        )


class SignInTriesQuerySet(models.QuerySet["SignInTries"]):
    def locked(self, now: datetime) -> "SignInTriesQuerySet":
        return self.filter(locked_until__gt=now)

    def of(self, accounts: Iterable[str]) -> "SignInTriesQuerySet":
        return self.filter(account__in=accounts)


class SignInTries(models.Model):
    """Tries to sign in to one account from one client network that have not succeeded (R905).

    Accounts stand here as a keyed hash of the email typed, existing or not, so that nothing here
    or in its timing says which exist. The row without an address counts those of all addresses.
    Times are real time.
    """

    account = models.CharField(max_length=64)
    address = models.CharField(max_length=50, blank=True)
    tries = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    locked_until = models.DateTimeField(null=True, blank=True)

    objects = SignInTriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "sign-in tries"
        constraints = [
            models.UniqueConstraint(fields=["account", "address"], name="sign_in_tries_once"),
        ]

    def __str__(self) -> str:
        return f"{self.tries} tries"
