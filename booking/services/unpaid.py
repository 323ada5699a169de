"""How many places one customer may hold without having paid for them (rules R674-R676)."""

from ipaddress import IPv4Network, IPv6Network
from typing import Final

from django.conf import settings
from django.db import connection

from booking.models import Booking
from booking.services.errors import NotBookableError
from booking.services.orders import Acceptance, Order
from catalog.request import Problem
from totetaxi.lib.ratelimit import client_network

# The first part of this module's advisory locks, so that they meet no others.
HOLD_LOCKS: Final = 50_674


def lock_holder(email: str, acceptance: Acceptance) -> None:
    """Let one checkout at a time count the unpaid places of this email, and of this address.

    Held until the caller's transaction ends; taken after draft, payments and booking, before code
    and days, and the email's before the address's: so nobody waits in a circle (rule R601).
    """
    names = [f"email:{email.strip().lower()}"]
    if acceptance.ip_address:
        names.append(f"address:{client_network(acceptance.ip_address)}")
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [HOLD_LOCKS, name])


def insist_on_room(order: Order, acceptance: Acceptance, *, booking: Booking | None = None) -> None:
    """Refuse one unpaid place more than allowed; what ``booking`` holds already is not asked again.

    The caller has called ``lock_holder``. An order that costs nothing is paid at once and holds
    nothing. Raises NotBookableError; then nothing was written.
    """
    email = order.request.contact.email
    if order.quote.total_cents == 0 or (booking and _is_counted(booking, email, acceptance)):
        return
    others = Booking.objects.holding_unpaid()
    if booking is not None:
        others = others.exclude(pk=booking.pk)
    is_over = others.filter(email__iexact=email).count() >= settings.HOLDS_PER_EMAIL
    if not is_over and acceptance.ip_address:
        theirs = others.filter(terms_ip_address__range=_ends(acceptance.ip_address))
        is_over = theirs.count() >= settings.HOLDS_PER_ADDRESS
    if is_over:
        raise NotBookableError((_too_many(order),))


def _is_counted(booking: Booking, email: str, acceptance: Acceptance) -> bool:
    """Whether the booking holds its place already, for the same email and client."""
    if not booking.holds_place or booking.email.lower() != email.lower():
        return False
    before, now = booking.terms_ip_address, acceptance.ip_address
    if not before or not now:
        return before == now
    return client_network(before) == client_network(now)


def _ends(address: str) -> tuple[str, str]:
    """The first and the last address of the client's network."""
    network: IPv4Network | IPv6Network = client_network(address)
    return str(network[0]), str(network[-1])


def _too_many(order: Order) -> Problem:
    """The same words for email and address: they tell nobody what a stranger has ordered."""
    policy = order.book.policy
    return Problem(
        step="review",
        field="",
        code="too_many_unpaid",
        message=(
            "Too many orders from you are waiting for their payment. Nothing was charged, and this"
            " one is kept here. Pay one of the others first, or wait until their payment pages end"
            f" ({policy.unpaid_hold_minutes} minutes), then pay this one. Or call {policy.phone}."
        ),
    )
