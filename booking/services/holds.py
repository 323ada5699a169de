"""The place and the code a booking holds: taken, moved, given back; paid and never paid."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from booking.models import Booking, BookingStatus, DiscountUse
from booking.saved import count_use
from booking.services.errors import NotBookableError
from booking.services.orders import Order, day_and_units
from catalog import availability
from catalog.choices import ServiceType
from catalog.models import DiscountCode
from catalog.pricing import Quote
from catalog.request import Problem, QuoteRequest
from totetaxi.lib import clock
from totetaxi.outbox.services import announce

if TYPE_CHECKING:
    from totetaxi.users.models import User


def mark_paid(
    booking: Booking,
    *,
    reason: str = "",
    actor: "User | None" = None,
    actor_label: str = "system",
) -> None:
    """Move a locked booking to paid and announce it, in the caller's transaction.

    Raises ``ValueError`` where the move is not allowed: look at the status first.
    """
    booking.move_to(BookingStatus.PAID, reason=reason, actor=actor, actor_label=actor_label)
    count_use(booking)
    announce("booking_paid", booking.pk, booking_id=booking.pk)


def release_hold(booking: Booking, *, reason: str) -> None:
    """Give the place and the code of a locked, unpaid booking back; a repeat changes nothing."""
    if not booking.holds_place or booking.status != BookingStatus.PENDING:
        return
    release_code(booking)
    availability.give_back(booking.pickup_date, booking.capacity_units)
    booking.mark_hold(released_at=clock.now(), reason=reason)


def retake_hold(booking: Booking, *, reason: str) -> bool:
    """Take the place of a locked booking again; False when the day has none left (rule R605).

    Its discount code is taken again without asking for room: the money was agreed with it.
    """
    if booking.holds_place:
        return True
    use = _use_to_restore(booking)
    if use is not None:
        # Before the day, as in every other place: the row we add asks for the code's lock.
        DiscountCode.objects.select_for_update().get(pk=use.code_id)
    if not availability.take(booking.pickup_date, booking.capacity_units):
        return False
    if use is not None:
        DiscountUse.objects.create(
            booking=booking, code_id=use.code_id, email=use.email, amount_cents=use.amount_cents
        )
    booking.mark_hold(released_at=None, reason=reason)
    return True


def _use_to_restore(booking: Booking) -> DiscountUse | None:
    """The released use behind the discount that the booking's price still contains."""
    if not booking.lines.filter(code="discount").exists():
        return None
    if booking.discount_uses.standing().exists():
        return None
    return booking.discount_uses.order_by("-created_at").first()


@transaction.atomic
def cancel_unpaid(booking_id: UUID, *, reason: str) -> bool:
    """Cancel a pending booking that nobody will pay; True when this call did it.

    The caller has asked Stripe first (rule R609). No mail: nothing was ordered yet.
    """
    booking = Booking.objects.select_for_update().get(pk=booking_id)
    if booking.status != BookingStatus.PENDING:
        return False
    release_hold(booking, reason=reason)
    booking.move_to(BookingStatus.CANCELLED, reason=reason)
    return True


def take_place(booking: Booking, order: Order) -> None:
    day, units = day_and_units(order)
    if not availability.take(day, units):
        raise NotBookableError((day_full(order.request),))
    booking.capacity_units = units


def move_place(booking: Booking, order: Order) -> None:
    """Hold the new day instead of the old one: both moves or, by the exception, neither."""
    day, units = day_and_units(order)
    if booking.holds_place:
        held = availability.move(booking.pickup_date, booking.capacity_units, day, units)
    else:
        held = availability.take(day, units)
    if not held:
        raise NotBookableError((day_full(order.request),))
    booking.capacity_units = units
    if not booking.holds_place:
        booking.mark_hold(released_at=None, reason="checkout started again")


def day_full(request: QuoteRequest) -> Problem:
    airport = request.service_type == ServiceType.AIRPORT_TRANSFER
    return Problem(
        step="service" if airport else "schedule",
        field="blade_flight_date" if airport else "pickup_date",
        code="day_full",
        message="The last place on this day was just taken. Choose another date.",
    )


def use_code(booking: Booking, code: DiscountCode, quote: Quote) -> None:
    DiscountUse.objects.create(
        booking=booking,
        code=code,
        email=booking.email.lower(),
        amount_cents=quote.discount_cents,
    )


def release_code(booking: Booking) -> None:
    for use in booking.discount_uses.standing():
        use.release(clock.now())
