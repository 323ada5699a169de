"""What a checked order says, written to the booking: the row, addresses, items, price lines."""

from collections.abc import Iterable

from booking.models import Address, Booking, BookingSpecialtyItem, Draft, GuestCheckout
from booking.services.orders import Acceptance, Order, day_and_units
from booking.services.proposals import Piece
from catalog.choices import ServiceType, Zone
from catalog.models import MiniMovePackage
from catalog.request import QuoteRequest
from totetaxi.lib import clock


def write_order(
    booking: Booking, draft: Draft, order: Order, acceptance: Acceptance | None
) -> None:
    """Save everything the order says: the row, contact, addresses, items and price lines.

    Without ``acceptance`` (an order taken by phone) what was accepted before stays as it is.
    """
    booking.draft_version = draft.version
    _fill(booking, order)
    if acceptance is not None:
        booking.terms_version = acceptance.terms_version
        booking.terms_accepted_at = clock.now()
        booking.terms_ip_address = acceptance.ip_address
        booking.terms_user_agent = acceptance.user_agent[:300]
    _fill_contact(booking, draft, order.request)
    _save_with_addresses(booking, order.request)
    booking.write_lines(order.quote.lines)
    _write_specialty_items(booking, order)


def write_change(booking: Booking, order: Order, pieces: Iterable[Piece]) -> None:
    """Save everything a change says; whose booking it is and what was accepted stay."""
    _fill(booking, order)
    contact = order.request.contact
    booking.first_name, booking.last_name = contact.first_name, contact.last_name
    booking.email, booking.phone = contact.email, contact.phone
    _save_with_addresses(booking, order.request)
    booking.write_lines(order.quote.lines)
    booking.specialty_items.all().delete()
    BookingSpecialtyItem.objects.bulk_create(
        BookingSpecialtyItem(
            booking=booking,
            specialty_item_id=piece.id,
            name=piece.name,
            quantity=piece.quantity,
            unit_price_cents=piece.unit_price_cents,
        )
        for piece in pieces
    )


def _fill(booking: Booking, order: Order) -> None:
    booking.version += 1
    _fill_service(booking, order.request)
    _fill_schedule(booking, order)
    booking.total_price_cents = order.quote.total_cents
    booking.organizing_tax_percent = order.quote.tax_percent


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
    request, day = order.request, day_and_units(order)[0]
    booking.blade_ready_time = order.quote.ready_time
    if booking.pickup_date != day:
        booking.reminded_at = None  # of another day (rule R651)
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
    owner_id = draft.user_id or booking.customer_id
    if owner_id is not None:
        # Signed in, or joined an account since: it is the account's, with the contact above.
        booking.customer_id, booking.guest_checkout = owner_id, None
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
