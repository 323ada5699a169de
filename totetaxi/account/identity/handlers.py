"""What follows changes to who someone is. A subject that is nobody (any more) gets no mail."""

from uuid import UUID

from allauth.account.models import EmailAddress

from totetaxi.account.identity import emails, services
from totetaxi.outbox.registry import handles
from totetaxi.users.models import User


@handles("email_to_confirm")
def send_confirmation(subject_id: str) -> None:
    """Mail the link, or tell the owner if the address is somebody else's by now."""
    if not subject_id.isdigit():
        return
    waiting = EmailAddress.objects.filter(pk=int(subject_id), verified=False)
    address = waiting.select_related("user").first()
    if address is None:
        return
    others = User.objects.filter(email__iexact=address.email).exclude(pk=address.user_id)
    owner = others.first()
    if owner is not None and (owner.is_office or services.is_confirmed(owner)):
        emails.send_address_in_use(owner)
    else:
        user = address.user
        emails.send_confirmation(address, user, is_new=not services.is_confirmed(user))


@handles("customer_confirmed")
def send_welcome(subject_id: str) -> None:
    if user := _customer(subject_id):
        emails.send_welcome(user)


@handles("address_in_use")
def send_address_in_use(subject_id: str) -> None:
    """To anybody who has an account, the office too: only the owner reads it."""
    if user := User.objects.filter(pk=UUID(subject_id), is_active=True).first():
        emails.send_address_in_use(user)


@handles("password_reset_asked")
def send_password_reset(subject_id: str) -> None:
    if user := _customer(subject_id):
        emails.send_password_reset(user)


@handles("password_changed")
def send_password_changed(subject_id: str) -> None:
    if user := _customer(subject_id):
        emails.send_password_changed(user)


@handles("email_change_asked")
def send_email_change_asked(subject_id: str) -> None:
    if user := _customer(subject_id):
        emails.send_email_change_asked(user)


def _customer(subject_id: str) -> User | None:
    return services.customers().filter(pk=UUID(subject_id)).first()
