"""What the page of one booking shows."""

from typing import Any

from django.urls import reverse

from booking import describe
from booking.models import Booking, CustomerProfile
from catalog import coverage
from catalog.choices import ServiceType, Zone
from logistics.models import OnfleetTask
from payments.models import STANDING_REFUNDS, Dispute, Method, Payment, Refund
from payments.services import LinkState, link_state
from staff.access import Capability
from staff.bookings.acts import NoteForm
from staff.bookings.mails import mails_of, missed_of, sendable
from staff.bookings.money import link_of, money_word
from staff.bookings.moves import may_edit, moves_of
from staff.bookings.rows import readable
from staff.bookings.timeline import timeline
from staff.deliveries.queries import tone_of
from staff.models import StaffProfile
from totetaxi.lib import clock

ZONES = {Zone.CORE.value: "standard area", Zone.SURCHARGE.value: "extended area"}


def detail(booking: Booking, staff: StaffProfile) -> dict[str, Any]:
    """The context of the page, in a fixed number of queries."""
    booking = readable(Booking.objects.filter(pk=booking.pk)).select_related(
        "customer", "created_by"
    )[0]
    mails = mails_of(booking)
    modify = staff.can(Capability.MODIFY_BOOKINGS) and booking.deleted_at is None
    return {
        "booking": booking,
        "money": money_word(booking, clock.now()),
        "moves": moves_of(booking, staff),
        "may_edit": may_edit(booking, staff),
        "may_modify": modify,
        "service": describe.service_words(booking),
        "facts": describe.facts(booking),
        "window": describe.window_words(booking),
        "is_airport": booking.service_type == ServiceType.AIRPORT_TRANSFER,
        "zones": _zones(booking),
        "lines": list(booking.lines.all()),
        "profile": _profile(booking),
        **_money(booking),
        "tasks": [
            (task, tone_of(task))
            for task in OnfleetTask.objects.of(booking).prefetch_related("proofs")
        ],
        "documents": list(booking.documents.standing()),
        "mails": mails,
        "missed": missed_of(booking),
        "sendable": sendable(booking) if modify else (),
        "timeline": timeline(booking, mails),
        "note_form": NoteForm(),
    }


def _profile(booking: Booking) -> CustomerProfile | None:
    """The customer with what they ordered; None for a guest."""
    rows = CustomerProfile.objects.with_totals().select_related("user")
    return rows.filter(pk=booking.customer_id).first() if booking.customer_id else None


def _zones(booking: Booking) -> dict[str, str]:
    """In which area each end lies; "" for an airport's own end and for what we do not serve."""
    keys = {
        "pickup": coverage.normalise_zip(booking.pickup_address.zip_code),
        "delivery": coverage.normalise_zip(booking.delivery_address.zip_code),
    }
    known = coverage.lookup(keys.values())
    if booking.service_type == ServiceType.AIRPORT_TRANSFER:
        return {}
    return {
        side: ZONES[known[key].zone] if key in known else "not served online"
        for side, key in keys.items()
    }


def _money(booking: Booking) -> dict[str, Any]:
    in_order = sorted(booking.payments.all(), key=lambda one: one.created_at)
    payments = [(one, _left_cents(one)) for one in in_order]
    link = link_of(booking)
    state = None
    if link is not None:
        link.booking = booking
        state = link_state(link)
    return {
        "payments": payments,
        "refunds": Refund.objects.filter(payment__booking=booking)
        .select_related("requested_by", "approved_by")
        .order_by("created_at"),
        "refundable_cents": sum(left_cents for _, left_cents in payments),
        "disputes": Dispute.objects.open().filter(payment__booking=booking),
        "link": link,
        "link_is_payable": state is LinkState.PAYABLE,
        "link_path": reverse("payments:link", args=[link.token]) if link else "",
    }


def _left_cents(payment: Payment) -> int:
    """What may still be given back through Stripe."""
    if payment.method != Method.STRIPE or not payment.is_captured:
        return 0
    refunds = (one for one in payment.refunds.all() if one.status in STANDING_REFUNDS)
    return payment.amount_cents - sum(one.amount_cents for one in refunds)
