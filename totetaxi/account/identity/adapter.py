"""What allauth asks us: whom it may sign in, how it mails, where it may lead."""

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.core import context
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from totetaxi.account.identity import services
from totetaxi.lib.ratelimit import client_address
from totetaxi.users.models import User

NEW_PASSWORD_NOTICES: Final = frozenset(
    {"account/email/password_changed", "account/email/password_reset"}
)


class CustomerAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth for customers only, with mails through the outbox."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "This email and password do not match an account of ours.",
        "enter_current_password": "This is not your current password.",
    }

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The customer with these credentials; somebody of the office is as unknown as anyone."""
        user: User | None = super().authenticate(request, **credentials)
        return user if user and user.is_customer else None

    def is_ajax(self, request: HttpRequest) -> bool:
        """Everything is a page."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def is_safe_url(self, url: str | None) -> bool:
        """Whether ``next`` leads to a page of this host."""
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, {request.get_host()}, require_https=request.is_secure()
        )

    def should_send_confirmation_mail(
        self, request: HttpRequest, email_address: EmailAddress, signup: bool
    ) -> bool:
        """Mail at sign-up; who signs in unconfirmed is offered it (rule R806)."""
        return signup

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: EmailConfirmationHMAC, signup: bool
    ) -> None:
        services.mail_confirmation(emailconfirmation.email_address)

    def send_account_already_exists_mail(self, email: str) -> None:
        services.tell_owner(email)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Of allauth's notices we send the ones about a new password."""
        if template_prefix in NEW_PASSWORD_NOTICES:
            services.note_new_password(user)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_change_password")
