"""Changes to bookings: placing, re-writing while unpaid, paying, holding and giving back places.

Locks are taken in one order everywhere: draft, payments of the booking by id, booking, discount
code, capacity days by date. Functions here run inside the caller's transaction and say which of
these they expect to be held already.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction

from booking.facts import facts_for
from booking.models import (
    Address,
    Booking,
    BookingSpecialtyItem,
    BookingStatus,
    DiscountUse,
    Draft,
    EventKind,
    GuestCheckout,
)
from booking.models.booking import next_booking_number
from catalog import availability, price_book
from catalog.choices import ServiceType, Zone
from catalog.models import DiscountCode, MiniMovePackage
from catalog.prices import PriceBook
from catalog.pricing import Quote, evaluate
from catalog.request import Facts, Problem, QuoteRequest
from totetaxi.lib import clock
from totetaxi.outbox.services import announce


class NotBookableError(Exception):
    """The draft cannot become a booking as it stands; ``problems`` say what to do about it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


class PriceChangedError(Exception):
    """What the customer saw is not what it costs now; amounts in cents, nothing was changed."""

    def __init__(self, shown_cents: int, total_cents: int) -> None:
        super().__init__(f"{shown_cents} is now {total_cents}")
        self.shown_cents = shown_cents
        self.total_cents = total_cents


class DraftChangedError(Exception):
    """The draft was changed (in another tab) after the review page showed it."""


@dataclass(frozen=True)
class Acceptance:
    """What the customer agreed to with the order, kept as evidence (rule R508)."""

    terms_version: str
    ip_address: str | None
    user_agent: str


@dataclass(frozen=True)
class Shown:
    """What the review page showed: the draft's version and the total in cents."""

    draft_version: int
    total_cents: int


@dataclass(frozen=True)
class Order:
    """A draft that may become a booking: what is asked, priced, and what that was judged by."""

    request: QuoteRequest
    quote: Quote
    facts: Facts
    book: PriceBook


def checked(draft: Draft, booking: Booking | None, shown: Shown) -> Order:
    """The draft checked and priced now, exactly as shown, or the exception that says why not.

    Raises DraftChangedError, NotBookableError or PriceChangedError. The caller holds the draft's
    row lock when it acts on the answer.
    """
    if draft.version != shown.draft_version:
        raise DraftChangedError
    request = draft.to_request()
    facts = facts_for(request, booking=booking)
    book = price_book.load()
    evaluation = evaluate(request, book, facts)
    quote = evaluation.quote
    if evaluation.problems or quote is None:
        raise NotBookableError(evaluation.problems)
    if quote.total_cents != shown.total_cents:
        raise PriceChangedError(shown.total_cents, quote.total_cents)
    return Order(evaluation.request, quote, facts, book)


