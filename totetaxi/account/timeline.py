"""What happened to a booking, told to its customer (rule R824).

Reasons and notes in the history are written for the office: none of them is repeated here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from booking.models import Booking, BookingEvent, BookingStatus, EventKind
from catalog.words import day_words
from payments.models import Method, Payment, Purpose, Refund, RefundKind, RefundStatus
from totetaxi.lib.money import usd

WHO: Final = {"customer": "By you", "office": "By our office"}
CARD: Final = "To the card you paid with. Banks take 5 to 10 days to show it."
CALL: Final = "Call us about it."
LOOKING: Final = "Our office checks it, then sends it on its way."
STUCK: Final = "Your bank did not take it; our office is on it."


@dataclass(frozen=True)
class Entry:
    """One thing that happened; ``tone`` colors its dot: good, sea, warn or nothing."""

    at: datetime
    title: str
    detail: str = ""
    tone: str = ""


def timeline(booking: Booking) -> list[Entry]:
    """Everything of interest to the customer, oldest first; three queries."""
    payments = list(Payment.objects.captured().filter(booking=booking).prefetch_related("refunds"))
    entries = [
        *_of_events(booking, bool(payments)),
        *(_of_payment(payment) for payment in payments),
        *(entry for one in payments for entry in _of_refunds(one)),
    ]
    return sorted(entries, key=lambda entry: entry.at)


# -- the booking ---------------------------------------------------------------


def _of_events(booking: Booking, has_payments: bool) -> Iterator[Entry]:
    for event in booking.events.all():
        if event.kind == EventKind.PLACED:
            yield Entry(event.created_at, "Ordered", WHO.get(event.actor_label, ""))
        elif event.kind == EventKind.CHANGED:
            yield from _of_change(event)
        elif event.kind == EventKind.MOVED:
            yield from _of_move(booking, event, has_payments)


def _of_move(booking: Booking, event: BookingEvent, has_payments: bool) -> Iterator[Entry]:
    who = WHO.get(event.actor_label, "")
    match event.to_status:
        case BookingStatus.CONFIRMED:
            yield Entry(event.created_at, "Confirmed", who, "good")
        case BookingStatus.PAID if not has_payments:  # Else the payment itself says so.
            yield Entry(event.created_at, "Paid", "", "good")
        case BookingStatus.COMPLETED:
            yield Entry(event.created_at, "Delivered", "", "good")
        case BookingStatus.CANCELLED:
            unpaid = event.from_status == BookingStatus.PENDING and not who
            why = "It was not paid in time. Nothing was charged." if unpaid else who
            yield Entry(event.created_at, "Cancelled", why, "warn")


def _of_change(event: BookingEvent) -> Iterator[Entry]:
    before, after = event.before, event.after
    who = WHO.get(event.actor_label, "")
    if "customer" in after:
        if after["customer"]:
            yield Entry(event.created_at, "Moved into your account", who)
        return
    words = [words for words in map(str, _changes(before, after)) if words]
    if words:
        yield Entry(event.created_at, "Changed", ". ".join([who, *words] if who else words))


def _changes(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """What is different, in the order of the page; amounts and dates with what they were."""
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    if "pickup_date" in changed:
        yield f"Pickup {_day(before.get('pickup_date'))} → {_day(after.get('pickup_date'))}"
    for words, belongs in PARTS.items():
        if any(name.startswith(belongs) for name in changed):
            yield words
    if "total_price_cents" in changed:
        old, new = before.get("total_price_cents"), after.get("total_price_cents")
        yield f"Price {usd(old)} → {usd(new)}" if old and new is not None else "Price"


#: How the answers of an order are called here, by what their names begin with.
PARTS: Final[dict[str, tuple[str, ...]]] = {
    "Pickup time": ("pickup_time", "specific_pickup_hour"),
    "Pickup address": ("pickup_address", "pickup_city", "pickup_state", "pickup_zip"),
    "Delivery address": ("delivery_",),
    "What we move": (
        "service_type",
        "package_type",
        "include_",
        "standard_delivery",
        "item_description",
        "specialty_items",
    ),
    "Flight": ("blade_",),
    "Certificate of Insurance": ("coi_required",),
    "Instructions": ("special_instructions",),
    "Contact": ("first_name", "last_name", "email", "phone"),
}


def _day(value: object) -> str:
    """A date of the history in words; as it stands if it is none."""
    try:
        return day_words(date.fromisoformat(str(value)))
    except ValueError:
        return str(value)


# -- the money -------------------------------------------------------------------


def _of_payment(payment: Payment) -> Entry:
    at = payment.processed_at or payment.created_at
    if payment.unfulfillable_reason:
        title = f"A payment of {usd(payment.amount_cents)} came that could not be used"
        return Entry(at, title, "It goes back in full.", "warn")
    if payment.method == Method.FREE:
        return Entry(at, "Booked, with nothing to pay", "", "good")
    title = f"Paid {usd(payment.amount_cents)}"
    if payment.purpose == Purpose.CHANGE:
        return Entry(at, title, "The difference for your change", "good")
    return Entry(at, title, "Your booking is confirmed", "good")


def _of_refunds(payment: Payment) -> Iterator[Entry]:
    """A request of the office is its own business until it is approved (rule R628)."""
    how = CARD if payment.method == Method.STRIPE else ""
    for refund in payment.refunds.all():
        amount, asked_by_policy = usd(refund.amount_cents), refund.kind == RefundKind.POLICY
        match refund.status:
            case RefundStatus.REQUESTED if asked_by_policy:
                yield Entry(refund.created_at, f"Refund of {amount} requested", LOOKING)
            case RefundStatus.DENIED if asked_by_policy:
                yield Entry(_at(refund, "denied_at"), f"No refund of {amount}", CALL, "warn")
            case RefundStatus.APPROVED | RefundStatus.PROCESSING:
                yield Entry(_at(refund, "approved_at"), f"Refund of {amount} on its way", how)
            case RefundStatus.COMPLETED:
                yield Entry(_at(refund, "completed_at"), f"Refunded {amount}", how, "good")
            case RefundStatus.FAILED:
                yield Entry(_at(refund, "sent_at"), f"Refund of {amount} is held up", STUCK, "warn")


def _at(refund: Refund, field: str) -> datetime:
    """The moment in a field, or when the refund was asked for."""
    moment: datetime = getattr(refund, field) or refund.created_at
    return moment
