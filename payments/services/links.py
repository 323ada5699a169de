"""Payment links of the office: one standing link for a booking, a fresh page behind it (R618)."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from booking import services as bookings
from booking.describe import window
from booking.models import Booking, BookingChange, BookingStatus
from payments.gateway import get_gateway
from payments.models import CAPTURED, CheckoutAttempt, PaymentLink, Purpose, id_of_token
from payments.services.changing import balance_cents, change_payment, owed_change
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
    links = PaymentLink.objects.select_related("booking", "change")
    return links.filter(pk=link_id).first() if link_id else None


def link_of_session(session_id: str) -> PaymentLink | None:
    """The link that opened a session, if a link did."""
    attempt = CheckoutAttempt.objects.select_related("link").filter(session_id=session_id).first()
    return attempt.link if attempt else None


def link_state(link: PaymentLink) -> LinkState:
    """What the link's page shows now."""
    booking = link.booking
    if link.change is not None:
        return _state_for_change(link, link.change)
    if booking.deleted_at is None and booking.status in BOOKED:
        return LinkState.PAID
    if _is_payable(booking) and link.is_live(clock.now()):
        return LinkState.PAYABLE
    return LinkState.OVER


def link_cents(link: PaymentLink) -> int:
    """What the link asks for now: the booking's total, or what a change of it left to pay."""
    return balance_cents(link.booking) if link.change_id else link.booking.total_price_cents


def _state_for_change(link: PaymentLink, change: BookingChange) -> LinkState:
    paid = (one for one in change.payments.all() if one.status in CAPTURED)
    if any(not one.unfulfillable_reason for one in paid):
        return LinkState.PAID
    stands = link.booking.deleted_at is None and link.booking.status in BOOKED
    if stands and link.is_live(clock.now()) and link_cents(link):
        return LinkState.PAYABLE
    return LinkState.OVER


def create_link(
    booking_id: UUID, *, by: "User | None", also: Callable[[PaymentLink], None] | None = None
) -> PaymentLink:
    """Make the link of an unpaid booking and have it mailed; older links and pages end first.

    Of a paid one it collects what a change by the office left to be paid (rule R877).
    It lives 72 hours, but not past the start of the pickup window, and holds the booking's place.
    ``also`` is called in the transaction that makes it.
    Raises LinkRefusedError, or CheckoutUnavailableError while Stripe cannot be asked; then the
    older link stands.
    """
    for _ in range(TRIES):
        for purpose in Purpose:
            end_page(booking_id, keep_hold=True, purpose=purpose)
        link = _replace(booking_id, by, also)
        if link is not None:
            return link
        # Somebody opened the old link between the two steps: end that page as well.
    raise CheckoutUnavailableError


def revoke_link(link_id: UUID, *, also: Callable[[PaymentLink], None] | None = None) -> bool:
    """End a link and the page behind it; one that was paid by then is settled instead.

    ``also`` is called in the transaction that ends it. False if it had ended, or was paid, by
    then. Raises CheckoutUnavailableError while Stripe cannot be asked.
    """
    link = PaymentLink.objects.get(pk=link_id)
    for _ in range(TRIES):
        end_page(link.booking_id, keep_hold=False, purpose=link.purpose)
        ended = _revoke(link, also)
        if ended is not None:
            return ended
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


def end_page(
    booking_id: UUID, *, keep_hold: bool, purpose: Purpose = Purpose.BOOKING
) -> Outcome | None:
    """End the open page of a booking at Stripe; one that turns out paid is settled (R608).

    None when there was none. Raises CheckoutUnavailableError while Stripe cannot be asked.
    """
    attempt = live_attempt(Booking.objects.get(pk=booking_id), purpose)
    if attempt is None:
        return None
    try:
        state = state_of(attempt)
        if state is None:
            return None
        if state.status == "open":
            state = get_gateway().expire_session(state.id)
        return apply_state(state, keep_hold=keep_hold).outcome
    except (TemporaryError, PermanentError) as error:
        raise CheckoutUnavailableError(maybe_paid=bool(attempt.session_id)) from error


@transaction.atomic
def _replace(
    booking_id: UUID, by: "User | None", also: Callable[[PaymentLink], None] | None
) -> PaymentLink | None:
    """The new link instead of the old; None when a page is open after all."""
    money = lock_money(booking_id)
    booking, now = money.booking, clock.now()
    change = owed_change(booking)
    if change is None and not _is_payable(booking):
        raise LinkRefusedError(f"This booking is {booking.get_status_display().lower()}.")
    if booking.total_price_cents == 0:
        raise LinkRefusedError("There is nothing to pay.")
    expires_at = min(clock.after(now, LINK_LIFE), window(booking)[0])
    if expires_at <= now:
        raise LinkRefusedError("The pickup window has begun: take the payment by phone.")
    if any(live_attempt(booking, purpose) for purpose in Purpose):
        return None
    _insist_on_place(booking)
    PaymentLink.objects.standing().filter(booking=booking).update(revoked_at=now)
    link = PaymentLink.objects.create(
        booking=booking, change=change, created_by=by, expires_at=expires_at
    )
    announce("payment_link_created", link.pk, booking_id=booking.pk)
    if also is not None:
        also(link)
    return link


@transaction.atomic
def _revoke(link: PaymentLink, also: Callable[[PaymentLink], None] | None) -> bool | None:
    """Mark the link revoked, if it is not; None when a page is open after all."""
    money = lock_money(link.booking_id)
    if live_attempt(money.booking, link.purpose) is not None:
        return None
    link.booking = money.booking
    paid = link_state(link) is LinkState.PAID
    ended = PaymentLink.objects.standing().filter(pk=link.pk).update(revoked_at=clock.now())
    release_unpayable(money)
    if ended and not paid and also is not None:
        also(link)
    return bool(ended) and not paid


def _reuse(link_id: UUID) -> Checkout | None:
    """The page that is open for this link, or that somebody has paid; None when there is none."""
    link = PaymentLink.objects.select_related("booking").get(pk=link_id)
    booking = link.booking
    _insist_on_open(link)
    attempt = live_attempt(booking, link.purpose)
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
        and attempt.amount_cents == link_cents(link)
        and attempt.expires_at - clock.real_now() >= SHORTEST_PAGE
    )


@transaction.atomic
def _open(link_id: UUID, base_url: str) -> CheckoutAttempt | Checkout | None:
    """Payment and attempt for a new page; None when another page is open after all."""
    money = _lock(link_id)
    link = PaymentLink.objects.get(pk=link_id)
    link.booking = money.booking
    if link_state(link) is LinkState.PAID:
        return Checkout(CheckoutResult.BOOKED, money.booking.pk)
    _insist_on_open(link)
    if live_attempt(money.booking, link.purpose) is not None:
        return None
    _insist_on_place(money.booking)
    left = clock.elapsed(clock.now(), link.expires_at)
    if link.change is None:
        payment = payment_for(money)
    else:
        payment = change_payment(money, link.change, link_cents(link))
    return new_attempt(
        payment,
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