def place(draft: Draft, shown: Shown, acceptance: Acceptance) -> Booking:
    """Make the pending booking of ``draft``: lines, addresses, contact, held place, used code.

    The caller is inside a transaction that holds the draft's row lock and has seen that the
    draft has no booking yet. Raises as ``checked``; then nothing was written.
    """
    code = _lock_code(draft)
    order = checked(draft, None, shown)
    booking = Booking(booking_number=next_booking_number(), draft=draft)
    _take_place(booking, order)
    _write(booking, draft, order, acceptance)
    if code is not None:
        _use_code(booking, code, order.quote)
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
    can still be paid at the old price. Raises as ``checked``; then nothing was written.
    """
    if booking.status != BookingStatus.PENDING:
        raise ValueError(f"{booking} is {booking.status}: only a pending booking is rewritten")
    code = _lock_code(draft)
    order = checked(draft, booking, shown)
    before = _essentials(booking)
    _move_place(booking, order)
    _write(booking, draft, order, acceptance)
    _release_code(booking)
    if code is not None:
        _use_code(booking, code, order.quote)
    after = _essentials(booking)
    if after != before:
        booking.record(EventKind.CHANGED, actor_label="customer", before=before, after=after)


def is_current(booking: Booking, draft: Draft, total_cents: int) -> bool:
    """Whether the booking still says what the draft says, at ``total_cents``."""
    return booking.draft_version == draft.version and booking.total_price_cents == total_cents


def mark_paid(booking: Booking, *, reason: str = "") -> None:
    """Move a locked booking to paid and announce it, in the caller's transaction.

    Raises ``ValueError`` where the move is not allowed: look at the status first.
    """
    booking.move_to(BookingStatus.PAID, reason=reason)
    announce("booking_paid", booking.pk, booking_id=booking.pk)


def release_hold(booking: Booking, *, reason: str) -> None:
    """Give the place and the code of a locked, unpaid booking back; a repeat changes nothing."""
    if not booking.holds_place or booking.status != BookingStatus.PENDING:
        return
    _release_code(booking)
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


# -- parts ---------------------------------------------------------------


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


def _day_and_units(order: Order) -> tuple[date, int]:
    """The day the order needs and how many of its places."""
    day = order.request.pickup_date
    if day is None:
        raise ValueError("a checked order has a date")
    return day, order.book.policy.units_for(order.request.service_type)


def _take_place(booking: Booking, order: Order) -> None:
    day, units = _day_and_units(order)
    if not availability.take(day, units):
        raise NotBookableError((_full(order.request),))
    booking.capacity_units = units


def _move_place(booking: Booking, order: Order) -> None:
    """Hold the new day instead of the old one: both moves or, by the exception, neither."""
    day, units = _day_and_units(order)
    if booking.holds_place:
        held = availability.move(booking.pickup_date, booking.capacity_units, day, units)
    else:
        held = availability.take(day, units)
    if not held:
        raise NotBookableError((_full(order.request),))
    booking.capacity_units = units
    if not booking.holds_place:
        booking.mark_hold(released_at=None, reason="checkout started again")


def _full(request: QuoteRequest) -> Problem:
    airport = request.service_type == ServiceType.AIRPORT_TRANSFER
    return Problem(
        step="service" if airport else "schedule",
        field="blade_flight_date" if airport else "pickup_date",
        code="day_full",
        message="The last place on this day was just taken. Choose another date.",
    )


def _write(booking: Booking, draft: Draft, order: Order, acceptance: Acceptance) -> None:
    """Save everything the order says: the row, contact, addresses, items and price lines."""
    booking.draft_version = draft.version
    booking.version += 1
    _fill_service(booking, order.request)
    _fill_schedule(booking, order)
    booking.total_price_cents = order.quote.total_cents
    booking.organizing_tax_percent = order.quote.tax_percent
    booking.terms_version = acceptance.terms_version
    booking.terms_accepted_at = clock.now()
    booking.terms_ip_address = acceptance.ip_address
    booking.terms_user_agent = acceptance.user_agent[:300]
    _fill_contact(booking, draft, order.request)
    _save_with_addresses(booking, order.request)
    booking.write_lines(order.quote.lines)
    _write_specialty_items(booking, order)


def _fill_service(booking: Booking, request: QuoteRequest) -> None:
    booking.service_type = request.service_type
    booking.mini_move_package = (
        MiniMovePackage.objects.get(package_type=request.package_type)
        if request.package_type
        else None
    )
    booking.include_packing = request.include_packing
    booking.include_unpacking = request.include_unpacking
    standard = request.service_type == ServiceType.STANDARD_DELIVERY
    booking.standard_delivery_item_count = (
        request.standard_delivery_item_count if standard else None
    )
    booking.item_description = request.item_description
    booking.coi_required = request.coi_required
    booking.blade_airport = request.blade_airport
    booking.blade_terminal = request.blade_terminal
    booking.blade_direction = request.blade_direction
    booking.blade_flight_date = request.blade_flight_date
    booking.blade_flight_time = request.blade_flight_time
    booking.blade_bag_count = request.blade_bag_count or None


def _fill_schedule(booking: Booking, order: Order) -> None:
    request, day = order.request, _day_and_units(order)[0]
    booking.blade_ready_time = order.quote.ready_time
    booking.pickup_date = day
    booking.pickup_time = request.pickup_time
    booking.specific_pickup_hour = request.specific_pickup_hour
    booking.special_instructions = request.special_instructions
    booking.is_same_day_delivery = any(line.code == "same_day" for line in order.quote.lines)
    booking.is_outside_core_area = any(
        order.facts.zips[key].zone == Zone.SURCHARGE
        for key in _zip_keys(request)
        if key in order.facts.zips
    )


def _zip_keys(request: QuoteRequest) -> tuple[str, ...]:
    """The ends that count for distance: the airport's own end never does."""
    keys = {
        "pickup": request.pickup_address.zip_key,
        "delivery": request.delivery_address.zip_key,
    }
    keys.pop(request.airport_side, None)
    return tuple(keys.values())


def _fill_contact(booking: Booking, draft: Draft, request: QuoteRequest) -> None:
    contact = request.contact
    booking.first_name, booking.last_name = contact.first_name, contact.last_name
    booking.email, booking.phone = contact.email, contact.phone
    if draft.user_id is not None:
        # Signed in since: the booking is the account's, the contact above stays with it.
        booking.customer_id, booking.guest_checkout = draft.user_id, None
        return
    guest = booking.guest_checkout or GuestCheckout()
    guest.first_name, guest.last_name = contact.first_name, contact.last_name
    guest.email, guest.phone = contact.email, contact.phone
    guest.save()
    booking.guest_checkout = guest


def _save_with_addresses(booking: Booking, request: QuoteRequest) -> None:
    is_new = booking._state.adding
    old = [] if is_new else [booking.pickup_address_id, booking.delivery_address_id]
    pickup = Address.from_input(request.pickup_address)
    delivery = Address.from_input(request.delivery_address)
    for address in (pickup, delivery):
        address.customer_id = booking.customer_id
        address.save()
    booking.pickup_address, booking.delivery_address = pickup, delivery
    booking.save()
    Address.objects.filter(pk__in=old).delete()


def _write_specialty_items(booking: Booking, order: Order) -> None:
    booking.specialty_items.all().delete()
    prices = order.book.specialty
    BookingSpecialtyItem.objects.bulk_create(
        BookingSpecialtyItem(
            booking=booking,
            specialty_item_id=prices[key].id,
            name=prices[key].name,
            quantity=quantity,
            unit_price_cents=prices[key].price_cents,
        )
        for key, quantity in order.request.specialty_items
    )


def _use_code(booking: Booking, code: DiscountCode, quote: Quote) -> None:
    DiscountUse.objects.create(
        booking=booking,
        code=code,
        email=booking.email.lower(),
        amount_cents=quote.discount_cents,
    )


def _release_code(booking: Booking) -> None:
    for use in booking.discount_uses.standing():
        use.release(clock.now())
