"""Changing a booking: by its customer, who pays a difference first, and by the office.

Stripe is asked outside transactions; a change itself is one transaction (rules R515, R860-R880).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from booking import services as bookings
from booking.cancelling import change_cutoff
from booking.describe import window
from booking.models import Booking, BookingChange, BookingStatus
from booking.services import OFFICE, NotBookableError, PriceChangedError, Proposal
from booking.services.answers import use_behind
from catalog import availability, price_book
from catalog.models import DiscountCode
from catalog.request import QuoteRequest
from payments.gateway import get_gateway
from payments.models import (
    AuditKind,
    CheckoutAttempt,
    PaymentLink,
    PaymentStatus,
    Purpose,
    Refund,
)
from payments.services.changing import (
    balance_cents,
    days_of,
    due_cents,
    give_up_pending,
    make_now,
    wait_for_payment,
)
from payments.services.checkout import (
    MINIMUM_LEFT,
    CheckoutUnavailableError,
    create_session,
    finished_attempt,
    nothing_to_pay,
)
from payments.services.links import LinkRefusedError, create_link, end_page
from payments.services.locks import Money, audit, lock_money
from payments.services.sessions import done_url, live_attempt, new_attempt, state_of
from payments.services.settlement import Outcome, apply_state
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError

if TYPE_CHECKING:
    from totetaxi.users.models import User

TRIES: Final = 3
UNPAID: Final = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED})


class ChangeRefusedError(Exception):
    """The booking cannot be changed; the message says why, and what to do instead."""


class BookingChangedError(Exception):
    """Somebody changed the booking after it was shown; nothing was written."""


@dataclass(frozen=True)
class ShownChange:
    """What the review of a change showed: the booking's version, and cents."""

    version: int
    total_cents: int
    due_cents: int


class ChangeResult(StrEnum):
    PAY = "pay"  # send the customer to ``url``; the change is made when it is paid
    MADE = "made"
    EARLIER_MADE = "earlier_made"  # an earlier change turned out paid and was made instead
    LOOKED_AT = "looked_at"  # paid, but not what was asked: people look at it


@dataclass(frozen=True)
class ChangeStart:
    """What came of a customer's click; ``url`` is Stripe's page, or the session looked at."""

    result: ChangeResult
    booking_id: UUID
    url: str = ""
    change: BookingChange | None = None


@dataclass(frozen=True)
class StaffChange:
    """What the office's change came to: cents more or less, and the money that follows.

    ``balance_cents`` is all that is to be collected of a paid booking now, older changes included.
    """

    difference_cents: int
    balance_cents: int = 0
    link: PaymentLink | None = None
    refunds: tuple[Refund, ...] = ()
    by_hand_cents: int = 0

    @property
    def refund(self) -> Refund | None:
        """The refund that was asked for, or the first of several."""
        return self.refunds[0] if self.refunds else None


# -- by the customer -----------------------------------------------------------


def change_deadline(booking: Booking) -> datetime:
    """Until when customers change and cancel by themselves; from then on it is by phone."""
    return change_cutoff(window(booking)[0].date(), price_book.load().policy)


def change_refusal(booking: Booking, now: datetime) -> str:
    """Why its customer cannot change it now, in a sentence; "" if they can."""
    phone = price_book.load().policy.phone
    if booking.deleted_at is not None or booking.status != BookingStatus.PAID:
        return f"This booking can’t be changed online. Call {phone}."
    if now >= change_deadline(booking):
        return f"It is too late to change this booking online. Call {phone}."
    return ""


def pending_change(booking: Booking) -> BookingChange | None:
    """The change that waits for its payment, if there is one."""
    return BookingChange.objects.pending().filter(booking=booking).first()


def begin_change(
    booking_id: UUID,
    request: QuoteRequest,
    shown: ShownChange,
    *,
    base_url: str,
    actor: "User | None" = None,
) -> ChangeStart:
    """Make the customer's change, or open the page that pays it; both places are held (R872).

    Raises ChangeRefusedError, BookingChangedError, NotBookableError or PriceChangedError with
    nothing written, and CheckoutUnavailableError with the change waiting: the click may be
    repeated.
    """
    for number in range(TRIES):
        done = _clear_way(booking_id, request, shown, patient=number == 0)
        if done is not None:
            return done
        opened = _open(booking_id, request, shown, base_url, actor)
        if isinstance(opened, ChangeStart):
            return opened
        if opened is not None:
            checkout = create_session(opened)
            return ChangeStart(ChangeResult.PAY, booking_id, checkout.url)
        # Another tab opened a page between the two steps: look again.
    raise CheckoutUnavailableError


