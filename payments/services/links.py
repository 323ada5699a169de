"""Payment links of the office: one standing link for a booking, a fresh page behind it (R618)."""

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from booking import services as bookings
from booking.describe import window
from booking.models import Booking, BookingStatus
from payments.gateway import get_gateway
from payments.models import CheckoutAttempt, PaymentLink, id_of_token
from payments.services.checkout import (
    Checkout,
    CheckoutResult,
    CheckoutUnavailableError,
    create_session,
    payment_for,
)
from payments.services.locks import Money, lock_money
from payments.services.sessions import done_url, live_attempt, new_attempt, state_of
from payments.services.settlement import Outcome, apply_state, release_unpayable
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.outbox.services import announce

if TYPE_CHECKING:
    from totetaxi.users.models import User

LINK_LIFE: Final = timedelta(hours=72)
# Whoever presses the button has at least this long to pay; Stripe allows no less and a day at most.
SHORTEST_PAGE: Final = timedelta(minutes=30)
LONGEST_PAGE: Final = timedelta(hours=24)
# For the way to Stripe, so that it does not find a new page too short or too long.
MARGIN: Final = timedelta(minutes=1)
PAYABLE: Final = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED})
BOOKED: Final = frozenset({BookingStatus.PAID, BookingStatus.COMPLETED})
TRIES: Final = 3


class LinkState(StrEnum):
    PAYABLE = "payable"
    PAID = "paid"
    OVER = "over"  # its time is over, it was replaced or revoked, or the booking was cancelled


class LinkRefusedError(Exception):
    """The link cannot be made or used; the message says why."""


def link_of_token(token: str) -> PaymentLink | None:
    """The link behind an address of ours; None for anything that we did not sign."""
    link_id = id_of_token(token)
    links = PaymentLink.objects.select_related("booking")
    return links.filter(pk=link_id).first() if link_id else None


def link_of_session(session_id: str) -> PaymentLink | None:
    """The link that opened a session, if a link did."""
    attempt = CheckoutAttempt.objects.select_related("link").filter(session_id=session_id).first()
    return attempt.link if attempt else None


def link_state(link: PaymentLink) -> LinkState:
    """What the link's page shows now."""
    booking = link.booking
    if booking.deleted_at is None and booking.status in BOOKED:
        return LinkState.PAID
    if _is_payable(booking) and link.is_live(clock.now()):
        return LinkState.PAYABLE
    return LinkState.OVER


def create_link(booking_id: UUID, *, by: "User | None") -> PaymentLink:
    """Make the link of an unpaid booking and have it mailed; older links and pages end first.

    It lives 72 hours, but not past the start of the pickup window, and holds the booking's place.
    Raises LinkRefusedError, or CheckoutUnavailableError while Stripe cannot be asked; then the
    older link stands.
    """
    for _ in range(TRIES):
        _end_page(booking_id, keep_hold=True)
        link = _replace(booking_id, by)
        if link is not None:
            return link
        # Somebody opened the old link between the two steps: end that page as well.
    raise CheckoutUnavailableError


def revoke_link(link_id: UUID) -> None:
    """End a link and the page behind it; one that was paid by then is settled instead.

    Raises CheckoutUnavailableError while Stripe cannot be asked.
    """
    booking_id = PaymentLink.objects.values_list("booking_id", flat=True).get(pk=link_id)
    for _ in range(TRIES):
        _end_page(booking_id, keep_hold=False)
        if _revoke(link_id, booking_id):
            return
    raise CheckoutUnavailableError


def open_link(link_id: UUID, *, base_url: str) -> Checkout:
    """The page behind a link: the one that is open, if it lasts long enough, or a new one.

    Raises LinkRefusedError with the reason for the customer, and CheckoutUnavailableError when
    the click may be repeated.
    """
    for _ in range(TRIES):
        reused = _reuse(link_id)
        if reused is not None:
            return reused
        opened = _open(link_id, base_url)
        if isinstance(opened, Checkout):
            return opened
        if opened is not None:
            return create_session(opened)
    raise CheckoutUnavailableError


# -- parts ---------------------------------------------------------------------


def _is_payable(booking: Booking) -> bool:
    return booking.deleted_at is None and booking.status in PAYABLE


