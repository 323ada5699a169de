"""A booking as the request it stands for, and a request as the flat answers drafts are made of."""

from typing import Any

from booking.models import Address, Booking, DiscountUse
from catalog.request import AddressInput, Contact, QuoteRequest


def request_of(booking: Booking) -> QuoteRequest:
    """What a booking asks for, as if it were ordered today, normalised."""
    use = use_behind(booking)
    package = booking.mini_move_package
    pieces = booking.specialty_items.select_related("specialty_item")
    return QuoteRequest(
        service_type=booking.service_type,
        package_type=package.package_type if package else "",
        include_packing=booking.include_packing,
        include_unpacking=booking.include_unpacking,
        standard_delivery_item_count=booking.standard_delivery_item_count or 0,
        item_description=booking.item_description,
        specialty_items=tuple(
            sorted((piece.specialty_item.type_key, piece.quantity) for piece in pieces)
        ),
        coi_required=booking.coi_required,
        blade_airport=booking.blade_airport,
        blade_terminal=booking.blade_terminal,
        blade_direction=booking.blade_direction,
        blade_flight_date=booking.blade_flight_date,
        blade_flight_time=booking.blade_flight_time,
        blade_bag_count=booking.blade_bag_count or 0,
        pickup_date=booking.pickup_date,
        pickup_time=booking.pickup_time,
        specific_pickup_hour=booking.specific_pickup_hour,
        pickup_address=_input_of(booking.pickup_address),
        delivery_address=_input_of(booking.delivery_address),
        special_instructions=booking.special_instructions,
        contact=Contact(
            first_name=booking.first_name,
            last_name=booking.last_name,
            email=booking.email,
            phone=booking.phone,
        ),
        discount_code=use.code.code if use else "",
    ).normalised()


def use_behind(booking: Booking) -> DiscountUse | None:
    """The use of a code that the booking's price contains, given back for the moment or not."""
    uses = booking.discount_uses.select_related("code")
    standing = uses.standing().first()
    if standing is not None or not booking.lines.filter(code="discount").exists():
        return standing
    return uses.order_by("-created_at").first()


def answers_of(request: QuoteRequest) -> dict[str, Any]:
    """The request as ``request_from_answers`` reads it back; empty answers are left out."""
    contact = request.contact
    answers: dict[str, Any] = {
        "service_type": request.service_type,
        "package_type": request.package_type,
        "include_packing": request.include_packing,
        "include_unpacking": request.include_unpacking,
        "standard_delivery_item_count": request.standard_delivery_item_count,
        "item_description": request.item_description,
        "specialty_items": dict(sorted(request.specialty_items)),
        "coi_required": request.coi_required,
        "blade_airport": request.blade_airport,
        "blade_terminal": request.blade_terminal,
        "blade_direction": request.blade_direction,
        "blade_flight_date": _iso(request.blade_flight_date),
        "blade_flight_time": (
            request.blade_flight_time.isoformat(timespec="minutes")
            if request.blade_flight_time
            else None
        ),
        "blade_bag_count": request.blade_bag_count,
        "pickup_date": _iso(request.pickup_date),
        "pickup_time": request.pickup_time,
        "specific_pickup_hour": request.specific_pickup_hour,
        **_flat("pickup", request.pickup_address),
        **_flat("delivery", request.delivery_address),
        "special_instructions": request.special_instructions,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "email": contact.email,
        "phone": contact.phone,
        "discount_code": request.discount_code,
    }
    return {name: value for name, value in answers.items() if value}


def _input_of(address: Address) -> AddressInput:
    return AddressInput(
        address_line_1=address.address_line_1,
        address_line_2=address.address_line_2,
        city=address.city,
        state=address.state,
        zip_code=address.zip_code,
    )


def _flat(side: str, address: AddressInput) -> dict[str, str]:
    return {
        f"{side}_{name}": getattr(address, name)
        for name in ("address_line_1", "address_line_2", "city", "state", "zip_code")
    }


def _iso(day: Any) -> str | None:
    return day.isoformat() if day else None
