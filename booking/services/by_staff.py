"""Orders the office takes by phone: the same engine and the same writing as everyone's (R930-R934).

Staff are exempt from what rule R350 says and from nothing else: closed and full days bind them,
too. A day takes more when its limit is raised, where everybody sees it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection, transaction

from booking.facts import facts_for
from booking.models import Booking, BookingStatus, Draft, EventKind
from booking.models.booking import next_booking_number
from booking.services.errors import NotBookableError, PriceChangedError
from booking.services.holds import retake_hold, take_place, use_code
from booking.services.orders import Order
from booking.services.writing import write_order
from catalog import price_book
from catalog.models import DiscountCode
from catalog.pricing import Evaluation, evaluate
from catalog.request import Problem, QuoteRequest
from totetaxi.outbox.services import announce

if TYPE_CHECKING:
    from totetaxi.users.models import User

OFFICE = "staff"
LONGEST_REASON = 500
# The first part of this module's advisory locks, so that they meet no others.
ORDER_LOCKS = 20_261


@dataclass(frozen=True)
class PhoneOrder:
    """What somebody at the desk typed: the order, for whom, and the total they set, if they did.

    ``token`` becomes the booking's id, so that the same form sent twice is one booking.
    ``custom_total_cents`` excludes a code and needs a ``reason``, which stays in the office.
    """

    token: UUID
    request: QuoteRequest
    customer: "User | None" = None
    custom_total_cents: int | None = None
    reason: str = ""


def judge_phone_order(order: PhoneOrder) -> Evaluation:
    """Price and problems of a phone order as it stands now."""
    return _judged(order)[0]


def _judged(order: PhoneOrder) -> tuple[Evaluation, Order | None]:
    facts, book = facts_for(order.request), price_book.load()
    evaluation = evaluate(
        order.request, book, facts, staff=True, custom_total_cents=order.custom_total_cents
    )
    problems = (*evaluation.problems, *_reason_problems(order))
    evaluation = Evaluation(evaluation.request, evaluation.quote, problems)
    if evaluation.quote is None or problems:
        return evaluation, None
    return evaluation, Order(evaluation.request, evaluation.quote, facts, book)


def _reason_problems(order: PhoneOrder) -> tuple[Problem, ...]:
    """A total that people set says why (rule R260)."""
    if order.custom_total_cents is None:
        return ()
    reason = order.reason.strip()
    if not reason:
        message = "Say why the total is set by hand; the customer does not see it."
        return (Problem("review", "custom_total_reason", "required", message),)
    if len(reason) > LONGEST_REASON:
        message = f"Shorten the reason to {LONGEST_REASON} characters."
        return (Problem("review", "custom_total_reason", "too_long", message),)
    return ()


@transaction.atomic
def place_by_staff(order: PhoneOrder, *, shown_cents: int, by: "User") -> tuple[Booking, bool]:
    """The pending booking of a phone order, and whether this call made it.

    ``shown_cents`` is the total the form showed (rule R507). Raises NotBookableError or
    PriceChangedError; then nothing was written.
    """
    with connection.cursor() as cursor:
        # The other click waits here, and then finds the booking of the first one.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [ORDER_LOCKS, str(order.token)]
        )
    made = Booking.objects.filter(pk=order.token).first()
    if made is not None:
        return made, False
    code = _lock_code(order)
    evaluation, checked = _judged(order)
    if checked is None:
        raise NotBookableError(evaluation.problems)
    total_cents = checked.quote.total_cents
    if total_cents != shown_cents:
        raise PriceChangedError(shown_cents, total_cents)
    booking = Booking(id=order.token, booking_number=next_booking_number(), created_by=by)
    take_place(booking, checked)
    # Nobody keeps this draft: it only says whose the booking is.
    write_order(booking, Draft(user=order.customer), checked, None)
    if code is not None:
        use_code(booking, code, checked.quote)
    booking.record(
        EventKind.PLACED,
        to_status=BookingStatus.PENDING,
        actor=by,
        actor_label=OFFICE,
        reason=order.reason.strip() if order.custom_total_cents is not None else "",
        after={"total_price_cents": total_cents},
    )
    return booking, True


def _lock_code(order: PhoneOrder) -> DiscountCode | None:
    """The order's code under its row lock, so that its uses are counted one booking at a time."""
    code = order.request.normalised().discount_code
    if not code or order.custom_total_cents is not None:
        return None
    return DiscountCode.objects.select_for_update().filter(code=code).first()


class MoveRefusedError(Exception):
    """The booking cannot be moved there now; the message says why."""


@transaction.atomic
def confirm_by_staff(booking_id: UUID, *, reason: str, by: "User") -> Booking:
    """Promise an unpaid booking: pending to confirmed, with a reason, and the mail (rule R936).

    It keeps its place whatever becomes of its payment. Raises MoveRefusedError.
    """
    booking = _locked(booking_id)
    if not reason.strip():
        raise MoveRefusedError("Say what was agreed.")
    if booking.status != BookingStatus.PENDING:
        raise MoveRefusedError(f"This booking is {booking.get_status_display().lower()}.")
    if not retake_hold(booking, reason="confirmed by the office"):
        raise MoveRefusedError("The last place on this day was taken meanwhile.")
    booking.move_to(
        BookingStatus.CONFIRMED, actor=by, actor_label=OFFICE, reason=reason.strip()[:500]
    )
    announce("booking_confirmed", booking.pk, booking_id=booking.pk)
    return booking


@transaction.atomic
def complete_by_staff(booking_id: UUID, *, by: "User") -> Booking:
    """Say that a paid booking was delivered (rule R512). Raises MoveRefusedError."""
    booking = _locked(booking_id)
    if booking.status != BookingStatus.PAID:
        raise MoveRefusedError(f"This booking is {booking.get_status_display().lower()}.")
    booking.move_to(BookingStatus.COMPLETED, actor=by, actor_label=OFFICE)
    announce("booking_completed", booking.pk, booking_id=booking.pk)
    return booking


def _locked(booking_id: UUID) -> Booking:
    """The booking under its row lock; a hidden one does not move."""
    booking = Booking.objects.select_for_update().get(pk=booking_id)
    if booking.deleted_at is not None:
        raise MoveRefusedError("This booking is hidden: restore it first.")
    return booking
