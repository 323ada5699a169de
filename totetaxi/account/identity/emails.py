"""Mails about identity. Links are made here, when the mail is made, and kept nowhere."""

from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from catalog.context import company_facts
from totetaxi.account.identity.tokens import reset_tokens
from totetaxi.outbox.mail import send_mail
from totetaxi.users.models import User


def send_confirmation(address: EmailAddress, user: User, *, is_new: bool) -> None:
    """The link that confirms an address, of a new account or of one that changes its email."""
    link = _link("account_confirm_email", key=EmailConfirmationHMAC(address).key)
    _send("confirm_email", address.email, user, link=link, is_new=is_new)


def send_welcome(user: User) -> None:
    """How to book, once the address is confirmed."""
    _send("welcome", user.email, user, bookings=user.bookings.visible().count())


def send_address_in_use(user: User) -> None:
    """To the owner of an address with which somebody tried to sign up."""
    _send("address_in_use", user.email, user, is_office=user.is_office)


def send_password_reset(user: User) -> None:
    """The link under which a customer sets a new password."""
    link = _link(
        "account_reset_password_from_key",
        uidb36=user_pk_to_url_str(user),
        key=reset_tokens.make_token(user),
    )
    _send("password_reset", user.email, user, link=link)


def send_password_changed(user: User) -> None:
    """Word of a new password, in case it was somebody else."""
    _send("password_changed", user.email, user)


def send_email_change_asked(user: User) -> None:
    """Word to the present address that another one was asked for."""
    _send("email_change_asked", user.email, user)


def _send(template: str, to: str, user: User, **context: Any) -> None:
    company = company_facts()
    context = {
        "user": user,
        "phone": company.phone,
        "phone_hours": company.phone_hours,
        "reset_link": _link("account_reset_password"),
        "sign_in_link": _link("account_login"),
        "account_link": _link("account:dashboard"),
        "book_link": _link("booking:start"),
        **context,
    }
    send_mail(template=f"account/{template}", to=[to], context=context)


def _link(name: str, **arguments: str) -> str:
    return f"{settings.SITE_URL}{reverse(name, kwargs=arguments)}"
