"""Changes to who someone is. What is mailed is announced here, with no address and no token in it.

Where an address is given by somebody who may not own it, the same statements run whether or not it
is known (rule R803): the mail decides, and only its owner reads it.
"""

import uuid
from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import F, ProtectedError, QuerySet
from django.http import HttpRequest

from booking.models import CustomerProfile
from booking.services.joining import join_guest_bookings
from totetaxi.outbox.services import announce
from totetaxi.users.models import User


def customers() -> QuerySet[User]:
    """Those who may sign in here: the office never does, whatever it knows (rule R804)."""
    return User.objects.filter(is_active=True, is_staff=False, customer_profile__isnull=False)


def is_confirmed(user: User) -> bool:
    """Whether an email address of the user was ever confirmed."""
    return bool(EmailAddress.objects.filter(user=user, verified=True).exists())


def add_profile(user: User, *, phone: str) -> None:
    """Make a new user a customer; inside the transaction that saves the user."""
    CustomerProfile.objects.create(user=user, phone=phone)


def make_room(email: str, *, keeping: EmailAddress | None = None) -> bool:
    """Remove claims to an address that nobody has confirmed; False if it is somebody's.

    A newer claim so replaces an older one with its name and password, and voids its links
    (rule R802). ``keeping`` is the claim being confirmed. Inside the caller's transaction.
    """
    owners = User.objects.select_for_update().filter(email__iexact=email)
    if keeping is not None:
        owners = owners.exclude(pk=keeping.user_id)
    if (owner := owners.first()) is not None and not _remove_claim(owner):
        return False
    others = EmailAddress.objects.filter(email__iexact=email, verified=False)
    others.exclude(pk=keeping.pk if keeping else None).delete()
    return True


def _remove_claim(user: User) -> bool:
    """Delete a user who never confirmed an address nor signed in; False for anybody else."""
    if user.is_office or not user.is_active or user.last_login or is_confirmed(user):
        return False
    try:
        with transaction.atomic():
            user.delete()
    except ProtectedError:
        return False
    return True


def purge_claims(before: datetime) -> int:
    """Delete sign-ups from before ``before`` that nobody has confirmed; how many (rule R802)."""
    claims = customers().filter(date_joined__lt=before, last_login=None)
    return sum(_remove_claim(user) for user in claims.exclude(emailaddress__verified=True))


def mail_confirmation(address: EmailAddress) -> None:
    """Have the link that confirms ``address`` mailed to it, once for each call."""
    announce("email_to_confirm", str(address.pk), key=_once("email_to_confirm"))


def resend_confirmation(email: str) -> None:
    """As ``mail_confirmation``, if a customer has still to confirm the address."""
    waiting = EmailAddress.objects.filter(
        email=email.lower(), verified=False, user__in=customers()
    ).first()
    subject = str(waiting.pk) if waiting else str(uuid.uuid4())
    announce("email_to_confirm", subject, key=_once("email_to_confirm"))


def tell_owner(email: str) -> None:
    """Have the owner of an address told that somebody tried to sign up with it."""
    owner_id = User.objects.filter(email__iexact=email).values_list("pk", flat=True).first()
    announce("address_in_use", owner_id or uuid.uuid4(), key=_once("address_in_use"))


@transaction.atomic
def confirm(request: HttpRequest, address: EmailAddress) -> int | None:
    """Make a confirmed address its account's own; how many guest bookings joined the account.

    None if the address has become somebody else's since. Other addresses of the account go.
    """
    user = User.objects.select_for_update().get(pk=address.user_id)
    address.user = user
    is_first = not is_confirmed(user)
    if not make_room(address.email, keeping=address):
        return None
    if not get_adapter(request).confirm_email(request, address):
        return None
    if is_first:
        announce("customer_confirmed", user.pk)
    return join_guest_bookings(user)


@transaction.atomic
def ask_for_reset(email: str) -> None:
    """Have a reset link mailed to a customer; links mailed before end at once (rule R808)."""
    user_id = customers().filter(email__iexact=email).values_list("pk", flat=True).first()
    subject = user_id or uuid.uuid4()
    User.objects.filter(pk=subject).update(reset_nonce=F("reset_nonce") + 1)
    announce("password_reset_asked", subject, key=_once("password_reset_asked"))


@transaction.atomic
def confirm_by_mail(request: HttpRequest, user: User) -> int:
    """Confirm the address of a user who proved to read its mail; how many bookings joined."""
    address, _ = EmailAddress.objects.get_or_create(user=user, email=user.email.lower())
    return 0 if address.verified else confirm(request, address) or 0


@transaction.atomic
def ask_for_email_change(user: User, email: str) -> None:
    """Note the address a customer wants, mail the link there, and word of it to the present one.

    Nothing else changes before the link is used (rule R809). A wish replaces the one before.
    """
    EmailAddress.objects.filter(user=user, verified=False).delete()
    address = EmailAddress.objects.create(user=user, email=email.lower())
    mail_confirmation(address)
    announce("email_change_asked", user.pk, key=_once("email_change_asked"))


def drop_email_change(user: User) -> None:
    """Forget the address a customer wanted; its link ends."""
    EmailAddress.objects.filter(user=user, verified=False).exclude(
        email__iexact=user.email
    ).delete()


def note_new_password(user: User) -> None:
    """Have a customer told by mail that their password was changed."""
    announce("password_changed", user.pk, key=_once("password_changed"))


def _once(event: str) -> str:
    """A key of its own for each announcement: the same mail may be asked for again."""
    return f"{event}:{uuid.uuid4()}"