def _end_page(booking_id: UUID, *, keep_hold: bool) -> None:
    """End the open page of a booking at Stripe; one that turns out paid is settled (R608)."""
    attempt = live_attempt(Booking.objects.get(pk=booking_id))
    if attempt is None:
        return
    try:
        state = state_of(attempt)
        if state is None:
            return
        if state.status == "open":
            state = get_gateway().expire_session(state.id)
        apply_state(state, keep_hold=keep_hold)
    except (TemporaryError, PermanentError) as error:
        raise CheckoutUnavailableError from error


@transaction.atomic
def _replace(booking_id: UUID, by: "User | None") -> PaymentLink | None:
    """The new link instead of the old; None when a page is open after all."""
    money = lock_money(booking_id)
    booking, now = money.booking, clock.now()
    if not _is_payable(booking):
        raise LinkRefusedError(f"This booking is {booking.get_status_display().lower()}.")
    if booking.total_price_cents == 0:
        raise LinkRefusedError("There is nothing to pay.")
    expires_at = min(now + LINK_LIFE, window(booking)[0])
    if expires_at <= now:
        raise LinkRefusedError("The pickup window has begun: take the payment by phone.")
    if live_attempt(booking) is not None:
        return None
    _insist_on_place(booking)
    PaymentLink.objects.standing().filter(booking=booking).update(revoked_at=now)
    link = PaymentLink.objects.create(booking=booking, created_by=by, expires_at=expires_at)
    announce("payment_link_created", link.pk, booking_id=booking.pk)
    return link


@transaction.atomic
def _revoke(link_id: UUID, booking_id: UUID) -> bool:
    """Mark the link revoked; False when a page is open after all."""
    money = lock_money(booking_id)
    if live_attempt(money.booking) is not None:
        return False
    PaymentLink.objects.standing().filter(pk=link_id).update(revoked_at=clock.now())
    release_unpayable(money)
    return True


def _reuse(link_id: UUID) -> Checkout | None:
    """The page that is open for this link, or that somebody has paid; None when there is none."""
    link = PaymentLink.objects.select_related("booking").get(pk=link_id)
    booking = link.booking
    _insist_on_open(link)
    attempt = live_attempt(booking)
    if attempt is None:
        return None
    try:
        state = state_of(attempt)
        if state is None:
            return None
        if state.status == "open":
            if _still_good(attempt, link):
                apply_state(state)
                return Checkout(CheckoutResult.PAY, booking.pk, state.url)
            state = get_gateway().expire_session(state.id)
        settlement = apply_state(state, keep_hold=True)
    except (TemporaryError, PermanentError) as error:
        raise CheckoutUnavailableError(maybe_paid=bool(attempt.session_id)) from error
    if settlement.outcome is Outcome.MISMATCH:
        return Checkout(CheckoutResult.LOOKED_AT, booking.pk, state.id)
    return None


def _still_good(attempt: CheckoutAttempt, link: PaymentLink) -> bool:
    """Whether the open page was opened here, asks for the right sum, and lasts long enough."""
    return (
        attempt.link_id == link.pk
        and attempt.amount_cents == link.booking.total_price_cents
        and attempt.expires_at - clock.real_now() >= SHORTEST_PAGE
    )


@transaction.atomic
def _open(link_id: UUID, base_url: str) -> CheckoutAttempt | Checkout | None:
    """Payment and attempt for a new page; None when another page is open after all."""
    money = _lock(link_id)
    link = PaymentLink.objects.get(pk=link_id)
    link.booking = money.booking
    if money.booking.status in BOOKED:
        return Checkout(CheckoutResult.BOOKED, money.booking.pk)
    _insist_on_open(link)
    if live_attempt(money.booking) is not None:
        return None
    _insist_on_place(money.booking)
    left = clock.elapsed(clock.now(), link.expires_at)
    return new_attempt(
        payment_for(money),
        money.booking,
        success_url=done_url(base_url),
        cancel_url=f"{base_url}{reverse('payments:link', args=[link.token])}",
        life=min(max(left, SHORTEST_PAGE + MARGIN), LONGEST_PAGE - MARGIN),
        link=link,
    )


def _lock(link_id: UUID) -> Money:
    booking_id = PaymentLink.objects.values_list("booking_id", flat=True).get(pk=link_id)
    return lock_money(booking_id)


def _insist_on_open(link: PaymentLink) -> None:
    if link_state(link) is LinkState.OVER:
        raise LinkRefusedError("This link is no longer valid.")


def _insist_on_place(booking: Booking) -> None:
    """Take the booking's place again if it was given back (rule R605)."""
    if not bookings.retake_hold(booking, reason="a payment link was made or opened"):
        raise LinkRefusedError("The last place on this day was taken meanwhile.")
