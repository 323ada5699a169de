"""A change carried out on a booking: its places, its code, its rows and its history, at once.

The caller holds the locks of the booking's payments and of the booking, in a transaction.
"""

from typing import TYPE_CHECKING, Any

from django.db import transaction

from booking.compare import with_companions
from booking.facts import facts_for
from booking.models import Booking, BookingChange, BookingEvent, DiscountUse, EventKind
from booking.services.answers import use_behind
from booking.services.errors import NotBookableError
from booking.services.holds import day_full
from booking.services.orders import Order
from booking.services.proposals import Proposal
from booking.services.writing import write_change
from catalog import availability, price_book
from catalog.models import DiscountCode
from totetaxi.lib import clock
from totetaxi.outbox.services import announce

if TYPE_CHECKING:
    from totetaxi.users.models import User


@transaction.atomic
def apply_change(
    booking: Booking,
    proposal: Proposal,
    *,
    actor: "User | None" = None,
    actor_label: str = "customer",
    keep_price: bool = False,
    change: BookingChange | None = None,
    reason: str = "",
) -> BookingEvent:
    """Make the change: both days' places or neither, code, row, addresses, items, lines (R870).

    ``change`` is its row where money is involved; a place may wait on the new day for it. The
    history keeps what was and what is, price lines included, and ``booking_changed`` is announced
    with that event as its subject. Raises NotBookableError when the new day is full; then nothing
    was written.
    """
    if keep_price:
        proposal = proposal.at_price(booking.total_price_cents)
    _change_code(booking, proposal)
    _move_places(booking, proposal, change.held_units if change else 0)
    order = Order(proposal.request, proposal.priced, facts_for(proposal.request), price_book.load())
    booking.capacity_units = proposal.units
    write_change(booking, order, proposal.pieces)
    event = booking.record(
        EventKind.CHANGED,
        actor=actor,
        actor_label=actor_label,
        reason=reason,
        before=_side(proposal, proposal.before, proposal.lines_before, proposal.total_before_cents),
        after={
            **_side(proposal, proposal.after, proposal.priced.lines, proposal.total_cents),
            **({"change": str(change.pk)} if change else {}),
        },
    )
    announce("booking_changed", event.pk, booking_id=booking.pk)
    return event


def hold_second_place(booking: Booking, proposal: Proposal) -> int:
    """Take what the change needs beyond what the booking holds; how many units that were (R872).

    Raises NotBookableError when the day is full.
    """
    wanted = proposal.units
    if proposal.day == booking.pickup_date:
        wanted = max(0, wanted - booking.capacity_units)
    if wanted and not availability.take(proposal.day, wanted):
        raise NotBookableError((day_full(proposal.request),))
    return wanted


def release_second_place(change: BookingChange) -> None:
    """Give back what a pending change holds; its row is ended by the caller."""
    if change.held_units:
        availability.give_back(change.day, change.held_units)


# -- parts -----------------------------------------------------------------


def _side(proposal: Proposal, answers: Any, lines: Any, total_cents: int) -> dict[str, Any]:
    """One side of the change as the history keeps it: what differs, and the whole price."""
    return {
        **{name: answers.get(name) for name in sorted(with_companions(set(proposal.changed)))},
        "total_price_cents": total_cents,
        "lines": [[line.label, line.cents] for line in lines],
    }


def _change_code(booking: Booking, proposal: Proposal) -> None:
    """The use says what the code takes off now; it ends where the code does (rule R864)."""
    use = use_behind(booking)
    if use is None:
        return
    keeps = bool(proposal.request.discount_code)
    cents = proposal.priced.discount_cents
    if keeps and use.amount_cents == cents:
        return
    # Before the days, as everywhere.
    DiscountCode.objects.select_for_update().get(pk=use.code_id)
    stood = use.released_at is None
    if stood:
        use.release(clock.now())
    if keeps:
        DiscountUse.objects.create(
            booking=booking,
            code_id=use.code_id,
            email=use.email,
            amount_cents=cents,
            released_at=None if stood else use.released_at,
        )


def _move_places(booking: Booking, proposal: Proposal, held_units: int) -> None:
    """The booking's places become the change's: of both days, or by the exception of neither."""
    old_day, old_units = booking.pickup_date, booking.capacity_units
    day, units = proposal.day, proposal.units
    if not booking.holds_place:
        return
    if held_units and day != old_day:
        availability.give_back(old_day, old_units)
    elif not held_units and not availability.move(old_day, old_units, day, units):
        raise NotBookableError((day_full(proposal.request),))