def abandon_change(booking_id: UUID) -> bool:
    """Leave the booking as it is: end the page of its pending change. False if it was paid.

    Raises CheckoutUnavailableError while Stripe cannot be asked.
    """
    if end_change_page(booking_id) is Outcome.PAID:
        return False
    with transaction.atomic():
        money = lock_money(booking_id)
        if live_attempt(money.booking, Purpose.CHANGE) is None:
            give_up_pending(money, why="given up")
    return True


def end_change_page(booking_id: UUID) -> Outcome | None:
    """End the open page of a change at Stripe; one that turns out paid is settled (rule R875).

    None when there was none. Raises CheckoutUnavailableError while Stripe cannot be asked.
    """
    return end_page(booking_id, keep_hold=False, purpose=Purpose.CHANGE)


def _clear_way(
    booking_id: UUID, request: QuoteRequest, shown: ShownChange, *, patient: bool
) -> ChangeStart | None:
    """Reuse the page an earlier click opened for this very change, or end it; None if all is free.

    A page is ended only for a change that can be made instead (rule R608). One that turns out paid
    is settled as sold, and this change is not made.
    """
    booking = Booking.objects.get(pk=booking_id)
    if patient:
        attempt = finished_attempt(booking, Purpose.CHANGE)
    else:
        attempt = live_attempt(booking, Purpose.CHANGE)
    if attempt is None:
        return None
    try:
        state = state_of(attempt)
        if state is None:
            return None
        if state.status == "open" and _still_good(attempt, booking, request):
            apply_state(state)
            return ChangeStart(ChangeResult.PAY, booking_id, state.url)
        if state.status == "open":
            _agreed(booking, request, shown)
            state = get_gateway().expire_session(state.id)
        outcome = apply_state(state).outcome
    except (TemporaryError, PermanentError) as error:
        raise CheckoutUnavailableError(maybe_paid=bool(attempt.session_id)) from error
    if outcome is Outcome.MISMATCH:
        return ChangeStart(ChangeResult.LOOKED_AT, booking_id, state.id)
    if outcome in (Outcome.PAID, Outcome.GIVEN_BACK):
        return ChangeStart(ChangeResult.EARLIER_MADE, booking_id)
    return None


def _still_good(attempt: CheckoutAttempt, booking: Booking, request: QuoteRequest) -> bool:
    """Whether the open page sells exactly this change at its price of now, and lasts."""
    change = attempt.payment.change
    if change is None or not change.is_pending:
        return False
    asked = bookings.proposal(booking, request)
    return (
        asked.ok
        and asked.after == change.proposal["after"]
        and asked.total_cents == change.total_after_cents
        and due_cents(booking, asked) == attempt.amount_cents
        and attempt.expires_at - clock.real_now() >= MINIMUM_LEFT
    )


@transaction.atomic
def _open(
    booking_id: UUID,
    request: QuoteRequest,
    shown: ShownChange,
    base_url: str,
    actor: "User | None",
) -> CheckoutAttempt | ChangeStart | None:
    """The change made or waiting with its payment; None when another page is open after all."""
    money = lock_money(booking_id)
    booking = money.booking
    if live_attempt(booking, Purpose.CHANGE) is not None:
        return None
    _lock_further(booking, request)
    money = give_up_pending(money, why="replaced by another change")
    asked, due = _agreed(booking, request, shown)
    if not due:
        change = make_now(money, asked, actor=actor)
        return ChangeStart(ChangeResult.MADE, booking_id, change=change)
    payment = wait_for_payment(money, asked, due, actor=actor)
    return new_attempt(
        payment,
        booking,
        success_url=done_url(base_url),
        cancel_url=f"{base_url}{reverse('account:change_review', args=[booking.pk])}?cancelled=1",
    )


def _agreed(booking: Booking, request: QuoteRequest, shown: ShownChange) -> tuple[Proposal, int]:
    """The change exactly as it was shown and what is due for it, or the exception that says why."""
    if refusal := change_refusal(booking, clock.now()):
        raise ChangeRefusedError(refusal)
    if booking.version != shown.version:
        raise BookingChangedError
    asked = _checked(booking, request)
    due = due_cents(booking, asked)
    if (asked.total_cents, due) != (shown.total_cents, shown.due_cents):
        raise PriceChangedError(shown.total_cents, asked.total_cents)
    return asked, due


