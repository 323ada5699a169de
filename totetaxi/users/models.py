"""Who someone is: the email address is the login."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    """Makes users, and finds them by email in any case."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Save a user; without a password nobody can sign in as them. Raises ValueError."""
        if not email:
            raise ValueError("A user needs an email address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Save a user who may do everything in Django admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user with this email, in any case. Raises User.DoesNotExist."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in: a customer or one of the staff."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("email address")
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    is_staff = models.BooleanField("may open Django admin", default=False)
    is_active = models.BooleanField(
        "active", default=True, help_text="Switch off instead of deleting: the records stay."
    )
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    # Rises with each request for a reset link, which so ends the links before it.
    reset_nonce = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique_in_any_case",
                violation_error_message="There is already a user with this email address.",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_office(self) -> bool:
        """Whether this is one of the staff; their profile belongs to a room above this one."""
        return self.is_staff or hasattr(self, "staff_profile")

    @property
    def is_customer(self) -> bool:
        """Whether this person may sign in on the customers' pages (rule R804)."""
        return self.is_active and not self.is_office and hasattr(self, "customer_profile")

    def get_full_name(self) -> str:
        """First and last name, or nothing."""
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        """First name, or nothing."""
        return self.first_name
