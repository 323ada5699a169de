"""Placing a booking from a draft and bringing it up to a changed draft while it is unpaid."""

from booking.models import Booking, BookingStatus, Draft, EventKind
from booking.models.booking import next_booking_number
from booking.saved import keep_addresses
from booking.services.holds import move_place, release_code, take_place, use_code
from booking.services.orders import Acceptance, Shown, checked
from booking.services.unpaid import insist_on_room, lock_holder
from booking.services.writing import write_order
from catalog.models import DiscountCode


def place(draft: Draft, shown: Shown, acceptance: Acceptance) -> Booking:
    """Make the pending booking of ``draft``: lines, addresses, contact, held place, used code.

    The caller is inside a transaction that holds the draft's row lock and has seen that the
    draft has no booking yet. Raises as ``checked``, and NotBookableError where too many places of
    this customer are unpaid (rule R674); then nothing was written.
    """
    lock_holder(_email_of(draft), acceptance)
    code = _lock_code(draft)
    order = checked(draft, None, shown)
    insist_on_room(order, acceptance)
    booking = Booking(booking_number=next_booking_number(), draft=draft)
    take_place(booking, order)
    write_order(booking, draft, order, acceptance)
    if code is not None:
        use_code(booking, code, order.quote)
    keep_addresses(booking, draft.answers)
    booking.record(
        EventKind.PLACED,
        to_status=BookingStatus.PENDING,
        actor_label="customer",
        after={"total_price_cents": order.quote.total_cents},
    )
    return booking


def rewrite(booking: Booking, draft: Draft, shown: Shown, acceptance: Acceptance) -> None:
    """Bring an unpaid booking up to its changed draft: lines, date, place, code (rule R506).

    The caller holds the locks of draft, payments and booking, and has made sure that nothing
    can still be paid at the old price. Raises as ``place``; then nothing was written.
    """
    if booking.status != BookingStatus.PENDING:
        raise ValueError(f"{booking} is {booking.status}: only a pending booking is rewritten")
    lock_holder(_email_of(draft), acceptance)
    code = _lock_code(draft)
    order = checked(draft, booking, shown)
    insist_on_room(order, acceptance, booking=booking)
    before = _essentials(booking)
    move_place(booking, order)
    write_order(booking, draft, order, acceptance)
    release_code(booking)
    if code is not None:
        use_code(booking, code, order.quote)
    keep_addresses(booking, draft.answers)
    after = _essentials(booking)
    if after != before:
        booking.record(EventKind.CHANGED, actor_label="customer", before=before, after=after)


def is_current(booking: Booking, draft: Draft, total_cents: int) -> bool:
    """Whether the booking still says what the draft says, at ``total_cents``."""
    return booking.draft_version == draft.version and booking.total_price_cents == total_cents


def _email_of(draft: Draft) -> str:
    return draft.to_request().normalised().contact.email


def _lock_code(draft: Draft) -> DiscountCode | None:
    """The draft's code under its row lock, so that its uses are counted one booking at a time."""
    code = draft.to_request().normalised().discount_code
    if not code:
        return None
    return DiscountCode.objects.select_for_update().filter(code=code).first()


def _essentials(booking: Booking) -> dict[str, object]:
    """What a reader of the history wants to compare."""
    return {
        "service_type": booking.service_type,
        "pickup_date": booking.pickup_date.isoformat(),
        "total_price_cents": booking.total_price_cents,
    }