def _checked(booking: Booking, request: QuoteRequest, *, staff: bool = False) -> Proposal:
    """The proposal, if there is something to change and nothing against it."""
    asked = bookings.proposal(booking, request, staff=staff)
    if not asked.ok:
        raise NotBookableError(asked.problems)
    if asked.is_nothing:
        raise ChangeRefusedError("Nothing is different from your booking yet.")
    return asked


def _lock_further(booking: Booking, request: QuoteRequest) -> None:
    """The booking's code, then every day this can touch, in the one order (R434, R601)."""
    use = use_behind(booking)
    if use is not None:
        DiscountCode.objects.select_for_update().get(pk=use.code_id)
    asked_for = request.normalised().pickup_date
    availability.lock_days({*days_of(booking), *([asked_for] if asked_for else [])})


# -- by the office ---------------------------------------------------------------


def change_by_staff(
    booking_id: UUID,
    request: QuoteRequest,
    *,
    version: int,
    price: Literal["keep", "new"] = "keep",
    actor: "User",
    reason: str = "",
    send_link: bool = True,
    also: Callable[[StaffChange], None] | None = None,
) -> StaffChange:
    """Change any booking that is not over, at its old price or the new one (R350, R876-R878).

    It takes effect at once. A paid booking that became cheaper has its difference asked back by
    ``actor``; for a dearer one a link is made and mailed (``send_link``), else the balance is left.
    An unpaid booking simply costs its new total. Raises ChangeRefusedError, BookingChangedError
    or NotBookableError with nothing written, and CheckoutUnavailableError while Stripe cannot be
    asked about a page that is open. ``also`` is called in the transaction that makes the change.
    """
    for _ in range(TRIES):
        # The customer's page is ended only for a change that can be made instead.
        booking = Booking.objects.get(pk=booking_id)
        _insist_on_open(booking, version)
        _checked(booking, request, staff=True)
        end_page(booking_id, keep_hold=True)
        end_change_page(booking_id)
        with transaction.atomic():
            done = _change_by_staff(booking_id, request, version, price, actor, reason)
            if done is not None and also is not None:
                also(done)
        if done is not None:
            break
    else:
        raise CheckoutUnavailableError
    if not (send_link and done.balance_cents and done.difference_cents > 0):
        return done
    try:
        link = create_link(booking_id, by=actor)
    except (LinkRefusedError, CheckoutUnavailableError):
        return done  # the balance stands; the office makes the link from the booking's page
    return StaffChange(done.difference_cents, done.balance_cents, link, done.refunds)


@transaction.atomic
def _change_by_staff(
    booking_id: UUID,
    request: QuoteRequest,
    version: int,
    price: str,
    actor: "User",
    reason: str,
) -> StaffChange | None:
    """The change under the money's locks; None when a page is open after all."""
    money = lock_money(booking_id)
    booking = money.booking
    _insist_on_open(booking, version)
    if any(live_attempt(booking, purpose) for purpose in Purpose):
        return None
    _lock_further(booking, request)
    money = give_up_pending(money, why="replaced by the office")
    asked = _checked(booking, request, staff=True)
    if price == "keep":
        asked = asked.at_price(booking.total_price_cents)
    if booking.status in UNPAID:
        return _change_unpaid(money, asked, actor, reason)
    change = make_now(lock_money(booking_id), asked, actor=actor, office=True, reason=reason)
    return StaffChange(
        change.difference_cents,
        balance_cents(change.booking),
        refunds=tuple(change.refunds.order_by("created_at")),
        by_hand_cents=change.by_hand_cents,
    )


def _insist_on_open(booking: Booking, version: int) -> None:
    """Nobody changes what is over, hidden, or another version than they saw."""
    if booking.deleted_at is not None:
        raise ChangeRefusedError("This booking is hidden: restore it first.")
    if booking.status not in (*UNPAID, BookingStatus.PAID):
        raise ChangeRefusedError(f"This booking is {booking.get_status_display().lower()}.")
    if booking.version != version:
        raise BookingChangedError


def _change_unpaid(money: Money, asked: Proposal, actor: "User", reason: str) -> StaffChange:
    """Nothing is paid yet: the new total is what is to be paid, a link asks for it from now on."""
    booking, difference = money.booking, asked.difference_cents
    bookings.apply_change(booking, asked, actor=actor, actor_label=OFFICE, reason=reason)
    if difference:
        for payment in money.open_payments:
            payment.move_to(PaymentStatus.FAILED, failure_reason="replaced")
            audit(payment, AuditKind.PAYMENT_FAILED, detail="replaced: the price was changed")
    if booking.total_price_cents == 0:
        nothing_to_pay(lock_money(booking.pk))
    return StaffChange(difference)
