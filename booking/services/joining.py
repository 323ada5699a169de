"""Bookings made without an account join the account of their email, or are taken out of it.

The contact stays on the booking as it was when it was ordered. Of each booking only its own row is
locked here, so a caller that needs draft or payments locks those first.
"""

from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction

from booking.models import Address, Booking, EventKind, GuestCheckout
from totetaxi.users.models import User

JOINED = "Joined the account with the same confirmed email"
ATTACHED = "Put into an account"
DETACHED = "Taken out of the account"


class NotJoinableError(Exception):
    """The booking cannot be given to this user; the message says why."""


@transaction.atomic
def join_guest_bookings(user: User) -> int:
    """Give the user every visible guest booking with their email; how many there were.

    Nothing is given to an address that is not confirmed (rule R810).
    """
    if not _is_confirmed(user):
        return 0
    theirs = Booking.objects.visible().filter(customer=None, email__iexact=user.email)
    locked = theirs.select_for_update(of=("self",)).select_related("guest_checkout")
    bookings = list(locked.order_by("pk"))
    for booking in bookings:
        _hand_over(booking, user, None)
        _record(booking, None, actor=user, actor_label="customer", reason=JOINED)
    return len(bookings)


@transaction.atomic
def attach(booking_id: UUID, user: User, *, actor: User) -> Booking:
    """Give a booking to a customer, in the name of somebody of the office.

    Raises NotJoinableError for anybody but a customer with a confirmed email.
    """
    if not user.is_customer:
        raise NotJoinableError("Bookings belong to customers: choose a customer’s account.")
    if not _is_confirmed(user):
        raise NotJoinableError("This customer has not confirmed their email yet.")
    booking = Booking.objects.select_for_update().get(pk=booking_id)
    if (before := booking.customer_id) != user.pk:
        _hand_over(booking, user, None)
        _record(booking, before, actor=actor, actor_label="office", reason=ATTACHED)
    return booking


@transaction.atomic
def detach(booking_id: UUID, *, actor: User) -> Booking:
    """Make a booking a guest's again, with the contact it carries; a guest's stays as it is."""
    booking = Booking.objects.select_for_update().get(pk=booking_id)
    if (before := booking.customer_id) is not None:
        guest = GuestCheckout.objects.create(
            first_name=booking.first_name,
            last_name=booking.last_name,
            email=booking.email,
            phone=booking.phone,
        )
        _hand_over(booking, None, guest)
        _record(booking, before, actor=actor, actor_label="office", reason=DETACHED)
    return booking


def _is_confirmed(user: User) -> bool:
    """Whether the email the user has now is a confirmed one."""
    verified = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True)
    return bool(verified.exists())


def _hand_over(booking: Booking, user: User | None, guest: GuestCheckout | None) -> None:
    """Save whose a locked booking is; a guest's record that is left over goes."""
    left_over = booking.guest_checkout
    booking.customer, booking.guest_checkout = user, guest
    booking.version += 1
    booking.save(update_fields=["customer", "guest_checkout", "version", "updated_at"])
    ends = (booking.pickup_address_id, booking.delivery_address_id)
    Address.objects.filter(pk__in=ends).update(customer=user)
    if left_over is not None:
        left_over.delete()


def _record(
    booking: Booking, before: UUID | None, *, actor: User, actor_label: str, reason: str
) -> None:
    after = booking.customer_id
    booking.record(
        EventKind.CHANGED,
        actor=actor,
        actor_label=actor_label,
        reason=reason,
        before={"customer": str(before) if before else None},
        after={"customer": str(after) if after else None},
    )
